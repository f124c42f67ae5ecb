/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as text on a screen: nothing outside of the area changes, nothing in the grid is a
 * control or half of a wide character, and what is said of columns is so. The same bytes are then
 * typed into a line.
 *
 * Input: x, y, width and height of the area, where the text begins in it and how wide it may be, a
 * byte each; then the text.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/cells.h"
#include "view/glyph.h"
#include "view/line_edit.h"

#define HEADER_BYTES 6
#define WIDTH 24
#define HEIGHT 5
#define OUTSIDE '.'

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool is_inside(const struct area *area, int x, int y)
{
	return x >= area->x && x < area->x + area->width && y >= area->y &&
	       y < area->y + area->height;
}

static void check_cell(const struct cell *line, int x)
{
	const struct cell *cell = &line[x];
	enum glyph_kind kind = cell->code ? glyph_kind(cell->code) : GLYPH_NARROW;

	require(kind == GLYPH_NARROW || kind == GLYPH_WIDE, "a character that is not to be shown");
	require(!cell->mark || glyph_kind(cell->mark) == GLYPH_MARK, "a mark that is none");
	require((kind == GLYPH_WIDE) == (x + 1 < WIDTH && line[x + 1].code == 0),
		"half a wide character");
	require(cell->code || x > 0, "a right half at the edge");
	require(cell->role < ROLES, "no role");
}

static void check_grid(const struct cells *cells, const struct area *area)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++) {
			const struct cell *line = cells->at + y * WIDTH;

			check_cell(line, x);
			require(is_inside(area, x, y) || line[x].code == OUTSIDE,
				"something outside of the area");
		}
}

static struct area fresh(struct cells *cells, const int8_t *at)
{
	struct area all;

	require(cells_reset(cells, WIDTH, HEIGHT) == 0, "no grid");
	all = cells_area(cells);
	for (int y = 0; y < HEIGHT; y++)
		area_fill(all, 0, y, WIDTH, ROLE_NORMAL, OUTSIDE);
	return area_part(all, at[0], at[1], at[2], at[3]);
}

static void draw_all_ways(struct cells *cells, const int8_t *at, const char *text)
{
	struct area area = fresh(cells, at);
	int columns = text_columns(text, strlen(text));
	int end = area_text(area, at[4], 0, ROLE_RX, text);

	check_grid(cells, &area);
	require(at[4] > area.width || end <= area.width, "an end outside of the area");
	require(at[4] + columns > area.width || end == at[4] + columns, "another end");
	area_text(area, at[4] + 1, 0, ROLE_TX, text); /* over itself, by a column */
	check_grid(cells, &area);
	area = fresh(cells, at);
	end = area_fit(area, at[4], 0, at[5], ROLE_RX, text);
	check_grid(cells, &area);
	require(end - at[4] <= (at[5] > 0 ? at[5] : 0), "wider than it may be");
	area_fit_tail(area, at[4], 1, at[5], ROLE_TX, text);
	check_grid(cells, &area);
	area_right(area, at[4], 0, at[5], ROLE_BAD, text);
	area_select(area, 0);
	check_grid(cells, &area);
	area_box(area, ROLE_GROUP, text, true);
	check_grid(cells, &area);
}

static void type(struct cells *cells, const char *text, size_t len)
{
	struct area area;
	static struct line_edit edit;

	line_edit_set(&edit, text);
	for (size_t at = 0; at < len;) {
		uint32_t code = 0;
		size_t step = text_utf8_next(text + at, len - at, &code);

		line_edit_key(&edit, step ? code : 0x110001U + (uint8_t)text[at] % 32);
		require(edit.cursor <= edit.len && edit.len < LINE_EDIT_MAX, "outside of the line");
		at += step ? step : 1;
	}
	require(cells_reset(cells, WIDTH, HEIGHT) == 0, "no grid");
	area = cells_area(cells);
	for (int y = 0; y < HEIGHT; y++)
		if (y != 2)
			area_fill(area, 0, y, WIDTH, ROLE_NORMAL, OUTSIDE);
	line_edit_draw(area, 2, "prompt ", &edit, (int)(len % 40));
	area = area_part(area, 0, 2, WIDTH, 1);
	check_grid(cells, &area);
	require(cells->cursor_x >= 0 && cells->cursor_x < WIDTH, "a cursor outside of the screen");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cells cells = {0};
	int8_t at[HEADER_BYTES];
	char *text;

	if (size < HEADER_BYTES)
		return 0;
	memcpy(at, data, HEADER_BYTES);
	size -= HEADER_BYTES;
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data + HEADER_BYTES, size);
	text[size] = '\0';
	draw_all_ways(&cells, at, text);
	type(&cells, text, size);
	free(text);
	cells_done(&cells);
	return 0;
}
