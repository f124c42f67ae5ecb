/* SPDX-License-Identifier: MIT */
#include "view/theme.h"

/* Colours of one role: in a palette of 256 (xterm's), and among the first eight. */
struct shade {
	int16_t of_256, of_8;
};

#define NONE                                                                                       \
	{                                                                                          \
		THEME_COLOR_DEFAULT, THEME_COLOR_DEFAULT                                           \
	}

enum { RED = 1, GREEN, YELLOW, BLUE, MAGENTA, CYAN };

/* Each is readable on the background it is for; SAFE on a black one and on a white one. There,
 * received and sent, good and bad are blue and orange, which stay apart without one of the eye's
 * three colours (Okabe and Ito, Color Universal Design), and what is bad is also reversed. */
static const struct shade shades[TERMINAL_THEMES][ROLES] =
	{
		[TERMINAL_THEME_DARK] =
			{
				[ROLE_NORMAL] = NONE,
				[ROLE_TITLE] = NONE,
				[ROLE_HEADING] = {110, CYAN},
				[ROLE_SORTED] = {159, CYAN},
				[ROLE_DIM] = {246, THEME_COLOR_DEFAULT},
				[ROLE_STRONG] = NONE,
				[ROLE_RX] = {80, CYAN},
				[ROLE_TX] = {215, YELLOW},
				[ROLE_GOOD] = {114, GREEN},
				[ROLE_WARNING] = {221, YELLOW},
				[ROLE_BAD] = {210, RED},
				[ROLE_CLOSED] = {246, THEME_COLOR_DEFAULT},
				[ROLE_GROUP] = {147, MAGENTA},
				[ROLE_KEY] = {159, CYAN},
				[ROLE_INPUT] = NONE,
				[ROLE_MESSAGE] = {229, YELLOW},
			},
		[TERMINAL_THEME_LIGHT] =
			{
				[ROLE_NORMAL] = NONE,
				[ROLE_TITLE] = NONE,
				[ROLE_HEADING] = {24, BLUE},
				[ROLE_SORTED] = {19, BLUE},
				[ROLE_DIM] = {242, THEME_COLOR_DEFAULT},
				[ROLE_STRONG] = NONE,
				[ROLE_RX] = {25, BLUE},
				[ROLE_TX] = {130, MAGENTA},
				[ROLE_GOOD] = {22, GREEN},
				[ROLE_WARNING] = {94, MAGENTA},
				[ROLE_BAD] = {124, RED},
				[ROLE_CLOSED] = {242, THEME_COLOR_DEFAULT},
				[ROLE_GROUP] = {54, MAGENTA},
				[ROLE_KEY] = {19, BLUE},
				[ROLE_INPUT] = NONE,
				[ROLE_MESSAGE] = {94, BLUE},
			},
		[TERMINAL_THEME_SAFE] =
			{
				[ROLE_NORMAL] = NONE,
				[ROLE_TITLE] = NONE,
				[ROLE_HEADING] = NONE,
				[ROLE_SORTED] = NONE,
				[ROLE_DIM] = {243, THEME_COLOR_DEFAULT},
				[ROLE_STRONG] = NONE,
				[ROLE_RX] = {33, CYAN},
				[ROLE_TX] = {166, YELLOW},
				[ROLE_GOOD] = {33, CYAN},
				[ROLE_WARNING] = {166, YELLOW},
				[ROLE_BAD] = {166, YELLOW},
				[ROLE_CLOSED] = {243, THEME_COLOR_DEFAULT},
				[ROLE_GROUP] = {33, CYAN},
				[ROLE_KEY] = NONE,
				[ROLE_INPUT] = NONE,
				[ROLE_MESSAGE] = {33, CYAN},
			},
};

/* The same in all themes, so that a screen without colours says what one with them does. */
static const struct look attributes[ROLES] = {
	[ROLE_TITLE] = {.bold = true},
	[ROLE_HEADING] = {.underline = true},
	[ROLE_SORTED] = {.underline = true, .bold = true},
	[ROLE_DIM] = {.dim = true},
	[ROLE_STRONG] = {.bold = true},
	[ROLE_WARNING] = {.bold = true},
	[ROLE_BAD] = {.bold = true, .reverse = true},
	[ROLE_CLOSED] = {.dim = true},
	[ROLE_GROUP] = {.bold = true},
	[ROLE_KEY] = {.bold = true},
	[ROLE_INPUT] = {.underline = true},
	[ROLE_MESSAGE] = {.bold = true},
};

const char *terminal_theme_name(enum terminal_theme theme)
{
	static const char *const names[] = {
		[TERMINAL_THEME_DARK] = "dark",
		[TERMINAL_THEME_LIGHT] = "light",
		[TERMINAL_THEME_SAFE] = "safe",
	};

	return names[theme];
}

struct look theme_look(enum terminal_theme theme, enum role role, int n_colors)
{
	struct look look = attributes[role];
	const struct shade *shade = &shades[theme][role];

	look.color = THEME_COLOR_DEFAULT;
	if (n_colors >= 256)
		look.color = shade->of_256;
	else if (n_colors >= 8)
		look.color = shade->of_8;
	/* A grey is dim already; dim on top of it can hardly be read. */
	if (look.color != THEME_COLOR_DEFAULT)
		look.dim = false;
	return look;
}
