/* SPDX-License-Identifier: MIT */
#include "view/conn_past_graph.h"

#include "view/graph.h"

#define NS_PER_SEC 1000000000ULL
#define TABLE_SECONDS 60

size_t conn_past_graph_ticks(uint64_t interval_ns, unsigned seconds)
{
	uint64_t ticks = interval_ns ? seconds * NS_PER_SEC / interval_ns : CONN_HISTORY_TICKS;

	if (ticks > CONN_HISTORY_TICKS)
		return CONN_HISTORY_TICKS;
	return ticks ? (size_t)ticks : 1;
}

static double mean_of_known(const double *ticks, size_t n)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		if (ticks[i] < 0)
			continue;
		sum += ticks[i];
		known++;
	}
	return known ? sum / (double)known : GRAPH_UNKNOWN;
}

size_t conn_past_graph_values(const double *ticks, size_t n, int columns, uint64_t newest,
			      double values[CONN_HISTORY_TICKS])
{
	size_t max = columns < 0 ? 0 : (size_t)columns;
	size_t each = max ? (n + max - 1) / max : 0; /* ticks in a column */
	size_t last;                                 /* of which the newest column has these */
	size_t n_values;
	size_t to = n;

	if (!n || !max)
		return 0;
	last = (size_t)(newest % each) + 1;
	n_values = n > last ? 1 + (n - last + each - 1) / each : 1;
	if (n_values > max)
		n_values = max;
	for (size_t i = n_values; i-- > 0;) {
		size_t take = i + 1 == n_values ? last : each;
		size_t from = to > take ? to - take : 0;

		values[i] = mean_of_known(ticks + from, to - from);
		to = from;
	}
	return n_values;
}

uint64_t conn_past_graph_number(const struct conn_frame *frame)
{
	uint64_t half_ns = frame->interval_ns / 2; /* ticks come a little early or late */

	return frame->interval_ns ? (frame->tick.now_ns + half_ns) / frame->interval_ns : 0;
}

void conn_past_graph_draw(struct area area, const struct conn_scene *scene,
			  const struct conn_row *row)
{
	const struct conn_frame *frame = scene->frame;
	size_t ticks;
	double values[CONN_HISTORY_TICKS];
	struct conn_past past;
	struct graph graph = {.values = values, .ascii = scene->ascii, .role = ROLE_RX};

	if (!scene->history || !frame)
		return;
	ticks = conn_past_graph_ticks(frame->interval_ns, TABLE_SECONDS);
	conn_history_get(scene->history, &row->id, &past);
	if (past.n < ticks)
		ticks = past.n;
	for (size_t i = past.n - ticks; i < past.n; i++)
		past.in[i] = past.in[i] < 0 || past.out[i] < 0 ? GRAPH_UNKNOWN
							       : past.in[i] + past.out[i];
	graph.n = conn_past_graph_values(past.in + past.n - ticks, ticks, area.width,
					 conn_past_graph_number(frame), values);
	graph_draw_line(area, 0, 0, area.width, &graph);
}
