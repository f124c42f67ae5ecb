/* SPDX-License-Identifier: MIT */
#pragma once

/* What tcptop says when it lacks privileges, and what it keeps of them once it has begun. */

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
};

/*
 * Gives up, for good, all capabilities but those that one of the reasons (or-ed) asks for. Threads
 * inherit it: to be called before any start. Negative errno if the kernel refuses.
 */
int privileges_drop(uint32_t reasons);
