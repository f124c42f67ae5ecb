/* SPDX-License-Identifier: MIT */
#pragma once

/* From the rows of a tick to those that are wanted, in the order they are wanted in. */

#include <stddef.h>

#include "model/conn_query.h"
#include "model/conn_table.h"
#include "options.h"
#include "selection.h"

struct view {
	struct conn_query query;
	struct conn_result active;
	struct conn_result closed;
	/* The closed ones and, with --closed-linger, those that still linger. */
	const struct conn_row **over;
	size_t max_over;
};

/* selection and names are borrowed, and those of the query are the selection's. */
void view_init(struct view *view, const struct options *options, struct selection *selection,
	       const struct conn_names *names);
void view_done(struct view *view);

/* The rows in *ret_shown are borrowed until the next call and as those of tick are. -ENOMEM. */
int view_run(struct view *view, const struct conn_tick *tick, struct conn_tick *ret_shown);
