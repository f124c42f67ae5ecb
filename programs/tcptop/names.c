/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/small_file.h"

static const struct proc_task *task_of(struct names *names, const struct conn_row *row)
{
	if (!row->owner.pid)
		return NULL;
	return proc_tasks_get(names->tasks, row->owner.pid, row->owner.start_boot_ns,
			      names->now_ns);
}

/* The name it has now, which is not the one it had at connect() if it has called exec since. */
static const char *process(void *user, const struct conn_row *row)
{
	const struct proc_task *task = task_of(user, row);

	return task ? task->comm : NULL;
}

static const char *user_name(void *user, const struct conn_row *row)
{
	struct names *names = user;
	const struct proc_task *task;

	if (row->owner.uid != UINT32_MAX)
		return users_name(names->users, row->owner.uid);
	task = task_of(names, row);
	return task ? task->user : NULL;
}

/* The socket's own group outlives its process. On a host that uses cgroup v1 all are in v2's root,
 * which says nothing; then the process knows better. */
static const char *cgroup(void *user, const struct conn_row *row)
{
	struct names *names = user;
	const struct proc_task *task;
	const char *path = "";

	if (names->cgroups && row->cgroup_id)
		path = cgroup_paths_find(names->cgroups, row->cgroup_id);
	if (path[0] != '\0' && strcmp(path, "/") != 0)
		return path;
	task = task_of(names, row);
	if (task && task->cgroup[0])
		return task->cgroup;
	return names->groups_are_v1 ? "" : path;
}

static const char *container(void *user, const struct conn_row *row)
{
	struct names *names = user;

	container_text(cgroup(names, row), names->container);
	return names->container;
}

/* cgroups(7): v1 hierarchies come first in the list, and v2's number is 0. */
static bool uses_v1(void)
{
	char text[4096];

	return small_file_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) > 0 &&
	       strncmp(text, "0::", 3) != 0;
}

int names_init(struct names *names)
{
	int r;

	*names = (struct names){
		.conn =
			{
				.user = names,
				.process = process,
				.user_name = user_name,
				.cgroup = cgroup,
				.container = container,
			},
		.groups_are_v1 = uses_v1(),
	};
	r = proc_tasks_new(NULL, &names->tasks);
	if (r >= 0)
		r = users_new(&names->users);
	if (r >= 0) {
		r = cgroup_paths_new(NULL, &names->cgroups);
		if (r == -ENOENT)
			return 0;
	}
	if (r < 0)
		names_done(names);
	return r;
}

void names_done(struct names *names)
{
	proc_tasks_free(STEAL(names->tasks));
	users_free(STEAL(names->users));
	cgroup_paths_free(STEAL(names->cgroups));
}

void names_rename(struct names *names, const struct weir_owner *owner)
{
	proc_tasks_rename(names->tasks, owner->pid, owner->start_boot_ns, owner->comm);
}
