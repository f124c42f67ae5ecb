/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The lines above the table. The first: which host, when, by what means, how many connections, how
 * much in all. The second: whether the books balance, what was lost, and what the user has set.
 */

#include "view/conn_view.h"

/* Draws into an area of one or two lines; in one, what the user must not overlook comes first. */
void conn_header_draw(struct area area, const struct conn_scene *scene);
