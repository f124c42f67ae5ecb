/* SPDX-License-Identifier: MIT */

/* Names of processes over time, from a /proc of the test's own making. */

#include <errno.h>
#include <string.h>

#include "collect/proc_stat.h"
#include "collect/proc_tasks.h"
#include "proc_dir.h"
#include "tap.h"

#define SECOND 1000000000ULL

static uint64_t ticks(uint64_t n)
{
	return n * proc_stat_tick_ns();
}

static struct proc_tasks *new_tasks(const struct proc_dir *dir, uint32_t max)
{
	const struct proc_tasks_options options = {
		.size = sizeof(options), .proc_root = dir->path, .max_tasks = max};
	struct proc_tasks *tasks = NULL;

	is_int(proc_tasks_new(&options, &tasks), 0, "new");
	return tasks;
}

static void test_get(const struct proc_dir *dir)
{
	struct proc_tasks *tasks = new_tasks(dir, 0);
	const struct proc_task *task;

	proc_dir_put_process(dir, 10, "nginx", 1000, 4242424, "/system.slice/nginx.service");
	task = proc_tasks_get(tasks, 10, ticks(1000), SECOND);
	if (!ok(task != NULL, "a process"))
		return;
	is_str(task->comm, "nginx", "name");
	is_int(task->uid, 4242424, "uid");
	is_str(task->user, "4242424", "a user without a name");
	is_str(task->cgroup, "/system.slice/nginx.service", "cgroup");
	is_str(task->container, "nginx.service", "unit");
	ok(proc_tasks_get(tasks, 10, ticks(1000) + proc_stat_tick_ns() - 1, SECOND) != NULL,
	   "a start within its clock tick");
	ok(proc_tasks_get(tasks, 10, 0, SECOND) != NULL, "an unknown start");
	ok(!proc_tasks_get(tasks, 10, ticks(998), SECOND), "an older process had that pid");
	ok(!proc_tasks_get(tasks, 10, ticks(1002), SECOND), "a younger one has not come");
	ok(!proc_tasks_get(tasks, 11, ticks(5), SECOND), "one that is not there");
	ok(!proc_tasks_get(tasks, 12, 0, SECOND), "one that is not there, start unknown");
	proc_tasks_free(tasks);
}

static void test_time(const struct proc_dir *dir)
{
	struct proc_tasks *tasks = new_tasks(dir, 0);
	const struct proc_task *task;

	proc_dir_put_process(dir, 20, "sh", 2000, 0, "/");
	task = proc_tasks_get(tasks, 20, ticks(2000), SECOND);
	is_str(task ? task->user : "", "root", "a user with a name");
	proc_dir_put_process(dir, 20, "late", 2000, 0, "/user.slice/session-3.scope");
	task = proc_tasks_get(tasks, 20, ticks(2000), 6 * SECOND - 1);
	is_str(task ? task->comm : "", "sh", "kept for five seconds");
	proc_tasks_rename(tasks, 20, ticks(2000), "exec\0..........");
	proc_tasks_rename(tasks, 21, ticks(2000), "nobody\0........");
	task = proc_tasks_get(tasks, 20, ticks(2000), 6 * SECOND - 1);
	is_str(task ? task->comm : "", "exec", "a new name is told");
	task = proc_tasks_get(tasks, 20, ticks(2000), 6 * SECOND);
	is_str(task ? task->comm : "", "late", "then read anew");
	is_str(task ? task->container : "", "session-3.scope", "with its cgroup");
	proc_dir_remove_process(dir, 20);
	ok(proc_tasks_get(tasks, 20, ticks(2000), 7 * SECOND) != NULL,
	   "gone, it is still known for a while");
	ok(!proc_tasks_get(tasks, 20, ticks(2000), 11 * SECOND), "then no more");
	proc_dir_put_process(dir, 20, "other", 9000, 0, "/");
	ok(!proc_tasks_get(tasks, 20, ticks(2000), 12 * SECOND), "its pid used again is not it");
	task = proc_tasks_get(tasks, 20, ticks(9000), 12 * SECOND);
	is_str(task ? task->comm : "", "other", "but the other process");
	ok(!proc_tasks_get(tasks, 20, ticks(2000), 12 * SECOND), "both are told apart");
	task = proc_tasks_get(tasks, 20, ticks(9000), 12 * SECOND);
	is_str(task ? task->comm : "", "other", "in any order");
	proc_tasks_free(tasks);
}

