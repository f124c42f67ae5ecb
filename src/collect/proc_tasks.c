/* SPDX-License-Identifier: MIT */
#include "collect/proc_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collect/cgroup_path.h"
#include "collect/proc_stat.h"
#include "collect/u64_map.h"

#define DEFAULT_MAX_TASKS 65536
#define MAX_AGE_NS 5000000000ULL
#define NONE UINT32_MAX

struct entry {
	struct proc_task task;
	uint64_t read_ns;
	uint32_t newer; /* in the order of asking; NONE at the end */
	uint32_t older;
	bool gone; /* this process has ended, and will not come back */
};

struct proc_tasks {
	int proc_fd;
	uint32_t max_tasks;
	struct users *users;
	struct u64_map by_pid; /* pid → index of entries */
	struct entry *entries;
	uint32_t n_entries;
	uint32_t cap;
	uint32_t newest;
	uint32_t oldest;
	uint64_t evicted;
};

DEFINE_CLEANUP(proc_tasks_free_p, struct proc_tasks *, proc_tasks_free)

int proc_tasks_new(const struct proc_tasks_options *options, struct proc_tasks **ret_tasks)
{
	CLEANUP(proc_tasks_free_p) struct proc_tasks *tasks = calloc(1, sizeof(*tasks));
	const char *root = options && options->proc_root ? options->proc_root : "/proc";
	int r;

	if (!tasks)
		return -ENOMEM;
	tasks->proc_fd = -1;
	if (options && options->size != sizeof(*options))
		return -EINVAL;
	tasks->max_tasks = options && options->max_tasks ? options->max_tasks : DEFAULT_MAX_TASKS;
	tasks->newest = NONE;
	tasks->oldest = NONE;
	r = users_new(&tasks->users);
	if (r < 0)
		return r;
	tasks->proc_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tasks->proc_fd < 0)
		return -errno;
	*ret_tasks = STEAL(tasks);
	return 0;
}

struct proc_tasks *proc_tasks_free(struct proc_tasks *tasks)
{
	if (!tasks)
		return NULL;
	for (uint32_t i = 0; i < tasks->n_entries; i++)
		free(tasks->entries[i].task.cgroup);
	free(tasks->entries);
	u64_map_done(&tasks->by_pid);
	users_free(tasks->users);
	close_fd_p(&tasks->proc_fd);
	free(tasks);
	return NULL;
}

static void unlink_entry(struct proc_tasks *tasks, uint32_t at)
{
	struct entry *entry = &tasks->entries[at];

	if (entry->newer == NONE)
		tasks->newest = entry->older;
	else
		tasks->entries[entry->newer].older = entry->older;
	if (entry->older == NONE)
		tasks->oldest = entry->newer;
	else
		tasks->entries[entry->older].newer = entry->newer;
}

static void link_newest(struct proc_tasks *tasks, uint32_t at)
{
	struct entry *entry = &tasks->entries[at];

	entry->newer = NONE;
	entry->older = tasks->newest;
	if (tasks->newest == NONE)
		tasks->oldest = at;
	else
		tasks->entries[tasks->newest].newer = at;
	tasks->newest = at;
}

