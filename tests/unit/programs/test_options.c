/* SPDX-License-Identifier: MIT */
/* Command lines in, options or one line of complaint out. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "options.h"
#include "tap.h"

#define MAX_ARGS 12

/* Parses a command line and keeps what it said; the caller frees *ret_said. */
static int parse(const char *const args[MAX_ARGS], struct options *ret_options, char **ret_said)
{
	char *argv[MAX_ARGS + 2] = {strdup("tcptop")};
	size_t said_len;
	FILE *errors = open_memstream(ret_said, &said_len);
	int argc = 1, r;

	for (size_t i = 0; i < MAX_ARGS && args[i]; i++)
		argv[argc++] = strdup(args[i]);
	r = options_parse(argc, argv, errors, ret_options);
	fclose(errors);
	/* Texts in the options are borrowed from argv: whoever looks at them is in this file. */
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return r;
}

struct bad_line {
	const char *args[MAX_ARGS];
	const char *said;
};

static const struct bad_line bad_lines[] = {
	{{"--port", "0"}, "tcptop: --port: '0': expected a port number from 1 to 65535\n"},
	{{"--port", "https"}, "tcptop: --port: 'https': expected a port number from 1 to 65535\n"},
	{{"--port=70000"}, "tcptop: --port: '70000': expected a port number from 1 to 65535\n"},
	{{"--port="}, "tcptop: --port: '': expected a port number from 1 to 65535\n"},
	{{"--port"},
	 "tcptop: --port: needs a value PORT: expected a port number from 1 to 65535\n"},
	{{"--pid", "-5"}, "tcptop: --pid: '-5': expected a process id from 1 to 4194304\n"},
	{{"--process", ""}, "tcptop: --process: '': expected a part of a process's name\n"},
	{{"-i", ""}, "tcptop: --interface: '': expected the name of a network interface\n"},
	{{"--interval", "0.05"},
	 "tcptop: --interval: '0.05': expected seconds from 0.1 to 86400\n"},
	{{"--interval", "1s"}, "tcptop: --interval: '1s': expected seconds from 0.1 to 86400\n"},
	{{"-n", "0"}, "tcptop: -n: '0': expected a number of ticks from 1 to 1000000000\n"},
	{{"-nx"}, "tcptop: -n: 'x': expected a number of ticks from 1 to 1000000000\n"},
	{{"--udp-timeout", "0"},
	 "tcptop: --udp-timeout: '0': expected seconds from 0.1 to 86400\n"},
	{{"--closed-linger", "x"},
	 "tcptop: --closed-linger: 'x': expected seconds from 0 to 86400\n"},
	{{"--max-conns", "0"},
	 "tcptop: --max-conns: '0': expected a number of connections from 1 to 100000000\n"},
	{{"--backend", "ebpf"}, "tcptop: --backend: 'ebpf': expected auto, bpf or diag\n"},
	{{"--netns", "../x"},
	 "tcptop: --netns: '../x': expected all, self, or the name of a network namespace under "
	 "/run/netns\n"},
	{{"--netns", ""},
	 "tcptop: --netns: '': expected all, self, or the name of a network namespace under "
	 "/run/netns\n"},
	{{"--log", ""}, "tcptop: --log: '': expected the path of a file, or -\n"},
	{{"--log", "x", "--rotate", "ten"},
	 "tcptop: --rotate: 'ten': expected a size such as 10M or a time such as 10min, and how "
	 "many old files to keep, as in 10M,5\n"},
	{{"--record", "x", "--rotate", "10minutes"},
	 "tcptop: --rotate: '10minutes': expected a size such as 10M or a time such as 10min, and "
	 "how many old files to keep, as in 10M,5\n"},
	{{"--group", "pid"},
	 "tcptop: --group: 'pid': expected none, process, remote, port or cgroup\n"},
	{{"--color", "blue"}, "tcptop: --color: 'blue': expected auto, always or never\n"},
	{{"--theme", "dar"}, "tcptop: --theme: 'dar': expected dark, light or safe\n"},
	{{"--record", ""}, "tcptop: --record: '': expected the path of a file\n"},
	{{"--replay", "r", "--from", "noon"},
	 "tcptop: --from: 'noon': expected a time as 2026-11-21T08:54:52Z, 08:54[:52], or +1m30s "
	 "from the beginning\n"},
	/* in a value, what a terminal would obey is shown instead */
	{{"--port", "\033[2J"},
	 "tcptop: --port: '\\x1b[2J': expected a port number from 1 to 65535\n"},
	{{"--prot", "5"}, "tcptop: --prot: no such option; see tcptop --help\n"},
	{{"--prot=5"}, "tcptop: --prot=5: no such option; see tcptop --help\n"},
	{{"-x"}, "tcptop: -x: no such option; see tcptop --help\n"},
	{{"-xy"}, "tcptop: -xy: no such option; see tcptop --help\n"},
	{{"--once", "-xy"}, "tcptop: -xy: no such option; see tcptop --help\n"},
	{{"--bogus", "-xy"}, "tcptop: --bogus: no such option; see tcptop --help\n"},
	{{"--port", "1", "-x"}, "tcptop: -x: no such option; see tcptop --help\n"},
	{{"--p", "5"}, "tcptop: --p: could be several options; write it out\n"},
	{{"--once=yes"}, "tcptop: --once=yes: takes no value\n"},
	{{"-i"}, "tcptop: -i: needs a value IFACE: expected the name of a network interface\n"},
	{{"nginx"}, "tcptop: 'nginx': not an option; a filter is given by --filter EXPR\n"},
	{{"--", "nginx"}, "tcptop: 'nginx': not an option; a filter is given by --filter EXPR\n"},
	/* only the first error is told */
	{{"--port", "x", "--pid", "y"},
	 "tcptop: --port: 'x': expected a port number from 1 to 65535\n"},
};

