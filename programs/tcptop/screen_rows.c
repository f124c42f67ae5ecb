/* SPDX-License-Identifier: MIT */
#include "screen_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/conn_id.h"

/* Lines that are made beyond those to be seen, so that scrolling finds some. */
#define LINES_AHEAD 256

static bool match(void *user, const struct conn_row *row, uint64_t now_ns)
{
	const struct screen_rows *rows = user;

	(void)now_ns;
	if (row->closed_ns && !rows->show_closed)
		return false;
	return selection_match(rows->selection, row);
}

int screen_rows_init(struct screen_rows *rows, const struct selection *selection)
{
	*rows = (struct screen_rows){.selection = selection};
	return conn_groups_new(&rows->groups);
}

void screen_rows_done(struct screen_rows *rows)
{
	conn_result_done(&rows->result);
	conn_groups_free(rows->groups);
	screen_order_release(&rows->order);
	free(rows->all);
	*rows = (struct screen_rows){0};
}

static size_t append(const struct conn_row **to, size_t at, const struct conn_row *const *rows,
		     size_t n)
{
	if (n > 0)
		memcpy(to + at, rows, n * sizeof(*to));
	return at + n;
}

/* The rows to choose from: mostly the open ones alone, which then need no copy. */
static int gather(struct screen_rows *rows, const struct conn_tick *tick,
		  const struct conn_row *const **ret_rows, size_t *ret_n)
{
	size_t n_closed = rows->show_closed ? tick->n_closed : 0;
	size_t n = tick->n_active + n_closed + rows->n_listening;

	*ret_rows = tick->active;
	*ret_n = n;
	if (n == tick->n_active)
		return 0;
	if (n > rows->max_all) {
		const struct conn_row **all = reallocarray(rows->all, n + n / 4, sizeof(*all));

		if (!all)
			return -ENOMEM;
		rows->all = all;
		rows->max_all = n + n / 4;
	}
	n = append(rows->all, 0, tick->active, tick->n_active);
	n = append(rows->all, n, tick->closed, n_closed);
	append(rows->all, n, rows->listening, rows->n_listening);
	*ret_rows = rows->all;
	return 0;
}

static bool is_followed(const struct screen_rows *rows, const struct conn_line *line)
{
	if (rows->follows_group)
		return !line->row && line->group && line->group->key == rows->group_key;
	return line->row && conn_id_equal(&line->row->id, &rows->id);
}

/* Where what is followed stands now. False: it is not among the lines. */
static bool find_followed(struct screen_rows *rows)
{
	for (size_t i = 0; i < rows->lines.n; i++) {
		/* Where it stood is where it mostly stands. */
		size_t at = (rows->scroll.selected + i) % rows->lines.n;

		if (is_followed(rows, &rows->lines.line[at])) {
			rows->scroll.selected = at;
			return true;
		}
	}
	return false;
}

/* A group's sums would move it: while the order is held they are not asked. */
static int make_lines(struct screen_rows *rows)
{
	struct conn_query query = rows->query;

	if (rows->order.held)
		query.n_sort = 0;
	return conn_groups_run(rows->groups, rows->grouping, &query, &rows->result, &rows->lines);
}

/* Makes the first lines, as many as wanted; 0: all. */
static int choose(struct screen_rows *rows, size_t wanted)
{
	const struct conn_row *const *from;
	size_t n;
	int r;

	/* If this fails, nothing of another frame is left. */
	rows->lines = (struct conn_lines){0};
	rows->n_lines = 0;
	rows->result.n_rows = 0;
	rows->query.limit = wanted;
	rows->query.match = rows->show_closed && selection_is_all(rows->selection) ? NULL : match;
	rows->query.match_user = rows;
	r = gather(rows, &rows->frame->tick, &from, &n);
	if (r >= 0)
		r = conn_query_run(&rows->query, from, n, rows->frame->tick.now_ns, &rows->result);
	if (r >= 0)
		r = screen_order_apply(&rows->order, rows->result.rows, rows->result.n_rows);
	if (r >= 0)
		r = make_lines(rows);
	if (r < 0) {
		rows->lines = (struct conn_lines){0};
		rows->result.n_rows = 0;
		return r;
	}
	rows->n_lines = wanted ? rows->result.n_matched : rows->lines.n;
	return 0;
}

