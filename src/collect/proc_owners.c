/* SPDX-License-Identifier: MIT */
#include "collect/proc_owners.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_stat.h"
#include "collect/u64_map.h"

#define DEFAULT_MAX_SOCKETS 1000000

struct proc_owners {
	int proc_fd;
	size_t max_sockets;
	struct u64_map by_inode; /* socket inode → index of holders */
	struct weir_owner *holders;
	uint32_t n_holders;
	uint32_t cap;
	bool blind; /* the last walk met processes it may not look into */
	uint64_t dropped;
};

DEFINE_CLEANUP(closedir_p, DIR *, closedir)
DEFINE_CLEANUP(proc_owners_free_p, struct proc_owners *, proc_owners_free)

int proc_owners_new(const char *proc_root, size_t max_sockets, struct proc_owners **ret_owners)
{
	CLEANUP(proc_owners_free_p) struct proc_owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return -ENOMEM;
	owners->max_sockets = max_sockets ? max_sockets : DEFAULT_MAX_SOCKETS;
	owners->proc_fd = open(proc_root ? proc_root : "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (owners->proc_fd < 0)
		return -errno;
	*ret_owners = STEAL(owners);
	return 0;
}

struct proc_owners *proc_owners_free(struct proc_owners *owners)
{
	if (!owners)
		return NULL;
	u64_map_done(&owners->by_inode);
	free(owners->holders);
	close_fd_p(&owners->proc_fd);
	free(owners);
	return NULL;
}

/* Makes pid the newest holder. -ENOENT: it is gone. */
static int add_holder(struct proc_owners *owners, uint32_t pid)
{
	struct weir_owner holder = {.pid = pid, .uid = UINT32_MAX, .evidence = WEIR_EVIDENCE_FILE};
	struct proc_stat stat;
	int r = proc_stat_read(owners->proc_fd, pid, &stat);

	if (r == 0)
		r = proc_stat_read_euid(owners->proc_fd, pid, &holder.uid);
	if (r < 0)
		return r;
	if (owners->n_holders == owners->cap) {
		uint32_t cap = owners->cap ? owners->cap * 2 : 64;
		struct weir_owner *holders = realloc(owners->holders, cap * sizeof(*holders));

		if (!holders)
			return -ENOMEM;
		owners->holders = holders;
		owners->cap = cap;
	}
	holder.start_boot_ns = stat.start_boot_ns;
	memcpy(holder.comm, stat.comm, sizeof(holder.comm));
	owners->holders[owners->n_holders++] = holder;
	return 0;
}

static bool lives_longer(const struct weir_owner *a, const struct weir_owner *b)
{
	if (a->start_boot_ns != b->start_boot_ns)
		return a->start_boot_ns < b->start_boot_ns;
	return a->pid < b->pid;
}

static int add_socket(struct proc_owners *owners, uint32_t inode, uint32_t holder)
{
	uint32_t known;

	if (u64_map_get(&owners->by_inode, inode, &known)) {
		if (!lives_longer(&owners->holders[holder], &owners->holders[known]))
			return 0;
	} else if (owners->by_inode.used >= owners->max_sockets) {
		owners->dropped++;
		return 0;
	}
	return u64_map_set(&owners->by_inode, inode, holder);
}

/* The inode in the target of a descriptor's link, "socket:[123]"; 0 if it is no socket. */
static uint32_t socket_inode(int dir_fd, const char *name)
{
	char target[64];
	ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	uint32_t inode;
	char end;

	if (len < 0)
		return 0; /* closed meanwhile */
	target[len] = '\0';
	if (sscanf(target, "socket:[%" SCNu32 "%c", &inode, &end) != 2 || end != ']')
		return 0;
	return inode;
}

static int walk_process(struct proc_owners *owners, uint32_t pid)
{
	CLEANUP(closedir_p) DIR *dir = NULL;
	uint32_t holder = UINT32_MAX;
	struct dirent *entry;
	char path[32];
	int r = 0;
	int fd;

	snprintf(path, sizeof(path), "%" PRIu32 "/fd", pid);
	fd = openat(owners->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir))) {
		uint32_t inode;

		if (entry->d_name[0] == '.')
			continue;
		inode = socket_inode(fd, entry->d_name);
		if (!inode)
			continue;
		if (holder == UINT32_MAX) {
			r = add_holder(owners, pid);
			holder = owners->n_holders - 1;
		}
		if (r == 0)
			r = add_socket(owners, inode, holder);
	}
	return r;
}

int proc_owners_walk(struct proc_owners *owners)
{
	int fd = openat(owners->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedir_p) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool saw_init = false;

	if (!dir) {
		int r = -errno;

		close_fd_p(&fd);
		return r;
	}
	u64_map_clear(&owners->by_inode);
	owners->n_holders = 0;
	owners->blind = false;
	while ((entry = readdir(dir))) {
		uint32_t pid;
		int r;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		saw_init = saw_init || pid == 1;
		r = walk_process(owners, pid);
		if (r == -ENOMEM)
			return r;
		if (r == -EACCES || r == -EPERM)
			owners->blind = true;
		/* Anything else: the process ended while we looked. */
	}
	if (!saw_init)
		owners->blind = true; /* mounted with hidepid (proc(5)) */
	return 0;
}

void proc_owners_find(const struct proc_owners *owners, uint32_t inode,
		      struct weir_owner *ret_owner)
{
	uint32_t holder;

	if (inode && u64_map_get(&owners->by_inode, inode, &holder)) {
		*ret_owner = owners->holders[holder];
		return;
	}
	*ret_owner = (struct weir_owner){
		.uid = UINT32_MAX,
		.unknown = inode && owners->blind ? WEIR_UNKNOWN_NO_CAP : WEIR_UNKNOWN_EXITED,
	};
}

uint64_t proc_owners_dropped(const struct proc_owners *owners)
{
	return owners->dropped;
}
