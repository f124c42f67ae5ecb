/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grid.h"
#include "view/keys.h"
#include "view/line_edit.h"

#define CONTROL(letter) ((letter) - '@')

static void test_keys(void)
{
	static const struct {
		const char *text;
		uint32_t keys[8];
		const char *want; /* '|' is the cursor */
	} cases[] = {
		{"", {'a', 'b'}, "ab|"},
		{"abc", {0}, "abc|"},
		{"abc", {KEYS_LEFT, KEYS_LEFT, 'X'}, "aX|bc"},
		{"abc", {KEYS_HOME, KEYS_LEFT, 'X'}, "X|abc"},
		{"abc", {KEYS_HOME, KEYS_RIGHT, KEYS_END, KEYS_RIGHT}, "abc|"},
		{"abc", {CONTROL('A'), KEYS_RIGHT, KEYS_BACKSPACE}, "|bc"},
		{"abc", {KEYS_HOME, KEYS_BACKSPACE}, "|abc"},
		{"abc", {KEYS_LEFT, KEYS_DELETE, KEYS_DELETE}, "ab|"},
		{"abc", {KEYS_LEFT, CONTROL('U'), CONTROL('E')}, "c|"},
		{"abc", {KEYS_LEFT, CONTROL('K')}, "ab|"},
		{"one two  ", {CONTROL('W')}, "one |"},
		{"one two  ", {CONTROL('W'), CONTROL('W'), CONTROL('W')}, "|"},
		{"one two", {KEYS_LEFT, CONTROL('W')}, "one |o"},
		{"a\xe6\x97\xa5", {KEYS_LEFT, 'X'}, "aX|\xe6\x97\xa5"},
		{"a\xe6\x97\xa5", {KEYS_BACKSPACE}, "a|"},
		{"ae\xcc\x81", {KEYS_BACKSPACE}, "a|"}, /* a character with its mark */
		{"", {0xe9, 0x65e5, 0x1f600}, "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80|"},
		{"a\033[1m\tb\xff\xe2\x80\xae", {0}, "a[1mb|"}, /* only what can be typed */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line_edit edit;
		char got[LINE_EDIT_MAX + 1];

		line_edit_set(&edit, cases[i].text);
		for (size_t k = 0; cases[i].keys[k]; k++)
			ok(line_edit_key(&edit, cases[i].keys[k]), "a key is taken");
		memcpy(got, edit.text, edit.cursor);
		got[edit.cursor] = '|';
		memcpy(got + edit.cursor + 1, edit.text + edit.cursor, edit.len - edit.cursor + 1);
		is_str(got, cases[i].want, "typing");
	}
}

static void test_refused(void)
{
	static const uint32_t keys[] = {KEYS_UP, KEYS_ENTER, KEYS_ESCAPE, KEYS_TAB, CONTROL('C'),
					0x7f,    0x9b,       0x202e,      0};
	struct line_edit edit;

	line_edit_set(&edit, "text");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ok(!line_edit_key(&edit, keys[i]), "key %u means nothing here",
		   (unsigned int)keys[i]);
	is_str(edit.text, "text", "and changes nothing");
}

/* Filled to the brim, by text and by keys: what has no room is not taken, nor a part of it. */
static void test_bounds(void)
{
	static struct line_edit edit;
	char *text = malloc(5001);

	memset(text, 'a', 5000);
	text[5000] = '\0';
	line_edit_set(&edit, text);
	is_int(edit.len, LINE_EDIT_MAX - 1, "a long text is cut");
	line_edit_key(&edit, 'b');
	is_int(edit.len, LINE_EDIT_MAX - 1, "no room for a key");
	line_edit_key(&edit, KEYS_BACKSPACE);
	line_edit_key(&edit, 0x65e5);
	is_int(edit.len, LINE_EDIT_MAX - 2, "nor for a third of a character");
	line_edit_key(&edit, KEYS_HOME);
	line_edit_key(&edit, 'b');
	is_int(edit.len, LINE_EDIT_MAX - 1, "but for one byte");
	is_int(strlen(edit.text), edit.len, "it ends where it says");
	free(text);
}

/* Random keys keep it valid: the cursor at a character, the text UTF-8. */
static void test_random(void)
{
	static const uint32_t keys[] = {'a',
					' ',
					0xe9,
					0x65e5,
					0x1f600,
					0x301,
					0x301,
					KEYS_LEFT,
					KEYS_LEFT,
					KEYS_RIGHT,
					KEYS_HOME,
					KEYS_END,
					KEYS_BACKSPACE,
					KEYS_DELETE,
					CONTROL('W'),
					'b',
					0x3042,
					'c'};
	struct line_edit edit;
	uint32_t seed = 1;
	bool right = true;

	line_edit_set(&edit, "");
	for (int i = 0; i < 10000 && right; i++) {
		uint32_t code;

		seed = seed * 1664525 + 1013904223;
		line_edit_key(&edit, keys[(seed >> 16) % (sizeof(keys) / sizeof(keys[0]))]);
		right = edit.len < LINE_EDIT_MAX && edit.cursor <= edit.len &&
			edit.text[edit.len] == '\0';
		for (size_t at = 0; right && at < edit.len;) {
			size_t step = text_utf8_next(edit.text + at, edit.len - at, &code);

			right = step > 0 && (edit.cursor <= at || edit.cursor >= at + step);
			at += step;
		}
	}
	ok(right, "random keys keep it whole");
}

static void test_draw(struct cells *cells)
{
	static const struct {
		const char *text;
		int width, left; /* how many times Left is pressed */
		int error_at;
		const char *want, *roles;
		int cursor_x;
	} cases[] = {
		{"port 443", 20, 0, -1, "filter: port 443\n", "kkkkkkkkiiiiiiiiiiii\n", 16},
		{"port 443", 20, 3, 5, "filter: port 443\n", "kkkkkkkkiiiiieiiiiii\n", 13},
		{"port", 20, 0, 4, "filter: port\n", "kkkkkkkkiiiieiiiiiii\n", 12},
		{"port", 20, 0, 99, "filter: port\n", "kkkkkkkkiiiieiiiiiii\n", 12},
		{"0123456789abcdef", 20, 0, -1, "filter: 56789abcdef\n", NULL, 19},
		{"0123456789abcdef", 20, 16, -1, "filter: 0123456789ab\n", NULL, 8},
		{"text", 8, 0, -1, "fil~ext\n", NULL, 7},
		{"text", 1, 0, -1, "\n", NULL, 0},
		{"\xe6\x97\xa5\xe6\x9c\xacx", 20, 1, 1, "filter: \xe6\x97\xa5\xe6\x9c\xacx\n",
		 "kkkkkkkkiieeiiiiiiii\n", 12},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct area area = grid_new(cells, cases[i].width, 2);
		struct line_edit edit;
		char want[64] = "\n";

		line_edit_set(&edit, cases[i].text);
		for (int k = 0; k < cases[i].left; k++)
			line_edit_key(&edit, KEYS_LEFT);
		line_edit_draw(area, 1, "filter: ", &edit, cases[i].error_at);
		grid_is(cells, strcat(want, cases[i].want), "drawn");
		is_int(cells->cursor_x, cases[i].cursor_x, "the cursor's column");
		is_int(cells->cursor_y, 1, "and line");
		if (cases[i].roles) {
			strcpy(want, "\n");
			grid_roles_are(cells, strcat(want, cases[i].roles), "what it is");
		}
	}
}

int main(void)
{
	struct cells cells = {0};

	test_keys();
	test_refused();
	test_bounds();
	test_random();
	test_draw(&cells);
	cells_done(&cells);
	return tap_done();
}
