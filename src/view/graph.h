/* SPDX-License-Identifier: MIT */
#pragma once

/* Values over time as characters: a line of levels, or a field of bars. Newest at the right. */

#include <stdbool.h>
#include <stddef.h>

#include "view/cells.h"

/* Not known: shown as a gap, never as 0, which is the lowest level there is and dim. So are other
 * values below 0, and what is not a number. */
#define GRAPH_UNKNOWN (-1.0)

struct graph {
	const double *values; /* oldest first */
	size_t n;
	double max; /* the value of a full bar; 0: the largest of those shown */
	enum role role;
	bool ascii; /* "_.:-=+*#%@" instead of eighths of blocks */
};

/* One line high; the last width values. */
void graph_draw_line(struct area area, int x, int y, int width, const struct graph *graph);

/* Fills the area with bars from its bottom up, or from its top down (hanging), which is coarser:
 * there are fewer characters for it. */
void graph_draw_bars(struct area area, const struct graph *graph, bool hanging);
