/* SPDX-License-Identifier: MIT */
#include "model/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model/filter_code.h"

/* What a test is asked about. */
struct subject {
	const struct conn_row *row;
	const struct conn_names *names;
	uint64_t now_ns;
};

struct filter *filter_free(struct filter *filter)
{
	if (!filter)
		return NULL;
	free(filter->tests);
	free(filter->texts);
	free(filter);
	return NULL;
}

/* Upper and lower case alike, in ASCII; part is in lower case already. */
static bool has_part(const char *text, const char *part)
{
	for (;; text++) {
		size_t n = 0;

		while (part[n] && (char)tolower((unsigned char)text[n]) == part[n])
			n++;
		if (!part[n])
			return true;
		if (!*text)
			return false;
	}
}

static bool addr_has_part(const struct weir_addr *addr, const char *part)
{
	char text[WEIR_ADDR_TEXT_MAX];

	weir_addr_format(addr, text);
	return has_part(text, part);
}

static bool endpoint_has_part(const struct weir_addr *addr, uint16_t port, const char *part)
{
	char text[WEIR_ENDPOINT_TEXT_MAX];

	weir_endpoint_format(addr, port, text);
	return has_part(text, part);
}

static bool test_end(const struct filter_test *test, const struct weir_addr *addr, uint16_t port)
{
	if (test->op == FILTER_PART)
		return addr_has_part(addr, test->text);
	if (test->endpoint.has_port && test->endpoint.port != port)
		return false;
	return weir_prefix_contains(&test->endpoint.prefix, addr);
}

static bool test_addr(const struct filter_test *test, const struct weir_conn_id *id)
{
	if (test->field != FILTER_REMOTE && test_end(test, &id->local, id->local_port))
		return true;
	return test->field != FILTER_LOCAL && test_end(test, &id->remote, id->remote_port);
}

static bool test_number(const struct filter_test *test, double value)
{
	switch ((enum filter_op)test->op) {
	case FILTER_EQ:
		return value >= test->range.low && value <= test->range.high;
	case FILTER_LT:
		return value < test->range.low;
	case FILTER_LE:
		return value <= test->range.low;
	case FILTER_GT:
		return value > test->range.low;
	case FILTER_GE:
		return value >= test->range.low;
	case FILTER_PART: /* the parser refuses it on numbers */
		break;
	}
	return false;
}

/* False: the row does not know. */
static bool get_rate(const struct conn_row *row, enum filter_field field, double *ret_value)
{
	*ret_value = 0;
	if (field != FILTER_TX_RATE)
		*ret_value += row->rate_in;
	if (field != FILTER_RX_RATE)
		*ret_value += row->rate_out;
	return row->rate_known && !(row->flags & WEIR_CONN_NO_COUNTERS);
}

/* False: the row does not know. */
static bool get_number(const struct subject *subject, enum filter_field field, double *ret_value)
{
	const struct conn_row *row = subject->row;
	bool counts = !(row->flags & WEIR_CONN_NO_COUNTERS);
	bool tcp = row->id.proto == WEIR_PROTO_TCP;

	switch ((int)field) {
	case FILTER_LPORT:
		*ret_value = row->id.local_port;
		return true;
	case FILTER_RPORT:
		*ret_value = row->id.remote_port;
		return true;
	case FILTER_PID:
		*ret_value = row->owner.pid;
		return row->owner.pid != 0;
	case FILTER_RETR:
		*ret_value = row->tcp.retrans;
		return tcp && counts;
	case FILTER_RX:
		*ret_value = (double)row->counters.bytes_in;
		return counts;
	case FILTER_TX:
		*ret_value = (double)row->counters.bytes_out;
		return counts;
	case FILTER_RTT:
		*ret_value = row->tcp.srtt_us;
		return tcp && row->tcp.srtt_us;
	case FILTER_AGE:
		*ret_value = (double)conn_row_age_ns(row, subject->now_ns) / 1e9;
		return row->opened_ns != 0;
	default:
		return get_rate(row, field, ret_value);
	}
}

