/* SPDX-License-Identifier: MIT */

/* Words of the filter language: which fields there are, and what their values mean. */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "model/filter_code.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit byte_units[] = {
	{"", 1},         {"b", 1},       {"k", 0x1p10},   {"kb", 0x1p10},  {"kib", 0x1p10},
	{"m", 0x1p20},   {"mb", 0x1p20}, {"mib", 0x1p20}, {"g", 0x1p30},   {"gb", 0x1p30},
	{"gib", 0x1p30}, {"t", 0x1p40},  {"tb", 0x1p40},  {"tib", 0x1p40}, {NULL, 0},
};
static const struct unit rtt_units[] = {
	{"", 1}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {NULL, 0},
};
static const struct unit age_units[] = {
	{"", 1},   {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
	{"m", 60}, {"h", 3600},  {"d", 86400}, {NULL, 0},
};

struct field {
	const char *name;
	enum filter_type type;
	const struct unit *units; /* of a number */
	double max;               /* of a number */
	bool per_second;          /* "/s" may follow */
	const char *wanted;       /* what a value must be; any text will do if NULL */
};

#define PORT_WANTED "a port, 0 to 65535"
#define COUNT_WANTED "a whole number"
#define BYTES_WANTED "a number of bytes such as 340, 1.5M or 2G"
#define RATE_WANTED "bytes per second such as 340, 1.5M or 2G/s"
#define RTT_WANTED "a time such as 350us or 1.5ms"
#define AGE_WANTED "a time such as 30s or 5m"
#define LIMIT_WANTED                                                                               \
	"none, app, sndbuf, rwnd, cwnd, loss, peer-not-reading, not-reading or receiving"
#define ADDR_WANTED "an address, a prefix such as 10.0.0.0/8, or address:port"

static const struct field fields[FILTER_FIELDS] = {
	[FILTER_PROTO] = {.name = "proto", .type = FILTER_TYPE_NAME, .wanted = "tcp or udp"},
	[FILTER_STATE] = {.name = "state",
			  .type = FILTER_TYPE_NAME,
			  .wanted = "a TCP state such as established"},
	[FILTER_LIMIT] = {.name = "limit", .type = FILTER_TYPE_NAME, .wanted = LIMIT_WANTED},
	[FILTER_LOCAL] = {.name = "local", .type = FILTER_TYPE_ADDR, .wanted = ADDR_WANTED},
	[FILTER_REMOTE] = {.name = "remote", .type = FILTER_TYPE_ADDR, .wanted = ADDR_WANTED},
	[FILTER_ADDR] = {.name = "addr", .type = FILTER_TYPE_ADDR, .wanted = ADDR_WANTED},
	[FILTER_PORT] = {"port", FILTER_TYPE_NUMBER, no_units, 65535, .wanted = PORT_WANTED},
	[FILTER_LPORT] = {"lport", FILTER_TYPE_NUMBER, no_units, 65535, .wanted = PORT_WANTED},
	[FILTER_RPORT] = {"rport", FILTER_TYPE_NUMBER, no_units, 65535, .wanted = PORT_WANTED},
	[FILTER_PID] = {"pid", FILTER_TYPE_NUMBER, no_units, UINT32_MAX, .wanted = COUNT_WANTED},
	[FILTER_RETR] = {"retr", FILTER_TYPE_NUMBER, no_units, UINT32_MAX, .wanted = COUNT_WANTED},
	[FILTER_RX] = {"rx", FILTER_TYPE_NUMBER, byte_units, HUGE_VAL, .wanted = BYTES_WANTED},
	[FILTER_TX] = {"tx", FILTER_TYPE_NUMBER, byte_units, HUGE_VAL, .wanted = BYTES_WANTED},
	[FILTER_RX_RATE] = {"rx_rate", FILTER_TYPE_NUMBER, byte_units, HUGE_VAL, true, RATE_WANTED},
	[FILTER_TX_RATE] = {"tx_rate", FILTER_TYPE_NUMBER, byte_units, HUGE_VAL, true, RATE_WANTED},
	[FILTER_RATE] = {"rate", FILTER_TYPE_NUMBER, byte_units, HUGE_VAL, true, RATE_WANTED},
	[FILTER_RTT] = {"rtt", FILTER_TYPE_NUMBER, rtt_units, HUGE_VAL, .wanted = RTT_WANTED},
	[FILTER_AGE] = {"age", FILTER_TYPE_NUMBER, age_units, HUGE_VAL, .wanted = AGE_WANTED},
	[FILTER_PROCESS] = {.name = "process", .type = FILTER_TYPE_TEXT},
	[FILTER_USER] = {.name = "user", .type = FILTER_TYPE_TEXT},
	[FILTER_CGROUP] = {.name = "cgroup", .type = FILTER_TYPE_TEXT},
	[FILTER_CONTAINER] = {.name = "container", .type = FILTER_TYPE_TEXT},
	[FILTER_NETNS] = {.name = "netns", .type = FILTER_TYPE_TEXT},
	[FILTER_WORKSPACE] = {.name = "workspace", .type = FILTER_TYPE_TEXT},
	[FILTER_WORD] = {.name = "", .type = FILTER_TYPE_TEXT},
};

/* A bit for each state, NONE (shown as UDP) too; closed is what the exports call CLOSE. */
#define N_STATES (WEIR_TCP_NEW_SYN_RECV + 1)
#define TCP_BIT 1U
#define UDP_BIT 2U

enum filter_type filter_field_type(enum filter_field field)
{
	return fields[field].type;
}

int filter_field_find(const char *name, enum filter_field *ret_field)
{
	for (int i = 0; i < FILTER_WORD; i++) {
		if (strcasecmp(fields[i].name, name) == 0) {
			*ret_field = (enum filter_field)i;
			return 0;
		}
	}
	return -ENOENT;
}

/* As in a name: lower case, and - for _. */
static char plain(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool name_has(const char *name, const char *word, bool part)
{
	for (; *name; name++) {
		size_t n = 0;

		while (word[n] && plain(name[n]) == plain(word[n]))
			n++;
		if (!word[n] && (part || !name[n]))
			return true;
		if (!part)
			return false;
	}
	return false;
}

static uint32_t proto_mask(const char *word, bool part)
{
	uint32_t mask = 0;

	if (name_has("tcp", word, part))
		mask |= TCP_BIT;
	if (name_has("udp", word, part))
		mask |= UDP_BIT;
	return mask;
}

static uint32_t state_mask(const char *word, bool part)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < N_STATES; i++) {
		if (name_has(weir_tcp_state_name((enum weir_tcp_state)i), word, part))
			mask |= 1U << i;
	}
	if (name_has("closed", word, part))
		mask |= 1U << WEIR_TCP_CLOSE;
	return mask;
}

