/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The way from ncurses to the terminal. ncurses writes whenever it moves the cursor or its buffer
 * is full, and says nothing of errors; so its file is a stand-in in memory, and what has come
 * together there goes to the terminal in one write, whose errors are told.
 *
 * A terminal that takes nothing (stopped by ^S, behind a dead line) holds nobody up: a write that
 * lasts is broken off, the rest stays here and goes first the next time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/str_buf.h"

struct terminal_output {
	int tty_fd;      /* borrowed */
	int stand_in_fd; /* borrowed: ncurses' own, no terminal any more */
	timer_t timer;   /* breaks a write off */
	bool is_open;
	struct str_buf bytes;
	size_t n_sent; /* of them */
	uint64_t written_bytes;
};

/* From here on what is written to curses_fd goes to a file in memory. Zeroed before. To be used by
 * this thread alone. */
int terminal_output_open(struct terminal_output *output, int tty_fd, int curses_fd);
void terminal_output_done(struct terminal_output *output);

/* Appends what ncurses has written since the last time, between `before` and `after`; nothing at
 * all if it has written nothing. -ENOMEM, -EIO: it is lost. */
int terminal_output_collect(struct terminal_output *output, const char *before, const char *after);

/* Appends bytes of our own. */
void terminal_output_add(struct terminal_output *output, const char *bytes, size_t len);

/* Forgets what has not been sent; what has may end within a sequence. */
void terminal_output_drop(struct terminal_output *output);

/* Whether the terminal takes something now: 1, or 0, or -EIO if it is gone. */
int terminal_output_ready(const struct terminal_output *output, int wait_ms);

/* Writes what is there. 0 also when not all could be written; -EIO and the like: it is gone. */
int terminal_output_send(struct terminal_output *output);
bool terminal_output_is_sent(const struct terminal_output *output);
