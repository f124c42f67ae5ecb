/* SPDX-License-Identifier: MIT */
#include "proc_dir.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(bool done, const char *what)
{
	if (done)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

struct proc_dir proc_dir_new(void)
{
	struct proc_dir dir = {.path = "/tmp/weir-proc-XXXXXX"};

	need(mkdtemp(dir.path) != NULL, "mkdtemp");
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_all(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
		need(errno == ENOENT, path);
}

void proc_dir_remove(const struct proc_dir *dir)
{
	remove_all(dir->path);
}

static void make_parents(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		need(mkdir(path, 0700) == 0 || errno == EEXIST, path);
		*at = '/';
	}
}

void proc_dir_put_file(const struct proc_dir *dir, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", dir->path, path);
	make_parents(full);
	file = fopen(full, "we");
	need(file != NULL, full);
	need(fputs(text, file) >= 0 && fclose(file) == 0, full);
}

void proc_dir_put_process(const struct proc_dir *dir, uint32_t pid, const char *comm,
			  uint64_t start_ticks, uint32_t euid, const char *cgroup)
{
	char path[128];
	char text[512];

	proc_dir_remove_process(dir, pid);
	snprintf(path, sizeof(path), "%" PRIu32 "/stat", pid);
	snprintf(text, sizeof(text),
		 "%" PRIu32 " (%s) S 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 %" PRIu64
		 " 8192 100 18446744073709551615\n",
		 pid, comm, start_ticks);
	proc_dir_put_file(dir, path, text);
	snprintf(path, sizeof(path), "%" PRIu32 "/status", pid);
	snprintf(text, sizeof(text), "Name:\t%s\nUid:\t1\t%" PRIu32 "\t2\t3\nGid:\t4\t4\t4\t4\n",
		 comm, euid);
	proc_dir_put_file(dir, path, text);
	snprintf(path, sizeof(path), "%" PRIu32 "/cgroup", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	proc_dir_put_file(dir, path, text);
	snprintf(path, sizeof(path), "%s/%" PRIu32 "/fd", dir->path, pid);
	need(mkdir(path, 0700) == 0, path);
}

void proc_dir_remove_process(const struct proc_dir *dir, uint32_t pid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%" PRIu32, dir->path, pid);
	remove_all(path);
}

void proc_dir_put_fd(const struct proc_dir *dir, uint32_t pid, int fd, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%" PRIu32 "/fd/%d", dir->path, pid, fd);
	need(symlink(target, path) == 0, path);
}
