/* SPDX-License-Identifier: MIT */

/* The small questions to the host: users, capabilities, namespaces, cgroup2, interfaces, files, and
 * the map that the answers are kept in. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pace.h"
#include "base/small_file.h"
#include "collect/cgroup_path.h"
#include "collect/iface_addrs.h"
#include "collect/netns.h"
#include "collect/privilege.h"
#include "collect/u64_map.h"
#include "collect/users.h"
#include "proc_dir.h"
#include "tap.h"

#define KEYS 5000

/* Against the plainest oracle: an array with a place for each key. */
static void test_map(void)
{
	static uint32_t values[KEYS]; /* 0: not there */
	struct u64_map map = {0};
	unsigned int seed = 1;
	size_t there = 0, wrong = 0;
	uint32_t value;

	ok(!u64_map_get(&map, 1, &value) && !u64_map_remove(&map, 1), "an empty map");
	for (uint32_t step = 1; step <= 100000; step++) {
		uint32_t key = (uint32_t)rand_r(&seed) % KEYS;
		bool known = values[key] != 0;

		if (rand_r(&seed) % 3) {
			wrong += u64_map_set(&map, (uint64_t)key << 32, step) != 0;
			there += !known;
			values[key] = step;
		} else {
			wrong += u64_map_remove(&map, (uint64_t)key << 32) != known;
			there -= known;
			values[key] = 0;
		}
		key = (uint32_t)rand_r(&seed) % KEYS;
		known = u64_map_get(&map, (uint64_t)key << 32, &value);
		wrong += known != (values[key] != 0) || (known && value != values[key]);
	}
	is_int(wrong, 0, "100,000 steps as the oracle has them");
	is_int(map.used, there, "and as many keys");
	u64_map_clear(&map);
	ok(!u64_map_get(&map, 0, &value) && map.used == 0, "cleared");
	u64_map_done(&map);
}

static void test_users(void)
{
	struct users *users = NULL;
	size_t wrong = 0;

	is_int(users_new(&users), 0, "users");
	is_str(users_name(users, 0), "root", "uid 0");
	is_str(users_name(users, 0), "root", "again");
	is_str(users_name(users, 4242424), "4242424", "a uid without a name");
	is_str(users_name(users, UINT32_MAX), "", "an unknown uid");
	for (uint32_t uid = 5000000; uid < 5009000; uid++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", uid);
		wrong += strcmp(users_name(users, uid), text) != 0;
	}
	is_int(wrong, 0, "more than are kept");
	users_free(users);
}

static void test_privilege(void)
{
	static const uint32_t all = PRIVILEGE_BPF | PRIVILEGE_PERFMON | PRIVILEGE_NET_ADMIN |
				    PRIVILEGE_SYS_PTRACE | PRIVILEGE_DAC_READ_SEARCH;
	static const struct {
		uint32_t effective;
		const char *text;
	} cases[] = {
		{0, "CAP_BPF and CAP_PERFMON for TCP, CAP_NET_ADMIN for UDP accounting, "
		    "CAP_SYS_PTRACE for other users' processes, "
		    "CAP_DAC_READ_SEARCH for control groups"},
		{PRIVILEGE_BPF | PRIVILEGE_DAC_READ_SEARCH,
		 "CAP_PERFMON for TCP, CAP_NET_ADMIN for UDP accounting, "
		 "CAP_SYS_PTRACE for other users' processes"},
		{PRIVILEGE_SYS_ADMIN, "CAP_SYS_PTRACE for other users' processes, "
				      "CAP_DAC_READ_SEARCH for control groups"},
		{all & ~(uint32_t)PRIVILEGE_BPF, "CAP_BPF for TCP"},
		{all, ""},
	};
	char text[200];
	uint32_t effective;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = privilege_text(privilege_missing(cases[i].effective, all), text,
					    sizeof(text));

		is_str(text, cases[i].text, "missing with %x", cases[i].effective);
		is_int(len, strlen(cases[i].text), "its length");
	}
	is_int(privilege_text(all, text, 8), 7, "cut to its room");
	is_str(text, "CAP_BPF", "and ended");
	is_int(privilege_effective(&effective), 0, "our own");
	is_int(effective & ~(all | PRIVILEGE_SYS_ADMIN), 0, "nothing unheard of");
}

