/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What terminfo says of the terminal. Apart from the rest, because <term.h> takes names like
 * `columns` for macros.
 */

#include "view/terminal_guard.h"

/* A capability that is a string, of the terminal that is open; NULL: it has none. */
const char *terminal_info_text(const char *name);

/* Appends what leaves the full screen: attributes, cursor, keypad, and the other screen. The
 * terminal has that many lines. */
void terminal_info_add_reset(struct terminal_reset *reset, int height);

/* Appends a string, without what it says of delays ($<5>, terminfo(5)); what has no room is left
 * out. */
void terminal_info_add(struct terminal_reset *reset, const char *bytes);
