/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * All that is known of the selected connection or group: whose it is and how that is known, both
 * ends in full, exact totals, what TCP says, what holds it back in words, and its rates over time.
 */

#include "view/conn_view.h"

/* Draws into the area, the title in its first line. What matters most comes first, so that in few
 * lines it is what is there. */
void conn_detail_draw(struct area area, const struct conn_scene *scene,
		      const struct conn_line *line);