static const struct bad_line bad_together[] = {
	{{"--json", "--csv"}, "tcptop: --csv: cannot be used together with --json: choose one\n"},
	{{"--csv", "--json"},
	 "tcptop: --json: cannot be used together with --csv (or --log -): choose one\n"},
	{{"--plain", "--stream"},
	 "tcptop: --stream: cannot be used together with --plain: choose one\n"},
	{{"--log", "f", "--stream"},
	 "tcptop: --stream: cannot be used together with --log PATH: choose one\n"},
	{{"--log", "f", "--plain"},
	 "tcptop: --plain: cannot be used together with --log PATH: choose one\n"},
	{{"--log", "f", "--json"},
	 "tcptop: --json: cannot be used together with --log PATH: choose one\n"},
	{{"--log", "f", "--csv"},
	 "tcptop: --csv: cannot be used together with --log PATH: choose one\n"},
	{{"--json", "--log", "-"},
	 "tcptop: --log: '-': cannot be used together with --json: choose one\n"},
	{{"--log", "f", "--once"},
	 "tcptop: --once: cannot be used together with --log PATH: use -n 1\n"},
	{{"--once", "-n", "2"}, "tcptop: --once: cannot be used together with -n: choose one\n"},
	{{"--append"}, "tcptop: --append: needs --log PATH\n"},
	{{"--append", "--log", "-"}, "tcptop: --append: needs --log PATH\n"},
	{{"--rotate", "1M"}, "tcptop: --rotate: needs --log PATH or --record FILE\n"},
	{{"--log-columns", "all"}, "tcptop: --log-columns: needs --log or --csv\n"},
	{{"--log-columns", "all", "--json"}, "tcptop: --log-columns: needs --log or --csv\n"},
	{{"--closed-linger", "5", "--csv"},
	 "tcptop: --closed-linger: only for the screen and streaming lines\n"},
	{{"--log", "f", "--group", "port"}, "tcptop: --group: only for the screen\n"},
	{{"--ascii", "--json"}, "tcptop: --ascii: only for the screen\n"},
	{{"--color", "never", "--once"}, "tcptop: --color: only for the screen\n"},
	{{"--theme", "safe", "-n", "2"}, "tcptop: --theme: only for the screen\n"},
	{{"--log", "f", "--rotate", "1h"}, "tcptop: --rotate: a time needs --record FILE\n"},
	{{"--from", "+5"}, "tcptop: --from: needs --replay FILE\n"},
	{{"--to", "+5"}, "tcptop: --to: needs --replay FILE\n"},
	{{"--record", "a", "--replay", "b"},
	 "tcptop: --record: cannot be used together with --replay\n"},
	{{"--replay", "b", "--backend", "diag"},
	 "tcptop: --backend: cannot be used together with --replay\n"},
	{{"-i", "lo", "--replay", "b"},
	 "tcptop: --interface: cannot be used together with --replay\n"},
	{{"--record", "a", "--redact", "user"},
	 "tcptop: --redact: a recording keeps everything: redact its replay\n"},
};

