/* SPDX-License-Identifier: MIT */

/*
 * Themes, as an eye sees them: colours are readable on their background, and those of the theme
 * "safe" are told apart by eyes that lack one of the three kinds of cones, and on any background.
 */

#include <math.h>
#include <string.h>

#include "tap.h"
#include "view/theme.h"

/* WCAG 2.1 1.4.3 asks for 4.5 for text; a colour that must do on black and on white can have 3.
 * Roles that are meant to be overlooked may have that too. */
#define CONTRAST_TEXT 4.5
#define CONTRAST_LEAST 3.0

struct rgb {
	double r, g, b; /* linear light, 0 to 1 */
};

static double linear(int value)
{
	double part = value / 255.0;

	return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

/* xterm's palette from 16 on: a cube of 6x6x6, and 24 greys. */
static struct rgb palette(int color)
{
	static const int levels[] = {0, 95, 135, 175, 215, 255};
	int grey = 8 + 10 * (color - 232);

	if (color >= 232)
		return (struct rgb){linear(grey), linear(grey), linear(grey)};
	color -= 16;
	return (struct rgb){linear(levels[color / 36]), linear(levels[color / 6 % 6]),
			    linear(levels[color % 6])};
}

static double luminance(struct rgb color)
{
	return 0.2126 * color.r + 0.7152 * color.g + 0.0722 * color.b;
}

static double contrast(double a, double b)
{
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void test_contrast(void)
{
	for (int theme = 0; theme < TERMINAL_THEMES; theme++)
		for (int role = 0; role < ROLES; role++) {
			struct look look =
				theme_look((enum terminal_theme)theme, (enum role)role, 256);
			bool can_be_faint = theme == TERMINAL_THEME_SAFE || role == ROLE_DIM ||
					    role == ROLE_CLOSED;
			double least = can_be_faint ? CONTRAST_LEAST : CONTRAST_TEXT;
			double light;

			if (look.color == THEME_COLOR_DEFAULT)
				continue;
			light = luminance(palette(look.color));
			if (theme != TERMINAL_THEME_LIGHT)
				ok(contrast(light, 0) >= least, "theme %d, role %d on black: %.1f",
				   theme, role, contrast(light, 0));
			if (theme != TERMINAL_THEME_DARK)
				ok(contrast(light, 1) >= least, "theme %d, role %d on white: %.1f",
				   theme, role, contrast(light, 1));
		}
}

/* What a colour looks like without one kind of cones (Machado, Oliveira and Fernandes 2009, full
 * severity): protanopia, deuteranopia, tritanopia. */
static struct rgb seen_without(struct rgb c, int cone)
{
	static const double m[3][9] = {
		{0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116,
		 1.051998},
		{0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940,
		 0.968881},
		{1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367,
		 0.303900},
	};
	const double *k = m[cone];

	return (struct rgb){k[0] * c.r + k[1] * c.g + k[2] * c.b,
			    k[3] * c.r + k[4] * c.g + k[5] * c.b,
			    k[6] * c.r + k[7] * c.g + k[8] * c.b};
}

static double lab_f(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

/* CIE76 difference of colours; 10 is another colour at a glance. */
static double difference(struct rgb a, struct rgb b)
{
	double lab[2][3];
	const struct rgb *colors[] = {&a, &b};

	for (int i = 0; i < 2; i++) {
		const struct rgb *c = colors[i];
		double x = lab_f((0.4124 * c->r + 0.3576 * c->g + 0.1805 * c->b) / 0.9505);
		double y = lab_f(0.2126 * c->r + 0.7152 * c->g + 0.0722 * c->b);
		double z = lab_f((0.0193 * c->r + 0.1192 * c->g + 0.9505 * c->b) / 1.089);

		lab[i][0] = 116 * y - 16;
		lab[i][1] = 500 * (x - y);
		lab[i][2] = 200 * (y - z);
	}
	return sqrt(pow(lab[0][0] - lab[1][0], 2) + pow(lab[0][1] - lab[1][1], 2) +
		    pow(lab[0][2] - lab[1][2], 2));
}

static bool same_attributes(const struct look *a, const struct look *b)
{
	return a->bold == b->bold && a->dim == b->dim && a->reverse == b->reverse &&
	       a->underline == b->underline;
}

static void test_safe(void)
{
	static const enum role pairs[][2] = {
		{ROLE_RX, ROLE_TX},          {ROLE_GOOD, ROLE_WARNING}, {ROLE_GOOD, ROLE_BAD},
		{ROLE_WARNING, ROLE_BAD},    {ROLE_RX, ROLE_WARNING},   {ROLE_TX, ROLE_GOOD},
		{ROLE_CLOSED, ROLE_WARNING}, {ROLE_CLOSED, ROLE_RX},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		for (int cone = 0; cone < 3; cone++) {
			struct look a = theme_look(TERMINAL_THEME_SAFE, pairs[i][0], 256);
			struct look b = theme_look(TERMINAL_THEME_SAFE, pairs[i][1], 256);
			double d = difference(seen_without(palette(a.color), cone),
					      seen_without(palette(b.color), cone));

			ok(d > 20 || !same_attributes(&a, &b),
			   "roles %d and %d are told apart without cone %d (%.0f)", pairs[i][0],
			   pairs[i][1], cone, d);
		}
}

static void test_colors(void)
{
	for (int theme = 0; theme < TERMINAL_THEMES; theme++)
		for (int role = 0; role < ROLES; role++) {
			struct look none =
				theme_look((enum terminal_theme)theme, (enum role)role, 0);
			struct look few =
				theme_look((enum terminal_theme)theme, (enum role)role, 8);

			if (none.color != THEME_COLOR_DEFAULT || few.color >= 8)
				ok(false, "theme %d, role %d: only colours there are", theme, role);
		}
	ok(theme_look(TERMINAL_THEME_DARK, ROLE_BAD, 0).reverse, "bad is seen without colours");
	ok(theme_look(TERMINAL_THEME_DARK, ROLE_DIM, 0).dim, "dim is dim without colours");
	ok(!theme_look(TERMINAL_THEME_DARK, ROLE_DIM, 256).dim, "and grey with them");
	is_int(theme_look(TERMINAL_THEME_LIGHT, ROLE_NORMAL, 256).color, THEME_COLOR_DEFAULT,
	       "normal is the user's own");
}

int main(void)
{
	is_str(terminal_theme_name(TERMINAL_THEME_DARK), "dark", "a theme's name");
	is_str(terminal_theme_name(TERMINAL_THEME_LIGHT), "light", "a theme's name");
	is_str(terminal_theme_name(TERMINAL_THEME_SAFE), "safe", "a theme's name");
	test_contrast();
	test_safe();
	test_colors();
	return tap_done();
}
