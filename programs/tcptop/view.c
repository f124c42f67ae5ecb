/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <errno.h>
#include <stdlib.h>

static bool match(void *user, const struct conn_row *row, uint64_t now_ns)
{
	(void)now_ns;
	return selection_match(user, row);
}

void view_init(struct view *view, const struct options *options, struct selection *selection,
	       const struct conn_names *names)
{
	bool is_lines = options->format == OPTIONS_FORMAT_DEFAULT ||
			options->format == OPTIONS_FORMAT_STREAM;

	selection->names = names;
	*view = (struct view){.query = options->query};
	view->query.filter = options->filter;
	view->query.match = match;
	view->query.match_user = selection;
	view->query.names = names;
	if (view->query.n_sort == 0 && is_lines) {
		view->query.sort[0].key = CONN_SORT_RATE;
		view->query.n_sort = 1;
	}
}

void view_done(struct view *view)
{
	conn_result_done(&view->active);
	conn_result_done(&view->closed);
	free(view->over);
	*view = (struct view){0};
}

static int reserve_over(struct view *view, size_t n)
{
	const struct conn_row **over;

	if (n <= view->max_over)
		return 0;
	n += n / 2;
	over = reallocarray(view->over, n, sizeof(void *));
	if (!over)
		return -ENOMEM;
	view->over = over;
	view->max_over = n;
	return 0;
}

/* Closed rows that linger come among the active ones; they are over all the same. */
static size_t gather_over(struct view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->closed.n_rows; i++)
		view->over[n++] = view->closed.rows[i];
	for (size_t i = 0; i < view->active.n_rows; i++) {
		if (view->active.rows[i]->closed_ns)
			view->over[n++] = view->active.rows[i];
	}
	return n;
}

int view_run(struct view *view, const struct conn_tick *tick, struct conn_tick *ret_shown)
{
	int r = conn_query_run(&view->query, tick->active, tick->n_active, tick->now_ns,
			       &view->active);

	if (r < 0)
		return r;
	r = conn_query_run(&view->query, tick->closed, tick->n_closed, tick->now_ns, &view->closed);
	if (r < 0)
		return r;
	r = reserve_over(view, view->active.n_rows + view->closed.n_rows);
	if (r < 0)
		return r;
	*ret_shown = (struct conn_tick){
		.active = view->active.rows,
		.n_active = view->active.n_rows,
		.closed = view->over,
		.n_closed = gather_over(view),
		.now_ns = tick->now_ns,
	};
	return 0;
}
