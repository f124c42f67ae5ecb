/* SPDX-License-Identifier: MIT */
#pragma once

/* Hands a descriptor to another process over a Unix socket (SCM_RIGHTS). */

int fd_pass(int to, int fd);

/* -EPROTO: something else came. */
int fd_take(int from, int *ret_fd);
