/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "grid.h"
#include "view/keys.h"
#include "view/menu.h"

static struct menu sorts(void)
{
	return (struct menu){
		.title = "sort by",
		.items = {{"rate", 'r', false}, {"total", 't', false}, {"age", 0, false}},
		.n_items = 3,
	};
}

static void test_keys(void)
{
	static const struct {
		bool checks;
		uint32_t keys[4];
		enum menu_answer want; /* of the last key */
		size_t selected;
	} cases[] = {
		{false, {KEYS_DOWN}, MENU_STAY, 1},
		{false, {KEYS_DOWN, 'j', KEYS_DOWN}, MENU_STAY, 2},
		{false, {KEYS_UP}, MENU_STAY, 0},
		{false, {KEYS_END, 'k'}, MENU_STAY, 1},
		{false, {'G', KEYS_HOME}, MENU_STAY, 0},
		{false, {KEYS_PAGE_DOWN}, MENU_STAY, 2},
		{false, {KEYS_PAGE_DOWN, KEYS_PAGE_UP}, MENU_STAY, 0},
		{false, {KEYS_DOWN, KEYS_ENTER}, MENU_CHOSE, 1},
		{false, {'t'}, MENU_CHOSE, 1},
		{false, {KEYS_DOWN, ' '}, MENU_STAY, 1},
		{false, {KEYS_ESCAPE}, MENU_LEAVE, 0},
		{false, {'q'}, MENU_LEAVE, 0},
		{false, {'?'}, MENU_STAY, 0},
		{true, {' '}, MENU_TOGGLE, 0},
		{true, {'t'}, MENU_TOGGLE, 1},
		{true, {KEYS_ENTER}, MENU_CHOSE, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct menu menu = sorts();
		enum menu_answer answer = MENU_STAY;

		menu.checks = cases[i].checks;
		for (size_t k = 0; k < 4 && cases[i].keys[k]; k++)
			answer = menu_key(&menu, cases[i].keys[k]);
		is_int(answer, cases[i].want, "menu %zu: the answer", i);
		is_int(menu.selected, cases[i].selected, "and what is selected");
		is_int(menu.items[menu.selected].marked, cases[i].want == MENU_TOGGLE,
		       "and marked");
	}
}

static void test_empty(struct cells *cells)
{
	struct menu menu = {.title = "nothing"};

	is_int(menu_key(&menu, KEYS_DOWN), MENU_STAY, "no items: nothing moves");
	is_int(menu_key(&menu, KEYS_ENTER), MENU_STAY, "nothing is chosen");
	is_int(menu_key(&menu, KEYS_ESCAPE), MENU_LEAVE, "one can leave");
	menu_draw(grid_new(cells, 20, 5), &menu, true);
	grid_is(cells, "\n    + nothing +\n    +---------+\n\n\n", "it is drawn");
}

static void test_draw(struct cells *cells)
{
	struct menu menu = sorts();

	menu.selected = 1;
	menu_draw(grid_new(cells, 24, 7), &menu, true);
	grid_is(cells,
		"\n"
		"      + sort by -+\n"
		"      | r  rate  |\n"
		"      | t  total |\n"
		"      |    age   |\n"
		"      +----------+\n"
		"\n",
		"in the middle");
	menu.checks = true;
	menu.note = "shown columns";
	menu.items[2].marked = true;
	menu_draw(grid_new(cells, 24, 7), &menu, true);
	grid_is(cells,
		"   + sort by ------+\n"
		"   | shown columns |\n"
		"   | r  [ ] rate   |\n"
		"   | t  [ ] total  |\n"
		"   |    [x] age    |\n"
		"   +---------------+\n"
		"\n",
		"with checks and a note");
	grid_roles_are(cells,
		       "...hhhhhhhhhhhhhhhhh\n"
		       "...h.mmmmmmmmmmmmm.h\n"
		       "...h.k.............h\n"
		       "...h.KNNNNNNNNNNNN.h\n"
		       "...h...............h\n"
		       "...hhhhhhhhhhhhhhhhh\n"
		       "\n",
		       "what is what");
}

static void test_scrolled(struct cells *cells)
{
	struct menu menu = {.title = "many", .n_items = 20};
	static char texts[20][8];

	for (int i = 0; i < 20; i++) {
		snprintf(texts[i], sizeof(texts[i]), "item%d", i);
		menu.items[i].text = texts[i];
	}
	menu.selected = 10;
	menu_draw(grid_new(cells, 20, 5), &menu, true);
	grid_is(cells,
		"     + many --+\n"
		"     | item9 ^|\n"
		"     | item10 |\n"
		"     | item11v|\n"
		"     +--------+\n",
		"the selected one is to be seen");
	menu.selected = 19;
	menu_draw(grid_new(cells, 10, 3), &menu, true);
	grid_is(cells, "item17   ^\nitem18\nitem19\n", "a small screen has no frame");
	menu.note = "sure?";
	menu.selected = 0;
	menu_draw(grid_new(cells, 6, 2), &menu, true);
	grid_is(cells, "sure?\nitem0v\n", "but the note");
	for (int size = 1; size < 40; size++)
		menu_draw(grid_new(cells, size, size), &menu, false);
	menu_draw(grid_new(cells, 1, 1), &menu, false);
	grid_is(cells, "v\n", "the smallest screen");
}

int main(void)
{
	struct cells cells = {0};

	test_keys();
	test_empty(&cells);
	test_draw(&cells);
	test_scrolled(&cells);
	cells_done(&cells);
	return tap_done();
}
