/* SPDX-License-Identifier: MIT */
#include "collect/diag_spaces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/netns.h"
#include "collect/sock_destroyed.h"
#include "collect/sock_diag.h"

struct opening {
	struct diag_space *space;
	size_t buffer_bytes;
};

static void close_fds(struct diag_space *space)
{
	close_fd_p(&space->destroyed_fd);
	close_fd_p(&space->query_fd);
	space->destroyed_fd = -1;
	space->query_fd = -1;
}

/* Runs inside the namespace. */
static int open_fds(void *user)
{
	struct opening *opening = user;
	int r = 0;

	if (opening->buffer_bytes)
		r = sock_destroyed_open(opening->buffer_bytes, &opening->space->destroyed_fd);
	if (r == 0)
		r = sock_diag_open(&opening->space->query_fd);
	return r;
}

static int open_query(void *user)
{
	struct diag_space *space = user;

	return sock_diag_open(&space->query_fd);
}

static int run_inside(const struct diag_space *space, int (*fn)(void *user), void *user)
{
	return space->path[0] ? netns_call(space->path, fn, user) : fn(user);
}

static int add(struct diag_spaces *spaces, uint32_t inode, const char *path)
{
	struct diag_space space = {
		.inode = inode, .destroyed_fd = -1, .query_fd = -1, .listed = true};
	struct opening opening = {.space = &space, .buffer_bytes = spaces->buffer_bytes};
	struct epoll_event event = {.events = EPOLLIN};
	struct diag_space *list;
	int r;

	snprintf(space.path, sizeof(space.path), "%s", inode == spaces->self ? "" : path);
	r = run_inside(&space, open_fds, &opening);
	if (r == 0 && space.destroyed_fd >= 0 &&
	    epoll_ctl(spaces->epoll_fd, EPOLL_CTL_ADD, space.destroyed_fd, &event) < 0)
		r = -errno;
	if (r < 0) {
		close_fds(&space);
		return r;
	}
	list = realloc(spaces->list, (spaces->n + 1) * sizeof(*list));
	if (!list) {
		close_fds(&space);
		return -ENOMEM;
	}
	spaces->list = list;
	spaces->list[spaces->n++] = space;
	return 0;
}

static struct diag_space *find(const struct diag_spaces *spaces, uint32_t inode)
{
	for (size_t i = 0; i < spaces->n; i++)
		if (spaces->list[i].inode == inode)
			return &spaces->list[i];
	return NULL;
}

static int look_around(struct diag_spaces *spaces)
{
	CLEANUP(free_p) struct netns *list = NULL;
	size_t hidden;
	size_t n;
	int r = netns_list(NULL, &list, &n, &hidden);

	if (r < 0)
		return r;
	for (size_t i = 0; i < spaces->n; i++)
		spaces->list[i].listed = spaces->list[i].inode == spaces->self;
	for (size_t i = 0; i < n; i++) {
		struct diag_space *known = find(spaces, list[i].inode);

		if (spaces->wanted && list[i].inode != spaces->wanted)
			continue;
		if (known) {
			known->listed = true;
			/* The process that the path goes by may be the next to end. */
			if (known->path[0])
				snprintf(known->path, sizeof(known->path), "%s", list[i].path);
			continue;
		}
		r = add(spaces, list[i].inode, list[i].path);
		if (r < 0 && !netns_is_passed_over(r))
			return r;
	}
	return 0;
}

static int do_nothing(void *user)
{
	(void)user;
	return 0;
}

int diag_spaces_init(struct diag_spaces *spaces, const struct diag_spaces_options *options)
{
	int r;

	*spaces = (struct diag_spaces){.buffer_bytes = options->buffer_bytes, .epoll_fd = -1};
	r = netns_self(&spaces->self);
	if (r < 0)
		return r;
	spaces->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (spaces->epoll_fd < 0)
		return -errno;
	spaces->wanted = options->netns;
	spaces->others = options->netns ? options->netns != spaces->self : options->all_netns;
	if (!spaces->others || !spaces->wanted) {
		r = add(spaces, spaces->self, "");
		if (r < 0)
			return r;
	}
	if (!spaces->others)
		return 0;
	r = netns_call("/proc/thread-self/ns/net", do_nothing, NULL); /* may we at all? */
	if (r == 0)
		r = diag_spaces_update(spaces, clock_monotonic_ns());
	if (r == 0 && !spaces->n)
		r = -ENOENT;
	return r;
}

void diag_spaces_done(struct diag_spaces *spaces)
{
	for (size_t i = 0; i < spaces->n; i++)
		close_fds(&spaces->list[i]);
	free(spaces->list);
	close_fd_p(&spaces->epoll_fd);
	*spaces = (struct diag_spaces){.epoll_fd = -1};
}

int diag_spaces_update(struct diag_spaces *spaces, uint64_t now_ns)
{
	int r;

	if (!spaces->others || !pace_allows(&spaces->pace, now_ns))
		return 0;
	r = look_around(spaces);
	pace_note(&spaces->pace, now_ns, clock_monotonic_ns());
	return r;
}

/* Closing a descriptor takes it out of the epoll set too. */
void diag_spaces_drop(struct diag_spaces *spaces)
{
	size_t kept = 0;

	for (size_t i = 0; i < spaces->n; i++) {
		if (spaces->list[i].listed)
			spaces->list[kept++] = spaces->list[i];
		else
			close_fds(&spaces->list[i]);
	}
	spaces->n = kept;
}

int diag_space_reopen(struct diag_space *space)
{
	return space->query_fd >= 0 ? 0 : run_inside(space, open_query, space);
}
