/* SPDX-License-Identifier: MIT */
#pragma once

/* A list to choose from, over the rest of the screen: sort keys, columns, signals, yes or no. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/cells.h"

#define MENU_ITEMS_MAX 48

struct menu_item {
	const char *text;
	uint32_t key; /* chooses it at once; 0: none */
	bool marked;  /* shown as [x]; with menu.checks */
	bool open;    /* neither marked nor not: shown as [~] */
};

struct menu {
	const char *title;
	const char *note; /* a line above the items; NULL: none */
	struct menu_item items[MENU_ITEMS_MAX];
	size_t n_items;
	size_t selected;
	bool checks; /* Space turns marks on and off */
};

enum menu_answer {
	MENU_STAY,   /* the key moved something, or meant nothing */
	MENU_CHOSE,  /* menu.selected */
	MENU_TOGGLE, /* the mark of menu.selected has changed */
	MENU_LEAVE,  /* nothing was chosen */
};

enum menu_answer menu_key(struct menu *menu, uint32_t key);
/* In the middle of the area, scrolled if it is higher than that. */
void menu_draw(struct area area, const struct menu *menu, bool ascii);
