/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "grid.h"
#include "view/graph.h"

static const double ramp[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
static const double holes[] = {GRAPH_UNKNOWN, 0, 5, NAN, 10, -INFINITY, INFINITY};

static void test_line(struct cells *cells)
{
	struct graph graph = {.values = ramp, .n = 10, .role = ROLE_RX, .ascii = true};

	graph_draw_line(grid_new(cells, 12, 1), 0, 0, 12, &graph);
	grid_is(cells, "  _.:-=+*#%@\n", "ten levels of ASCII, the newest at the right");
	grid_roles_are(cells, "..drrrrrrrrr\n", "nothing is dim");
	graph_draw_line(grid_new(cells, 12, 1), 2, 0, 4, &graph);
	grid_is(cells, "  *#%@\n", "the last values");
	graph.max = 18;
	graph_draw_line(grid_new(cells, 10, 1), 0, 0, 10, &graph);
	grid_is(cells, "_..::--==+\n", "of a given scale");
	graph.max = 4;
	graph_draw_line(grid_new(cells, 10, 1), 0, 0, 10, &graph);
	grid_is(cells, "_:+#@@@@@@\n", "more than all is all");
	graph = (struct graph){.values = holes, .n = 7, .ascii = true};
	graph_draw_line(grid_new(cells, 7, 1), 0, 0, 7, &graph);
	grid_is(cells, " _. . @\n", "unknown is a gap, infinite is all");
	graph.n = 6;
	graph_draw_line(grid_new(cells, 7, 1), 0, 0, 7, &graph);
	grid_is(cells, "  _+ @\n", "against the largest one shown");
	graph.n = 2;
	graph_draw_line(grid_new(cells, 3, 1), 0, 0, 3, &graph);
	grid_is(cells, "  _\n", "nothing but 0");
	graph.n = 0;
	graph_draw_line(grid_new(cells, 3, 1), 0, 0, 3, &graph);
	grid_is(cells, "\n", "nothing");
	graph = (struct graph){.values = (const double[]){0, 1e-9, 1}, .n = 3};
	graph_draw_line(grid_new(cells, 3, 1), 0, 0, 3, &graph);
	grid_is(cells, "\xe2\x96\x81\xe2\x96\x82\xe2\x96\x88\n", "little is more than nothing");
}

static void test_bars(struct cells *cells)
{
	struct graph graph = {.values = ramp, .n = 10, .ascii = true};

	graph_draw_bars(grid_new(cells, 10, 2), &graph, false);
	grid_is(cells, "     .-+#@\n_:=*%@@@@@\n", "bars from below");
	graph_draw_bars(grid_new(cells, 10, 2), &graph, true);
	grid_is(cells, "''::######\n     '::##\n", "bars from above");
	graph = (struct graph){.values = (const double[]){0, 1, 4, 8}, .n = 4};
	graph_draw_bars(grid_new(cells, 4, 2), &graph, false);
	grid_is(cells,
		"  \xe2\x96\x81\xe2\x96\x88\n"
		"\xe2\x96\x81\xe2\x96\x83\xe2\x96\x88\xe2\x96\x88\n",
		"in blocks");
	graph_draw_bars(grid_new(cells, 4, 2), &graph, true);
	grid_is(cells,
		"\xe2\x96\x94\xe2\x96\x80\xe2\x96\x88\xe2\x96\x88\n"
		"  \xe2\x96\x94\xe2\x96\x88\n",
		"hanging");
	graph_draw_bars(area_part(grid_new(cells, 4, 2), 0, 0, 0, 0), &graph, false);
	grid_is(cells, "\n\n", "in no area");
}

int main(void)
{
	struct cells cells = {0};

	test_line(&cells);
	test_bars(&cells);
	cells_done(&cells);
	return tap_done();
}
