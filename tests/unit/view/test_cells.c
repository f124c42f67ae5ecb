/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fault_alloc.h"
#include "grid.h"
#include "view/cells.h"

#define NICHI "\xe6\x97\xa5" /* two columns wide */
#define HON "\xe6\x9c\xac"
#define ACUTE "\xcc\x81" /* a combining mark */
#define CIRCUMFLEX "\xcc\x82"

static void test_sizes(struct cells *cells)
{
	struct cell *before;

	is_int(cells_reset(cells, 0, 5), -EINVAL, "no width");
	is_int(cells_reset(cells, 5, -1), -EINVAL, "no height");
	is_int(cells_reset(cells, 4097, 1), -EINVAL, "too wide");
	is_int(cells_reset(cells, 4096, 1), 0, "as wide as can be");
	is_int(cells_reset(cells, 5, 2), 0, "5x2");
	area_text(cells_area(cells), 0, 0, ROLE_BAD, "text");
	before = cells->at;
	fault_alloc_fail_at(1);
	is_int(cells_reset(cells, 6, 2), -ENOMEM, "no memory");
	ok(fault_alloc_failed(), "it was asked for");
	ok(cells->width == 5 && cells->at == before, "the grid is as it was");
	grid_is(cells, "text\n\n", "and what is in it");
	is_int(cells_reset(cells, 5, 2), 0, "the same size again");
	ok(cells->at == before, "takes no new memory");
	grid_is(cells, "\n\n", "and is blank");
	is_int(cells->cursor_x, -1, "without a cursor");
}

static void test_text(struct cells *cells)
{
	static const struct {
		const char *text;
		const char *want;
		int end; /* the column after it */
	} cases[] = {
		{"", "", 0},
		{"plain", "plain", 5},
		{"0123456789", "01234567", 8},
		{NICHI HON, NICHI HON, 4},
		{"1234567" NICHI, "1234567", 8}, /* half of it would not fit: a blank */
		{"e" ACUTE "x", "e" ACUTE "x", 2},
		{"e" ACUTE CIRCUMFLEX ACUTE, "e" ACUTE, 1},
		{ACUTE "x", "?x", 2}, /* nothing to stand on */
		{"\033[31m", "?[31m", 5},
		{"a\tb\nc", "a?b?c", 5},
		{"\x7f\xc2\x9b\xc2\x85", "???", 3}, /* DEL, CSI, NEL */
		{"\xe2\x80\xae"
		 "abc",
		 "?abc", 4}, /* RLO */
		{"\xe2\x81\xa6"
		 "abc",
		 "?abc", 4}, /* LRI */
		{"a\xe2\x80\x8b"
		 "b",
		 "a?b", 3}, /* zero-width space */
		{"a\xef\xbb\xbf"
		 "b",
		 "a?b", 3}, /* BOM */
		{"a\xc2\xad"
		 "b",
		 "a?b", 3},                                                   /* soft hyphen */
		{"\xf0\x9f\x91\xa9\xe2\x80\x8d", "\xf0\x9f\x91\xa9?", 3},     /* a joiner */
		{"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d?", 3}, /* a tone of skin */
		{"\xff\xc3;\xed\xa0\x80", "??;???", 6}, /* bad UTF-8, a surrogate */
		{"\xf3\xa0\x81\xa1", "?", 1},           /* a tag */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[64];

		is_int(area_text(grid_new(cells, 8, 1), 0, 0, ROLE_NORMAL, cases[i].text),
		       cases[i].end, "text %zu ends at its column", i);
		snprintf(want, sizeof(want), "%s\n", cases[i].want);
		grid_is(cells, want, "as it was to be");
	}
	is_int(text_columns("a" NICHI "e" ACUTE "\033", 8), 5, "columns of a text");
	is_int(text_columns(NICHI, 2), 2, "a character cut by the length is bad bytes");
}

static void test_clipping(struct cells *cells)
{
	struct area area = grid_new(cells, 10, 3);
	struct area part = area_part(area, 3, 1, 4, 1);

	is_int(area_text(part, 0, 0, ROLE_NORMAL, "longer than it"), 4, "cut at the area's end");
	area_text(part, 0, 1, ROLE_NORMAL, "below");
	area_text(part, 0, -1, ROLE_NORMAL, "above");
	area_text(part, 4, 0, ROLE_NORMAL, "after");
	grid_is(cells, "\n   long\n\n", "nothing leaves an area");
	area = grid_new(cells, 10, 1);
	is_int(area_text(area, -3, 0, ROLE_NORMAL, "abcdef"), 3, "begun before the area");
	grid_is(cells, "def\n", "what lies before it is cut off");
	area = grid_new(cells, 10, 1);
	area_text(area, -1, 0, ROLE_NORMAL, NICHI "x");
	grid_is(cells, " x\n", "half a wide one is a blank");

	part = area_part(area, -2, -2, 5, 5);
	ok(part.x == 0 && part.y == 0 && part.width == 3 && part.height == 1,
	   "a part is cut at all sides");
	part = area_part(area, 20, 20, 5, 5);
	ok(part.width == 0 && part.height == 0, "one outside is empty");
	part = area_part(area, 2, 0, INT_MAX, INT_MAX);
	ok(part.width == 8 && part.height == 1, "a huge one is cut");
	part = area_part(area, INT_MIN, INT_MIN, INT_MAX, INT_MAX);
	ok(part.width == 0, "so is one far away");
	part = area_part(area, 2, 0, -5, 1);
	ok(part.width == 0, "and one of negative size");
	area_text(part, 0, 0, ROLE_BAD, "nowhere");
	area_fill(area, INT_MIN, 0, INT_MAX, ROLE_BAD, 'x');
	area_fit(area, INT_MIN, 0, INT_MAX, ROLE_BAD, "x");
	area_right(area, INT_MIN, 0, INT_MAX, ROLE_BAD, "x");
	area_text(area, INT_MAX, 0, ROLE_BAD, NICHI);
	area_select(area, 5);
	grid_is(cells, " x\n", "far away is nowhere");
}