static void test_bad_lines(const struct bad_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct options options = {.port = 4242};
		char *said = NULL;

		is_int(parse(lines[i].args, &options, &said), -EINVAL, "%s %s is refused",
		       lines[i].args[0], lines[i].args[1] ? lines[i].args[1] : "");
		is_str(said, lines[i].said, "and the reason is told in one line");
		is_int(options.port, 4242, "and the output is untouched");
		free(said);
	}
}

/* Those whose words belong to others: that they are refused by name, and in one line. */
static void test_delegated_errors(void)
{
	static const struct bad_line lines[] = {
		{{"--sort", "rate,speed"}, "tcptop: --sort: 'rate,speed': "},
		{{"--log-columns", "pid,nope", "--csv"}, "tcptop: --log-columns: 'pid,nope': "},
		{{"--redact", "everything"}, "tcptop: --redact: 'everything': "},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options options;
		char *said = NULL;
		const char *newline;

		is_int(parse(lines[i].args, &options, &said), -EINVAL, "%s %s is refused",
		       lines[i].args[0], lines[i].args[1]);
		ok(strncmp(said, lines[i].said, strlen(lines[i].said)) == 0 &&
			   strlen(said) > strlen(lines[i].said) + 1,
		   "with a reason: %.*s", (int)strcspn(said, "\n"), said);
		newline = strchr(said, '\n');
		ok(newline && newline[1] == '\0', "in one line");
		free(said);
	}
}

static void test_bad_filter(void)
{
	static const char *const args[MAX_ARGS] = {"--filter", "port 443 and"};
	struct options options;
	char *said = NULL;

	is_int(parse(args, &options, &said), -EINVAL, "an unfinished filter is refused");
	ok(strncmp(said, "tcptop: --filter: column ", 25) == 0, "with its column: %.*s",
	   (int)strcspn(said, "\n"), said);
	if (strncmp(said, "tcptop: --filter: column ", 25) == 0) {
		unsigned long column = strtoul(said + 25, NULL, 10);
		char caret[64];

		snprintf(caret, sizeof(caret), "\n  port 443 and\n  %*s^\n", (int)column - 1, "");
		ok(strstr(said, caret), "the expression stands below with a caret at %lu", column);
	}
	free(said);
}

static void test_defaults(void)
{
	static const char *const none[MAX_ARGS] = {NULL};
	struct options o;
	char *said = NULL;

	is_int(parse(none, &o, &said), 0, "an empty command line is right");
	is_str(said, "", "and nothing is said");
	is_int(o.action, OPTIONS_RUN, "it runs");
	is_int(o.format, OPTIONS_FORMAT_DEFAULT, "no format was asked for");
	is_int(o.backend, OPTIONS_BACKEND_AUTO, "the backend is found out");
	is_int(o.interval_ns, 1000000000, "a tick is a second");
	is_int(o.udp_timeout_ns, 5000000000, "UDP flows are kept for 5 s");
	ok(o.closed_linger_ns == OPTIONS_LINGER_UNSAID, "nothing is said of closed connections");
	ok(options_want_screen(&o), "a screen is wanted");
	is_int(o.max_conns, 1000000, "a million connections");
	is_int(o.count, 0, "it runs until it is stopped");
	is_int(o.columns.n, 16, "CSV has 16 columns");
	ok(!o.once && !o.resolve && !o.units.bits && !o.units.si && !o.filter && !o.netns,
	   "nothing else is set");
	options_done(&o);
	free(said);
}

