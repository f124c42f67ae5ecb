/* SPDX-License-Identifier: MIT */
#pragma once

/* One line being typed: insert, delete, move; and what it looks like. Bounded; valid UTF-8 only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/cells.h"

#define LINE_EDIT_MAX 1024

struct line_edit {
	char text[LINE_EDIT_MAX]; /* NUL-terminated */
	size_t len;
	size_t cursor; /* in bytes, at the beginning of a character or at len */
};

void line_edit_set(struct line_edit *edit, const char *text);

/* Takes one key (a character, arrows, Home, End, Backspace, Delete, ^A ^E ^U ^K ^W). false: it
 * means nothing here. What has no room is not taken. */
bool line_edit_key(struct line_edit *edit, uint32_t key);

/* Draws prompt and text in line y, scrolled so that the cursor is to be seen, and puts the grid's
 * cursor there. error_at: the character to be marked as bad, counted from 0 (past the end: the
 * blank there); -1: none. */
void line_edit_draw(struct area area, int y, const char *prompt, const struct line_edit *edit,
		    int error_at);
