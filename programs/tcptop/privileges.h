/* SPDX-License-Identifier: MIT */
#pragma once

/* What tcptop says when it lacks privileges, and what it keeps of them once it has begun. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Says in one line what is missing (enum privilege, or-ed) and the ways on. */
void privileges_refuse(FILE *errors, uint32_t missing);

/* What capabilities are needed for after the start. */
enum privileges_reason {
	PRIVILEGES_FOR_BPF = 1 << 0,        /* iterators each tick, larger maps */
	PRIVILEGES_FOR_NAMES = 1 << 1,      /* processes of other users, control groups by id */
	PRIVILEGES_FOR_NETNS = 1 << 2,      /* entering network namespaces */
	PRIVILEGES_FOR_DIAG_NETNS = 1 << 3, /* the same, to open sock_diag's sockets there */
	PRIVILEGES_FOR_ROTATION = 1 << 4,   /* new files in another user's directory */
	PRIVILEGES_FOR_SIGNALS = 1 << 5,    /* signals to other users' processes */
	PRIVILEGES_FOR_DESTROY = 1 << 6,    /* the end of sockets, in any network namespace */
};

/*
 * True if the capabilities are those of the file (setcap), and its user is not root. They are lent
 * for looking: if they also let him act, anyone who may run tcptop could end anyone's connections
 * and processes. Ending a connection is then to be refused; a signal goes as far as his uid does.
 */
bool privileges_are_lent(void);

/*
 * Gives up, for good, all capabilities but those that one of the reasons (or-ed) asks for; SIGNALS
 * and DESTROY ask for none if the capabilities are lent. It is for the calling thread, and
 * inherited: to be called before others start; they may give up more by another call. Negative
 * errno if the kernel refuses.
 */
int privileges_drop(uint32_t reasons);