static void test_values(void)
{
	static const char *const args[MAX_ARGS] = {
		"--port",    "53",   "--pid=12", "--udp",       "--interval",  "0.25",
		"--backend", "diag", "-n3",      "--udp-tim=2", "--max-conns", "9",
	};
	struct options o = {0};
	char *said = NULL;

	is_int(parse(args, &o, &said), 0, "a line of right options");
	is_str(said, "", "and nothing is said");
	is_int(o.port, 53, "--port");
	is_int(o.pid, 12, "--pid with =");
	ok(o.udp && !o.tcp, "--udp");
	is_int(o.interval_ns, 250000000, "--interval with a fraction");
	is_int(o.backend, OPTIONS_BACKEND_DIAG, "--backend");
	is_int(o.count, 3, "-n with its value in the same word");
	is_int(o.udp_timeout_ns, 2000000000, "--udp-timeout shortened");
	is_int(o.max_conns, 9, "--max-conns");
	options_done(&o);
	free(said);
}

static void test_dress(void)
{
	static const char *const args[MAX_ARGS] = {
		"--log",
		"f",
		"--log-columns",
		"all",
		"--rotate",
		"1M,2",
		"--append",
		"--si",
		"--bits",
		"--resolve",
		"--redact=remote=hash,cmd",
		"--sort=-rx,pid",
	};
	static const char *const turned[MAX_ARGS] = {
		"--si", "--bits", "--resolve", "--iec", "--bytes", "--numeric", "--tcp", "--udp",
	};
	struct options o = {0};
	char *said = NULL;

	is_int(parse(args, &o, &said), 0, "a log with all its options");
	is_int(o.format, OPTIONS_FORMAT_LOG, "--log");
	is_int(o.columns.n, CONN_CSV_COLUMNS_MAX, "--log-columns all");
	is_int(o.log_rotation.size_bytes, 1024 * 1024, "--rotate SIZE");
	is_int(o.log_rotation.keep, 2, "--rotate ,KEEP");
	ok(o.log_append && o.units.si && o.units.bits && o.resolve, "flags");
	ok(o.redact.remote_hash && o.redact.cmd && !o.redact.user, "--redact");
	is_int(o.query.n_sort, 2, "--sort");
	options_done(&o);
	free(said);
	is_int(parse(turned, &o, &said), 0, "opposites may stand together");
	ok(!o.units.si && !o.units.bits && !o.resolve, "and the last one holds");
	ok(o.tcp && o.udp, "--tcp and --udp are both");
	options_done(&o);
	free(said);
}

static void test_screen(void)
{
	static const char *const args[MAX_ARGS] = {
		"--group", "remote",  "--color",         "never", "--theme",
		"light",   "--ascii", "--closed-linger", "2",
	};
	static const char *const lines[][MAX_ARGS] = {{"--once"}, {"-n", "1"}, {"--stream"}};
	struct options o = {0};
	char *said = NULL;

	is_int(parse(args, &o, &said), 0, "a screen with all its options");
	is_int(o.grouping, CONN_GROUP_REMOTE, "--group");
	is_int(o.color, OPTIONS_COLOR_NEVER, "--color");
	ok(o.theme_given && o.theme == TERMINAL_THEME_LIGHT, "--theme");
	ok(o.ascii && options_want_screen(&o), "--ascii");
	is_int(o.closed_linger_ns, 2000000000, "--closed-linger");
	options_done(&o);
	free(said);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		is_int(parse(lines[i], &o, &said), 0, "%s", lines[i][0]);
		ok(!options_want_screen(&o), "asks for lines");
		options_done(&o);
		free(said);
	}
}

static void test_recordings(void)
{
	static const struct {
		const char *rotate;
		uint64_t size_bytes;
		uint64_t ns;
		unsigned keep;
	} cases[] = {
		{"10M", 10 << 20, 0, 5},     {"10m,2", 10 << 20, 0, 2},
		{"90s", 0, 90000000000, 5},  {"10min,3", 0, 600000000000, 3},
		{"1h", 0, 3600000000000, 5}, {"7d,999", 0, 604800000000000, 999},
	};
	static const char *const replay[MAX_ARGS] = {"--replay", "r",     "--from", "+1m",
						     "--to",     "12:00", "--json"};
	struct options o = {0};
	char *said = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const args[MAX_ARGS] = {"--record", "r", "--rotate", cases[i].rotate};

		is_int(parse(args, &o, &said), 0, "--record r --rotate %s", cases[i].rotate);
		ok(o.log_rotation.size_bytes == cases[i].size_bytes && o.rotate_ns == cases[i].ns &&
			   o.log_rotation.keep == cases[i].keep,
		   "is understood");
		ok(options_want_screen(&o), "and goes with a screen");
		options_done(&o);
		free(said);
	}
	is_int(parse(replay, &o, &said), 0, "a part of a recording as JSON");
	ok(o.from.kind == REPLAY_TIME_AFTER && o.from.ns == 60000000000, "--from");
	ok(o.to.kind == REPLAY_TIME_CLOCK, "--to");
	options_done(&o);
	free(said);
}

