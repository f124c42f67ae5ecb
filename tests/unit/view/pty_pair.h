/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A terminal made for a test: a pty, and a thread that takes what is written to it, so that no
 * write has to wait for the test.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/str_buf.h"

struct pty {
	int master;
	int slave;
	int stop[2]; /* a pipe; a byte in it ends the reader */
	pthread_t reader;
	pthread_mutex_t lock;
	pthread_cond_t grown;
	struct str_buf seen; /* under the lock, like the next */
	bool paused;
};

/* Ends the program if there is no pty. */
void pty_open(struct pty *pty, int width, int height);
void pty_close(struct pty *pty);
/* Takes the user away: the terminal is gone. The reader ends; pty_close() is still to be called. */
void pty_hang_up(struct pty *pty);

/* Whether what is written is taken; a pty holds about 10 KB of what is not. */
void pty_pause(struct pty *pty, bool paused);

void pty_resize(struct pty *pty, int width, int height);
void pty_type(struct pty *pty, const char *bytes, size_t len);

/* Waits, for a bounded time, until `text` has been written since the last pty_take(). */
bool pty_wait_for(struct pty *pty, const char *text);
/* The same for a number of bytes. */
bool pty_wait_bytes(struct pty *pty, size_t n);

/* Whether these are the terminal's modes. */
bool pty_has_modes(const struct pty *pty, const struct termios *want);

/* What has been written since the last time; NUL-terminated, the caller clears or frees it. */
void pty_take(struct pty *pty, struct str_buf *ret_text);
