/* SPDX-License-Identifier: MIT */
#pragma once

/* The rates of one connection as a graph: what is remembered of the past brought to the number of
 * columns there is. */

#include <stddef.h>
#include <stdint.h>

#include "view/conn_view.h"

/* Ticks that go into so many seconds; at least 1, at most what a history keeps. */
size_t conn_past_graph_ticks(uint64_t interval_ns, unsigned seconds);

/* Makes at most `columns` values of the n newest ticks (oldest first): each the mean of those that
 * share a column, -1 where none is known. newest is the last tick's number in all: with it, ticks
 * that shared a column still do in the next picture, so that it moves and does not boil. Returns
 * how many. */
size_t conn_past_graph_values(const double *ticks, size_t n, int columns, uint64_t newest,
			      double values[CONN_HISTORY_TICKS]);

/* The number of a frame's tick. */
uint64_t conn_past_graph_number(const struct conn_frame *frame);

/* The table's graph: both directions, the last 60 s. */
void conn_past_graph_draw(struct area area, const struct conn_scene *scene,
			  const struct conn_row *row);
