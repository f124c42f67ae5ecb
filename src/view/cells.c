/* SPDX-License-Identifier: MIT */
#include "view/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/glyph.h"

#define CELLS_SIDE_MAX 4096

static const struct cell blank = {.code = ' '};

int cells_reset(struct cells *cells, int width, int height)
{
	size_t n = (size_t)width * (size_t)height;

	if (width < 1 || height < 1 || width > CELLS_SIDE_MAX || height > CELLS_SIDE_MAX)
		return -EINVAL;
	if (!cells->at || width != cells->width || height != cells->height) {
		struct cell *at = calloc(n, sizeof(*at));

		if (!at)
			return -ENOMEM;
		free(cells->at);
		cells->at = at;
		cells->width = width;
		cells->height = height;
	}
	for (size_t i = 0; i < n; i++)
		cells->at[i] = blank;
	cells->cursor_x = -1;
	cells->cursor_y = -1;
	return 0;
}

void cells_done(struct cells *cells)
{
	free(cells->at);
	*cells = (struct cells){0};
}

struct area cells_area(struct cells *cells)
{
	return (struct area){.cells = cells, .width = cells->width, .height = cells->height};
}

/* Cuts what begins at `from` and is `size` long to what lies in 0 … limit. */
static void clip(int *from, int *size, int limit)
{
	long first = *from < 0 ? 0 : *from;
	long end = (long)*from + (*size < 0 ? 0 : *size);

	if (first > limit)
		first = limit;
	if (end > limit)
		end = limit;
	*from = (int)first;
	*size = end > first ? (int)(end - first) : 0;
}

struct area area_part(struct area area, int x, int y, int width, int height)
{
	clip(&x, &width, area.width);
	clip(&y, &height, area.height);
	return (struct area){area.cells, area.x + x, area.y + y, width, height};
}

int text_columns(const char *text, size_t len)
{
	int columns = 0;

	while (len > 0) {
		struct glyph glyph = glyph_next(text, len);

		columns += glyph.columns;
		text += glyph.bytes;
		len -= glyph.bytes;
	}
	return columns;
}

/* Where the next glyph goes. */
struct pen {
	struct area area;
	int x, y;
	enum role role;
};

static struct pen pen_at(struct area area, int x, int y, enum role role)
{
	return (struct pen){area, x, y, role};
}

static struct cell *line_of(struct area area, int y)
{
	return area.cells->at + (size_t)(area.y + y) * (size_t)area.cells->width;
}

static bool is_inside(struct area area, int x, int y)
{
	return x >= 0 && x < area.width && y >= 0 && y < area.height;
}

/* Blanks what is left of a wide character when one of its halves is about to be overwritten. The
 * other half may lie outside of the area: the character is gone, whoever drew it. */
static void break_wide(struct cells *cells, struct cell *line, int x)
{
	if (line[x].code == 0 && x > 0) {
		line[x - 1].code = ' ';
		line[x - 1].mark = 0;
	}
	if (x + 1 < cells->width && line[x + 1].code == 0)
		line[x + 1].code = ' ';
}

/* Leaves the mark of a selected row where it is. */
static void put_cell(const struct pen *pen, int x, uint32_t code, uint32_t mark)
{
	struct cell *line;

	if (!is_inside(pen->area, x, pen->y))
		return;
	line = line_of(pen->area, pen->y);
	x += pen->area.x;
	break_wide(pen->area.cells, line, x);
	line[x].code = code;
	line[x].mark = mark;
	line[x].role = (uint8_t)pen->role;
}

static void put_glyph(struct pen *pen, const struct glyph *glyph)
{
	bool first = is_inside(pen->area, pen->x, pen->y);
	bool second = is_inside(pen->area, pen->x + 1, pen->y);

	if (glyph->columns == 1) {
		put_cell(pen, pen->x, glyph->code, glyph->mark);
	} else if (first && second) {
		/* From the right, so that the new left half is not taken for an orphan. */
		put_cell(pen, pen->x + 1, ' ', 0);
		put_cell(pen, pen->x, glyph->code, glyph->mark);
		line_of(pen->area, pen->y)[pen->area.x + pen->x + 1].code = 0;
	} else {
		put_cell(pen, first ? pen->x : pen->x + 1, ' ', 0);
	}
	pen->x += glyph->columns;
}

/* As much as fits before column `end`. Returns the column after it. */
static int put_text(struct pen *pen, int end, const char *text, size_t len)
{
	while (len > 0 && pen->x < end) {
		struct glyph glyph = glyph_next(text, len);

		put_glyph(pen, &glyph);
		text += glyph.bytes;
		len -= glyph.bytes;
	}
	return pen->x < end ? pen->x : end;
}

int area_text(struct area area, int x, int y, enum role role, const char *text)
{
	struct pen pen = pen_at(area, x, y, role);

	return put_text(&pen, area.width, text, strlen(text));
}

/* Bytes of the glyphs from the beginning on that fit into so many columns. */
static size_t fitting_bytes(const char *text, size_t len, long columns)
{
	size_t at = 0;

	while (at < len) {
		struct glyph glyph = glyph_next(text + at, len - at);

		if (glyph.columns > columns)
			break;
		columns -= glyph.columns;
		at += glyph.bytes;
	}
	return at;
}

/* The column that at most `width` columns from x on end before, in this area. */
static int end_column(struct area area, int x, int width)
{
	long end = (long)x + (width > 0 ? width : 0);

	return end < area.width ? (int)end : area.width;
}

int area_fit(struct area area, int x, int y, int width, enum role role, const char *text)
{
	struct pen pen = pen_at(area, x, y, role);
	int end = end_column(area, x, width);
	size_t len = strlen(text);

	if (x >= end)
		return x;
	if (fitting_bytes(text, len, (long)end - x) == len)
		return put_text(&pen, end, text, len);
	put_text(&pen, end, text, fitting_bytes(text, len, (long)end - x - 1));
	return put_text(&pen, end, "~", 1);
}

