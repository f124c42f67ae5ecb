/* SPDX-License-Identifier: MIT */
#pragma once

/* What the head of a group says: what it is called, how many rows it has, and their sums. */

#include "base/str_buf.h"
#include "view/conn_view.h"

/* "nginx  pid 1423", "203.0.113.9", "TCP port 443", "nginx.service". */
void conn_group_cell_name(const struct conn_scene *scene, const struct conn_group *group,
			  struct str_buf *buf);

/* The cell under a column: STATE has the number of rows; columns that rows differ in are empty. */
enum role conn_group_cell(const struct conn_scene *scene, const struct conn_group *group,
			  enum conn_column column, struct str_buf *buf);

/* Whether all rows of a group say the same in this column. */
bool conn_group_cell_shares(enum conn_grouping grouping, enum conn_column column);
