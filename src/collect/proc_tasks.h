/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is known of a process beyond its pid: its current name, user, cgroup and container. Read on
 * demand and kept. Time is passed in.
 *
 * A process changes its name only by exec or prctl: proc_tasks_rename() tells it at once. Its
 * cgroup and uid can change without a word, so an entry older than five seconds is read anew. An
 * entry outlives its process until then, so that a connection's end still finds its names.
 */

#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

#include "collect/container.h"
#include "collect/users.h"

struct proc_task {
	uint32_t pid;
	uint32_t uid;           /* effective; UINT32_MAX: not known */
	uint64_t start_boot_ns; /* as /proc has it: cut to clock ticks */
	char comm[WEIR_COMM_MAX];
	char user[USERS_NAME_MAX];
	char container[CONTAINER_TEXT_MAX]; /* container or unit, "" if neither */
	char *cgroup;                       /* path; never NULL */
};

struct proc_tasks_options {
	size_t size;           /* sizeof(struct proc_tasks_options) */
	const char *proc_root; /* NULL: "/proc" */
	uint32_t max_tasks;    /* 0: 65,536; beyond, the least recently asked for is forgotten */
};

struct proc_tasks;

/* options may be NULL. -EINVAL, -ENOMEM, or the errno of opening proc_root. */
int proc_tasks_new(const struct proc_tasks_options *options, struct proc_tasks **ret_tasks);
struct proc_tasks *proc_tasks_free(struct proc_tasks *tasks);

/*
 * The process pid that started at start_boot_ns (0: not known, any matches). NULL when it is gone,
 * or when pid is another process now: the start differs by more than a clock tick. Borrowed until
 * the next call.
 */
const struct proc_task *proc_tasks_get(struct proc_tasks *tasks, uint32_t pid,
				       uint64_t start_boot_ns, uint64_t now_ns);

/* The process pid that started at start_boot_ns (0: not known, any matches) has taken the name
 * comm. Only what is known already is changed; another process with that pid keeps its name. */
void proc_tasks_rename(struct proc_tasks *tasks, uint32_t pid, uint64_t start_boot_ns,
		       const char comm[WEIR_COMM_MAX]);

/* Processes forgotten because there were more than max_tasks. */
uint64_t proc_tasks_evicted(const struct proc_tasks *tasks);
