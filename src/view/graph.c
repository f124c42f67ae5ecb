/* SPDX-License-Identifier: MIT */
#include "view/graph.h"

#include <math.h>

/* What one cell can show: a known 0 is the lowest level, and a gap is none of them. */
#define BLOCK_LEVELS 8
#define ASCII_LEVELS 10

static uint32_t rising_glyph(int level, bool ascii)
{
	static const char levels[ASCII_LEVELS + 1] = "_.:-=+*#%@";

	return ascii ? (uint32_t)levels[level - 1] : 0x2580U + (uint32_t)level;
}

/* Unicode has only some blocks that hang from above: an eighth, a half, a whole. */
static uint32_t hanging_glyph(int level, bool ascii)
{
	static const char levels[ASCII_LEVELS + 1] = "'''::::###";

	if (ascii)
		return (uint32_t)levels[level - 1];
	return level < 3 ? 0x2594 : level < 7 ? 0x2580 : 0x2588;
}

static bool is_known(double value)
{
	return value >= 0; /* not NaN either */
}

/* Of the last `width` values. */
static double largest(const struct graph *graph, size_t width)
{
	size_t first = graph->n > width ? graph->n - width : 0;
	double max = 0;

	for (size_t i = first; i < graph->n; i++)
		if (is_known(graph->values[i]) && graph->values[i] > max)
			max = graph->values[i];
	return max;
}

/* Height of a bar of at most `full` levels: 0 if not known, 1 for nothing, from 2 on for something.
 */
static int bar_levels(double value, double max, int full)
{
	double part = max > 0 && !isinf(value) ? value / max : 1;
	int levels;

	if (!is_known(value))
		return 0;
	if (value == 0)
		return 1;
	levels = part >= 1 ? full : 1 + (int)(part * (full - 1) + 0.5);
	return levels < 2 ? 2 : levels;
}

static void draw_bar(struct area area, int x, const struct graph *graph, double value, bool hanging)
{
	int per_cell = graph->ascii ? ASCII_LEVELS : BLOCK_LEVELS;
	int left = bar_levels(value, graph->max, per_cell * area.height);
	enum role role = left == 1 ? ROLE_DIM : graph->role;

	for (int i = 0; left > 0; i++, left -= per_cell) {
		int level = left < per_cell ? left : per_cell;
		uint32_t glyph = hanging ? hanging_glyph(level, graph->ascii)
					 : rising_glyph(level, graph->ascii);

		area_fill(area, x, hanging ? i : area.height - 1 - i, 1, role, glyph);
	}
}

void graph_draw_bars(struct area area, const struct graph *graph, bool hanging)
{
	size_t width = area.width > 0 ? (size_t)area.width : 0;
	size_t n = graph->n < width ? graph->n : width;
	struct graph scaled = *graph;

	if (!(scaled.max > 0))
		scaled.max = largest(graph, width);
	for (int y = 0; y < area.height; y++)
		area_fill(area, 0, y, area.width, ROLE_NORMAL, ' ');
	for (size_t i = 0; i < n && area.height > 0; i++)
		draw_bar(area, (int)(width - n + i), &scaled, graph->values[graph->n - n + i],
			 hanging);
}

void graph_draw_line(struct area area, int x, int y, int width, const struct graph *graph)
{
	graph_draw_bars(area_part(area, x, y, width, 1), graph, false);
}
