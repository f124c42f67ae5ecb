/* SPDX-License-Identifier: MIT */
#include "listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pace.h"
#include "collect/netns.h"
#include "collect/proc_owners.h"
#include "collect/sock_diag.h"

/* More than any host has ports for. */
#define LISTENERS_MAX 262144

struct listener {
	struct conn_row row;
	uint32_t inode;
};

struct listeners {
	int diag_fd;
	uint32_t seq;
	uint32_t own_netns;
	struct proc_owners *owners;
	struct pace pace; /* of walks over all processes */
	void *buffer;     /* SOCK_DIAG_BUFFER bytes */
	struct listener *found;
	size_t n;
	size_t max;
	const struct conn_row **rows;
};

static int open_all(struct listeners *listeners)
{
	int r = netns_self(&listeners->own_netns);

	listeners->buffer = malloc(SOCK_DIAG_BUFFER);
	if (!listeners->buffer)
		return -ENOMEM;
	if (r >= 0)
		r = sock_diag_open(&listeners->diag_fd);
	if (r >= 0)
		r = proc_owners_new(NULL, 0, &listeners->owners);
	return r;
}

int listeners_new(struct listeners **ret_listeners)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	int r;

	if (!listeners)
		return -ENOMEM;
	listeners->diag_fd = -1;
	r = open_all(listeners);
	if (r < 0) {
		listeners_free(listeners);
		return r;
	}
	*ret_listeners = listeners;
	return 0;
}

struct listeners *listeners_free(struct listeners *listeners)
{
	if (!listeners)
		return NULL;
	close_fd_p(&listeners->diag_fd);
	proc_owners_free(listeners->owners);
	free(listeners->buffer);
	free(listeners->found);
	free(listeners->rows);
	free(listeners);
	return NULL;
}

static int reserve(struct listeners *listeners)
{
	size_t max = listeners->max * 2 + 64;
	struct listener *found;

	if (listeners->n < listeners->max)
		return 0;
	if (listeners->n >= LISTENERS_MAX)
		return -ENOBUFS;
	found = reallocarray(listeners->found, max, sizeof(*found));
	if (!found)
		return -ENOMEM;
	listeners->found = found;
	listeners->max = max;
	return 0;
}

static int on_row(void *user, const struct sock_diag_row *diag)
{
	struct listeners *listeners = user;
	struct listener *listener;
	int r = reserve(listeners);

	if (r < 0)
		return r;
	listener = &listeners->found[listeners->n++];
	*listener = (struct listener){
		.row =
			{
				.id = diag->id,
				.owner = {.uid = diag->uid},
				.cgroup_id = diag->cgroup_id,
				.state = diag->state,
				/* It carries nothing itself. */
				.flags = WEIR_CONN_NO_COUNTERS,
			},
		.inode = diag->inode,
	};
	listener->row.id.netns = listeners->own_netns;
	return 0;
}

static int dump(struct listeners *listeners, uint8_t family)
{
	uint64_t bad_records = 0;
	const struct sock_diag_query query = {
		.family = family,
		.proto = WEIR_PROTO_TCP,
		.states = 1U << WEIR_TCP_LISTEN,
	};
	const struct sock_diag_sink sink = {
		.user = listeners,
		.row = on_row,
		.bad_records = &bad_records,
	};
	int r = sock_diag_dump(listeners->diag_fd, ++listeners->seq, &query, listeners->buffer,
			       &sink);

	/* Some may be missing: the next look has them. */
	return r == -EINTR ? 0 : r;
}

/* By the last walk. False: there is one whose process is not known. */
static bool name_owners(struct listeners *listeners)
{
	bool all = true;

	for (size_t i = 0; i < listeners->n; i++) {
		struct weir_owner *owner = &listeners->found[i].row.owner;
		uint32_t uid = owner->uid;

		proc_owners_find(listeners->owners, listeners->found[i].inode, owner);
		if (owner->uid == UINT32_MAX)
			owner->uid = uid;
		all &= owner->pid != 0;
	}
	return all;
}

/* Looks for processes anew where one is not known, but not all the time. */
static void find_owners(struct listeners *listeners, uint64_t now_ns)
{
	if (name_owners(listeners) || !pace_allows(&listeners->pace, now_ns))
		return;
	(void)proc_owners_walk(listeners->owners); /* what was found counts */
	pace_note(&listeners->pace, now_ns, clock_monotonic_ns());
	(void)name_owners(listeners);
}

int listeners_read(struct listeners *listeners, const struct conn_row *const **ret_rows,
		   size_t *ret_n)
{
	const struct conn_row **rows;
	int r;

	listeners->n = 0;
	r = dump(listeners, AF_INET);
	if (r >= 0)
		r = dump(listeners, AF_INET6);
	if (r < 0)
		return r;
	rows = reallocarray(listeners->rows, listeners->n + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	listeners->rows = rows;
	find_owners(listeners, clock_monotonic_ns());
	for (size_t i = 0; i < listeners->n; i++)
		rows[i] = &listeners->found[i].row;
	*ret_rows = rows;
	*ret_n = listeners->n;
	return 0;
}
