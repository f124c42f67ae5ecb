/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the command line asks for. One table (option_table.c) says what options there are; the
 * parser, --help, the completions and the check of the man page all read it, so none of them can
 * know an option the others do not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str_buf.h"
#include "base/units.h"
#include "export/conn_csv.h"
#include "export/conn_log.h"
#include "model/conn_groups.h"
#include "model/conn_query.h"
#include "model/filter.h"
#include "model/redact.h"
#include "replay_time.h"
#include "view/terminal.h"

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

enum options_backend {
	OPTIONS_BACKEND_AUTO,
	OPTIONS_BACKEND_BPF,
	OPTIONS_BACKEND_DIAG,
};

enum options_format {
	OPTIONS_FORMAT_DEFAULT, /* none was asked for: a screen, or streaming lines without one */
	OPTIONS_FORMAT_STREAM,
	OPTIONS_FORMAT_PLAIN,
	OPTIONS_FORMAT_JSON,
	OPTIONS_FORMAT_CSV, /* --csv and --log - */
	OPTIONS_FORMAT_LOG,
};

#define OPTIONS_LINGER_UNSAID UINT64_MAX

enum options_color {
	OPTIONS_COLOR_AUTO, /* unless the environment says NO_COLOR */
	OPTIONS_COLOR_ALWAYS,
	OPTIONS_COLOR_NEVER,
};

/* Texts are borrowed from argv. */
struct options {
	enum options_action action;
	enum options_backend backend;
	enum options_format format;

	/* What to look at; everything given must hold. */
	uint64_t port; /* 0: any */
	uint64_t pid;  /* 0: any */
	const char *process;
	const char *interface;
	bool tcp; /* neither or both: both protocols */
	bool udp;
	const char *netns; /* NULL: not said; "all", "self", or a name */
	const char *filter_text;
	struct filter *filter; /* owned; NULL: none */

	/* When, and how much. */
	uint64_t interval_ns;
	uint64_t udp_timeout_ns;
	uint64_t closed_linger_ns; /* or OPTIONS_LINGER_UNSAID */
	uint64_t count;            /* ticks to print; 0: until stopped */
	bool once;
	uint64_t max_conns;

	/* Where to, and in which dress. */
	const char *log_path;
	bool log_append;
	struct conn_log_rotation log_rotation; /* size_bytes 0: none asked for */
	uint64_t rotate_ns;                    /* --rotate by time; 0: not */
	const char *columns_text;              /* NULL: the default ones */
	struct conn_csv_columns columns;
	struct conn_query query; /* only its sort keys */
	struct redact redact;
	bool resolve;
	struct units units;

	/* The screen. */
	enum conn_grouping grouping;
	enum options_color color;
	enum terminal_theme theme;
	bool theme_given; /* otherwise the configuration has the say */
	bool ascii;

	/* Recordings. */
	const char *record_path; /* NULL: none is made */
	const char *replay_path; /* NULL: the host itself is looked at */
	struct replay_time from;
	struct replay_time to;
};

#define OPTION_LABEL_MAX 32

enum option_group {
	OPTION_GROUP_SELECT = 1,
	OPTION_GROUP_TIME,
	OPTION_GROUP_OUTPUT,
	OPTION_GROUP_NUMBERS,
	OPTION_GROUP_SCREEN,
	OPTION_GROUP_RECORDING,
	OPTION_GROUP_SOURCE,
	OPTION_GROUP_ABOUT,
};

/* What a shell can offer as a value. */
enum option_values {
	OPTION_VALUES_NONE,  /* nothing to offer */
	OPTION_VALUES_WORDS, /* one of words */
	OPTION_VALUES_LIST,  /* a comma list of words */
	OPTION_VALUES_FILE,
	OPTION_VALUES_INTERFACE,
	OPTION_VALUES_PID,
	OPTION_VALUES_PROCESS,
	OPTION_VALUES_NETNS, /* words, and the names under /run/netns */
};

/* What an option does with its value. */
enum option_kind {
	OPTION_FLAG,    /* sets the bool at field to number */
	OPTION_NUMBER,  /* a whole number from min to max, to the uint64_t at field */
	OPTION_SECONDS, /* seconds, from min to max nanoseconds, to the uint64_t at field */
	OPTION_TEXT,    /* text that is not empty, to the const char * at field */
	OPTION_FORMAT,  /* chooses the enum options_format in number */
	OPTION_ACTION,  /* chooses the enum options_action in number */
	OPTION_OTHER,   /* apply() takes it */
};

/* Where an option makes sense, besides everywhere. */
enum option_scope {
	OPTION_FOR_ALL,
	OPTION_FOR_SCREEN, /* not where lines, CSV or JSON are asked for */
	OPTION_FOR_HOST,   /* not with --replay: it says how a host is looked at */
};

struct option_spec {
	const char *name; /* without the dashes; NULL: it has only a short name */
	char short_name;  /* 0: it has only a long name */
	enum option_group group;
	const char *arg;      /* what the value is called; NULL: takes none */
	const char *expected; /* completes "expected …" in the error */
	const char *help;
	enum option_values values;
	const char *words; /* separated by spaces */

	enum option_scope scope;
	enum option_kind kind;
	size_t field; /* offset in struct options */
	int number;
	uint64_t min, max;
	/* -EINVAL for a wrong value; error may then say more exactly what is wrong than `expected`
	 * does. Other errnos as they come. */
	int (*apply)(struct options *options, const char *value, struct str_buf *error);
};

/* The table, in the order of --help's groups. */
const struct option_spec *option_table(size_t *ret_n);

/* "When:" and so on; NULL: the group needs no title. */
const char *option_group_title(enum option_group group);

/* Writes "--port" or "-n". */
void option_label(const struct option_spec *spec, char label[OPTION_LABEL_MAX]);

/* Takes one option and its value (NULL if it takes none); errors as option_spec.apply's. */
int option_apply(const struct option_spec *spec, struct options *options, const char *value,
		 struct str_buf *error);

/*
 * Parses the command line. A wrong one is told to errors in one line (a wrong filter in three: the
 * reason, the expression, a caret) and is -EINVAL; *ret_options is untouched then. -ENOMEM too.
 */
int options_parse(int argc, char **argv, FILE *errors, struct options *ret_options);

/* Whether a screen is wanted, if there is a terminal that can be one. */
bool options_want_screen(const struct options *options);

/* Frees what the options own. */
void options_done(struct options *options);

/* Writes the text of --help. */
void options_help(FILE *out);
