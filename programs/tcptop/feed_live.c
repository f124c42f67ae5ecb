/* SPDX-License-Identifier: MIT */
/* This host as it is: what the collector has last seen. */
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "feed.h"

#define RENAMES_AT_ONCE 64

static struct feed_live *live_of(struct feed *feed)
{
	return (struct feed_live *)feed; /* its first member */
}

static int live_fd(const struct feed *feed)
{
	return collector_fd(((const struct feed_live *)feed)->collector);
}

/* The names belong to this thread, so changes are taken in here. */
static void take_renames(struct feed_live *live)
{
	struct weir_owner owners[RENAMES_AT_ONCE];
	size_t n;

	do {
		n = collector_take_renames(live->collector, owners, RENAMES_AT_ONCE);
		for (size_t i = 0; i < n; i++)
			names_rename(live->names, &owners[i]);
	} while (n == RENAMES_AT_ONCE);
}

static int live_take(struct feed *feed, const struct conn_frame **ret_frame, struct str_buf *error)
{
	struct feed_live *live = live_of(feed);
	int r;

	take_renames(live);
	if (live->paused)
		return collector_hear(live->collector, error);
	r = collector_take(live->collector, ret_frame, error);
	if (r > 0)
		live->names->now_ns = (*ret_frame)->tick.now_ns;
	return r;
}

static const struct conn_names *live_names(const struct feed *feed)
{
	return &((const struct feed_live *)feed)->names->conn;
}

static void live_pause(struct feed *feed, bool paused)
{
	struct feed_live *live = live_of(feed);

	live->paused = paused;
	if (!paused) /* what has come meanwhile is to be taken now */
		(void)!eventfd_write(collector_fd(live->collector), 1);
}

static int live_set_interval(struct feed *feed, uint64_t interval_ns)
{
	collector_set_interval(live_of(feed)->collector, interval_ns);
	return 0;
}

static int live_seek(struct feed *feed, uint64_t realtime_ns)
{
	(void)feed;
	(void)realtime_ns;
	return -EOPNOTSUPP;
}

static int live_set_speed(struct feed *feed, double speed)
{
	(void)feed;
	(void)speed;
	return -EOPNOTSUPP;
}

static int live_step(struct feed *feed, int direction)
{
	(void)feed;
	(void)direction;
	return -EOPNOTSUPP;
}

static void live_position(const struct feed *feed, struct conn_replay *ret_replay)
{
	(void)feed;
	*ret_replay = (struct conn_replay){.play = CONN_PLAY_LIVE};
}

static const struct feed_ops live_ops = {
	.fd = live_fd,
	.take = live_take,
	.names = live_names,
	.pause = live_pause,
	.set_interval = live_set_interval,
	.seek = live_seek,
	.set_speed = live_set_speed,
	.step = live_step,
	.position = live_position,
};

void feed_live_init(struct feed_live *live, struct collector *collector, struct names *names)
{
	*live = (struct feed_live){
		.feed.ops = &live_ops,
		.collector = collector,
		.names = names,
	};
}
