/* SPDX-License-Identifier: MIT */
/*
 * The options of tcptop, one row each: its names, its value, its help, what a shell can offer for
 * it, and what becomes of the value.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "options.h"

#define NS_PER_S UINT64_C(1000000000)
#define DAY_NS (86400 * NS_PER_S)
/* As conn_log_rotation_parse() has it. */
#define KEEP_DEFAULT 5
#define KEEP_MAX 999
/* PID_MAX_LIMIT, include/linux/threads.h. */
#define PID_LIMIT (4 * 1024 * 1024)

#define SORT_KEYS                                                                                  \
	"rate rx_rate tx_rate rx tx total pid process user local remote lport rport state rtt "    \
	"retr age proto packets cgroup"
#define COLUMNS                                                                                    \
	"all timestamp protocol local_addr local_port remote_addr remote_port pid process_name "   \
	"state bytes_in bytes_out packets_in packets_out rate_in_bytes_sec rate_out_bytes_sec "    \
	"rtt_us event duration_ms retrans lost_reason cgroup container netns uid attribution"

static int set_netns(struct options *options, const char *value, struct str_buf *error)
{
	(void)error;
	/* A name is a file under /run/netns: it must not lead out of there. */
	if (value[0] == '\0' || value[0] == '.' || strchr(value, '/'))
		return -EINVAL;
	options->netns = value;
	return 0;
}

/* Parsed after all others by options_parse: its error is shown under the expression. */
static int set_filter(struct options *options, const char *value, struct str_buf *error)
{
	(void)error;
	options->filter_text = value;
	return 0;
}

static int set_format(struct options *options, enum options_format format, struct str_buf *error)
{
	static const char *const labels[] = {
		[OPTIONS_FORMAT_DEFAULT] = "",
		[OPTIONS_FORMAT_STREAM] = "--stream",
		[OPTIONS_FORMAT_PLAIN] = "--plain",
		[OPTIONS_FORMAT_JSON] = "--json",
		[OPTIONS_FORMAT_CSV] = "--csv (or --log -)",
		[OPTIONS_FORMAT_LOG] = "--log PATH",
	};

	if (options->format != OPTIONS_FORMAT_DEFAULT && options->format != format) {
		str_buf_printf(error, "cannot be used together with %s: choose one",
			       labels[options->format]);
		return -EINVAL;
	}
	options->format = format;
	return 0;
}

static int set_log(struct options *options, const char *value, struct str_buf *error)
{
	if (value[0] == '\0')
		return -EINVAL;
	if (strcmp(value, "-") == 0)
		return set_format(options, OPTIONS_FORMAT_CSV, error);
	options->log_path = value;
	return set_format(options, OPTIONS_FORMAT_LOG, error);
}

/* "90s", "10min", "1h", "7d", with how many to keep as in "1h,24". m alone is a megabyte. */
static int parse_rotate_time(const char *value, struct options *options)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
	char digits[12];
	size_t n = strspn(value, "0123456789");
	const char *unit = value + n;
	size_t unit_len = strcspn(unit, ",");
	uint64_t number, keep = KEEP_DEFAULT;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, value, n);
	digits[n] = '\0';
	if (number_parse(digits, 1, 1000000000, &number) < 0)
		return -EINVAL;
	if (unit[unit_len] == ',' && number_parse(unit + unit_len + 1, 1, KEEP_MAX, &keep) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].unit) != unit_len ||
		    strncmp(units[i].unit, unit, unit_len) != 0)
			continue;
		options->rotate_ns = number * units[i].seconds * NS_PER_S;
		options->log_rotation = (struct conn_log_rotation){.keep = (unsigned int)keep};
		return 0;
	}
	return -EINVAL;
}

static int set_rotate(struct options *options, const char *value, struct str_buf *error)
{
	int r = conn_log_rotation_parse(value, &options->log_rotation);

	(void)error;
	if (r != -EINVAL) {
		options->rotate_ns = 0;
		return r;
	}
	return parse_rotate_time(value, options);
}

static int set_columns(struct options *options, const char *value, struct str_buf *error)
{
	options->columns_text = value;
	return conn_csv_columns_parse(value, &options->columns, error);
}

static int set_sort(struct options *options, const char *value, struct str_buf *error)
{
	struct filter_error where = {0};
	int r = conn_query_parse_sort(value, &options->query, &where);

	if (r == -EINVAL)
		str_buf_printf(error, "column %zu: %s", where.column, where.message);
	return r;
}

static int set_redact(struct options *options, const char *value, struct str_buf *error)
{
	return redact_parse(value, &options->redact, error);
}