/* What is not limited is "-" where it is shown. */
static uint32_t limit_mask(const char *word, bool part)
{
	uint32_t mask = 0;

	for (unsigned i = WEIR_LIMIT_NONE; i < WEIR_LIMITS; i++) {
		if (name_has(weir_limit_name((enum weir_limit)i), word, part))
			mask |= 1U << i;
	}
	if (name_has("none", word, part))
		mask |= 1U << WEIR_LIMIT_NONE;
	return mask;
}

static uint32_t mask_of(enum filter_field field, const char *word, bool part)
{
	if (field == FILTER_PROTO)
		return proto_mask(word, part);
	return field == FILTER_STATE ? state_mask(word, part) : limit_mask(word, part);
}

int filter_name_find(const char *word, enum filter_field *ret_field, uint32_t *ret_mask)
{
	uint32_t mask = proto_mask(word, false);
	enum filter_field field = FILTER_PROTO;

	if (!mask) {
		mask = state_mask(word, false);
		field = FILTER_STATE;
	}
	if (!mask)
		return -ENOENT;
	*ret_field = field;
	*ret_mask = mask;
	return 0;
}

/*
 * Digits with at most one point in them, by hand: strtod takes the locale's point, signs, hex and
 * infinities. Returns the first byte after, NULL if there is no digit.
 */
