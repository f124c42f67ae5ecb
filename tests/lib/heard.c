/* SPDX-License-Identifier: MIT */
#include "heard.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "own_netns.h"
#include "tap.h"

#define NOBODY 65534

struct heard *heard_new(void)
{
	struct heard *heard = calloc(1, sizeof(*heard));

	if (!heard)
		abort();
	return heard;
}

void hear(void *user, const struct weir_conn_event *event)
{
	struct heard *heard = user;

	if (heard->netns && event->id.netns != heard->netns)
		return;
	if (heard->n == HEARD_MAX)
		heard->refused++;
	else
		heard->events[heard->n++] = *event;
}

static bool is_end(const struct weir_conn_event *event, const struct traffic_end *end)
{
	return memcmp(event->id.local.bytes, end->local.addr, sizeof(end->local.addr)) == 0 &&
	       memcmp(event->id.remote.bytes, end->remote.addr, sizeof(end->remote.addr)) == 0 &&
	       event->id.local_port == end->local.port && event->id.remote_port == end->remote.port;
}

const struct weir_conn_event *heard_find(const struct heard *heard, const struct traffic_end *end,
					 enum weir_conn_event_kind kind, int *ret_count)
{
	const struct weir_conn_event *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < heard->n; i++) {
		if (heard->events[i].kind != kind || !is_end(&heard->events[i], end))
			continue;
		found = &heard->events[i];
		++*ret_count;
	}
	return found;
}

int heard_pass(struct weir_conn_source *source, struct heard *heard)
{
	uint64_t now_ns = 0;
	int r = source->ops->sample(source, hear, heard, &now_ns);

	if (r < 0)
		tap_note("sample: %s", strerror(-r));
	return r;
}

bool heard_wait(struct weir_conn_source *source, struct heard *heard, uint64_t deadline_ns)
{
	struct pollfd pollfd = {.fd = source->ops->fd(source), .events = POLLIN};

	if (clock_monotonic_ns() > deadline_ns || poll(&pollfd, 1, 1000) < 0)
		return false;
	return source->ops->drain(source, hear, heard) >= 0;
}

bool heard_await_finals(struct weir_conn_source *source, struct heard *heard,
			const struct traffic_pair *pair)
{
	uint64_t deadline_ns = clock_monotonic_ns() + HEARD_WAIT_NS;
	int count;

	while (!heard_find(heard, &pair->client, WEIR_CONN_FINAL, &count) ||
	       !heard_find(heard, &pair->server, WEIR_CONN_FINAL, &count))
		if (!heard_wait(source, heard, deadline_ns))
			return false;
	return true;
}

uint64_t heard_lost_finals(struct weir_conn_source *source)
{
	struct weir_conn_source_stats stats;

	source->ops->stats(source, &stats);
	return stats.lost_finals;
}

void heard_settle(void)
{
	uint32_t inode;

	if (own_netns_enter(&inode) < 0)
		tap_note("in the host's network namespace: none of our own is allowed");
}

void heard_become_nobody(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		tap_skip_all("cannot give up root");
	/* Changing the uid hides /proc/self from ourselves (proc(5)); we are no secret. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		tap_skip_all("cannot be dumpable again");
}
