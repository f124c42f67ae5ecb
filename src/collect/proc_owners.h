/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which process holds a socket: an index from socket inode to process, made by walking the
 * descriptors of every process we may look into (/proc/PID/fd). A walk costs about half a
 * millisecond for each 1,000 descriptors, so the caller decides when to walk again.
 */

#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

struct proc_owners;

/* proc_root NULL: "/proc". max_sockets 0: 1,000,000; what is beyond is not indexed. -ENOMEM, or
 * the errno of opening proc_root. */
int proc_owners_new(const char *proc_root, size_t max_sockets, struct proc_owners **ret_owners);
struct proc_owners *proc_owners_free(struct proc_owners *owners);

/* Looks at all processes anew. On failure (-ENOMEM, or the errno of reading proc_root) the index
 * holds what was found until then. */
int proc_owners_walk(struct proc_owners *owners);

/*
 * Fills *ret_owner from the last walk: the process with evidence FILE, or pid 0 and the reason:
 * NO_CAP if there were processes that the walk could not look into, else EXITED (nobody held it).
 * Of several holders it names the one that lives longest, which is the one that opened or accepted
 * the socket before it forked. Inode 0 is a socket without a file: EXITED.
 */
void proc_owners_find(const struct proc_owners *owners, uint32_t inode,
		      struct weir_owner *ret_owner);

/* Sockets that were not indexed because there were more than max_sockets. */
uint64_t proc_owners_dropped(const struct proc_owners *owners);