static const char *read_digits(const char *at, bool whole, double *ret_value)
{
	double value = 0;
	double scale = 1;
	bool any = false;

	for (; isdigit((unsigned char)*at); at++, any = true)
		value = value * 10 + (*at - '0');
	if (*at == '.' && !whole && any) {
		for (at++; isdigit((unsigned char)*at); at++) {
			scale /= 10;
			value += (*at - '0') * scale;
		}
	}
	*ret_value = value;
	return any ? at : NULL;
}

/* A number with its unit. Returns the first byte after, NULL if it is none. */
static const char *read_number(const struct field *field, const char *at, double *ret_value)
{
	double value;
	size_t len = 0;

	at = read_digits(at, field->units == no_units, &value);
	if (!at)
		return NULL;
	while (isalpha((unsigned char)at[len]))
		len++;
	for (const struct unit *unit = field->units; unit->name; unit++) {
		if (strlen(unit->name) != len || strncasecmp(unit->name, at, len) != 0)
			continue;
		at += len;
		if (field->per_second && strncasecmp(at, "/s", 2) == 0)
			at += 2;
		*ret_value = value * unit->factor;
		return *ret_value <= field->max ? at : NULL;
	}
	return NULL;
}

static int compile_number(struct filter_test *test, const char *text, bool range)
{
	const struct field *field = &fields[test->field];
	const char *at = read_number(field, text, &test->range.low);

	if (!at)
		return -EINVAL;
	test->range.high = test->range.low;
	if (*at == '-' && range)
		at = read_number(field, at + 1, &test->range.high);
	return at && !*at && test->range.low <= test->range.high ? 0 : -EINVAL;
}

static int compile_port(struct filter_endpoint *endpoint, const char *text)
{
	double port;
	const char *end = read_number(&fields[FILTER_PORT], text, &port);

	if (!end || *end)
		return -EINVAL;
	endpoint->has_port = true;
	endpoint->port = (uint16_t)port;
	return 0;
}

/* "10.0.0.1:443", "[::1]:443" and "[::1]"; what is in brackets is one address. */
static int compile_endpoint(struct filter_test *test, char *text)
{
	struct filter_endpoint *endpoint = &test->endpoint;
	bool brackets = text[0] == '[';
	struct weir_addr addr;
	char *end;

	*endpoint = (struct filter_endpoint){0};
	if (weir_prefix_parse(text, &endpoint->prefix) == 0)
		return 0;
	text += brackets;
	end = strchr(text, brackets ? ']' : ':');
	if (!end)
		return -EINVAL;
	if (brackets)
		*end++ = '\0';
	if (*end == ':') {
		*end = '\0';
		if (compile_port(endpoint, end + 1) < 0)
			return -EINVAL;
	} else if (*end) {
		return -EINVAL;
	}
	if (weir_addr_parse(text, &addr) < 0)
		return -EINVAL;
	return weir_prefix_parse(text, &endpoint->prefix);
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

/* A user may be given by uid and a namespace by inode, whatever names the host has for them. */
static void compile_id(struct filter_test *test)
{
	double id;
	const char *end = read_number(&fields[FILTER_PID], test->text, &id);

	test->has_id = end && !*end;
	test->id = test->has_id ? (uint32_t)id : 0;
}

int filter_value_compile(struct filter_test *test, char *text, bool range, const char **ret_wanted)
{
	bool part = test->op == FILTER_PART;
	int r = 0;

	test->text = text;
	switch (fields[test->field].type) {
	case FILTER_TYPE_NAME:
		test->mask = mask_of((enum filter_field)test->field, text, part);
		r = test->mask ? 0 : -EINVAL;
		break;
	case FILTER_TYPE_NUMBER:
		r = compile_number(test, text, range);
		break;
	case FILTER_TYPE_ADDR:
		if (!part)
			r = compile_endpoint(test, text);
		break;
	case FILTER_TYPE_TEXT:
		if (!part && (test->field == FILTER_USER || test->field == FILTER_NETNS))
			compile_id(test);
		break;
	}
	if (part)
		lower(text);
	if (r < 0)
		*ret_wanted = fields[test->field].wanted;
	return r;
}
