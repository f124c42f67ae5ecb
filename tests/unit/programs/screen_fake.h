/* SPDX-License-Identifier: MIT */
#pragma once

/* A world for a screen without a terminal, a kernel or a clock: rows that a test sets, a feed that
 * gives them, and a host that writes down what it is asked for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "screen.h"
#include "selection.h"

#define WORLD_ROWS_MAX 1200

struct world {
	struct screen screen;
	struct options options;
	struct selection selection;
	struct feed feed; /* found from it by its place */
	struct screen_host host;

	/* The next frame. */
	struct conn_row rows[WORLD_ROWS_MAX];
	const struct conn_row *pointers[WORLD_ROWS_MAX];
	struct conn_frame frame;
	size_t n_rows;

	/* What the feed is told and says. */
	bool fresh; /* there is a frame to take */
	bool feed_paused;
	bool is_replay;
	bool ended;
	double speed;
	uint64_t interval_ns;
	uint64_t sought_ns;
	int stepped;

	/* What the host was asked for last, and how often. */
	uint32_t signal_pid;
	int signal;
	uint64_t destroyed_cookie;
	struct str_buf copied;
	struct str_buf saved;
	char saved_path[256];
	struct screen_config remembered;
	unsigned n_signals, n_destroyed, n_remembered, n_redrawn, n_suspended;
	struct conn_row listening;
	const struct conn_row *listening_row;
	int answer; /* to all of these */
};

/* n_rows rows: cookie, pid and ports of number i (from 1) are i, its name "proc<i>", its remote
 * port 1000 + i, and its rate falls with i. */
void world_init(struct world *world, size_t n_rows);
/* The same with a command line; NULL ends args. */
void world_init_with(struct world *world, size_t n_rows, const char *filter);
void world_done(struct world *world);

/* Sets a row's rate, smoothed too. */
void world_rate(struct world *world, size_t number, double rate);
/* Takes a row out of the next frames: the last one takes its place in memory. */
void world_remove(struct world *world, size_t number);
struct conn_row *world_row(struct world *world, size_t number);

/* A tick: a frame, taken by the screen unless it is paused. */
void world_tick(struct world *world);

/* Keys: the characters of a text. */
void world_type(struct world *world, const char *text);

/* Numbers of the rows on the table, in order: "1 2 3"; a group's head is "[n]" with its rows'
 * count. Static until the next call on the world. */
const char *world_table(struct world *world);
/* The number of the selected row; 0: none, or a group's head. */
unsigned world_selected(struct world *world);

/* The screen drawn, as text; the caller frees it by str_buf_done. */
void world_draw(struct world *world, struct str_buf *text);
/* Whether it shows this text somewhere. */
bool world_shows(struct world *world, const char *text);
