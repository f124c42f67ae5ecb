/* SPDX-License-Identifier: MIT */
#pragma once

/* A small /proc of the test's own making, in a temporary directory. Failures abort. */

#include <stdint.h>

struct proc_dir {
	char path[64];
};

struct proc_dir proc_dir_new(void);

/* Removes it and all that is in it. */
void proc_dir_remove(const struct proc_dir *dir);

/* PID with its stat (name, start in ticks), status (euid) and cgroup (v2 path). An older one is
 * replaced. */
void proc_dir_put_process(const struct proc_dir *dir, uint32_t pid, const char *comm,
			  uint64_t start_ticks, uint32_t euid, const char *cgroup);

void proc_dir_remove_process(const struct proc_dir *dir, uint32_t pid);

/* PID/fd/FD → target. */
void proc_dir_put_fd(const struct proc_dir *dir, uint32_t pid, int fd, const char *target);

/* A file by its path within, with the directories that it needs. */
void proc_dir_put_file(const struct proc_dir *dir, const char *path, const char *text);
