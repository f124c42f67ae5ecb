/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where a screen's frames come from: this host as it is, or a recording. Whoever shows them cannot
 * tell which, but by what it may be asked for. All functions belong to the screen's thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "collector.h"
#include "model/conn_frame.h"
#include "model/conn_row.h"
#include "names.h"
#include "options.h"
#include "view/conn_view.h"

struct feed;

struct feed_ops {
	/* Readable when take() has something. Borrowed. */
	int (*fd)(const struct feed *feed);

	/* 1: *ret_frame is the next to be shown, borrowed until the next call of this; the one
	 * before is gone. At the end of a recording that is the last one again, and position()
	 * says that it has ended. 0: there is none. In both cases error may tell of something that
	 * went wrong and is not the end: a damaged part that was passed over, a recording that
	 * could not go on. An error is the feed's end, told by error. */
	int (*take)(struct feed *feed, const struct conn_frame **ret_frame, struct str_buf *error);

	/* Of the rows of the frame taken last. Borrowed; the same throughout. */
	const struct conn_names *(*names)(const struct feed *feed);

	/* Holds the frame that was taken last, and lets it go. What it missed of a host is missed;
	 * a recording goes on from there. */
	void (*pause)(struct feed *feed, bool paused);

	/* Of the host: time between two looks. -EOPNOTSUPP: a recording has its own. */
	int (*set_interval)(struct feed *feed, uint64_t interval_ns);

	/* Of a recording: makes the frame at that time the next, paused or not, or the first or
	 * last one if it is before or after all: the one taken last is gone, so take() is to be
	 * called at once; and plays that many times as fast. -EOPNOTSUPP: this is no recording. */
	int (*seek)(struct feed *feed, uint64_t realtime_ns);
	int (*set_speed)(struct feed *feed, double speed);
	/* The same as seek() to the frame before (direction < 0) or after the one taken last. */
	int (*step)(struct feed *feed, int direction);

	/* Fills in all but the play state of a host. */
	void (*position)(const struct feed *feed, struct conn_replay *ret_replay);
};

struct feed {
	const struct feed_ops *ops;
};

/* The collector and the names are borrowed as long as the feed is in use. */
struct feed_live {
	struct feed feed;
	struct collector *collector;
	struct names *names;
	bool paused;
};

void feed_live_init(struct feed_live *live, struct collector *collector, struct names *names);