static int inode_inside(void *user)
{
	return netns_self(user);
}

static int fail_inside(void *user)
{
	(void)user;
	return -ENOTTY;
}

static void test_netns_call(void)
{
	uint32_t self = 0, inside = 0, after = 0;
	int r;

	is_int(netns_self(&self), 0, "our namespace");
	r = netns_call("/proc/self/ns/net", inode_inside, &inside);
	if (r == -EPERM) {
		tap_skip("acting inside a namespace", "no CAP_SYS_ADMIN");
	} else {
		is_int(r, 0, "a call inside");
		is_int(inside, self, "was there");
		is_int(netns_call("/proc/self/ns/net", fail_inside, NULL), -ENOTTY,
		       "its error comes back");
		ok(netns_call("/proc/self/ns/uts", fail_inside, NULL) == -EINVAL,
		   "a namespace of another kind");
	}
	is_int(netns_call("/nonexistent", inode_inside, &inside), -ENOENT, "one that is gone");
	is_int(netns_self(&after), 0, "we");
	is_int(after, self, "have not moved");
}

static void test_netns_list(const struct proc_dir *dir)
{
	char names[100], from[100], to[100];
	struct netns_roots roots = {.proc = dir->path, .run_dir = names};
	struct netns *list = NULL;
	size_t n = 0, hidden = 9, named = 0;
	uint32_t inode = 0;

	snprintf(names, sizeof(names), "%s/names", dir->path);
	proc_dir_put_file(dir, "1/ns/net", "");
	proc_dir_put_file(dir, "2/ns/net", "");
	proc_dir_put_file(dir, "names/blue", "");
	proc_dir_put_file(dir, "self/ns/net", "");
	snprintf(from, sizeof(from), "%s/names/blue", dir->path);
	snprintf(to, sizeof(to), "%s/3/ns/net", dir->path);
	proc_dir_put_file(dir, "3/ns/other", "");
	is_int(link(from, to), 0, "pid 3 is in blue");
	is_int(netns_list(&roots, &list, &n, &hidden), 0, "the list");
	is_int(n, 3, "each once");
	is_int(hidden, 0, "none hidden");
	is_int(netns_by_name(&roots, "blue", &inode), 0, "blue by its name");
	for (size_t i = 0; i < n; i++)
		named += list[i].inode == inode && strcmp(list[i].name, "blue") == 0;
	is_int(named, 1, "listed with it");
	is_int(netns_by_name(&roots, "red", &inode), -ENOENT, "no red one");
	is_int(netns_by_name(&roots, "../1", &inode), -EINVAL, "not a name");
	is_int(netns_by_name(&roots, "", &inode), -EINVAL, "nor nothing");
	free(list);
	roots.run_dir = "/nonexistent";
	is_int(netns_list(&roots, &list, &n, &hidden), 0, "nobody ever named one");
	is_int(n, 3, "then those of processes");
	free(list);
	roots.proc = "/nonexistent";
	is_int(netns_list(&roots, &list, &n, &hidden), -ENOENT, "no /proc");
}