static int make_room(struct proc_tasks *tasks)
{
	uint32_t cap = tasks->cap ? tasks->cap * 2 : 64;
	struct entry *entries;

	if (tasks->n_entries < tasks->cap)
		return 0;
	if (cap > tasks->max_tasks)
		cap = tasks->max_tasks;
	entries = realloc(tasks->entries, cap * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	tasks->entries = entries;
	tasks->cap = cap;
	return 0;
}

/* A blank entry for pid: a new one, or that of the process least recently asked for. */
static struct entry *add_entry(struct proc_tasks *tasks, uint32_t pid)
{
	struct entry *entry;
	uint32_t at;

	if (tasks->n_entries < tasks->max_tasks) {
		at = tasks->n_entries;
		if (make_room(tasks) < 0 || u64_map_set(&tasks->by_pid, pid, at) < 0)
			return NULL;
		tasks->n_entries++;
	} else {
		at = tasks->oldest;
		entry = &tasks->entries[at];
		if (u64_map_set(&tasks->by_pid, pid, at) < 0)
			return NULL;
		u64_map_remove(&tasks->by_pid, entry->task.pid);
		free(entry->task.cgroup);
		unlink_entry(tasks, at);
		tasks->evicted++;
	}
	entry = &tasks->entries[at];
	*entry = (struct entry){.task.pid = pid};
	link_newest(tasks, at);
	return entry;
}

static bool same_start(uint64_t a_ns, uint64_t b_ns)
{
	uint64_t apart_ns = a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;

	return apart_ns <= proc_stat_tick_ns();
}

static int read_entry(struct proc_tasks *tasks, struct entry *entry, uint64_t now_ns)
{
	struct proc_task *task = &entry->task;
	char path[PATH_MAX] = "";
	struct proc_stat stat;
	char *cgroup;
	int r = proc_stat_read(tasks->proc_fd, task->pid, &stat);

	if (r < 0)
		return r;
	r = proc_stat_read_euid(tasks->proc_fd, task->pid, &task->uid);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		task->uid = UINT32_MAX;
	r = cgroup_path_of_process(tasks->proc_fd, task->pid, path, sizeof(path));
	if (r == -ENOENT)
		return r;
	cgroup = strdup(path); /* "" when the file cannot be read */
	if (!cgroup)
		return -ENOMEM;
	free(task->cgroup);
	task->cgroup = cgroup;
	container_text(cgroup, task->container);
	task->start_boot_ns = stat.start_boot_ns;
	memcpy(task->comm, stat.comm, sizeof(task->comm));
	snprintf(task->user, sizeof(task->user), "%s", users_name(tasks->users, task->uid));
	entry->read_ns = now_ns;
	entry->gone = false;
	return 0;
}

static struct entry *find_or_add(struct proc_tasks *tasks, uint32_t pid, bool *ret_fresh)
{
	uint32_t at;

	*ret_fresh = !u64_map_get(&tasks->by_pid, pid, &at);
	if (*ret_fresh)
		return add_entry(tasks, pid);
	unlink_entry(tasks, at);
	link_newest(tasks, at);
	return &tasks->entries[at];
}

/* True if the entry, as it is, answers for the process that started at start_boot_ns. */
static bool is_current(const struct entry *entry, uint64_t start_boot_ns, uint64_t now_ns)
{
	uint64_t known_ns = entry->task.start_boot_ns;

	if (entry->gone)
		return start_boot_ns && same_start(known_ns, start_boot_ns);
	if (now_ns - entry->read_ns >= MAX_AGE_NS)
		return false;
	/* One that began before the pid's present process has ended; one that began later may be
	 * there now. */
	return !start_boot_ns || same_start(known_ns, start_boot_ns) || start_boot_ns < known_ns;
}

const struct proc_task *proc_tasks_get(struct proc_tasks *tasks, uint32_t pid,
				       uint64_t start_boot_ns, uint64_t now_ns)
{
	bool fresh;
	struct entry *entry = find_or_add(tasks, pid, &fresh);

	if (!entry)
		return NULL;
	if (fresh || !is_current(entry, start_boot_ns, now_ns)) {
		int r = read_entry(tasks, entry, now_ns);

		if (r == -ENOENT) {
			entry->gone = true;
			entry->task.start_boot_ns = start_boot_ns;
		}
		if (r < 0)
			return NULL;
	}
	if (entry->gone)
		return NULL;
	if (start_boot_ns && !same_start(entry->task.start_boot_ns, start_boot_ns))
		return NULL;
	return &entry->task;
}

void proc_tasks_rename(struct proc_tasks *tasks, uint32_t pid, uint64_t start_boot_ns,
		       const char comm[WEIR_COMM_MAX])
{
	struct proc_task *task;
	uint32_t at;

	if (!u64_map_get(&tasks->by_pid, pid, &at))
		return;
	task = &tasks->entries[at].task;
	if (start_boot_ns && task->start_boot_ns && !same_start(task->start_boot_ns, start_boot_ns))
		return;
	memcpy(task->comm, comm, sizeof(task->comm));
	task->comm[sizeof(task->comm) - 1] = '\0';
}

uint64_t proc_tasks_evicted(const struct proc_tasks *tasks)
{
	return tasks->evicted;
}
