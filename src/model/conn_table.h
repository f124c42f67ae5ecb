/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Every connection that lives or has just closed, from events alone: no clock, no kernel, no I/O.
 * Feed it events in any order a source makes them, then tick it.
 */

#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

#include "model/conn_row.h"

struct conn_table;

struct conn_table_options {
	size_t size;               /* sizeof(struct conn_table_options) */
	size_t max_conns;          /* 0: 1,000,000 */
	uint64_t udp_timeout_ns;   /* 0: 5 s */
	uint64_t closed_linger_ns; /* how long a closed row stays active after its tick; 0: not */
	uint64_t max_gap_ns;       /* a tick later than this drops the rates; 0: 5 s */
};

/* Counters of what the table did and refused. */
struct conn_table_stats {
	size_t open;        /* rows that are not closed */
	uint64_t opened;    /* rows ever made */
	uint64_t closed;    /* closes ever reported */
	uint64_t expired;   /* UDP rows that went idle */
	uint64_t evicted;   /* rows thrown out because the table was full */
	uint64_t refused;   /* events dropped because no row could be made */
	uint64_t backwards; /* samples with counters below those known; ignored */
};

/* What a tick yields. Rows are borrowed until the next call on the table (a snapshot's: until it is
 * released). */
struct conn_tick {
	const struct conn_row *const *active; /* open (and lingering closed) rows */
	size_t n_active;
	const struct conn_row *const *closed; /* closed since the last tick: each exactly once */
	size_t n_closed;
	uint64_t now_ns;
};

/* -ENOMEM, -EINVAL (a size this build does not know). */
int conn_table_new(const struct conn_table_options *options, struct conn_table **ret_table);
struct conn_table *conn_table_free(struct conn_table *table);

/* Ticks come at another interval from now on. As in struct conn_table_options. */
void conn_table_set_max_gap(struct conn_table *table, uint64_t max_gap_ns);

/*
 * Applies one event. Closed rows that wait for their report are never evicted; reported ones that
 * linger go first (and are not counted as evicted), then the open row that was idle longest. What
 * comes for a connection that was reported and removed is ignored (within the bounds of
 * model/closed_ids.h), and so is RENAME. 0, -ENOMEM, -ENOBUFS (full and nothing could be evicted;
 * counted as refused, as -ENOMEM is), -EINVAL (a kind or a protocol that is none).
 */
int conn_table_apply(struct conn_table *table, const struct weir_conn_event *event);

/*
 * Ends a tick at now_ns: computes rates, reports closes, expires idle UDP flows and removes what
 * was reported as closed by the tick before. A close whose owner is still unknown is held back for
 * one tick, because the owner may be a moment behind it, and so is a close that only a SAMPLE told
 * of, because of its FINAL; with flush set nothing is held back. A now_ns before the last one
 * counts as the last one.
 *
 * A rate is known from the second observation on, or from the first if the connection began within
 * the tick (TCP: if all that came since its beginning is surely in it). An observation is an event
 * with totals, at its own time; deltas count up to the tick; no event at all means that nothing
 * changed up to the tick. A connection that began or ended within the tick has its rate over all of
 * it. -ENOMEM: nothing has changed, and the tick may be tried again.
 */
int conn_table_tick(struct conn_table *table, uint64_t now_ns, bool flush,
		    struct conn_tick *ret_tick);

/*
 * The rows of the last tick, kept as they were: nothing in them changes until they are released,
 * whatever happens to the table, so another thread may read them. Costs two pointers a row; only a
 * row that changes while it is kept is copied.
 */
struct conn_snapshot {
	struct conn_tick tick;
};

/* Once, right after a tick, which the snapshot takes over: it is borrowed no more until the next
 * call but until the release. -ENOMEM: there is none, and the table is as before. -EINVAL: there
 * has been no tick since the last snapshot, or an event since the tick. */
int conn_table_snapshot(struct conn_table *table, struct conn_snapshot **ret_snapshot);
/* On the table's own thread, in the order they were taken or any other; NULL is fine. All must be
 * back before conn_table_free. */
void conn_table_release(struct conn_table *table, struct conn_snapshot *snapshot);

void conn_table_stats(const struct conn_table *table, struct conn_table_stats *ret_stats);