static const char *get_text(const struct subject *subject, enum filter_field field,
			    char scratch[16])
{
	switch ((int)field) {
	case FILTER_PROCESS:
		return conn_row_process(subject->row, subject->names);
	case FILTER_USER:
		return conn_row_user(subject->row, subject->names, scratch);
	case FILTER_CGROUP:
		return conn_row_cgroup(subject->row, subject->names);
	case FILTER_CONTAINER:
		return conn_row_container(subject->row, subject->names);
	case FILTER_NETNS:
		return conn_row_netns(subject->row, subject->names, scratch);
	case FILTER_WORKSPACE:
		return conn_row_workspace(subject->row, subject->names);
	default:
		return "";
	}
}

/* user and netns: by number, where the row has one. */
static bool has_id(const struct filter_test *test, const struct conn_row *row)
{
	if (!test->has_id)
		return false;
	if (test->field == FILTER_USER)
		return row->owner.uid != UINT32_MAX && row->owner.uid == test->id;
	return row->id.netns && row->id.netns == test->id;
}

static bool run_text(const struct filter_test *test, const struct subject *subject)
{
	char scratch[16];
	const char *text;
	bool match;

	text = get_text(subject, (enum filter_field)test->field, scratch);
	if (!*text)
		return false;
	if (test->op == FILTER_PART)
		return has_part(text, test->text);
	match = strcmp(text, test->text) == 0 || has_id(test, subject->row);
	return match != test->negate;
}

static bool run_number(const struct filter_test *test, const struct subject *subject)
{
	const struct weir_conn_id *id = &subject->row->id;
	double value;
	bool match;

	if (test->field == FILTER_PORT) {
		match = test_number(test, id->local_port) || test_number(test, id->remote_port);
		return match != test->negate;
	}
	if (!get_number(subject, (enum filter_field)test->field, &value))
		return false;
	return test_number(test, value) != test->negate;
}

static bool run_word(const struct filter_test *test, const struct subject *subject)
{
	const struct weir_conn_id *id = &subject->row->id;

	return has_part(conn_row_process(subject->row, subject->names), test->text) ||
	       endpoint_has_part(&id->local, id->local_port, test->text) ||
	       endpoint_has_part(&id->remote, id->remote_port, test->text);
}

/* proto, state, limit. */
static bool run_name(const struct filter_test *test, const struct conn_row *row)
{
	unsigned bit = row->state;

	if (test->field == FILTER_PROTO)
		bit = row->id.proto == WEIR_PROTO_UDP;
	if (test->field == FILTER_LIMIT) {
		bit = row->limit;
		if (bit == WEIR_LIMIT_UNKNOWN)
			return false;
	}
	return (bit < 32 && test->mask >> bit & 1) != test->negate;
}

static bool run_test(const struct filter_test *test, const struct subject *subject)
{
	if (test->field == FILTER_WORD)
		return run_word(test, subject);
	switch (filter_field_type((enum filter_field)test->field)) {
	case FILTER_TYPE_NAME:
		return run_name(test, subject->row);
	case FILTER_TYPE_ADDR:
		return test_addr(test, &subject->row->id) != test->negate;
	case FILTER_TYPE_NUMBER:
		return run_number(test, subject);
	case FILTER_TYPE_TEXT:
		return run_text(test, subject);
	}
	return false;
}

bool filter_match(const struct filter *filter, const struct conn_row *row,
		  const struct conn_names *names, uint64_t now_ns)
{
	const struct subject subject = {.row = row, .names = names, .now_ns = now_ns};
	uint16_t at = 0;

	/* Each test goes on only to later ones, so this ends. */
	while (at < FILTER_REJECT) {
		const struct filter_test *test = &filter->tests[at];

		at = test->next[run_test(test, &subject)];
	}
	return at == FILTER_ACCEPT;
}
