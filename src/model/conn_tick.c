/* SPDX-License-Identifier: MIT */

/* What a connection table does at the end of each interval: rates, closes, expiry, removal. */

#include <errno.h>
#include <stdlib.h>

#include "model/conn_rate.h"
#include "model/conn_table_state.h"

/* One tick in the making. */
struct tick {
	struct conn_rate_span span;
	bool flush;
	size_t n_active;
	size_t n_closed;
};

/* Room for all rows. */
static int reserve_rows(struct conn_table *table)
{
	size_t live = conn_store_live(&table->store);
	size_t more = live + live / 16 + 64;
	const struct conn_row **rows;

	if (live <= table->rows.max_rows)
		return 0;
	rows = realloc(table->rows.rows, more * sizeof(const struct conn_row *));
	if (!rows)
		return -ENOMEM;
	table->rows = (struct conn_tick_rows){rows, more};
	return 0;
}

/* Whether nothing in this row will change, which is so for most rows of a large host: they are not
 * even looked at. */
static bool is_settled(const struct conn_entry *entry, const struct tick *tick)
{
	const unsigned marks = CONN_SETTLED | CONN_SEEN | CONN_DOUBTED;

	return (entry->marks & marks) == CONN_SETTLED && entry->stage == CONN_OPEN &&
	       entry->proto == WEIR_PROTO_TCP && !tick->span.gap;
}

/* Room for a next version of each row that may change and is kept as it is. What an event has
 * changed since the last tick has it already. */
static int reserve_versions(struct conn_table *table, const struct tick *tick)
{
	struct conn_store *store = &table->store;
	size_t n = 0;

	if (!store->cells.newest)
		return 0;
	for (uint32_t slot = 0; slot < store->n_slots; slot++) {
		const struct conn_entry *entry = conn_store_at(store, slot);

		n += entry->stage != CONN_FREE && !is_settled(entry, tick) &&
		     conn_store_needs_cell(store, entry);
	}
	return conn_store_reserve(store, n);
}

static void yield_active(struct conn_table *table, struct tick *tick,
			 const struct conn_entry *entry)
{
	table->rows.rows[tick->n_active++] = conn_store_row(entry);
}

static void drop_reported(struct conn_table *table, const struct tick *tick)
{
	struct conn_entry *entry;

	/* base_ns is when it was reported, and the list is in that order. */
	while ((entry = conn_store_first(&table->store, CONN_REPORTED)) &&
	       tick->span.now_ns - entry->base_ns >= table->options.closed_linger_ns)
		conn_table_bury(table, entry);
}

static bool is_expired(const struct conn_table *table, const struct tick *tick,
		       const struct conn_entry *entry)
{
	uint64_t active_ns = conn_store_row(entry)->active_ns;

	return entry->proto == WEIR_PROTO_UDP && tick->span.now_ns > active_ns &&
	       tick->span.now_ns - active_ns >= table->options.udp_timeout_ns;
}

/* An open row that may change. */
static void tick_row(struct conn_table *table, struct tick *tick, struct conn_entry *entry)
{
	struct conn_store *store = &table->store;

	/* An event without a time happened at some point up to now. */
	if (!conn_store_row(entry)->active_ns)
		conn_store_write(store, entry)->active_ns = tick->span.now_ns;
	if (is_expired(table, tick, entry)) {
		conn_store_remove(store, entry);
		table->stats.expired++;
		return;
	}
	if (entry->marks & CONN_DOUBTED) {
		conn_store_write(store, entry)->flags |= WEIR_CONN_AT_LEAST;
		conn_table_close_row(table, entry, tick->span.now_ns);
		return;
	}
	conn_rate_end(store, entry, &tick->span);
	yield_active(table, tick, entry);
}

