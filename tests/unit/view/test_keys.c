/* SPDX-License-Identifier: MIT */
#include "grid.h"
#include "view/keys.h"

enum { QUIT = 1, UP, DOWN, FILTER, SORT, HIDDEN };

static const struct key_binding bindings[] = {
	{{'q', 3, KEYS_F1 + 9}, QUIT, "quit", "Program", "leave"},
	{{KEYS_UP, 'k'}, UP, NULL, "Moving", "one row up"},
	{{KEYS_DOWN, 'j'}, DOWN, NULL, "Moving", "one row down"},
	{{'/'}, FILTER, "filter", "Rows", "show only some"},
	{{'s'}, SORT, "sort", "Rows", "choose what to sort by"},
	{{' '}, HIDDEN, NULL, "Program", NULL},
};

#define N (sizeof(bindings) / sizeof(bindings[0]))

static void test_find(void)
{
	static const struct {
		uint32_t key;
		int action;
	} cases[] = {{'q', QUIT},   {3, QUIT}, {KEYS_F1 + 9, QUIT}, {KEYS_UP, UP}, {'k', UP},
		     {' ', HIDDEN}, {'Q', 0},  {KEYS_F1, 0},        {0, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct key_binding *found = keys_find(bindings, N, cases[i].key);

		is_int(found ? found->action : 0, cases[i].action, "the binding of key %u",
		       (unsigned int)cases[i].key);
	}
	ok(!keys_find(NULL, 0, 'q'), "no bindings");
}

static void test_names(void)
{
	static const struct {
		uint32_t key;
		const char *want;
	} cases[] = {
		{'q', "q"},
		{'/', "/"},
		{' ', "Space"},
		{3, "^C"},
		{0x1a, "^Z"},
		{KEYS_F1, "F1"},
		{KEYS_F12, "F12"},
		{KEYS_UP, "Up"},
		{KEYS_LEFT, "Left"},
		{KEYS_PAGE_DOWN, "PgDn"},
		{KEYS_ENTER, "Enter"},
		{KEYS_ESCAPE, "Esc"},
		{KEYS_BACK_TAB, "Shift-Tab"},
		{0xe9, "\xc3\xa9"},
		{0x202e, "?"},
		{KEYS_F12 + 1, "?"},
		{0x7f, "?"},
	};
	struct str_buf name = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(&name);
		keys_name(&name, cases[i].key);
		is_str(name.data, cases[i].want, "the name of a key");
	}
	for (uint32_t key = KEYS_BASE + 1; key <= KEYS_F12; key++) {
		str_buf_clear(&name);
		keys_name(&name, key);
		ok(name.len > 1, "key %u has a name: %s", (unsigned int)key, name.data);
	}
	str_buf_done(&name);
}

static void test_hints(struct cells *cells)
{
	static const struct {
		int width;
		const char *want;
	} cases[] = {
		{40, "q quit  / filter  s sort\n"},
		{24, "q quit  / filter  s sort\n"},
		{23, "q quit / filter s sort\n"},
		{22, "q quit / filter s sort\n"},
		{21, "q quit / filter\n"},
		{6, "q quit\n"},
		{5, "\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		keys_draw_hints(grid_new(cells, cases[i].width, 1), 0, bindings, N);
		grid_is(cells, cases[i].want, "hints");
	}
	keys_draw_hints(grid_new(cells, 8, 1), 0, bindings, N);
	grid_roles_are(cells, "k.dddd\n", "keys are told from words");
}

static void test_help(struct cells *cells)
{
	is_int(keys_draw_help(grid_new(cells, 40, 11), 0, bindings, N), 10, "lines in all");
	grid_is(cells,
		"Program\n"
		"q ^C F10  leave\n"
		"\n"
		"Moving\n"
		"Up k      one row up\n"
		"Down j    one row down\n"
		"\n"
		"Rows\n"
		"/         show only some\n"
		"s         choose what to sort by\n"
		"\n",
		"help in one column");
	is_int(keys_draw_help(grid_new(cells, 40, 3), 4, bindings, N), 10, "the same, scrolled");
	grid_is(cells,
		"Up k      one row up\n"
		"Down j    one row down\n"
		"\n",
		"a part of it");
	is_int(keys_draw_help(grid_new(cells, 70, 6), 0, bindings, N), 6, "less in two columns");
	grid_is(cells,
		"Program                            Rows\n"
		"q ^C F10  leave                    /         show only some\n"
		"                                   s         choose what to sort by\n"
		"Moving\n"
		"Up k      one row up\n"
		"Down j    one row down\n",
		"groups are not torn");
	is_int(keys_draw_help(grid_new(cells, 200, 3), 0, bindings, N), 3, "three columns");
	is_int(keys_draw_help(grid_new(cells, 12, 3), 0, bindings, N), 10, "a narrow screen");
	grid_is(cells, "Program\nq ^C F10  l~\n\n", "cuts");
	keys_draw_help(grid_new(cells, 1, 1), 0, bindings, N);
	is_int(keys_draw_help(grid_new(cells, 9, 9), 0, NULL, 0), 0, "no bindings, no lines");
}

int main(void)
{
	struct cells cells = {0};

	test_find();
	test_names();
	test_hints(&cells);
	test_help(&cells);
	cells_done(&cells);
	return tap_done();
}
