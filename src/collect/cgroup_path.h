/* SPDX-License-Identifier: MIT */
#pragma once

/* Where in the cgroup tree a process or a cgroup id is. */

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Picks the most telling path out of the text of /proc/PID/cgroup (cgroups(7)): the v2 path
 * ("0::"), and where that is only "/", the v1 path of name=systemd, and where that is "/" too,
 * any other v1 path that is not. "/" if all are, "" if there is none. Cut to size - 1 bytes.
 */
void cgroup_path_parse(const char *text, char *path, size_t size);

/* The same of a process; proc_fd is a descriptor of /proc. Errors of small_file_read(). */
int cgroup_path_of_process(int proc_fd, uint32_t pid, char *path, size_t size);

/*
 * Opens the root of the cgroup v2 tree, wherever it is mounted (proc_root NULL: "/proc", whose
 * self/mountinfo is read). ret_path is its mount point. -ENOENT: it is not mounted.
 */
int cgroup2_open(const char *proc_root, int *ret_fd, char ret_path[PATH_MAX]);

/* Paths of cgroups by their id, for those whose processes are gone. */
struct cgroup_paths;

/* -ENOENT: no cgroup v2. -ENOMEM. */
int cgroup_paths_new(const char *proc_root, struct cgroup_paths **ret_paths);
struct cgroup_paths *cgroup_paths_free(struct cgroup_paths *paths);

/*
 * The path of a cgroup by its v2 id, "" when the cgroup is gone or may not be asked for (that
 * needs CAP_DAC_READ_SEARCH). Answers are kept: an id never comes back for another cgroup. At most
 * 4,096 are; beyond that all are forgotten. Borrowed until the next call.
 */
const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id);