int area_fit_tail(struct area area, int x, int y, int width, enum role role, const char *text)
{
	struct pen pen = pen_at(area, x, y, role);
	int end = end_column(area, x, width);
	size_t len = strlen(text);
	long columns;

	if (x >= end)
		return x;
	if (fitting_bytes(text, len, (long)end - x) == len)
		return put_text(&pen, end, text, len);
	for (columns = text_columns(text, len); columns > (long)end - x - 1;) {
		struct glyph glyph = glyph_next(text, len);

		columns -= glyph.columns;
		text += glyph.bytes;
		len -= glyph.bytes;
	}
	put_text(&pen, end, "~", 1);
	return put_text(&pen, end, text, len);
}

void area_right(struct area area, int x, int y, int width, enum role role, const char *text)
{
	int end = end_column(area, x, width);
	size_t len = strlen(text);

	if (x < end && fitting_bytes(text, len, (long)end - x) == len)
		area_text(area, end - text_columns(text, len), y, role, text);
	else
		area_fit(area, x, y, width, role, text);
}

void area_fill(struct area area, int x, int y, int width, enum role role, uint32_t code)
{
	struct pen pen = pen_at(area, x, y, role);

	if (glyph_kind(code) != GLYPH_NARROW)
		code = '?';
	clip(&x, &width, area.width);
	for (int i = 0; i < width; i++)
		put_cell(&pen, x + i, code, 0);
}

void area_clear(struct area area, enum role role)
{
	for (int y = 0; y < area.height; y++) {
		area_fill(area, 0, y, area.width, role, ' ');
		for (int x = 0; x < area.width; x++)
			line_of(area, y)[area.x + x].selected = false;
	}
}

struct area area_box(struct area area, enum role role, const char *title, bool ascii)
{
	/* Horizontal, vertical, and the corners from the upper left one on, row by row. */
	static const uint32_t lines[] = {0x2500, 0x2502, 0x250c, 0x2510, 0x2514, 0x2518};
	static const uint32_t ascii_lines[] = {'-', '|', '+', '+', '+', '+'};
	const uint32_t *line = ascii ? ascii_lines : lines;
	int right = area.width - 1;
	int bottom = area.height - 1;

	area_clear(area, ROLE_NORMAL);
	area_fill(area, 0, 0, area.width, role, line[0]);
	area_fill(area, 0, bottom, area.width, role, line[0]);
	for (int y = 0; y < area.height; y++) {
		bool is_edge = y == 0 || y == bottom;

		area_fill(area, 0, y, 1, role, is_edge ? line[y ? 4 : 2] : line[1]);
		area_fill(area, right, y, 1, role, is_edge ? line[y ? 5 : 3] : line[1]);
	}
	if (title && area.width > 4) {
		struct area top = area_part(area, 1, 0, area.width - 2, 1);
		int end = area_fit(top, 1, 0, top.width - 2, role, title);

		area_fill(top, 0, 0, 1, role, ' ');
		area_fill(top, end, 0, 1, role, ' ');
	}
	return area_part(area, 1, 1, area.width - 2, area.height - 2);
}

void area_select(struct area area, int y)
{
	for (int x = 0; x < area.width; x++)
		if (is_inside(area, x, y))
			line_of(area, y)[area.x + x].selected = true;
}

static void print_code(struct str_buf *buf, uint32_t code)
{
	char utf8[GLYPH_UTF8_MAX];

	str_buf_add(buf, utf8, glyph_utf8(code, utf8));
}

static void drop_trailing(struct str_buf *buf, size_t start, char c)
{
	while (!buf->error && buf->len > start && buf->data[buf->len - 1] == c)
		buf->data[--buf->len] = '\0';
}

void cells_print(const struct cells *cells, struct str_buf *buf)
{
	const struct cell *cell = cells->at;

	for (int y = 0; y < cells->height; y++) {
		size_t start = buf->len;

		for (int x = 0; x < cells->width; x++, cell++) {
			if (cell->code)
				print_code(buf, cell->code);
			if (cell->mark)
				print_code(buf, cell->mark);
		}
		drop_trailing(buf, start, ' ');
		str_buf_putc(buf, '\n');
	}
}

static char role_letter(const struct cell *cell)
{
	static const char letters[ROLES] = {
		[ROLE_NORMAL] = '.',  [ROLE_TITLE] = 't', [ROLE_HEADING] = 'h',
		[ROLE_SORTED] = 's',  [ROLE_DIM] = 'd',   [ROLE_STRONG] = 'b',
		[ROLE_RX] = 'r',      [ROLE_TX] = 'x',    [ROLE_GOOD] = 'g',
		[ROLE_WARNING] = 'w', [ROLE_BAD] = 'e',   [ROLE_CLOSED] = 'c',
		[ROLE_GROUP] = 'a',   [ROLE_KEY] = 'k',   [ROLE_INPUT] = 'i',
		[ROLE_MESSAGE] = 'm',
	};
	char letter = cell->role < ROLES ? letters[cell->role] : '?';

	if (!cell->selected)
		return letter;
	return letter == '.' ? 'N' : (char)(letter - 'a' + 'A');
}

void cells_print_roles(const struct cells *cells, struct str_buf *buf)
{
	const struct cell *cell = cells->at;

	for (int y = 0; y < cells->height; y++) {
		size_t start = buf->len;

		for (int x = 0; x < cells->width; x++, cell++)
			str_buf_putc(buf, role_letter(cell));
		drop_trailing(buf, start, '.');
		str_buf_putc(buf, '\n');
	}
}
