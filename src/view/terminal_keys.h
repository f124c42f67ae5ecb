/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bytes from the keyboard → keys (enum key_code). Sequences are told by ncurses (terminfo, and the
 * ones of other terminals that are common); characters are put together from UTF-8 here, whatever
 * the locale and however the bytes come.
 */

#include <curses.h>
#include <stddef.h>
#include <stdint.h>

struct terminal_keys {
	WINDOW *window; /* a pad of its own: reading from another window would paint it */
	int fd;
	char partial[4]; /* of a character whose end has not come */
	size_t n_partial;
};

/* After newterm(). -ENOMEM. */
int terminal_keys_open(struct terminal_keys *keys, int fd);
void terminal_keys_done(struct terminal_keys *keys);

/* As terminal_key(). */
int terminal_keys_next(struct terminal_keys *keys, uint32_t *ret_key);
