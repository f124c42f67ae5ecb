/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From the rows of a frame to the lines of a table: which ones, in which order, put together how,
 * and which of them is selected. The selection follows a connection or a group, not a place.
 */

#include <stdbool.h>
#include <stddef.h>

#include "model/conn_frame.h"
#include "model/conn_groups.h"
#include "model/conn_query.h"
#include "screen_order.h"
#include "selection.h"
#include "view/table.h"

struct screen_rows {
	struct conn_query query; /* filter, names and match_user are borrowed */
	enum conn_grouping grouping;
	bool show_closed;
	/* Rows beside the frame's: those that listen. Borrowed. */
	const struct conn_row *const *listening;
	size_t n_listening;
	struct screen_order order;

	/* The result: borrowed from the frame. Of many lines only those near the first ones, or
	 * near the selected one, are there at first: lines.n of n_lines. */
	struct conn_lines lines;
	size_t n_lines;
	struct table_scroll scroll;

	/* The rest is this file's own. */
	const struct conn_frame *frame;
	size_t height;
	struct conn_result result;
	struct conn_groups *groups;
	const struct selection *selection;
	const struct conn_row **all; /* active, closed and listening ones together */
	size_t max_all;
	/* What is selected, while it is followed: a group by its key, a connection by its id. */
	bool follows;
	bool follows_group;
	uint64_t group_key;
	struct weir_conn_id id;
};

/* selection is borrowed. -ENOMEM. */
int screen_rows_init(struct screen_rows *rows, const struct selection *selection);
void screen_rows_done(struct screen_rows *rows);

/* Chooses anew: another frame, another filter, another order. The frame is borrowed until the next
 * run. height: lines to be seen. -ENOMEM: there are no lines. */
int screen_rows_run(struct screen_rows *rows, const struct conn_frame *frame, size_t height);

/* So many lines are to be seen now, the selected one among them. -ENOMEM: there are no lines. */
int screen_rows_fit(struct screen_rows *rows, size_t height);

/* What was borrowed from the frame is gone. */
void screen_rows_forget(struct screen_rows *rows);

/* Moves the selection by so many lines. At the first line it follows nothing: that is where the
 * heaviest one stands, whichever it is. -ENOMEM: there are no lines. */
int screen_rows_move(struct screen_rows *rows, long by, size_t height);

/* From now on the selected line is followed, wherever it stands. */
void screen_rows_follow(struct screen_rows *rows);
/* The same of a group's head, which may be about to come. */
void screen_rows_follow_group(struct screen_rows *rows, uint64_t key);

/* From now on the order stays as it is. -ENOMEM: it does not. */
int screen_rows_hold(struct screen_rows *rows);

/* The selected line; NULL: there are none. */
const struct conn_line *screen_rows_selected(const struct screen_rows *rows);
/* Its row, or the first one of its group; NULL: there is none. */
const struct conn_row *screen_rows_selected_row(const struct screen_rows *rows);

/* All rows chosen, in order, folded or not: as a tick for an export. The arrays are allocated; the
 * caller frees the active one, which the other is a part of. -ENOMEM. */
int screen_rows_chosen(struct screen_rows *rows, struct conn_tick *ret_tick);
