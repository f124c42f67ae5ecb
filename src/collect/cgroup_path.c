/* SPDX-License-Identifier: MIT */
#include "collect/cgroup_path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/small_file.h"
#include "collect/u64_map.h"

#define FILEID_KERNFS 0xfe /* enum fid_type, include/linux/exportfs.h: the id as 64 bits */
#define MAX_KEPT 4096

struct line {
	const char *controllers; /* "", "name=systemd", "cpu,cpuacct" */
	size_t controllers_len;
	const char *path;
	size_t path_len;
};

/* One line, "ID:controllers:path"; the path may hold colons. False if it is not one. */
static bool parse_line(const char *text, size_t len, struct line *ret_line)
{
	static const char deleted[] = " (deleted)";
	const char *first = memchr(text, ':', len);
	const char *second =
		first ? memchr(first + 1, ':', len - (size_t)(first + 1 - text)) : NULL;
	struct line line;

	if (!second)
		return false;
	line.controllers = first + 1;
	line.controllers_len = (size_t)(second - line.controllers);
	line.path = second + 1;
	line.path_len = (size_t)(text + len - line.path);
	if (line.path_len > strlen(deleted) &&
	    memcmp(line.path + line.path_len - strlen(deleted), deleted, strlen(deleted)) == 0)
		line.path_len -= strlen(deleted);
	*ret_line = line;
	return true;
}

static int rank(const struct line *line)
{
	if (line->path_len == 1 && line->path[0] == '/')
		return 1;
	if (line->controllers_len == 0)
		return 4;
	if (line->controllers_len == strlen("name=systemd") &&
	    memcmp(line->controllers, "name=systemd", line->controllers_len) == 0)
		return 3;
	return 2;
}

void cgroup_path_parse(const char *text, char *path, size_t size)
{
	struct line best = {0};
	int best_rank = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		struct line line;

		if (parse_line(text, len, &line) && rank(&line) > best_rank) {
			best = line;
			best_rank = rank(&line);
		}
		text += len + (text[len] == '\n');
	}
	snprintf(path, size, "%.*s", (int)best.path_len, best.path ? best.path : "");
}

int cgroup_path_of_process(int proc_fd, uint32_t pid, char *path, size_t size)
{
	CLEANUP(free_p) char *text = malloc(65536); /* 13 v1 lines of PATH_MAX each fit */
	char name[32];
	ssize_t len;

	if (!text)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%" PRIu32 "/cgroup", pid);
	len = small_file_read(proc_fd, name, text, 65536);
	if (len < 0)
		return len == -ESRCH ? -ENOENT : (int)len;
	cgroup_path_parse(text, path, size);
	return 0;
}

/* Undoes the octal escapes of mountinfo (proc(5)) in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The mount point in a line of mountinfo if its file system is cgroup2, else NULL. */
static char *cgroup2_mount_point(char *line)
{
	char *separator = strstr(line, " - ");
	char *at = line;
	char *end;

	if (!separator || strncmp(separator + 3, "cgroup2 ", 8) != 0)
		return NULL;
	for (int field = 1; field < 5; field++) {
		at = strchr(at, ' ');
		if (!at || at >= separator)
			return NULL;
		at++;
	}
	end = strchr(at, ' ');
	if (!end)
		return NULL;
	*end = '\0';
	unescape(at);
	return at;
}

int cgroup2_open(const char *proc_root, int *ret_fd, char ret_path[PATH_MAX])
{
	CLEANUP(fclose_p) FILE *file = NULL;
	CLEANUP(free_p) char *line = NULL;
	char path[PATH_MAX];
	size_t cap = 0;

	snprintf(path, sizeof(path), "%s/self/mountinfo", proc_root ? proc_root : "/proc");
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &cap, file) > 0) {
		const char *mount_point = cgroup2_mount_point(line);
		int fd;

		if (!mount_point || strlen(mount_point) >= PATH_MAX)
			continue;
		fd = open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		snprintf(ret_path, PATH_MAX, "%s", mount_point);
		*ret_fd = fd;
		return 0;
	}
	return ferror(file) ? -EIO : -ENOENT;
}

struct cgroup_paths {
	int mount_fd;
	char mount_point[PATH_MAX];
	struct u64_map by_id; /* cgroup id → index of paths */
	char *paths[MAX_KEPT];
	uint32_t n_paths;
};

DEFINE_CLEANUP(cgroup_paths_free_p, struct cgroup_paths *, cgroup_paths_free)

int cgroup_paths_new(const char *proc_root, struct cgroup_paths **ret_paths)
{
	CLEANUP(cgroup_paths_free_p) struct cgroup_paths *paths = calloc(1, sizeof(*paths));
	int r;

	if (!paths)
		return -ENOMEM;
	paths->mount_fd = -1;
	r = cgroup2_open(proc_root, &paths->mount_fd, paths->mount_point);
	if (r < 0)
		return r;
	*ret_paths = STEAL(paths);
	return 0;
}

static void forget(struct cgroup_paths *paths)
{
	for (uint32_t i = 0; i < paths->n_paths; i++)
		free(paths->paths[i]);
	paths->n_paths = 0;
	u64_map_clear(&paths->by_id);
}

struct cgroup_paths *cgroup_paths_free(struct cgroup_paths *paths)
{
	if (!paths)
		return NULL;
	forget(paths);
	u64_map_done(&paths->by_id);
	close_fd_p(&paths->mount_fd);
	free(paths);
	return NULL;
}

/* A cgroup id is the file handle of its directory (fs/kernfs/mount.c, kernfs_fh_to_dentry). */
static int open_by_id(int mount_fd, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} h = {.handle = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}};
	int fd;

	memcpy(h.room + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &h.handle, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* "" stays for what is gone, may not be asked for, or lies outside of what is mounted. */
static void ask(const struct cgroup_paths *paths, uint64_t id, char path[PATH_MAX])
{
	CLEANUP(close_fd_p) int fd = open_by_id(paths->mount_fd, id);
	size_t prefix = strlen(paths->mount_point);
	char target[PATH_MAX];
	char link[32];
	ssize_t len;

	path[0] = '\0';
	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return;
	target[len] = '\0';
	if (strncmp(target, paths->mount_point, prefix) != 0)
		return;
	if (target[prefix] == '\0')
		snprintf(path, PATH_MAX, "/");
	else if (target[prefix] == '/')
		snprintf(path, PATH_MAX, "%s", target + prefix);
}

const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id)
{
	char path[PATH_MAX];
	uint32_t at;
	char *kept;

	if (u64_map_get(&paths->by_id, id, &at))
		return paths->paths[at];
	ask(paths, id, path);
	if (paths->n_paths == MAX_KEPT)
		forget(paths);
	kept = strdup(path);
	if (!kept)
		return "";
	if (u64_map_set(&paths->by_id, id, paths->n_paths) < 0) {
		free(kept);
		return "";
	}
	paths->paths[paths->n_paths++] = kept;
	return kept;
}
