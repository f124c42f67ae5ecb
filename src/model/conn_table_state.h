/* SPDX-License-Identifier: MIT */
#pragma once

/* What a connection table is made of, for the files that are the table: conn_table.c takes events
 * in, conn_tick.c makes ticks, conn_snapshot.c keeps them. */

#include "model/closed_ids.h"
#include "model/conn_store.h"
#include "model/conn_table.h"

/* The rows of a tick: active ones, then closed ones. */
struct conn_tick_rows {
	const struct conn_row **rows;
	size_t max_rows;
};

struct conn_kept_tick;

/* A full table gives up, first to last: closed rows that have been reported (nothing is lost and
 * nothing counted), then the open row whose counters rested longest. Closed rows that have not been
 * reported are never given up. */
struct conn_table {
	struct conn_table_options options;
	struct conn_store store;
	struct closed_ids closed_ids;
	struct conn_table_stats stats;
	uint64_t now_ns; /* of the last tick; 0: none yet */
	struct conn_tick tick;
	struct conn_tick_rows rows;   /* of the last tick, or NULL: a snapshot has taken them */
	bool is_fresh;                /* nothing has changed since the last tick */
	bool is_doubting;             /* there may be rows that are CONN_DOUBTED */
	struct conn_kept_tick *spare; /* of snapshots that were released */
};

/* A closed row leaves for good. */
void conn_table_bury(struct conn_table *table, struct conn_entry *entry);

void conn_table_close_row(struct conn_table *table, struct conn_entry *entry, uint64_t time_ns);

void conn_table_free_spares(struct conn_table *table);
