/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A screen as data: a grid of characters and what they mean. Views draw into it, a terminal paints
 * it, a test compares it; none of them knows the others.
 *
 * Nothing drawn can leave its area, and no control, bidi or bad byte gets into a grid: text is
 * taken as UTF-8 from anyone, and such characters become '?' one column wide. So does what cannot
 * be seen (zero-width characters); of the marks on a character the first is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "view/role.h"

/* One column of one line. A wide character fills two: the second one has code 0. Overwriting one
 * half of it blanks the other. */
struct cell {
	uint32_t code; /* the character; 0: the right half of a wide one */
	uint32_t mark; /* one combining mark on it; 0: none */
	uint8_t role;  /* enum role */
	bool selected; /* in the row under the cursor: shown reversed, whatever the role */
};

struct cells {
	int width;
	int height;
	struct cell *at; /* height lines of width */
	int cursor_x;    /* where the terminal's cursor stands; -1: hidden */
	int cursor_y;
};

/* A rectangle of a grid, which all drawing is relative to and clipped by. Plain data: copy it,
 * narrow it. */
struct area {
	struct cells *cells;
	int x, y, width, height;
};

/* Makes the grid of this size, blank; also to resize. -ENOMEM: it is as before. -EINVAL: a size
 * below 1 or above 4096. Zeroed, a struct is ready for this. */
int cells_reset(struct cells *cells, int width, int height);
void cells_done(struct cells *cells);

struct area cells_area(struct cells *cells);

/* The part of an area at x, y, of that size at most; parts outside are cut off. */
struct area area_part(struct area area, int x, int y, int width, int height);

/* Columns that text takes, up to len bytes; bad bytes take one. */
int text_columns(const char *text, size_t len);

/* Writes text from column x of line y on. Returns the column after it, at most the area's width;
 * what does not fit is cut off, and a wide character that would be cut in half becomes a blank. */
int area_text(struct area area, int x, int y, enum role role, const char *text);

/* The same, of at most width columns; longer text ends in '~' (tail, if it has to keep its end:
 * begins in '~'). Shorter text is left alone. */
int area_fit(struct area area, int x, int y, int width, enum role role, const char *text);
int area_fit_tail(struct area area, int x, int y, int width, enum role role, const char *text);

/* Right-aligned in width columns from x on; cut as area_fit does. */
void area_right(struct area area, int x, int y, int width, enum role role, const char *text);

/* width columns of one character (one column wide). */
void area_fill(struct area area, int x, int y, int width, enum role role, uint32_t code);

/* Blanks a whole area, of which nothing is selected then; with a frame and a title (may be NULL)
 * around it, inside of which the returned area lies. */
void area_clear(struct area area, enum role role);
struct area area_box(struct area area, enum role role, const char *title, bool ascii);

/* Marks line y as selected, over its whole width. Text drawn over it later stays selected. */
void area_select(struct area area, int y);

/* What a test compares: the lines without trailing blanks, each with '\n'. */
void cells_print(const struct cells *cells, struct str_buf *buf);
/* The same grid as letters, one a role, for the tests that are about meaning. "." is normal, then
 * title, heading, sorted, dim, b(old) strong, rx, x tx, good, warning, e(rror) bad, closed,
 * a(ggregate) group, key, input, message; upper case where selected, N if normal. Lines are
 * without their trailing dots. */
void cells_print_roles(const struct cells *cells, struct str_buf *buf);
