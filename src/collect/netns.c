/* SPDX-License-Identifier: MIT */
#include "collect/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/u64_map.h"

DEFINE_CLEANUP(closedir_p, DIR *, closedir)

struct gathered {
	struct netns *list;
	size_t n;
	size_t cap;
	size_t hidden;
	struct u64_map by_inode;
};

static const char *proc_root(const struct netns_roots *roots)
{
	return roots && roots->proc ? roots->proc : "/proc";
}

static const char *run_dir(const struct netns_roots *roots)
{
	return roots && roots->run_dir ? roots->run_dir : NETNS_RUN_DIR;
}

static int inode_of(const char *path, uint32_t *ret_inode)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	*ret_inode = (uint32_t)st.st_ino;
	return 0;
}

static int add(struct gathered *g, uint32_t inode, const char *path, const char *name)
{
	struct netns *ns;
	uint32_t at;
	int r;

	if (u64_map_get(&g->by_inode, inode, &at))
		return 0;
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 8;
		struct netns *list = realloc(g->list, cap * sizeof(*list));

		if (!list)
			return -ENOMEM;
		g->list = list;
		g->cap = cap;
	}
	r = u64_map_set(&g->by_inode, inode, (uint32_t)g->n);
	if (r < 0)
		return r;
	ns = &g->list[g->n++];
	*ns = (struct netns){.inode = inode};
	snprintf(ns->path, sizeof(ns->path), "%s", path);
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	return 0;
}

/* Names come first, so that a namespace that has one is listed with it. */
static int add_named(struct gathered *g, const char *dir_path)
{
	CLEANUP(closedir_p) DIR *dir = opendir(dir_path);
	struct dirent *entry;
	char path[sizeof(g->list->path)];
	uint32_t inode = 0;
	int r = 0;

	if (!dir)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name) >=
		    (int)sizeof(path))
			g->hidden++;
		else if (inode_of(path, &inode) < 0)
			g->hidden++;
		else
			r = add(g, inode, path, entry->d_name);
	}
	return r;
}

static int add_of_processes(struct gathered *g, const char *proc)
{
	CLEANUP(closedir_p) DIR *dir = opendir(proc);
	struct dirent *entry;
	char path[sizeof(g->list->path)];
	uint32_t inode = 0;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s/ns/net", proc, entry->d_name) >=
		    (int)sizeof(path))
			return -ENAMETOOLONG;
		r = inode_of(path, &inode);
		if (r == 0) {
			r = add(g, inode, path, "");
			continue;
		}
		if (r == -EACCES || r == -EPERM)
			g->hidden++;
		r = 0; /* the process is gone, or a zombie: it is in no namespace */
	}
	return r;
}

bool netns_is_passed_over(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -EINVAL || error == -EPERM;
}

int netns_self(uint32_t *ret_inode)
{
	return inode_of("/proc/thread-self/ns/net", ret_inode);
}

int netns_by_name(const struct netns_roots *roots, const char *name, uint32_t *ret_inode)
{
	char path[sizeof(((struct netns *)0)->path)];

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return -EINVAL;
	if (snprintf(path, sizeof(path), "%s/%s", run_dir(roots), name) >= (int)sizeof(path))
		return -EINVAL;
	return inode_of(path, ret_inode);
}

int netns_list(const struct netns_roots *roots, struct netns **ret_list, size_t *ret_n,
	       size_t *ret_hidden)
{
	struct gathered g = {0};
	int r = add_named(&g, run_dir(roots));

	if (r == 0)
		r = add_of_processes(&g, proc_root(roots));
	u64_map_done(&g.by_inode);
	if (r < 0) {
		free(g.list);
		return r;
	}
	*ret_list = g.list;
	*ret_n = g.n;
	*ret_hidden = g.hidden;
	return 0;
}

struct call {
	int ns_fd;
	int (*fn)(void *user);
	void *user;
	int result;
};

static void *call_inside(void *arg)
{
	struct call *call = arg;

	if (setns(call->ns_fd, CLONE_NEWNET) < 0)
		call->result = -errno;
	else
		call->result = call->fn(call->user);
	return NULL;
}

int netns_call(const char *path, int (*fn)(void *user), void *user)
{
	CLEANUP(close_fd_p) int ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	struct call call = {.ns_fd = ns_fd, .fn = fn, .user = user};
	pthread_t thread;
	int r;

	if (ns_fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	r = pthread_create(&thread, NULL, call_inside, &call);
	if (r)
		return -r;
	r = pthread_join(thread, NULL);
	return r ? -r : call.result;
}
