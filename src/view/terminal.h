/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The terminal itself, by ncursesw: paints grids, gives keys, and is left as it was found: at the
 * end, at ^Z, and by a crash. One at a time in a process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/cells.h"

enum terminal_theme {
	TERMINAL_THEME_DARK,
	TERMINAL_THEME_LIGHT,
	TERMINAL_THEME_SAFE, /* told apart with any colour vision: blue, orange, and brightness */
	TERMINAL_THEMES,
};

/* "dark", "light", "safe". */
const char *terminal_theme_name(enum terminal_theme theme);

struct terminal_options {
	int in_fd;
	int out_fd;
	bool color; /* false: bold, reverse and underline only */
	bool ascii; /* nothing else is sent, whatever the locale */
	enum terminal_theme theme;
};

struct terminal;

/* Whether a screen is possible at all: both are terminals and TERM names one that can move the
 * cursor. 0, or -ENOTTY, -EOPNOTSUPP with the reason in words for the user. Changes nothing. */
int terminal_probe(int in_fd, int out_fd, const char **ret_reason);

/* Takes the terminal over: alternate screen, no echo, and all keys come as keys (^C and ^Z too,
 * they raise no signal). -ENOTTY, -EOPNOTSUPP, -EBUSY (one is open). Of the process's locale,
 * LC_CTYPE decides what may be sent; setlocale() it before. All calls are for one thread. */
int terminal_open(const struct terminal_options *options, struct terminal **ret_terminal);
/* Gives it back as it was. */
struct terminal *terminal_close(struct terminal *terminal);

/* Call when SIGWINCH came, then look at the size. At least 1 x 1. */
void terminal_resized(struct terminal *terminal);
void terminal_size(const struct terminal *terminal, int *ret_width, int *ret_height);

/* Whether characters beyond ASCII can be shown; otherwise each is painted as '?'. */
bool terminal_is_utf8(const struct terminal *terminal);

void terminal_set_theme(struct terminal *terminal, enum terminal_theme theme);

/* Brings the terminal from what it shows to this grid, in one write, of only what differs. A grid
 * of another size is cut or filled up with blanks. A terminal that takes nothing now (stopped by
 * ^S) is left alone, and brought to the grid of a later paint. -EIO and the like: it is gone. */
int terminal_paint(struct terminal *terminal, const struct cells *cells);
/* Whether the last paint is not to be seen, or not all of it: it is worth painting again soon. */
bool terminal_is_behind(const struct terminal *terminal);
/* The next paint writes everything (^L). */
void terminal_redraw(struct terminal *terminal);
/* Bytes written so far, to measure. */
uint64_t terminal_written(const struct terminal *terminal);

/* The next key that has come, without waiting; 0: none now. enum key_code. A lone Escape is told
 * apart from a sequence within 25 ms. Ask until there is none: poll(2) does not see those that have
 * been read already. -EIO: the terminal is gone. */
int terminal_key(struct terminal *terminal, uint32_t *ret_key);

/* Gives the terminal back (before stopping), and takes it again. */
void terminal_suspend(struct terminal *terminal);
int terminal_resume(struct terminal *terminal);

/* Puts text on the user's clipboard by OSC 52; whether the terminal does so, nobody is told.
 * -E2BIG: more than terminals take (100,000 bytes with all, which are 74,994 of text). -EOPNOTSUPP.
 */
int terminal_copy(struct terminal *terminal, const char *text, size_t len);