static void tick_open(struct conn_table *table, struct tick *tick)
{
	table->is_doubting = false;
	for (uint32_t slot = 0; slot < table->store.n_slots; slot++) {
		struct conn_entry *entry = conn_store_at(&table->store, slot);

		if (entry->stage != CONN_OPEN)
			continue;
		if (is_settled(entry, tick))
			yield_active(table, tick, entry);
		else
			tick_row(table, tick, entry);
	}
}

static void tick_lingering(struct conn_table *table, struct tick *tick)
{
	for (struct conn_entry *entry = conn_store_first(&table->store, CONN_REPORTED); entry;
	     entry = conn_store_next(&table->store, entry)) {
		conn_rate_end_over(&table->store, entry);
		yield_active(table, tick, entry);
	}
}

/* Whether more may come that belongs into the report of this close: its owner or its FINAL. */
static bool is_worth_waiting(const struct conn_entry *entry)
{
	const struct weir_owner *owner = &conn_store_row(entry)->owner;

	if (entry->marks & CONN_HELD)
		return false;
	if (entry->marks & CONN_UNSURE)
		return true;
	return !owner->pid &&
	       (owner->unknown == WEIR_UNKNOWN_NOT || owner->unknown == WEIR_UNKNOWN_EXITED);
}

static void report_close(struct conn_table *table, struct tick *tick, struct conn_entry *entry)
{
	if (entry->marks & CONN_UNSURE)
		conn_store_write(&table->store, entry)->flags |= WEIR_CONN_AT_LEAST;
	entry->base_ns = tick->span.now_ns;
	conn_store_move(&table->store, entry, CONN_REPORTED);
	table->rows.rows[tick->n_active + tick->n_closed++] = conn_store_row(entry);
	table->stats.closed++;
}

static void tick_closing(struct conn_table *table, struct tick *tick)
{
	struct conn_entry *entry = conn_store_first(&table->store, CONN_CLOSING);
	struct conn_entry *next;

	for (; entry; entry = next) {
		next = conn_store_next(&table->store, entry);
		if (!conn_store_row(entry)->closed_ns)
			conn_store_write(&table->store, entry)->closed_ns = tick->span.now_ns;
		if (entry->marks & CONN_RATED)
			conn_rate_end_late(&table->store, entry);
		else
			conn_rate_end(&table->store, entry, &tick->span);
		entry->marks |= CONN_RATED;
		if (!tick->flush && is_worth_waiting(entry))
			entry->marks |= CONN_HELD;
		else
			report_close(table, tick, entry);
	}
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* All that can fail, before anything is changed. */
static int begin_tick(struct conn_table *table, uint64_t now_ns, bool flush, struct tick *ret_tick)
{
	uint64_t end_ns = max_u64(now_ns, table->now_ns);
	struct tick tick = {
		.span = conn_rate_span_of(table->now_ns, end_ns, table->options.max_gap_ns),
		.flush = flush,
	};
	int r;

	table->is_fresh = false; /* the rows' array may move */
	r = reserve_rows(table);
	if (r >= 0)
		r = reserve_versions(table, &tick);
	if (r >= 0 && (table->is_doubting || conn_store_first(&table->store, CONN_CLOSING)))
		r = closed_ids_reserve(&table->closed_ids);
	if (r >= 0)
		*ret_tick = tick;
	return r;
}

int conn_table_tick(struct conn_table *table, uint64_t now_ns, bool flush,
		    struct conn_tick *ret_tick)
{
	struct tick tick;
	int r;

	r = begin_tick(table, now_ns, flush, &tick);
	if (r < 0)
		return r;
	drop_reported(table, &tick);
	tick_open(table, &tick);
	tick_lingering(table, &tick);
	tick_closing(table, &tick);
	table->now_ns = tick.span.now_ns;
	table->tick = (struct conn_tick){
		.active = table->rows.rows,
		.n_active = tick.n_active,
		.closed = table->rows.rows + tick.n_active,
		.n_closed = tick.n_closed,
		.now_ns = tick.span.now_ns,
	};
	table->is_fresh = true;
	*ret_tick = table->tick;
	return 0;
}