static int make_whole(struct screen_rows *rows)
{
	return rows->frame && rows->lines.n < rows->n_lines ? choose(rows, 0) : 0;
}

/* The lines that are to be seen must be there. */
static int keep_in_view(struct screen_rows *rows)
{
	table_keep_in_view(&rows->scroll, rows->n_lines, rows->height);
	return rows->scroll.top + rows->height > rows->lines.n ? make_whole(rows) : 0;
}

/* To put a few first is much less than to put all in order; but groups need them all, and so does
 * an order that is held. */
int screen_rows_run(struct screen_rows *rows, const struct conn_frame *frame, size_t height)
{
	bool needs_all = rows->grouping != CONN_GROUP_NONE || rows->order.held;
	int r;

	rows->frame = frame;
	rows->height = height;
	r = choose(rows, needs_all ? 0 : 2 * (rows->scroll.top + height) + LINES_AHEAD);
	if (r >= 0 && rows->follows && !find_followed(rows)) {
		r = make_whole(rows);
		/* If it is gone, its place is the next one's, who is not followed. */
		rows->follows = r >= 0 && find_followed(rows);
	}
	return r < 0 ? r : keep_in_view(rows);
}

int screen_rows_fit(struct screen_rows *rows, size_t height)
{
	rows->height = height;
	return keep_in_view(rows);
}

void screen_rows_forget(struct screen_rows *rows)
{
	rows->frame = NULL;
	rows->lines = (struct conn_lines){0};
	rows->n_lines = 0;
	rows->result.n_rows = 0;
}

void screen_rows_follow(struct screen_rows *rows)
{
	const struct conn_line *line = screen_rows_selected(rows);

	rows->follows = line != NULL;
	if (!line)
		return;
	rows->follows_group = !line->row;
	if (line->row)
		rows->id = line->row->id;
	else
		rows->group_key = line->group->key;
}

void screen_rows_follow_group(struct screen_rows *rows, uint64_t key)
{
	rows->follows = true;
	rows->follows_group = true;
	rows->group_key = key;
}

/* Groups stand in the order of their first rows then, so these come first; rows that no line shows
 * keep the order they have. */
int screen_rows_hold(struct screen_rows *rows)
{
	CLEANUP(free_p) const struct conn_row **order = NULL;
	size_t n = 0;

	if (make_whole(rows) < 0)
		return -ENOMEM;
	order = calloc(rows->lines.n + rows->result.n_rows + 1, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < rows->lines.n; i++) {
		const struct conn_line *line = &rows->lines.line[i];

		order[n++] = line->row ? line->row : line->group->lead;
	}
	for (size_t i = 0; i < rows->result.n_rows; i++)
		order[n++] = rows->result.rows[i];
	return screen_order_hold(&rows->order, order, n);
}

int screen_rows_move(struct screen_rows *rows, long by, size_t height)
{
	int r;

	rows->height = height;
	table_move(&rows->scroll, by, rows->n_lines, height);
	r = keep_in_view(rows);
	if (rows->scroll.selected == 0)
		rows->follows = false;
	else
		screen_rows_follow(rows);
	return r;
}

const struct conn_line *screen_rows_selected(const struct screen_rows *rows)
{
	return rows->scroll.selected < rows->lines.n ? &rows->lines.line[rows->scroll.selected]
						     : NULL;
}

const struct conn_row *screen_rows_selected_row(const struct screen_rows *rows)
{
	const struct conn_line *line = screen_rows_selected(rows);

	if (!line)
		return NULL;
	return line->row ? line->row : line->group->lead;
}

int screen_rows_chosen(struct screen_rows *rows, struct conn_tick *ret_tick)
{
	size_t n, n_open = 0, n_over = 0;
	const struct conn_row **chosen;

	if (make_whole(rows) < 0)
		return -ENOMEM;
	n = rows->result.n_rows;
	chosen = calloc(n + 1, sizeof(*chosen));
	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!rows->result.rows[i]->closed_ns)
			chosen[n_open++] = rows->result.rows[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (rows->result.rows[i]->closed_ns)
			chosen[n_open + n_over++] = rows->result.rows[i];
	}
	*ret_tick = (struct conn_tick){
		.active = chosen,
		.n_active = n_open,
		.closed = chosen + n_open,
		.n_closed = n_over,
		.now_ns = rows->result.now_ns,
	};
	return 0;
}
