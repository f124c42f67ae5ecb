/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "grid.h"
#include "view/table.h"

enum { PID, NAME, REMOTE, RATE, AGE };

static const struct table_column columns[] = {
	{PID, "PID", 5, 0, 0, 0, true},        {NAME, "NAME", 6, 1, 10, 0, false},
	{REMOTE, "REMOTE", 8, 2, 0, 1, false}, {RATE, "RX/s", 4, 0, 0, 2, true},
	{AGE, "AGE", 3, 0, 0, 1, false},
};

#define N (sizeof(columns) / sizeof(columns[0]))

/* "PID@0+5 NAME@6+6 …" */
static void layout_text(const struct table_layout *layout, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < layout->n_fields; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s@%d+%d", i ? " " : "",
				       layout->fields[i].column->title, layout->fields[i].x,
				       layout->fields[i].width);
}

static void test_lay_out(void)
{
	static const struct {
		int width;
		const char *want;
	} cases[] = {
		{0, ""},
		{1, "PID@0+1"},
		{5, "PID@0+5"},
		{6, "PID@0+5"},          /* nothing of NAME would be seen */
		{7, "PID@0+5 NAME@6+1"}, /* cut off, but there */
		{12, "PID@0+5 NAME@6+6"},
		{14, "PID@0+5 NAME@6+8"}, /* NAME grows … */
		{16, "PID@0+5 NAME@6+10"},
		{20, "PID@0+5 NAME@6+10"}, /* … to its limit; AGE is after REMOTE */
		{21, "PID@0+5 NAME@6+6 REMOTE@13+8"},
		{24, "PID@0+5 NAME@6+7 REMOTE@14+10"}, /* one and two of three */
		{25, "PID@0+5 NAME@6+6 REMOTE@13+8 AGE@22+3"},
		{30, "PID@0+5 NAME@6+6 REMOTE@13+8 RX/s@22+4 AGE@27+3"},
		{33, "PID@0+5 NAME@6+7 REMOTE@14+10 RX/s@25+4 AGE@30+3"},
		{60, "PID@0+5 NAME@6+10 REMOTE@17+34 RX/s@52+4 AGE@57+3"},
	};
	struct table_layout layout;
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		table_lay_out(columns, N, cases[i].width, &layout);
		layout_text(&layout, text, sizeof(text));
		is_str(text, cases[i].want, "%d columns of the screen", cases[i].width);
	}
	table_lay_out(columns, 0, 80, &layout);
	is_int(layout.n_fields, 0, "no columns");
}

/* A wider screen never loses what a narrower one has, and nothing overlaps or leaves it. */
static void test_all_widths(void)
{
	size_t before = 0;
	bool right = true;

	for (int width = 0; width < 400; width++) {
		struct table_layout layout;
		int end = -1;

		table_lay_out(columns, N, width, &layout);
		right = right && layout.n_fields >= before;
		before = layout.n_fields;
		for (size_t i = 0; i < layout.n_fields; i++) {
			right = right && layout.fields[i].x == end + 1 &&
				layout.fields[i].width > 0;
			end = layout.fields[i].x + layout.fields[i].width;
		}
		right = right && end <= width;
	}
	ok(right, "fields stand one after the other in every width");
}

static void test_scroll(void)
{
	static const struct {
		struct table_scroll from;
		long move;
		size_t n_rows, lines;
		struct table_scroll want;
	} cases[] = {
		{{0, 0}, 0, 0, 10, {0, 0}},
		{{5, 9}, 0, 0, 10, {0, 0}},
		{{0, 0}, 1, 0, 10, {0, 0}},
		{{0, 0}, 1, 100, 10, {0, 1}},
		{{0, 9}, 1, 100, 10, {1, 10}},
		{{1, 1}, -1, 100, 10, {0, 0}},
		{{0, 0}, -1, 100, 10, {0, 0}},
		{{0, 0}, LONG_MAX, 100, 10, {90, 99}},
		{{90, 99}, LONG_MIN, 100, 10, {0, 0}},
		{{90, 99}, 0, 50, 10, {40, 49}},  /* rows went away */
		{{90, 95}, 0, 100, 30, {70, 95}}, /* the screen grew */
		{{0, 9}, 0, 100, 3, {7, 9}},      /* it shrank */
		{{3, 5}, 0, 6, 10, {0, 5}},
		{{0, 50}, 0, 100, 0, {50, 50}}, /* no line at all */
		{{0, 0}, 5, 3, 10, {0, 2}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table_scroll scroll = cases[i].from;

		table_move(&scroll, cases[i].move, cases[i].n_rows, cases[i].lines);
		ok(scroll.top == cases[i].want.top && scroll.selected == cases[i].want.selected,
		   "scroll %zu: top %zu, selected %zu", i, scroll.top, scroll.selected);
	}
}

static void test_titles(struct cells *cells)
{
	static const struct {
		int width, sorted;
		bool reverse;
		const char *want, *roles;
	} cases[] = {
		{30, -1, false, "  PID NAME   REMOTE   RX/s AGE\n",
		 "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\n"},
		{30, NAME, false, "  PID NAMEv  REMOTE   RX/s AGE\n",
		 "hhhhhhssssshhhhhhhhhhhhhhhhhhh\n"},
		{30, RATE, false, "  PID NAME   REMOTE   RX/svAGE\n",
		 "hhhhhhhhhhhhhhhhhhhhhhssssshhh\n"},
		{30, PID, true, "  PID^NAME   REMOTE   RX/s AGE\n",
		 "hhsssshhhhhhhhhhhhhhhhhhhhhhhh\n"},
		{30, AGE, true, "  PID NAME   REMOTE   RX/s AG^\n", NULL}, /* at the edge */
		{5, PID, false, " PIDv\n", NULL},
		{3, PID, false, "PIv\n", NULL},
		{1, PID, false, "v\n", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct area area = grid_new(cells, cases[i].width, 1);
		struct table_layout layout;

		table_lay_out(columns, N, cases[i].width, &layout);
		table_draw_titles(area, 0, &layout, cases[i].sorted, cases[i].reverse);
		grid_is(cells, cases[i].want, "titles");
		if (cases[i].roles)
			grid_roles_are(cells, cases[i].roles, "and what they are");
	}
}

int main(void)
{
	struct cells cells = {0};

	test_lay_out();
	test_all_widths();
	test_scroll();
	test_titles(&cells);
	cells_done(&cells);
	return tap_done();
}