/* A wide character that is half overwritten is gone, on both sides. */
static void test_wide(struct cells *cells)
{
	struct area area = grid_new(cells, 8, 1);

	area_text(area, 0, 0, ROLE_NORMAL, NICHI HON NICHI);
	area_text(area, 1, 0, ROLE_NORMAL, "ab");
	grid_is(cells, " ab " NICHI "\n", "over a right and a left half");
	area_text(area, 3, 0, ROLE_NORMAL, HON);
	grid_is(cells, " ab" HON "\n", "a wide one over a left half");
	area_text(area, 3, 0, ROLE_NORMAL, NICHI);
	grid_is(cells, " ab" NICHI "\n", "a wide one over a wide one");
	area_text(area_part(area, 4, 0, 4, 1), 0, 0, ROLE_NORMAL, "x");
	grid_is(cells, " ab x\n", "also when one half lies outside of the area");
}

static void test_fit(struct cells *cells)
{
	static const struct {
		const char *text;
		int width;
		const char *want, *tail, *right;
	} cases[] = {
		{"short", 8, "short", "short", "   short"},
		{"exactly8", 8, "exactly8", "exactly8", "exactly8"},
		{"too long for it", 8, "too lon~", "~ for it", "too lon~"},
		{"long", 1, "~", "~", "~"},
		{"x", 1, "x", "x", "x"},
		{"long", 0, "", "", ""},
		{"long", -3, "", "", ""},
		{"beyond the area", 99, "beyond the~", "~d the area", "beyond the~"},
		{NICHI HON NICHI, 4, NICHI "~", "~" NICHI, NICHI "~"},
		{NICHI HON NICHI, 5, NICHI HON "~", "~" HON NICHI, NICHI HON "~"},
		{NICHI, 1, "~", "~", "~"},
		{"ae" ACUTE "xyz", 4, "ae" ACUTE "x~", "~xyz", "ae" ACUTE "x~"},
		{"abce" ACUTE, 3, "ab~", "~ce" ACUTE, "ab~"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[64];
		int end;

		end = area_fit(grid_new(cells, 11, 1), 0, 0, cases[i].width, ROLE_NORMAL,
			       cases[i].text);
		snprintf(want, sizeof(want), "%s\n", cases[i].want);
		grid_is(cells, want, "fit");
		is_int(end, text_columns(cases[i].want, strlen(cases[i].want)), "its end");
		area_fit_tail(grid_new(cells, 11, 1), 0, 0, cases[i].width, ROLE_NORMAL,
			      cases[i].text);
		snprintf(want, sizeof(want), "%s\n", cases[i].tail);
		grid_is(cells, want, "fit, its tail kept");
		area_right(grid_new(cells, 11, 1), 0, 0, cases[i].width, ROLE_NORMAL,
			   cases[i].text);
		snprintf(want, sizeof(want), "%s\n", cases[i].right);
		grid_is(cells, want, "to the right");
	}
}

static void test_areas(struct cells *cells)
{
	struct area area = grid_new(cells, 12, 4);
	struct area inner;

	area_fill(area, 0, 1, 12, ROLE_DIM, '.');
	area_select(area, 1);
	inner = area_box(area_part(area, 2, 0, 8, 3), ROLE_HEADING, "title", true);
	area_fill(inner, 0, 0, inner.width, ROLE_RX, 'x');
	grid_is(cells, "  + tit~ +\n..|xxxxxx|..\n  +------+\n\n", "a box in ASCII");
	grid_roles_are(cells, "..hhhhhhhh\nDDhrrrrrrhDD\n..hhhhhhhh\n\n",
		       "nothing below it is selected any more");
	area = grid_new(cells, 5, 3);
	area_box(area, ROLE_NORMAL, NULL, false);
	grid_is(cells,
		"\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x90\n"
		"\xe2\x94\x82   \xe2\x94\x82\n"
		"\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x98\n",
		"a box of lines");
	for (int size = 0; size < 3; size++) {
		area = grid_new(cells, 6, 4);
		inner = area_box(area_part(area, 0, 0, size, size), ROLE_NORMAL, "title", true);
		ok(inner.width == 0 && inner.height == 0, "a box of %d has no inside", size);
	}
	area = grid_new(cells, 4, 1);
	area_fill(area, 1, 0, 2, ROLE_GOOD, 0x65e5);
	grid_is(cells, " ??\n", "only narrow characters fill");
	area_select(area, 0);
	area_text(area, 0, 0, ROLE_WARNING, "w");
	grid_roles_are(cells, "WGGN\n", "text over a selected line stays selected");
	area_clear(area, ROLE_NORMAL);
	grid_roles_are(cells, "\n", "a cleared one is not");
}

int main(void)
{
	struct cells cells = {0};

	test_sizes(&cells);
	test_text(&cells);
	test_clipping(&cells);
	test_wide(&cells);
	test_fit(&cells);
	test_areas(&cells);
	cells_done(&cells);
	ok(!cells.at && !cells.width, "nothing is left");
	return tap_done();
}