/* A process is its pid and its start together, also where it gets a new name. */
static void test_rename(const struct proc_dir *dir)
{
	static const struct {
		uint64_t start_ticks;
		const char *comm;
		const char *want;
		const char *what;
	} cases[] = {
		{3000, "same\0..........", "same", "the process itself"},
		{2000, "before\0........", "same", "the one that had this pid before it"},
		{4000, "after\0.........", "same", "the one that has it now, not yet asked for"},
		{0, "any\0...........", "any", "one whose start is not known"},
	};
	struct proc_tasks *tasks = new_tasks(dir, 0);
	const struct proc_task *task;

	proc_dir_put_process(dir, 25, "sh", 3000, 0, "/");
	ok(proc_tasks_get(tasks, 25, ticks(3000), SECOND) != NULL, "a process to rename");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t start_boot_ns = ticks(cases[i].start_ticks);

		proc_tasks_rename(tasks, 25, start_boot_ns, cases[i].comm);
		task = proc_tasks_get(tasks, 25, ticks(3000), SECOND);
		is_str(task ? task->comm : "", cases[i].want, "renamed: %s", cases[i].what);
	}
	proc_tasks_rename(tasks, 25, ticks(3000) + proc_stat_tick_ns() - 1, "in tick\0.......");
	task = proc_tasks_get(tasks, 25, ticks(3000), SECOND);
	is_str(task ? task->comm : "", "in tick", "renamed: the start within its clock tick");
	proc_tasks_free(tasks);
}

static void test_bound(const struct proc_dir *dir)
{
	struct proc_tasks *tasks = new_tasks(dir, 3);
	const struct proc_task *task;

	for (uint32_t pid = 30; pid < 34; pid++)
		proc_dir_put_process(dir, pid, "p", pid, 0, "/");
	for (uint32_t pid = 30; pid < 33; pid++)
		ok(proc_tasks_get(tasks, pid, ticks(pid), SECOND) != NULL, "pid %u", pid);
	is_int(proc_tasks_evicted(tasks), 0, "three fit");
	ok(proc_tasks_get(tasks, 30, ticks(30), SECOND) != NULL, "the first is asked for again");
	ok(proc_tasks_get(tasks, 33, ticks(33), SECOND) != NULL, "a fourth comes");
	is_int(proc_tasks_evicted(tasks), 1, "one has to go");
	proc_dir_put_process(dir, 30, "new", 30, 0, "/");
	proc_dir_put_process(dir, 31, "new", 31, 0, "/");
	task = proc_tasks_get(tasks, 30, ticks(30), SECOND);
	is_str(task ? task->comm : "", "p", "not the one just asked for");
	task = proc_tasks_get(tasks, 31, ticks(31), SECOND);
	is_str(task ? task->comm : "", "new", "but the one least recently asked for");
	for (uint32_t i = 0; i < 1000; i++)
		(void)proc_tasks_get(tasks, 30 + i % 4, ticks(30 + i % 4), SECOND);
	ok(proc_tasks_get(tasks, 33, ticks(33), SECOND) != NULL, "after many turns too");
	proc_tasks_free(tasks);
}

static void test_refused(void)
{
	struct proc_tasks_options options = {.size = sizeof(options), .proc_root = "/nonexistent"};
	struct proc_tasks *tasks = NULL;

	is_int(proc_tasks_new(&options, &tasks), -ENOENT, "no /proc");
	options.size = 1;
	is_int(proc_tasks_new(&options, &tasks), -EINVAL, "an unknown size of options");
	ok(tasks == NULL, "nothing is given");
	proc_tasks_free(NULL);
}

int main(void)
{
	struct proc_dir dir = proc_dir_new();

	test_get(&dir);
	test_time(&dir);
	test_rename(&dir);
	test_bound(&dir);
	test_refused();
	proc_dir_remove(&dir);
	return tap_done();
}
