/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How a meaning looks. In: a role and how many colours there are. Out: colours and attributes. No
 * colour is used for a background, which is the user's own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "view/role.h"
#include "view/terminal.h"

#define THEME_COLOR_DEFAULT (-1)

struct look {
	int16_t color; /* number in the terminal's palette, or THEME_COLOR_DEFAULT */
	bool bold, dim, reverse, underline;
};

/* n_colors: what the terminal has; below 8 none is used. */
struct look theme_look(enum terminal_theme theme, enum role role, int n_colors);
