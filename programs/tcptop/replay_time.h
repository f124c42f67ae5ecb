/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A moment of a recording as people write it. The clock's form depends on the recording (which
 * day?) and on the local time zone, so a text is read first and resolved later.
 *
 *	2026-11-21T08:54:52Z, …:52.5+01:00	RFC 3339
 *	08:54, 08:54:52				the clock, on the recording's day
 *	+90, +1m30s, +2h			so long after its beginning
 */

#include <stdbool.h>
#include <stdint.h>

enum replay_time_kind {
	REPLAY_TIME_NONE,
	REPLAY_TIME_MOMENT, /* ns since 1970 */
	REPLAY_TIME_CLOCK,  /* ns since midnight */
	REPLAY_TIME_AFTER,  /* ns since the beginning */
};

struct replay_time {
	enum replay_time_kind kind;
	uint64_t ns;
};

/* -EINVAL: it is none of the forms above; *ret_time is untouched. */
int replay_time_parse(const char *text, struct replay_time *ret_time);

/*
 * CLOCK_REALTIME in ns, for a recording whose first frame is of first_ns. A clock's time is the
 * first such one from the beginning of the recording on; the minute in which it begins counts as
 * its beginning.
 */
uint64_t replay_time_resolve(const struct replay_time *time, uint64_t first_ns);