static int set_backend(struct options *options, const char *value, struct str_buf *error)
{
	static const char *const names[] = {
		[OPTIONS_BACKEND_AUTO] = "auto",
		[OPTIONS_BACKEND_BPF] = "bpf",
		[OPTIONS_BACKEND_DIAG] = "diag",
	};

	(void)error;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			options->backend = (enum options_backend)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* The place of value among words, which are separated by blanks; -EINVAL. */
static int find_word(const char *words, const char *value)
{
	size_t len = strlen(value);

	for (int i = 0; *words; i++) {
		size_t n = strcspn(words, " ");

		if (n == len && strncmp(words, value, n) == 0)
			return i;
		words += n + (words[n] == ' ');
	}
	return -EINVAL;
}

#define GROUPINGS "none process remote port cgroup"
#define COLORS "auto always never"
#define THEMES "dark light safe"

/* enum conn_grouping is in this order. */
static int set_group(struct options *options, const char *value, struct str_buf *error)
{
	int at = find_word(GROUPINGS, value);

	(void)error;
	if (at < 0)
		return at;
	options->grouping = (enum conn_grouping)at;
	return 0;
}

/* And so is enum options_color. */
static int set_color(struct options *options, const char *value, struct str_buf *error)
{
	int at = find_word(COLORS, value);

	(void)error;
	if (at < 0)
		return at;
	options->color = (enum options_color)at;
	return 0;
}

/* And enum terminal_theme. */
static int set_theme(struct options *options, const char *value, struct str_buf *error)
{
	int at = find_word(THEMES, value);

	(void)error;
	if (at < 0)
		return at;
	options->theme = (enum terminal_theme)at;
	options->theme_given = true;
	return 0;
}

static int set_from(struct options *options, const char *value, struct str_buf *error)
{
	(void)error;
	return replay_time_parse(value, &options->from);
}

static int set_to(struct options *options, const char *value, struct str_buf *error)
{
	(void)error;
	return replay_time_parse(value, &options->to);
}

#define FIELD(name) .field = offsetof(struct options, name)
#define FLAG(name, value) .kind = OPTION_FLAG, FIELD(name), .number = (value)
#define TEXT(name) .kind = OPTION_TEXT, FIELD(name)
#define NUMBER(name, from, to) .kind = OPTION_NUMBER, FIELD(name), .min = (from), .max = (to)
#define SECONDS(name, from, to) .kind = OPTION_SECONDS, FIELD(name), .min = (from), .max = (to)
#define FORMAT(value) .kind = OPTION_FORMAT, .number = (value)
#define ACTION(value) .kind = OPTION_ACTION, .number = (value)
#define OTHER(function) .kind = OPTION_OTHER, .apply = (function)
#define SCREEN .scope = OPTION_FOR_SCREEN
#define HOST .scope = OPTION_FOR_HOST
#define MOMENT "a time as 2026-11-21T08:54:52Z, 08:54[:52], or +1m30s from the beginning"

/* clang-format off */
static const struct option_spec table[] = {
	{"port", 0, OPTION_GROUP_SELECT, "PORT", "a port number from 1 to 65535",
	 "Only connections with PORT at either end",
	 NUMBER(port, 1, UINT16_MAX)},
	{"pid", 0, OPTION_GROUP_SELECT, "PID", "a process id from 1 to 4194304",
	 "Only connections of the process PID", OPTION_VALUES_PID,
	 NUMBER(pid, 1, PID_LIMIT)},
	{"process", 0, OPTION_GROUP_SELECT, "NAME", "a part of a process's name",
	 "Only connections of processes with NAME in their name", OPTION_VALUES_PROCESS,
	 TEXT(process)},
	{"interface", 'i', OPTION_GROUP_SELECT, "IFACE", "the name of a network interface",
	 "Only connections whose local address is on IFACE", OPTION_VALUES_INTERFACE, HOST,
	 TEXT(interface)},
	{"tcp", 0, OPTION_GROUP_SELECT, NULL, NULL,
	 "Only TCP connections (with --udp: both)",
	 FLAG(tcp, true)},
	{"udp", 0, OPTION_GROUP_SELECT, NULL, NULL,
	 "Only UDP flows (with --tcp: both)",
	 FLAG(udp, true)},
	{"filter", 0, OPTION_GROUP_SELECT, "EXPR", "a filter expression",
	 "Only connections for which EXPR holds, such as 'port 443 and rx_rate > 1M'",
	 OTHER(set_filter)},
	{"netns", 0, OPTION_GROUP_SELECT, "all|self|NAME",
	 "all, self, or the name of a network namespace under /run/netns",
	 "Connections of which network namespaces (default: all that may be seen)",
	 OPTION_VALUES_NETNS, "all self", HOST,
	 OTHER(set_netns)},

	{"interval", 0, OPTION_GROUP_TIME, "SECS", "seconds from 0.1 to 86400",
	 "Time between two ticks (default 1)", HOST,
	 SECONDS(interval_ns, NS_PER_S / 10, DAY_NS)},
	{"once", 0, OPTION_GROUP_TIME, NULL, NULL,
	 "Print what is there now and exit; rates are not known then",
	 FLAG(once, true)},
	{NULL, 'n', OPTION_GROUP_TIME, "N", "a number of ticks from 1 to 1000000000",
	 "Exit after N ticks",
	 NUMBER(count, 1, 1000000000)},
	{"udp-timeout", 0, OPTION_GROUP_TIME, "SECS", "seconds from 0.1 to 86400",
	 "Forget a UDP flow after SECS without a datagram (default 5)", HOST,
	 SECONDS(udp_timeout_ns, NS_PER_S / 10, DAY_NS)},
	{"closed-linger", 0, OPTION_GROUP_TIME, "SECS", "seconds from 0 to 86400",
	 "Show a closed connection for SECS (default: 5 on the screen, 0 in lines)", HOST,
	 SECONDS(closed_linger_ns, 0, DAY_NS)},

	{"stream", 0, OPTION_GROUP_OUTPUT, NULL, NULL,
	 "Lines of text, a block each tick (the default without a terminal)",
	 FORMAT(OPTIONS_FORMAT_STREAM)},
	{"plain", 0, OPTION_GROUP_OUTPUT, NULL, NULL,
	 "A sentence for each connection that changed, for screen readers",
	 FORMAT(OPTIONS_FORMAT_PLAIN)},
	{"json", 0, OPTION_GROUP_OUTPUT, NULL, NULL,
	 "JSON objects, one a line",
	 FORMAT(OPTIONS_FORMAT_JSON)},
	{"csv", 0, OPTION_GROUP_OUTPUT, NULL, NULL,
	 "CSV with a header row",
	 FORMAT(OPTIONS_FORMAT_CSV)},
	{"log", 0, OPTION_GROUP_OUTPUT, "PATH", "the path of a file, or -",
	 "Write CSV to the file PATH, which is replaced; - is the same as --csv",
	 OPTION_VALUES_FILE,
	 OTHER(set_log)},
	{"append", 0, OPTION_GROUP_OUTPUT, NULL, NULL,
	 "With --log PATH: add to the file instead of replacing it",
	 FLAG(log_append, true)},
	{"rotate", 0, OPTION_GROUP_OUTPUT, "SIZE|TIME[,KEEP]",
	 "a size such as 10M or a time such as 10min, and how many old files to keep, as in 10M,5",
	 "With --log PATH or --record: begin a new file past SIZE (--record: or TIME); keep KEEP "
	 "old ones (default 5)",
	 OTHER(set_rotate)},
	{"log-columns", 0, OPTION_GROUP_OUTPUT, "LIST", "all, or a comma list of columns",
	 "With --log or --csv: the columns, 'all' or a comma list",
	 OPTION_VALUES_LIST, COLUMNS,
	 OTHER(set_columns)},
	{"sort", 0, OPTION_GROUP_OUTPUT, "KEY[,KEY]", "a comma list of sort keys",
	 "Sort by KEY, then the next; -KEY turns the order round",
	 OPTION_VALUES_LIST, SORT_KEYS,
	 OTHER(set_sort)},
	{"redact", 0, OPTION_GROUP_OUTPUT, "LIST", "a comma list of remote=hash, user, cmd",
	 "Hide remote addresses (remote=hash), users (user), process names (cmd)",
	 OPTION_VALUES_LIST, "remote=hash user cmd",
	 OTHER(set_redact)},

	{"numeric", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "Addresses and ports as numbers (the default)",
	 FLAG(resolve, false)},
	{"resolve", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "Names of hosts and ports in lines, once they are known",
	 FLAG(resolve, true)},
	{"bytes", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "Rates in bytes per second in lines (the default)",
	 FLAG(units.bits, false)},
	{"bits", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "Rates in bits per second in lines",
	 FLAG(units.bits, true)},
	{"iec", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "K is 1024 in lines (the default)",
	 FLAG(units.si, false)},
	{"si", 0, OPTION_GROUP_NUMBERS, NULL, NULL,
	 "K is 1000 in lines",
	 FLAG(units.si, true)},

	{"group", 0, OPTION_GROUP_SCREEN, "BY", "none, process, remote, port or cgroup",
	 "Put connections together by BY: none, process, remote, port or cgroup",
	 OPTION_VALUES_WORDS, GROUPINGS, SCREEN,
	 OTHER(set_group)},
	{"color", 0, OPTION_GROUP_SCREEN, "WHEN", "auto, always or never",
	 "Colours: auto (the default: unless NO_COLOR is set), always or never",
	 OPTION_VALUES_WORDS, COLORS, SCREEN,
	 OTHER(set_color)},
	{"theme", 0, OPTION_GROUP_SCREEN, "THEME", "dark, light or safe",
	 "Colours for a dark or a light terminal, or safe ones for any colour vision",
	 OPTION_VALUES_WORDS, THEMES, SCREEN,
	 OTHER(set_theme)},
	{"ascii", 0, OPTION_GROUP_SCREEN, NULL, NULL,
	 "Draw with ASCII characters only", .scope = OPTION_FOR_SCREEN,
	 FLAG(ascii, true)},

	{"record", 0, OPTION_GROUP_RECORDING, "FILE", "the path of a file",
	 "Keep all that is seen in FILE, which is replaced, to be looked at by --replay",
	 OPTION_VALUES_FILE, NULL, HOST,
	 TEXT(record_path)},
	{"replay", 0, OPTION_GROUP_RECORDING, "FILE", "the path of a recording",
	 "Look at the recording FILE instead of this host", OPTION_VALUES_FILE,
	 TEXT(replay_path)},
	{"from", 0, OPTION_GROUP_RECORDING, "T", MOMENT,
	 "With --replay: begin at T: a date and time, the clock's, or +1m30s from its beginning",
	 OTHER(set_from)},
	{"to", 0, OPTION_GROUP_RECORDING, "T", MOMENT,
	 "With --replay: end at T",
	 OTHER(set_to)},

	{"backend", 0, OPTION_GROUP_SOURCE, "auto|bpf|diag", "auto, bpf or diag",
	 "Where numbers come from: bpf is exact, diag needs no privilege",
	 OPTION_VALUES_WORDS, "auto bpf diag", HOST,
	 OTHER(set_backend)},
	{"max-conns", 0, OPTION_GROUP_SOURCE, "N", "a number of connections from 1 to 100000000",
	 "Follow at most N connections at a time (default 1000000)", HOST,
	 NUMBER(max_conns, 1, 100000000)},

	{"help", 'h', OPTION_GROUP_ABOUT, NULL, NULL,
	 "Print this help and exit",
	 ACTION(OPTIONS_HELP)},
	{"version", 'V', OPTION_GROUP_ABOUT, NULL, NULL,
	 "Print the version and exit",
	 ACTION(OPTIONS_VERSION)},
};
/* clang-format on */

const struct option_spec *option_table(size_t *ret_n)
{
	*ret_n = sizeof(table) / sizeof(table[0]);
	return table;
}

const char *option_group_title(enum option_group group)
{
	static const char *const titles[] = {
		[OPTION_GROUP_SELECT] = "Which connections (all that is given must hold):",
		[OPTION_GROUP_TIME] = "When:",
		[OPTION_GROUP_OUTPUT] = "Output:",
		[OPTION_GROUP_NUMBERS] = "How names and numbers are written:",
		[OPTION_GROUP_SCREEN] = "Screen:",
		[OPTION_GROUP_RECORDING] = "Recordings:",
		[OPTION_GROUP_SOURCE] = "Source:",
		[OPTION_GROUP_ABOUT] = NULL,
	};

	return titles[group];
}

void option_label(const struct option_spec *spec, char label[OPTION_LABEL_MAX])
{
	if (spec->name)
		snprintf(label, OPTION_LABEL_MAX, "--%s", spec->name);
	else
		snprintf(label, OPTION_LABEL_MAX, "-%c", spec->short_name);
}

int option_apply(const struct option_spec *spec, struct options *options, const char *value,
		 struct str_buf *error)
{
	void *field = (char *)options + spec->field;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)field = spec->number != 0;
		return 0;
	case OPTION_NUMBER:
		return number_parse(value, spec->min, spec->max, field);
	case OPTION_SECONDS:
		return number_parse_seconds(value, spec->min, spec->max, field);
	case OPTION_TEXT:
		if (value[0] == '\0')
			return -EINVAL;
		*(const char **)field = value;
		return 0;
	case OPTION_FORMAT:
		return set_format(options, (enum options_format)spec->number, error);
	case OPTION_ACTION:
		/* The first of --help and --version wins. */
		if (options->action == OPTIONS_RUN)
			options->action = (enum options_action)spec->number;
		return 0;
	case OPTION_OTHER:
		return spec->apply(options, value, error);
	}
	return -EINVAL;
}
