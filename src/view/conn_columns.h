/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which columns the table of connections has at a width, and where. In: the width and what the
 * user wants to see. Out: a layout of view/table.h.
 */

#include <stdbool.h>

#include "view/conn_view.h"
#include "view/table.h"

/* The layout points into it: not to be copied. */
struct conn_columns {
	struct table_column columns[CONN_COLUMNS];
	struct table_layout layout;
	bool has_limit; /* the LIMIT column is there; otherwise STATE tells it too */
	bool has_local; /* the LOCAL column is; otherwise REMOTE tells it where there is no peer */
};

void conn_columns_lay_out(const struct conn_scene *scene, int width, struct conn_columns *ret);

/* The column the table is sorted by; -1: it is none of those laid out. */
int conn_columns_sorted(const struct conn_scene *scene, const struct conn_columns *columns);
