/* SPDX-License-Identifier: MIT */
/*
 * From argv to struct options, by way of argp and the table. argp's own talk is off: it says a
 * wrong option in two lines and leaves with 64, we say it in one and leave with 2.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NS_PER_S UINT64_C(1000000000)
#define MAX_ROWS 64
/* argp's key of a row that has no short name. */
#define KEY_BASE 0x1000

struct parse {
	struct options options;
	struct str_buf message; /* of the first error, without the program's name */
	int error;              /* 0 until then */
	/* One of each kind that has been given; NULL: none. */
	const struct option_spec *for_screen;
	const struct option_spec *for_host;
};

/* Says a message once; what comes after the first error is its consequence. */
static int refuse(struct parse *parse, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct parse *parse, int error, const char *format, ...)
{
	char text[256];
	va_list args;

	if (parse->error)
		return parse->error;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_buf_puts(&parse->message, text);
	parse->error = error;
	return error;
}

static int key_of(size_t row, const struct option_spec *spec)
{
	return spec->short_name ? spec->short_name : (int)(KEY_BASE + row);
}

static const struct option_spec *find_key(int key)
{
	size_t n;
	const struct option_spec *table = option_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (key_of(i, &table[i]) == key)
			return &table[i];
	}
	return NULL;
}

static int take(struct parse *parse, const struct option_spec *spec, const char *value)
{
	CLEANUP(str_buf_done) struct str_buf error = {0}, shown = {0};
	char label[OPTION_LABEL_MAX];
	int r = option_apply(spec, &parse->options, value, &error);

	if (spec->scope == OPTION_FOR_SCREEN)
		parse->for_screen = spec;
	else if (spec->scope == OPTION_FOR_HOST)
		parse->for_host = spec;
	if (r >= 0 || parse->error)
		return parse->error;
	option_label(spec, label);
	if (r != -EINVAL && r != -ERANGE)
		return refuse(parse, r, "%s: %s", label, strerror(-r));
	if (!value)
		return refuse(parse, -EINVAL, "%s: %s", label, error.len ? error.data : "");
	str_buf_puts(&shown, "'");
	text_escape(&shown, value, strnlen(value, 80));
	str_buf_puts(&shown, "'");
	if (shown.error || error.error)
		return refuse(parse, -ENOMEM, "%s: %s", label, strerror(ENOMEM));
	if (error.len > 0)
		return refuse(parse, -EINVAL, "%s: %s: %s", label, shown.data, error.data);
	return refuse(parse, -EINVAL, "%s: %s: expected %s", label, shown.data, spec->expected);
}

/* Rows whose long name begins with these letters, as getopt_long counts them. */
static size_t count_prefix(const char *name, size_t len, const struct option_spec **ret_spec)
{
	size_t n, found = 0;
	const struct option_spec *table = option_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (!table[i].name || strncmp(table[i].name, name, len) != 0)
			continue;
		*ret_spec = &table[i];
		if (strlen(table[i].name) == len)
			return 1;
		found++;
	}
	return found;
}

/* The rows a word may mean, and one of them. */
static size_t find_word(const char *word, const struct option_spec **ret_spec)
{
	*ret_spec = NULL;
	if (strncmp(word, "--", 2) == 0)
		return count_prefix(word + 2, strcspn(word + 2, "="), ret_spec);
	*ret_spec = find_key((unsigned char)word[1]);
	return *ret_spec ? 1 : 0;
}

/* Says what is wrong with a word that getopt did not take. */
static int refuse_word(struct parse *parse, const char *word)
{
	CLEANUP(str_buf_done) struct str_buf shown = {0};
	const struct option_spec *spec;
	size_t found = find_word(word, &spec);

	text_escape(&shown, word, strnlen(word, 80));
	if (shown.error)
		return refuse(parse, shown.error, "%s", strerror(ENOMEM));
	if (found == 0)
		return refuse(parse, -EINVAL, "%s: no such option; see tcptop --help", shown.data);
	if (found > 1)
		return refuse(parse, -EINVAL, "%s: could be several options; write it out",
			      shown.data);
	if (spec->arg)
		return refuse(parse, -EINVAL, "%s: needs a value %s: expected %s", shown.data,
			      spec->arg, spec->expected);
	return refuse(parse, -EINVAL, "%s: takes no value", shown.data);
}

