/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A table on the screen: which columns fit, where they stand, which rows are to be seen, which one
 * is selected. What is in a cell is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/cells.h"

#define TABLE_COLUMNS_MAX 32

struct table_column {
	int id;            /* the caller's */
	const char *title; /* as wide as the column at most */
	uint8_t width;     /* least */
	uint8_t grow;      /* share of the columns that are left over; 0: never wider */
	uint8_t max_width; /* with grow: not wider than this; 0: no limit */
	uint8_t rank;      /* those of a low rank get in first; 0: always there */
	bool right;        /* aligned to the right */
};

struct table_field {
	const struct table_column *column;
	int x, width;
};

struct table_layout {
	struct table_field fields[TABLE_COLUMNS_MAX]; /* from left to right, in the given order */
	size_t n_fields;
};

/* Chooses by rank what fits into width (one blank between columns), places it in the order given,
 * and shares out what is left. Choosing ends at the first column that does not fit: a wider screen
 * shows all that a narrower one does. Columns of rank 0 are there even where they get cut off; one
 * of which nothing would be seen is left out. n is at most TABLE_COLUMNS_MAX. */
void table_lay_out(const struct table_column *columns, size_t n, int width,
		   struct table_layout *ret_layout);

/* Where in the rows we are. Zeroed: at the top. */
struct table_scroll {
	size_t top;      /* the first row to be seen */
	size_t selected; /* always a row that exists, if any does */
};

/* Keeps both within n_rows, and the selected row to be seen among `lines`. */
void table_keep_in_view(struct table_scroll *scroll, size_t n_rows, size_t lines);
/* Moves the selection by so many rows, as far as there are rows. */
void table_move(struct table_scroll *scroll, long rows, size_t n_rows, size_t lines);

/* Titles in line y; the sorted one is marked with 'v' or '^' (reverse) after it, for which the
 * blank between columns is used where the title fills its own. sorted_id -1: none. */
void table_draw_titles(struct area area, int y, const struct table_layout *layout, int sorted_id,
		       bool reverse);
