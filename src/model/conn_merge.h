/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What an event changes in the row of its connection, field by field. Nothing here knows of
 * tables or ticks. Two rules hold throughout: a counter runs backwards only to become exact, and
 * what is known is never replaced by what is not.
 */

#include <stdbool.h>

#include "model/conn_row.h"

enum conn_moved {
	CONN_MOVED = 1 << 0,     /* a counter went up */
	CONN_BACKWARDS = 1 << 1, /* a counter was below the one known, which was kept */
};

/* Owner: the stronger evidence wins; the same process refreshes its name. */
void conn_merge_owner(struct weir_owner *owner, const struct weir_owner *news);

/* Everything but counters, state and owner: the tuple, netns, cgroup, beginning, flags, drops. */
void conn_merge_facts(struct conn_row *row, const struct weir_conn_event *event);

/* The state and tcp_info of a SAMPLE or FINAL. A state of CLOSE is left to the caller. */
void conn_merge_tcp(struct conn_row *row, const struct weir_conn_event *event);

/* The deltas of a SEND or RECV. Returns enum conn_moved, or-ed. */
unsigned conn_merge_deltas(struct conn_row *row, const struct weir_conn_event *event);

enum conn_totals {
	CONN_TOTALS_FIRST,  /* the row has no counters yet: any value is good */
	CONN_TOTALS_RAISE,  /* each counter on its own only goes up */
	CONN_TOTALS_SETTLE, /* the bytes are exact and replace those known */
};

/* The totals of a SAMPLE or FINAL. Returns enum conn_moved, or-ed. */
unsigned conn_merge_totals(struct conn_row *row, const struct weir_conn_event *event,
			   enum conn_totals how);
