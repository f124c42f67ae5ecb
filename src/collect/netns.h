/* SPDX-License-Identifier: MIT */
#pragma once

/* The network namespaces of this host, and how to act inside one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETNS_RUN_DIR "/run/netns"

/* Where to look; NULL members mean the host's own. */
struct netns_roots {
	const char *proc;    /* "/proc" */
	const char *run_dir; /* NETNS_RUN_DIR, where `ip netns` keeps names */
};

struct netns {
	uint32_t inode; /* as `ls -l /proc/self/ns/net` and `lsns` show it */
	char name[64];  /* from run_dir; "" if it has none */
	char path[128]; /* open this to enter it */
};

/* The namespace this thread is in. Negative errno of stat. */
int netns_self(uint32_t *ret_inode);

/* The namespace called name in run_dir. -ENOENT: there is none. -EINVAL: not a name. */
int netns_by_name(const struct netns_roots *roots, const char *name, uint32_t *ret_inode);

/*
 * Every distinct namespace that a process is in or that has a name, each once, in no order. A
 * process whose namespace may not be read (other users', without CAP_SYS_PTRACE) is passed over
 * and counted in *ret_hidden. The caller frees *ret_list. -ENOMEM, or the errno of opening /proc.
 */
int netns_list(const struct netns_roots *roots, struct netns **ret_list, size_t *ret_n,
	       size_t *ret_hidden);

/* Whether a failure to enter says that the namespace went away or is not for us, or that what has
 * its name is none (a file that a lost mount left behind): then it is passed over. */
bool netns_is_passed_over(int error);

/*
 * Calls fn(user) inside the namespace at path and returns what it returned. fn runs on a thread of
 * its own which ends with it, so the caller's thread never leaves its namespace, whatever fails.
 * -ENOENT: the namespace is gone. -EPERM: no CAP_SYS_ADMIN (over it and over our own).
 */
int netns_call(const char *path, int (*fn)(void *user), void *user);
