/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The network namespaces that sock_diag is asked in: two netlink sockets in each. An open netlink
 * socket keeps its namespace alive, so a namespace that nobody else is in any more, or names, is
 * let go with the next look around.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pace.h"

struct diag_space {
	uint32_t inode;
	int destroyed_fd; /* told of closes; -1: that is not wanted */
	int query_fd;     /* asks; -1: to be opened anew after a failed dump */
	uint32_t seq;
	uint64_t overruns; /* of destroyed_fd */
	bool looked;       /* a whole pass was made: a socket that is new now was opened since */
	bool listed;       /* false: nobody else is in it; to be let go */
	char path[128];    /* to enter it; "" for the one we are in */
};

struct diag_spaces {
	struct diag_space *list;
	size_t n;
	uint32_t wanted; /* inode of the only one wanted; 0: all */
	uint32_t self;
	size_t buffer_bytes;
	int epoll_fd; /* readable when a destroyed_fd is */
	bool others;  /* look for other namespaces than our own */
	struct pace pace;
};

struct diag_spaces_options {
	bool all_netns;
	uint32_t netns;      /* inode of the only one wanted; 0: none in particular */
	size_t buffer_bytes; /* of each destroyed_fd; 0: open none */
};

/* -EPERM: other namespaces are wanted without CAP_SYS_ADMIN. -ENOENT: the one wanted is not there.
 * On failure diag_spaces_done() is still to be called. */
int diag_spaces_init(struct diag_spaces *spaces, const struct diag_spaces_options *options);
void diag_spaces_done(struct diag_spaces *spaces);

/*
 * Looks for namespaces that came or went, if it is time. New ones are added; those that went are
 * marked as not listed, for the caller to hear them out and then call diag_spaces_drop(). One that
 * cannot be entered (it is gone meanwhile, or is another user namespace's) is passed over. -ENOMEM,
 * -EMFILE, or the errno of reading /proc.
 */
int diag_spaces_update(struct diag_spaces *spaces, uint64_t now_ns);
void diag_spaces_drop(struct diag_spaces *spaces);

/* Makes sure that query_fd is open. */
int diag_space_reopen(struct diag_space *space);
