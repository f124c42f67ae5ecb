/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Runs the real tcptop as a child with its log in a directory of its own, waits until it is
 * attached, ends it, and keeps what it said. The program is $TCPTOP, else build/bin/tcptop.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How long anything here is waited for before it counts as failed. Generous for emulation. */
#define TCPTOP_RUN_TIMEOUT_MS 60000

struct tcptop_run {
	pid_t pid;  /* 0: ended and reaped */
	int status; /* of waitpid, once ended */
	char dir[64];
	char log_path[96];
	char out_path[96];
	char err_path[96];
};

struct tcptop_run_options {
	/* NULL-terminated further arguments; NULL: none. */
	const char *const *args;
	/* Do not pass --log FILE --log-columns all --interval 0.2: args is the whole command line,
	 * and stdout instead of the log is where the header is awaited. */
	bool bare;
	/* Runs in the child before exec; non-zero ends the child with status 126. NULL: nothing. */
	int (*in_child)(void *user);
	void *user;
};

/* Starts the program and does not wait for it. */
int tcptop_run_spawn(struct tcptop_run *run, const struct tcptop_run_options *options);

/* Waits for the first line of the log (or stdout), the sign of being attached. -ECHILD: the program
 * ended without one, run->status tells how; -ETIMEDOUT. */
int tcptop_run_await_header(struct tcptop_run *run);

/* Both of the above; notes what the program said on stderr when it did not come up. */
int tcptop_run_start(struct tcptop_run *run, const struct tcptop_run_options *options);

/* Sends the signal (0: none) and reaps the program. -ETIMEDOUT: it did not end and was killed. */
int tcptop_run_stop(struct tcptop_run *run, int signal_number);

/* True once ended by exit() with this status. */
bool tcptop_run_exited(const struct tcptop_run *run, int status);

/* A file's text, NUL-terminated, "" if it cannot be read; caller frees. NULL only without memory.
 */
char *tcptop_run_text(const char *path);

/* Prints what the program said on stderr as TAP comments. */
void tcptop_run_note_errors(const struct tcptop_run *run);

/* Kills the program if it still runs and removes the directory with everything in it. */
void tcptop_run_done(struct tcptop_run *run);

/* The program under test. */
const char *tcptop_run_program(void);

/* Ends the test program by tap_skip_all() unless it may load BPF programs and do the rest a root
 * may; as failed if the program under test is not there. */
void tcptop_run_require_root(void);
