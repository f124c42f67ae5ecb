/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Keys and what they are for. A program keeps one table of bindings; dispatching, the hint line and
 * the help screen all read it, so none can know a key the others do not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "view/cells.h"

/* A key: a character (Unicode), or one of these. Control keys are their characters (^C is 3). */
enum key_code {
	KEY_NONE_PRESSED = 0,
	KEYS_BASE = 0x110000, /* past Unicode */
	KEYS_UP,
	KEYS_DOWN,
	KEYS_LEFT,
	KEYS_RIGHT,
	KEYS_PAGE_UP,
	KEYS_PAGE_DOWN,
	KEYS_HOME,
	KEYS_END,
	KEYS_ENTER,
	KEYS_ESCAPE,
	KEYS_BACKSPACE,
	KEYS_DELETE,
	KEYS_INSERT,
	KEYS_TAB,
	KEYS_BACK_TAB,
	KEYS_F1, /* … KEYS_F1 + 11 */
	KEYS_F12 = KEYS_F1 + 11,
};

#define KEYS_PER_BINDING 6

struct key_binding {
	uint32_t keys[KEYS_PER_BINDING]; /* any of them; ends with 0 */
	int action;                      /* the program's own number; never 0 */
	const char *hint;                /* a word for the hint line; NULL: not there */
	const char *group;               /* heading in the help screen */
	const char *help;                /* one line */
};

/* The binding of a key; NULL: it has none. */
const struct key_binding *keys_find(const struct key_binding *bindings, size_t n, uint32_t key);

/* "q", "^D", "Space", "F10", "Left"; written to buf. */
void keys_name(struct str_buf *buf, uint32_t key);

/* "q  quit": as many hints as fit in one line of the area, in the table's order. */
void keys_draw_hints(struct area area, int y, const struct key_binding *bindings, size_t n);

/* The help screen: groups, keys, texts, in as many columns as fit; from line `top` on of what does
 * not fit. Returns how many lines there are in all. */
int keys_draw_help(struct area area, int top, const struct key_binding *bindings, size_t n);