/* getopt has gone past the bad word, unless that is a short option with letters after it. */
static int refuse_unparsed(struct parse *parse, const struct argp_state *state)
{
	const char *next = state->next < state->argc ? state->argv[state->next] : NULL;
	const char *before = state->argv[state->next - 1];
	const struct option_spec *spec;

	if (next && next[0] == '-' && next[1] != '-' && strlen(next) > 2 &&
	    (before[0] != '-' || (find_word(before, &spec) == 1 && !strchr(before, '='))))
		return refuse_word(parse, next);
	return refuse_word(parse, before);
}

static error_t parse_key(int key, char *value, struct argp_state *state)
{
	struct parse *parse = state->input;
	const struct option_spec *spec = find_key(key);

	if (spec)
		return -take(parse, spec, value);
	if (key == ARGP_KEY_ARG) {
		CLEANUP(str_buf_done) struct str_buf shown = {0};

		text_escape(&shown, value, strnlen(value, 80));
		return -refuse(parse, -EINVAL,
			       "'%s': not an option; a filter is given by --filter EXPR",
			       shown.len ? shown.data : "");
	}
	if (key == ARGP_KEY_ERROR && !parse->error)
		refuse_unparsed(parse, state);
	return key == ARGP_KEY_ERROR ? 0 : ARGP_ERR_UNKNOWN;
}

/* The table as argp wants it, with a title before each group. */
static void make_argp_options(struct argp_option options[MAX_ROWS])
{
	size_t n, out = 0;
	const struct option_spec *table = option_table(&n);
	int group = 0;

	for (size_t i = 0; i < n; i++) {
		if ((int)table[i].group != group) {
			group = (int)table[i].group;
			if (option_group_title(table[i].group))
				options[out++] = (struct argp_option){
					.doc = option_group_title(table[i].group),
					.group = group,
				};
		}
		options[out++] = (struct argp_option){
			.name = table[i].name,
			.key = key_of(i, &table[i]),
			.arg = table[i].arg,
			.doc = table[i].help,
			.group = group,
		};
	}
	options[out] = (struct argp_option){0};
}

static const char doc[] =
	"Shows every TCP and UDP connection of this host, with its process, its exact byte counts "
	"and its rates."
	"\v"
	"Exit status: 0 all is well, 1 it failed, 2 the command line is wrong, 77 it lacks "
	"privileges. The manual page tcptop(1) tells the filter language, the formats, and how "
	"numbers are counted.";

static void caret(FILE *errors, const char *expression, size_t column)
{
	fputs("  ", errors);
	for (const char *p = expression; *p; p++)
		fputc((unsigned char)*p < 0x20 || *p == 0x7f ? ' ' : *p, errors);
	fprintf(errors, "\n  %*s^\n", column > 0 ? (int)column - 1 : 0, "");
}

static int parse_filter(struct parse *parse, FILE *errors)
{
	struct filter_error error = {0};
	int r;

	if (!parse->options.filter_text)
		return 0;
	r = filter_parse(parse->options.filter_text, &parse->options.filter, &error);
	if (r == -ENOMEM)
		return refuse(parse, r, "--filter: %s", strerror(ENOMEM));
	if (r < 0) {
		fprintf(errors, "tcptop: --filter: column %zu: %s\n", error.column, error.message);
		caret(errors, parse->options.filter_text, error.column);
		parse->error = r;
	}
	return r;
}

bool options_want_screen(const struct options *options)
{
	return options->format == OPTIONS_FORMAT_DEFAULT && !options->once && options->count == 0;
}

static int check_recording(struct parse *parse)
{
	const struct options *o = &parse->options;
	char label[OPTION_LABEL_MAX];

	if (!o->replay_path && (o->from.kind || o->to.kind))
		return refuse(parse, -EINVAL, "%s: needs --replay FILE",
			      o->from.kind ? "--from" : "--to");
	if (o->replay_path && parse->for_host) {
		option_label(parse->for_host, label);
		return refuse(parse, -EINVAL, "%s: cannot be used together with --replay", label);
	}
	if (o->record_path && (o->redact.remote_hash || o->redact.user || o->redact.cmd))
		return refuse(parse, -EINVAL,
			      "--redact: a recording keeps everything: redact its replay");
	return 0;
}

