/* SPDX-License-Identifier: MIT */
#pragma once

/* The TCP sockets that listen in our network namespace, as rows beside those of a frame: whoever
 * counts connections has no place for them. Needs no privilege; to name others' processes does. */

#include <stddef.h>
#include <stdint.h>

#include "model/conn_row.h"

struct listeners;

/* -ENOMEM, -EOPNOTSUPP (the kernel has no sock_diag), or the errno of a socket or of /proc. */
int listeners_new(struct listeners **ret_listeners);
struct listeners *listeners_free(struct listeners *listeners);

/* Those there are now; borrowed until the next call. -EOPNOTSUPP: the kernel has no tcp_diag;
 * -ENOMEM, or the errno of the socket. */
int listeners_read(struct listeners *listeners, const struct conn_row *const **ret_rows,
		   size_t *ret_n);
