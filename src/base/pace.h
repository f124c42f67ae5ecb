/* SPDX-License-Identifier: MIT */
#pragma once

/* Keeps a costly look around from being made too often: it may take one fiftieth of the time. */

#include <stdbool.h>
#include <stdint.h>

#define PACE_SHARE 50

struct pace {
	uint64_t ended_ns; /* 0: never done */
	uint64_t cost_ns;
};

/* True if as much as PACE_SHARE times the last cost has passed since it ended. */
static inline bool pace_allows(const struct pace *pace, uint64_t now_ns)
{
	if (!pace->ended_ns)
		return true;
	return now_ns > pace->ended_ns && now_ns - pace->ended_ns >= pace->cost_ns * PACE_SHARE;
}

static inline void pace_note(struct pace *pace, uint64_t began_ns, uint64_t ended_ns)
{
	pace->ended_ns = ended_ns;
	pace->cost_ns = ended_ns - began_ns;
}
