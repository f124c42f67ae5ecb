/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Who gives the terminal back when nobody else can: at a crash, at any other signal that ends the
 * process by default (SIGQUIT, SIGUSR1, SIGXCPU ...; not SIGINT, SIGTERM, SIGHUP and SIGPIPE, which
 * are the program's) and at an exit() that did not close it. What is then to be written and set is
 * laid down beforehand, so that a signal handler has only to do it.
 *
 * A handler has no argument, so there is one guard in a process. It is for the process that took
 * it: a child that exits or crashes leaves the terminal alone.
 */

#include <stddef.h>
#include <termios.h>

#define TERMINAL_GUARD_RESET_MAX 256

struct terminal_reset {
	int fd;                               /* of the terminal */
	struct termios modes;                 /* as they were found */
	char bytes[TERMINAL_GUARD_RESET_MAX]; /* what makes the screen as it was found */
	size_t len;
};

/* Makes the guard ours and catches the signals, on a stack of their own in this thread. -EBUSY: it
 * is someone's. -ENOMEM, and what sigaltstack() says. */
int terminal_guard_take(void);

/* Gives the calling thread a stack for the handler, until it ends: without one, no handler runs
 * when the thread's own has overflowed. Nothing where no guard was ever taken. -ENOMEM,
 * and what sigaltstack() says. */
int terminal_guard_cover_thread(void);

/* From here on a crash resets the terminal so; the reset is copied. */
void terminal_guard_arm(const struct terminal_reset *reset);

/* From here on it does nothing; the terminal is somebody else's. */
void terminal_guard_disarm(void);

/* The signals are as they were before. */
void terminal_guard_release(void);
