/* SPDX-License-Identifier: MIT */
#pragma once

/* send and receive through io_uring instead of system calls of their own. */

#include <stddef.h>
#include <sys/types.h>

/* NULL if the kernel grants a ring; else why not ("built without liburing", "refused: …"). */
const char *traffic_uring_refusal(void);

/* As send() and recv() with no flags, but they return a negative errno. */
ssize_t traffic_uring_send(int fd, const void *data, size_t len);
ssize_t traffic_uring_receive(int fd, void *data, size_t len);
