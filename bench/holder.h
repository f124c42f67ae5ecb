/* SPDX-License-Identifier: MIT */
#pragma once

/* Many open TCP connections on loopback, held by child processes that can be told to use them. */

#include <stddef.h>
#include <sys/types.h>

#define HOLDER_MAX_CHILDREN 32

struct holder {
	struct {
		pid_t pid;
		int commands; /* write end */
		int answers;  /* read end */
	} children[HOLDER_MAX_CHILDREN];
	size_t n_children;
	size_t n_sockets; /* both ends counted */
};

/* Opens n_sockets / 2 connections. Ends the program with a message if it cannot. */
void holder_start(struct holder *holder, size_t n_sockets);

/* One byte on each connection, both ways, received. Returns when all is done. */
void holder_touch(struct holder *holder);

void holder_stop(struct holder *holder);