static void test_cgroup2(const struct proc_dir *dir)
{
	char text[400], mount[100], path[PATH_MAX] = "";
	struct cgroup_paths *paths = NULL;
	struct stat st;
	int fd = -1;

	snprintf(mount, sizeof(mount), "%s/my\\040mount", dir->path);
	snprintf(text, sizeof(text),
		 "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
		 "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
		 "41 31 0:38 / %s rw,relatime shared:9 - cgroup2 cgroup2 rw\n",
		 mount);
	proc_dir_put_file(dir, "self/mountinfo", text);
	proc_dir_put_file(dir, "my mount/cgroup.procs", "");
	is_int(cgroup2_open(dir->path, &fd, path), 0, "found by its type");
	snprintf(mount, sizeof(mount), "%s/my mount", dir->path);
	is_str(path, mount, "where it is mounted");
	is_int(faccessat(fd, "cgroup.procs", F_OK, 0), 0, "and opened");
	close_fd_p(&fd);
	fd = -1;
	proc_dir_put_file(dir, "self/mountinfo", "31 23 0:28 / / rw - ext4 cgroup2 rw\n");
	is_int(cgroup2_open(dir->path, &fd, path), -ENOENT, "not mounted");
	is_int(cgroup_paths_new(dir->path, &paths), -ENOENT, "then there are no ids");
	if (cgroup_paths_new(NULL, &paths) < 0) {
		tap_skip("paths by id", "no cgroup2 on this host");
		return;
	}
	is_str(cgroup_paths_find(paths, 0xdeadbeef12345678), "", "an id that is none");
	is_str(cgroup_paths_find(paths, 0xdeadbeef12345678), "", "nor later");
	if (cgroup2_open(NULL, &fd, path) == 0 && fstat(fd, &st) == 0 &&
	    cgroup_paths_find(paths, st.st_ino)[0])
		is_str(cgroup_paths_find(paths, st.st_ino), "/", "the root by its id");
	else
		tap_skip("the root by its id", "no CAP_DAC_READ_SEARCH");
	close_fd_p(&fd);
	cgroup_paths_free(paths);
}

static void test_iface(void)
{
	struct weir_addr *addrs = NULL;
	struct weir_addr want;
	size_t n = 0, found = 0;

	is_int(iface_addrs_get("nosuchiface0", &addrs, &n), -ENODEV, "no such interface");
	is_int(iface_addrs_get("", &addrs, &n), -ENODEV, "no name");
	ok(addrs == NULL, "nothing is given");
	if (iface_addrs_get("lo", &addrs, &n) < 0) {
		tap_skip("addresses of lo", "loopback is down here");
		return;
	}
	is_int(weir_addr_parse("127.0.0.1", &want), 0, "loopback's address");
	for (size_t i = 0; i < n; i++)
		found += weir_addr_compare(&addrs[i], &want) == 0;
	is_int(found, 1, "is among them, once");
	free(addrs);
}

static void test_small_file(const struct proc_dir *dir)
{
	int dir_fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[8] = "before";

	proc_dir_put_file(dir, "seven", "1234567");
	proc_dir_put_file(dir, "eight", "12345678");
	proc_dir_put_file(dir, "empty", "");
	is_int(small_file_read(dir_fd, "seven", buf, sizeof(buf)), 7, "what fits");
	is_str(buf, "1234567", "whole");
	is_int(small_file_read(dir_fd, "eight", buf, sizeof(buf)), -EFBIG, "what does not");
	is_str(buf, "", "nothing half");
	is_int(small_file_read(dir_fd, "empty", buf, sizeof(buf)), 0, "an empty file");
	is_int(small_file_read(dir_fd, "none", buf, sizeof(buf)), -ENOENT, "no file");
	is_int(small_file_read(dir_fd, ".", buf, sizeof(buf)), -EISDIR, "a directory");
	is_int(small_file_read(dir_fd, "seven", buf, 0), -EINVAL, "no room at all");
	close(dir_fd);
}

static void test_pace(void)
{
	struct pace pace = {0};

	ok(pace_allows(&pace, 5), "the first time");
	pace_note(&pace, 1000, 1010);
	ok(!pace_allows(&pace, 1010), "not at once");
	ok(!pace_allows(&pace, 1509), "not yet");
	ok(pace_allows(&pace, 1510), "after fifty times its cost");
}

int main(void)
{
	struct proc_dir dir = proc_dir_new();

	test_map();
	test_users();
	test_privilege();
	test_netns_call();
	test_netns_list(&dir);
	test_cgroup2(&dir);
	test_iface();
	test_small_file(&dir);
	test_pace();
	proc_dir_remove(&dir);
	return tap_done();
}
