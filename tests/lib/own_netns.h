/* SPDX-License-Identifier: MIT */
#pragma once

/* Network namespaces that a test makes and that vanish with the last process inside. */

#include <stdint.h>

/* Moves the calling process into a new network namespace whose loopback is up. *ret_inode is its
 * inode, as the log's netns column shows it. A negative errno: not allowed, or no such thing. */
int own_netns_enter(uint32_t *ret_inode);

/* The inode of the caller's network namespace; 0: /proc does not tell. */
uint32_t own_netns_inode(void);

/* Asks the kernel to tell when another process's network namespace is gone: gives it an id in ours
 * and listens for the end of that id. */
int own_netns_watch(int pid, int *ret_fd, int32_t *ret_id);

/* Waits, bounded, until the watched namespace is gone. -ETIMEDOUT: something keeps it alive. */
int own_netns_await_gone(int fd, int32_t id, int timeout_ms);
