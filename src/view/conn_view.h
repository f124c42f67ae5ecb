/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections on a screen: header, table, detail, footer. In: one frame, the lines chosen from it,
 * and how the user wants to see them. Out: cells. It keeps nothing and asks nobody.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn_frame.h"
#include "model/conn_groups.h"
#include "model/conn_history.h"
#include "model/conn_query.h"
#include "model/conn_text.h"
#include "view/cells.h"
#include "view/keys.h"
#include "view/line_edit.h"
#include "view/table.h"

/* Columns, in the order they stand in. Their ranks say who is left out first. */
enum conn_column {
	CONN_COLUMN_PID,
	CONN_COLUMN_PROCESS,
	CONN_COLUMN_USER,
	CONN_COLUMN_PROTO,
	CONN_COLUMN_DIR, /* who connected: "out", "in" */
	CONN_COLUMN_LOCAL,
	CONN_COLUMN_REMOTE,
	CONN_COLUMN_STATE,
	CONN_COLUMN_RX, /* rate, or total with totals */
	CONN_COLUMN_TX,
	CONN_COLUMN_RX_TOTAL, /* total, or rate with totals */
	CONN_COLUMN_TX_TOTAL,
	CONN_COLUMN_RTT,
	CONN_COLUMN_RETR,
	CONN_COLUMN_LIMIT,
	CONN_COLUMN_AGE,
	CONN_COLUMN_CGROUP, /* container, unit or path */
	CONN_COLUMN_GRAPH,  /* the last 60 s */
	CONN_COLUMNS,
};

/* Its name in the configuration and in the chooser ("process"), its title ("PROCESS"). */
const char *conn_column_name(enum conn_column column);
const char *conn_column_title(enum conn_column column);
/* The sort key a column stands for; CONN_SORT_KEYS: none. totals as in the scene. */
enum conn_sort_key conn_column_sort(enum conn_column column, bool totals);

/* What the header sums up of a tick. */
struct conn_counts {
	size_t open; /* listening sockets are no connections */
	size_t established;
	uint64_t bytes_in; /* payload of the tick, of those that closed in it too */
	uint64_t bytes_out;
	bool rate_known; /* of at least one */
};

/* Looks at every row once: once a frame, not once a key, where there are many. */
void conn_counts_take(const struct conn_tick *tick, struct conn_counts *ret_counts);

enum conn_play { CONN_PLAY_LIVE, CONN_PLAY_PLAYING, CONN_PLAY_PAUSED };

struct conn_replay {
	enum conn_play play; /* LIVE: this is no recording */
	uint64_t from_ns;    /* CLOCK_REALTIME of its first and last frame */
	uint64_t to_ns;
	double speed;
};

/* Of this host, into a file. */
enum conn_recording { CONN_RECORDING_NONE, CONN_RECORDING_RUNS, CONN_RECORDING_FAILED };

/* All is borrowed for the call. words and query are always there. */
struct conn_scene {
	const struct conn_frame *frame;   /* NULL: the first one has not come */
	const struct conn_counts *counts; /* of that frame; NULL: taken at each drawing */
	const struct conn_text_options *words;
	const struct conn_query *query;
	enum conn_grouping grouping;
	const struct conn_line *lines; /* what there is to scroll through */
	size_t n_lines;
	struct table_scroll scroll;
	uint32_t hidden_columns; /* bits of enum conn_column the user does not want */
	uint32_t shown_columns;  /* bits of those wanted whatever their rank */
	const struct conn_history *history;
	const char *filter_text;       /* in force; "": none */
	const struct line_edit *input; /* being typed into; NULL: nothing is */
	const char *input_prompt;
	int input_error_at;  /* -1: the input is right */
	const char *message; /* an answer of the program, instead of the hints; or NULL */
	enum role message_role;
	const char *selection_text; /* "filter" of -i, --port …: said in the header; "" or "all" */
	const char *command_line;   /* of the selected process, for the detail; NULL: not known */
	const struct key_binding *keys; /* for the hints */
	size_t n_keys;
	struct conn_replay replay;
	enum conn_recording recording;
	bool ascii;
	bool totals; /* RX and TX show bytes so far, not rates */
	bool detail;
	bool paused; /* the frame stands still */
	bool held;   /* the order stands still */
	bool show_closed;
	bool show_listening;
};

/* The table's lines in a screen of this height: what scrolling needs to know. */
int conn_view_table_lines(const struct conn_scene *scene, int height);

/* Draws everything but menus and help, which go over it. Any size from 1 x 1. */
void conn_view_draw(struct cells *cells, const struct conn_scene *scene);

/* The line a copy of a row or a group takes: the words of all its columns, tabs between. */
void conn_view_line_text(const struct conn_scene *scene, const struct conn_line *line,
			 struct str_buf *buf);
