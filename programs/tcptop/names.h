/* SPDX-License-Identifier: MIT */
#pragma once

/* struct conn_names as the host tells them: processes by /proc, users by the user database, control
 * groups by their id or their process. */

#include <stdbool.h>
#include <stdint.h>

#include "collect/cgroup_path.h"
#include "collect/container.h"
#include "collect/proc_tasks.h"
#include "collect/users.h"
#include "model/conn_row.h"

struct names {
	struct conn_names conn; /* give this to whoever wants names */
	struct proc_tasks *tasks;
	struct users *users;
	struct cgroup_paths *cgroups; /* NULL: no cgroup v2 here */
	bool groups_are_v1;           /* then v2's root holds all and says nothing */
	uint64_t now_ns;              /* of the tick */
	char container[CONTAINER_TEXT_MAX];
};

/* The struct must stay where it is while its conn is in use. Negative errno. */
int names_init(struct names *names);
void names_done(struct names *names);

/* A process has taken the name in owner. */
void names_rename(struct names *names, const struct weir_owner *owner);
