/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections from sock_diag: what the kernel lists of its sockets, for kernels and users that BPF
 * is not for. Needs no privilege, except for other namespaces (CAP_SYS_ADMIN) and for the names of
 * other users' processes (CAP_SYS_PTRACE); without it they are WEIR_UNKNOWN_NO_CAP.
 *
 * What it can do less than BPF:
 * - A connection that begins and ends between two passes is told by its end alone: exact totals
 *   (see collect/tcp_totals.h for the one byte that may be off), but no owner, and uid unknown.
 * - The end of a socket that was disconnected (SO_LINGER 0, connect to AF_UNSPEC, a connect that
 *   was refused) comes with zeroed counters and no peer. If a pass saw it, its FINAL carries the
 *   last totals seen and WEIR_CONN_AT_LEAST; else it is counted in lost_finals.
 * - When the netlink buffer overflows, lost_finals grows by one, which is the least that was lost.
 *   Sockets that are gone since are ended with WEIR_CONN_AT_LEAST.
 * - When a connection began is not known: opened_ns is always 0. PARTIAL says that it may have
 *   existed before we looked.
 * - A socket that TCP is done with while its descriptor stays open is in no list: its row stays as
 *   it was until the descriptor is closed.
 * - A FIN that comes in the instant between the kernel's look at the state and at the counters
 *   shows as one byte of payload.
 * - UDP sockets are listed if they are connected, with WEIR_CONN_NO_COUNTERS.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn_source.h>

struct conn_source_diag_options {
	size_t size;                   /* sizeof(struct conn_source_diag_options) */
	uint32_t max_conns;            /* remembered between passes; 0: 262,144 */
	bool all_netns;                /* else only the namespace we are in */
	uint32_t netns;                /* inode of the only namespace wanted; 0: see all_netns */
	bool without_tcp;              /* list UDP sockets only */
	size_t destroyed_buffer_bytes; /* of each namespace; 0: 8 MiB */
};

/* options may be NULL. -EINVAL; -ENOMEM; -EPERM: other namespaces need CAP_SYS_ADMIN; -ENOENT: the
 * namespace wanted is not there; -EOPNOTSUPP: the kernel has no tcp_diag and cannot load it. */
int conn_source_diag_open(const struct conn_source_diag_options *options,
			  struct weir_conn_source **ret_source);
