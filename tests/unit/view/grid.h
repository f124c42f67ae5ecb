/* SPDX-License-Identifier: MIT */
#pragma once

/* A grid to draw into, compared as text. Each check starts a blank one. */

#include "tap.h"
#include "view/cells.h"

/* The whole area of a grid made new in that size. */
static inline struct area grid_new(struct cells *cells, int width, int height)
{
	cells_reset(cells, width, height);
	return cells_area(cells);
}

static inline void grid_is(const struct cells *cells, const char *want, const char *what)
{
	struct str_buf text = {0};

	cells_print(cells, &text);
	is_str(text.data, want, "%s", what);
	str_buf_done(&text);
}

static inline void grid_roles_are(const struct cells *cells, const char *want, const char *what)
{
	struct str_buf text = {0};

	cells_print_roles(cells, &text);
	is_str(text.data, want, "%s", what);
	str_buf_done(&text);
}
