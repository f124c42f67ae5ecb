/* SPDX-License-Identifier: MIT */
#pragma once

/* How many sockets this network namespace has, as the kernel counts them. */

#include <stdint.h>

/* TCP sockets of both families, without those in TIME_WAIT. proc_root NULL: "/proc". Errors of
 * small_file_read(); -EBADMSG: not the file it should be. */
int sockstat_tcp_in_use(const char *proc_root, uint64_t *ret_sockets);
