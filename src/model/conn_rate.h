/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a row did in a tick: rates, deltas, what limited it. A row whose values stay the same is not
 * written, so that snapshots may go on sharing it.
 */

#include "model/conn_store.h"

/* One tick. */
struct conn_rate_span {
	uint64_t now_ns;
	uint64_t previous_ns; /* 0: this is the first */
	bool gap;             /* too long since the previous one: rates would lie */
	double weight;        /* of the tick's rate in a smooth one */
};

/* A tick that ends at now_ns, max_gap_ns at most after the one before. */
struct conn_rate_span conn_rate_span_of(uint64_t previous_ns, uint64_t now_ns, uint64_t max_gap_ns);

/* Before the first counters since a tick change a row: remembers its totals. */
void conn_rate_begin(struct conn_store *store, struct conn_entry *entry);

/* Ends the tick for a row. If it is kept, conn_store_reserve has been called. */
void conn_rate_end(struct conn_store *store, struct conn_entry *entry,
		   const struct conn_rate_span *span);

/* The same for a row that has ended its last one already: only the bytes that came late. */
void conn_rate_end_late(struct conn_store *store, struct conn_entry *entry);

/* The same for a row that is over and only shown on. */
void conn_rate_end_over(struct conn_store *store, struct conn_entry *entry);