static int check_files(struct parse *parse)
{
	const struct options *o = &parse->options;
	bool to_file = o->format == OPTIONS_FORMAT_LOG;

	if (o->log_append && !to_file)
		return refuse(parse, -EINVAL, "--append: needs --log PATH");
	if (o->log_rotation.size_bytes > 0 && !to_file && !o->record_path)
		return refuse(parse, -EINVAL, "--rotate: needs --log PATH or --record FILE");
	if (o->rotate_ns > 0 && !o->record_path)
		return refuse(parse, -EINVAL, "--rotate: a time needs --record FILE");
	if (o->columns_text && !to_file && o->format != OPTIONS_FORMAT_CSV)
		return refuse(parse, -EINVAL, "--log-columns: needs --log or --csv");
	if (o->once && to_file)
		return refuse(parse, -EINVAL,
			      "--once: cannot be used together with --log PATH: use -n 1");
	return 0;
}

/* What each option allows but all together do not. */
static int check(struct parse *parse)
{
	const struct options *o = &parse->options;
	char label[OPTION_LABEL_MAX];

	if (check_files(parse) < 0 || check_recording(parse) < 0)
		return parse->error;
	if (o->closed_linger_ns != OPTIONS_LINGER_UNSAID && o->closed_linger_ns > 0 &&
	    o->format != OPTIONS_FORMAT_DEFAULT && o->format != OPTIONS_FORMAT_STREAM)
		return refuse(parse, -EINVAL,
			      "--closed-linger: only for the screen and streaming lines");
	if (o->once && o->count > 0)
		return refuse(parse, -EINVAL,
			      "--once: cannot be used together with -n: choose one");
	if (parse->for_screen && !options_want_screen(o)) {
		option_label(parse->for_screen, label);
		return refuse(parse, -EINVAL, "%s: only for the screen", label);
	}
	return 0;
}

int options_parse(int argc, char **argv, FILE *errors, struct options *ret_options)
{
	struct argp_option rows[MAX_ROWS];
	const struct argp argp = {.options = rows, .parser = parse_key};
	struct parse parse = {
		.options =
			{
				.interval_ns = NS_PER_S,
				.udp_timeout_ns = 5 * NS_PER_S,
				.closed_linger_ns = OPTIONS_LINGER_UNSAID,
				.max_conns = 1000000,
				.columns = conn_csv_columns_default(),
			},
	};
	error_t argp_error;

	make_argp_options(rows);
	argp_error = argp_parse(&argp, argc, argv,
				ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_IN_ORDER, NULL,
				&parse);
	if (argp_error && !parse.error)
		refuse(&parse, -argp_error, "%s", strerror(argp_error));
	if (!parse.error && parse.options.action == OPTIONS_RUN && check(&parse) == 0)
		parse_filter(&parse, errors);
	if (parse.message.len > 0)
		fprintf(errors, "tcptop: %s\n", parse.message.data);
	str_buf_done(&parse.message);
	if (parse.error) {
		options_done(&parse.options);
		return parse.error;
	}
	*ret_options = parse.options;
	return 0;
}

void options_done(struct options *options)
{
	filter_free(STEAL(options->filter));
}

/* argp would add a paragraph on arguments of short options, which the list shows well enough. */
static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	/* argp's interface: the same text, or NULL for none; it frees only another one. */
	return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)(uintptr_t)text;
}

/* argp asks filter_help only while it parses. */
static error_t help_key(int key, char *value, struct argp_state *state)
{
	(void)value;
	if (key != 'h')
		return ARGP_ERR_UNKNOWN;
	argp_state_help(state, state->input, ARGP_HELP_STD_HELP);
	return 0;
}

void options_help(FILE *out)
{
	struct argp_option rows[MAX_ROWS];
	const struct argp argp = {
		.options = rows,
		.parser = help_key,
		.doc = doc,
		.help_filter = filter_help,
	};
	char name[] = "tcptop", help[] = "-h";
	char *argv[] = {name, help, NULL};

	make_argp_options(rows);
	argp_parse(&argp, 2, argv, ARGP_NO_HELP | ARGP_NO_EXIT, NULL, out);
}
