/* SPDX-License-Identifier: MIT */

/* Owners of sockets, from a /proc of the test's own making. */

#include <errno.h>

#include "collect/proc_owners.h"
#include "collect/proc_stat.h"
#include "proc_dir.h"
#include "tap.h"

static const struct {
	const char *what;
	const char *text;
	int want;
	const char *comm;
	uint64_t ticks;
} stats[] = {
	{"plain", "7 (cat) S 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 4321 0\n", 0, "cat", 4321},
	{"parentheses and spaces in the name",
	 "7 (a) S (b c) R 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 99 0\n", 0, "a) S (b c", 99},
	{"a line end in the name", "7 (a\nb) R 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 5\n", 0,
	 "a\nb", 5},
	{"no name", "7 () R 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 5\n", 0, "", 5},
	{"a long name of a worker",
	 "7 (kworker/u16:3-events_unbound) I 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 5 0\n", 0,
	 "kworker/u16:3-e", 5},
	{"cut short", "7 (cat) S 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1", -EBADMSG, "", 0},
	{"no number", "7 (cat) S 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 x\n", -EBADMSG, "", 0},
	{"too great a number",
	 "7 (c) S 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 18446744073709551615\n", -EBADMSG, "", 0},
	{"one parenthesis", "7 (cat S 1 1\n", -EBADMSG, "", 0},
	{"the wrong way round", "7 )cat( S 1 1\n", -EBADMSG, "", 0},
	{"nothing", "", -EBADMSG, "", 0},
};

static void test_stat(void)
{
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		struct proc_stat stat = {.start_boot_ns = 1};

		is_int(proc_stat_parse(stats[i].text, &stat), stats[i].want, "%s", stats[i].what);
		if (stats[i].want) {
			is_int(stat.start_boot_ns, 1, "untouched");
			continue;
		}
		is_str(stat.comm, stats[i].comm, "its name");
		is_int(stat.start_boot_ns, stats[i].ticks * proc_stat_tick_ns(), "its start");
	}
}

static void test_walk(const struct proc_dir *dir)
{
	struct proc_owners *owners = NULL;
	struct weir_owner owner;

	proc_dir_put_process(dir, 1, "init", 1, 0, "/");
	proc_dir_put_process(dir, 200, "parent", 500, 33, "/");
	proc_dir_put_process(dir, 100, "child", 600, 33, "/");
	proc_dir_put_fd(dir, 200, 0, "/dev/null");
	proc_dir_put_fd(dir, 200, 3, "socket:[1111]");
	proc_dir_put_fd(dir, 100, 3, "socket:[1111]");
	proc_dir_put_fd(dir, 100, 4, "socket:[2222]");
	proc_dir_put_fd(dir, 100, 5, "socket:[x]");
	proc_dir_put_fd(dir, 100, 6, "socket:[3333");
	proc_dir_put_fd(dir, 100, 7, "socket:[99999999999]");
	is_int(proc_owners_new(dir->path, 0, &owners), 0, "new");
	proc_owners_find(owners, 2222, &owner);
	is_int(owner.pid, 0, "nothing before the first walk");
	is_int(proc_owners_walk(owners), 0, "a walk");
	proc_owners_find(owners, 2222, &owner);
	is_int(owner.pid, 100, "a holder");
	is_str(owner.comm, "child", "its name");
	is_int(owner.uid, 33, "its effective user");
	is_int(owner.start_boot_ns, 600 * proc_stat_tick_ns(), "its start");
	is_int(owner.evidence, WEIR_EVIDENCE_FILE, "and why we think so");
	proc_owners_find(owners, 1111, &owner);
	is_int(owner.pid, 200, "of two holders the one that lives longer");
	proc_owners_find(owners, 3333, &owner);
	is_int(owner.pid, 0, "a link that is not quite one");
	is_int(owner.unknown, WEIR_UNKNOWN_EXITED, "nobody holds it");
	ok(owner.uid == UINT32_MAX, "so the user is not known");
	proc_owners_find(owners, 0, &owner);
	is_int(owner.unknown, WEIR_UNKNOWN_EXITED, "no file, no holder");
	proc_dir_remove_process(dir, 100);
	is_int(proc_owners_walk(owners), 0, "a second walk");
	proc_owners_find(owners, 2222, &owner);
	is_int(owner.pid, 0, "forgets who is gone");
	proc_owners_free(owners);
}

static void test_limits(const struct proc_dir *dir)
{
	struct proc_owners *owners = NULL;
	struct weir_owner owner;

	proc_dir_put_process(dir, 300, "many", 700, 0, "/");
	for (int i = 0; i < 10; i++) {
		char target[32] = "socket:[5000]";

		target[11] = (char)('0' + i);
		proc_dir_put_fd(dir, 300, i, target);
	}
	is_int(proc_owners_new(dir->path, 4, &owners), 0, "room for four sockets");
	is_int(proc_owners_walk(owners), 0, "a walk");
	is_int(proc_owners_dropped(owners), 7, "the rest is counted");
	proc_dir_remove_process(dir, 1);
	is_int(proc_owners_walk(owners), 0, "init is hidden");
	proc_owners_find(owners, 7777, &owner);
	is_int(owner.unknown, WEIR_UNKNOWN_NO_CAP, "then others may be too");
	proc_owners_free(owners);
	owners = NULL;
	is_int(proc_owners_new("/nonexistent", 0, &owners), -ENOENT, "no /proc");
	ok(owners == NULL, "nothing is given");
	proc_owners_free(NULL);
}

int main(void)
{
	struct proc_dir dir = proc_dir_new();

	test_stat();
	test_walk(&dir);
	test_limits(&dir);
	proc_dir_remove(&dir);
	return tap_done();
}