static void test_formats(void)
{
	static const struct {
		const char *args[MAX_ARGS];
		enum options_format want;
	} cases[] = {
		{{"--stream"}, OPTIONS_FORMAT_STREAM},
		{{"--plain"}, OPTIONS_FORMAT_PLAIN},
		{{"--json"}, OPTIONS_FORMAT_JSON},
		{{"--csv"}, OPTIONS_FORMAT_CSV},
		{{"--log", "-"}, OPTIONS_FORMAT_CSV},
		{{"--csv", "--log", "-"}, OPTIONS_FORMAT_CSV},
		{{"--log", "p"}, OPTIONS_FORMAT_LOG},
		{{"--log", "-", "--once"}, OPTIONS_FORMAT_CSV},
		{{"--log", "p", "-n", "4"}, OPTIONS_FORMAT_LOG},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o = {0};
		char *said = NULL;

		is_int(parse(cases[i].args, &o, &said), 0, "%s %s", cases[i].args[0],
		       cases[i].args[1] ? cases[i].args[1] : "");
		is_int(o.format, cases[i].want, "has its format");
		options_done(&o);
		free(said);
	}
}

static void test_actions(void)
{
	static const struct {
		const char *args[MAX_ARGS];
		enum options_action want;
	} cases[] = {
		{{"--help"}, OPTIONS_HELP},
		{{"-h"}, OPTIONS_HELP},
		{{"--version"}, OPTIONS_VERSION},
		{{"-V"}, OPTIONS_VERSION},
		{{"--version", "--help"}, OPTIONS_VERSION},
		/* help is for those whose line is not right either */
		{{"--append", "--help"}, OPTIONS_HELP},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o = {0};
		char *said = NULL;

		is_int(parse(cases[i].args, &o, &said), 0, "%s", cases[i].args[0]);
		is_int(o.action, cases[i].want, "is the action");
		options_done(&o);
		free(said);
	}
}

/* Whether the words of a row are ones that its option takes. */
static bool takes(const struct option_spec *spec, const char *word)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct options options = {0};

	return option_apply(spec, &options, word, &error) == 0;
}

static void test_table(void)
{
	size_t n, help_len;
	const struct option_spec *table = option_table(&n);
	char *help = NULL;
	FILE *out = open_memstream(&help, &help_len);

	options_help(out);
	fclose(out);
	ok(n > 30, "there are %zu options", n);
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *spec = &table[i];
		char label[OPTION_LABEL_MAX], *words, *save, *word;

		option_label(spec, label);
		ok(strstr(help, label), "%s is in --help", label);
		ok(spec->help && spec->group && !spec->arg == !spec->expected, "%s has its texts",
		   label);
		for (size_t j = 0; j < i; j++) {
			if (spec->name && table[j].name && !strcmp(spec->name, table[j].name))
				ok(false, "%s is there twice", label);
			if (spec->short_name && spec->short_name == table[j].short_name)
				ok(false, "-%c is there twice", spec->short_name);
		}
		words = strdup(spec->words ? spec->words : "");
		for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
			ok(takes(spec, word), "%s takes '%s', which it offers", label, word);
		free(words);
	}
	for (const char *p = help; *p; p++) {
		if (!isprint((unsigned char)*p) && *p != '\n') {
			ok(false, "--help holds byte %d", *p);
			break;
		}
	}
	free(help);
}

int main(void)
{
	test_defaults();
	test_values();
	test_dress();
	test_screen();
	test_recordings();
	test_formats();
	test_actions();
	test_bad_lines(bad_lines, sizeof(bad_lines) / sizeof(bad_lines[0]));
	test_bad_lines(bad_together, sizeof(bad_together) / sizeof(bad_together[0]));
	test_delegated_errors();
	test_bad_filter();
	test_table();
	return tap_done();
}
