/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The kernel's multicast of destroyed TCP sockets (sock_diag groups INET_TCP_DESTROY and
 * INET6_TCP_DESTROY, Linux 4.5; `ss -E`). Needs no privilege. Each message is the socket as it was
 * at its very end; the file, and with it inode and uid, is gone by then.
 */

#include <stddef.h>

#include "collect/sock_diag.h"

#define SOCK_DESTROYED_BATCH SOCK_DIAG_LOOKUPS
#define SOCK_DESTROYED_MESSAGE 2048 /* a message is some 400 bytes; room for later kernels */

struct sock_destroyed_batch {
	struct sock_diag_row rows[SOCK_DESTROYED_BATCH];
	size_t n_rows;
	size_t n_bad; /* messages that are not what they say they are */
	_Alignas(8) char room[SOCK_DESTROYED_BATCH][SOCK_DESTROYED_MESSAGE];
};

/* Joins both groups in the thread's network namespace, with a receive buffer of buffer_bytes if
 * CAP_NET_ADMIN allows it, else as large as net.core.rmem_max does. */
int sock_destroyed_open(size_t buffer_bytes, int *ret_fd);

/*
 * Takes what is there, without waiting. Returns the number of messages taken, rows in
 * batch->rows; -EAGAIN: none; -ENOBUFS: the buffer overflowed and messages are lost, one at least;
 * else the socket's errno.
 */
int sock_destroyed_receive(int fd, struct sock_destroyed_batch *batch);
