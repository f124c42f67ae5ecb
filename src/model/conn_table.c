/* SPDX-License-Identifier: MIT */
#include "model/conn_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/conn_id.h"
#include "model/conn_merge.h"
#include "model/conn_rate.h"
#include "model/conn_table_state.h"

#define NS_PER_SEC 1000000000ULL

static const struct conn_table_options defaults = {
	.size = sizeof(defaults),
	.max_conns = 1000000,
	.udp_timeout_ns = 5 * NS_PER_SEC,
	.closed_linger_ns = 0,
	.max_gap_ns = 5 * NS_PER_SEC,
};

static int read_options(const struct conn_table_options *given, struct conn_table_options *ret)
{
	struct conn_table_options options = {0};

	if (given) {
		if (given->size < sizeof(given->size) || given->size > sizeof(options))
			return -EINVAL;
		memcpy(&options, given, given->size);
	}
	options.size = sizeof(options);
	if (!options.max_conns)
		options.max_conns = defaults.max_conns;
	if (!options.udp_timeout_ns)
		options.udp_timeout_ns = defaults.udp_timeout_ns;
	if (!options.max_gap_ns)
		options.max_gap_ns = defaults.max_gap_ns;
	*ret = options;
	return 0;
}

int conn_table_new(const struct conn_table_options *options, struct conn_table **ret_table)
{
	CLEANUP(free_p) struct conn_table *table = calloc(1, sizeof(*table));
	int r;

	if (!table)
		return -ENOMEM;
	r = read_options(options, &table->options);
	if (r < 0)
		return r;
	conn_store_init(&table->store);
	*ret_table = STEAL(table);
	return 0;
}

struct conn_table *conn_table_free(struct conn_table *table)
{
	if (!table)
		return NULL;
	assert(!table->store.cells.newest);
	conn_table_free_spares(table);
	conn_store_done(&table->store);
	closed_ids_done(&table->closed_ids);
	free(table->rows.rows);
	free(table);
	return NULL;
}

void conn_table_set_max_gap(struct conn_table *table, uint64_t max_gap_ns)
{
	table->options.max_gap_ns = max_gap_ns ? max_gap_ns : defaults.max_gap_ns;
}

/* Only a life of a TCP socket never comes again: a 4-tuple may, also on the same UDP socket. */
void conn_table_bury(struct conn_table *table, struct conn_entry *entry)
{
	const struct weir_conn_id *id = &conn_store_row(entry)->id;

	if (conn_id_is_life(id))
		closed_ids_add(&table->closed_ids, conn_store_hash(&table->store, id));
	conn_store_remove(&table->store, entry);
}

static int make_room(struct conn_table *table)
{
	struct conn_entry *victim;

	if (conn_store_live(&table->store) < table->options.max_conns)
		return 0;
	victim = conn_store_first(&table->store, CONN_REPORTED);
	if (victim) {
		conn_table_bury(table, victim);
		return 0;
	}
	victim = conn_store_first(&table->store, CONN_OPEN);
	if (!victim)
		return -ENOBUFS;
	conn_store_remove(&table->store, victim);
	table->stats.evicted++;
	return 0;
}

static bool is_delta(const struct weir_conn_event *event)
{
	return event->kind == WEIR_CONN_SEND || event->kind == WEIR_CONN_RECV;
}

/*
 * Whether a new row's counters all came since it was opened or since the last tick. Deltas did.
 * Totals did not if the row began before the last tick and we may have known and lost it
 * meanwhile: by eviction or, for UDP, by its time-out.
 */
static bool is_counted_from_start(const struct conn_table *table,
				  const struct weir_conn_event *event)
{
	if (!event->opened_ns || event->flags & WEIR_CONN_PARTIAL)
		return false;
	if (event->opened_ns >= table->now_ns || is_delta(event))
		return true;
	return event->id.proto == WEIR_PROTO_TCP && !table->stats.evicted && !table->stats.refused;
}

static int make_row(struct conn_table *table, const struct weir_conn_event *event,
		    struct conn_entry **ret_entry)
{
	struct conn_entry *entry;
	struct conn_row *row;
	int r;

	r = make_room(table);
	if (r >= 0)
		r = conn_store_add(&table->store, &event->id, &entry);
	if (r < 0) {
		table->stats.refused++;
		return r;
	}
	row = conn_store_write(&table->store, entry);
	row->owner = event->owner;
	row->owner.comm[WEIR_COMM_MAX - 1] = '\0';
	row->active_ns = event->time_ns;
	row->flags = event->flags & WEIR_CONN_NO_COUNTERS;
	if (event->id.proto == WEIR_PROTO_TCP)
		row->state = event->state ? event->state : WEIR_TCP_ESTABLISHED;
	if (is_counted_from_start(table, event)) {
		entry->marks |= CONN_HAS_BASE;
		entry->base_ns = event->opened_ns;
	}
	table->stats.opened++;
	*ret_entry = entry;
	return 0;
}

/* Notes that counters came, for the rate, and that the connection is not idle. */
static void note_counters(struct conn_table *table, struct conn_entry *entry,
			  const struct weir_conn_event *event, unsigned moved)
{
	struct conn_row *row = conn_store_write(&table->store, entry);
	bool counts = !(event->flags & WEIR_CONN_NO_COUNTERS);

	if (moved & CONN_BACKWARDS && event->kind == WEIR_CONN_SAMPLE)
		table->stats.backwards++;
	if (counts) {
		/* Counting begins only now: what came before has no rate. */
		if (row->flags & WEIR_CONN_NO_COUNTERS)
			entry->marks &= (uint16_t)~CONN_HAS_BASE;
		row->flags &= (uint8_t)~WEIR_CONN_NO_COUNTERS;
		entry->seen_ns = event->time_ns;
	}
	/* A delta leaves nothing unsaid up to the tick; a total speaks of its own moment. */
	if (is_delta(event))
		entry->marks |= CONN_SEEN_NOW;
	/* Where nothing is counted, being seen is all the activity there is. */
	if (!(moved & CONN_MOVED) && counts)
		return;
	if (event->time_ns > row->active_ns)
		row->active_ns = event->time_ns;
	if (entry->stage == CONN_OPEN)
		conn_store_move(&table->store, entry, CONN_OPEN);
}

void conn_table_close_row(struct conn_table *table, struct conn_entry *entry, uint64_t time_ns)
{
	struct conn_row *row = conn_store_write(&table->store, entry);

	row->closed_ns = time_ns;
	if (entry->proto == WEIR_PROTO_TCP)
		row->state = WEIR_TCP_CLOSE;
	conn_store_move(&table->store, entry, CONN_CLOSING);
}

static void apply_final(struct conn_table *table, struct conn_entry *entry,
			const struct weir_conn_event *event, bool first)
{
	struct conn_row *row = conn_store_write(&table->store, entry);
	bool exact = !(event->flags & (WEIR_CONN_LATE | WEIR_CONN_AT_LEAST)) &&
		     !(entry->marks & CONN_EXACT);
	enum conn_totals how = first   ? CONN_TOTALS_FIRST
			       : exact ? CONN_TOTALS_SETTLE
				       : CONN_TOTALS_RAISE;
	unsigned moved = conn_merge_totals(row, event, how);

	if (entry->stage == CONN_REPORTED)
		return;
	note_counters(table, entry, event, moved);
	if (!(event->flags & WEIR_CONN_AT_LEAST))
		row->flags &= (uint8_t)~WEIR_CONN_AT_LEAST;
	if (entry->marks & CONN_EXACT)
		return;
	row->flags |= event->flags & WEIR_CONN_AT_LEAST;
	conn_merge_tcp(row, event);
	entry->marks |= CONN_EXACT;
	entry->marks &= (uint16_t)~CONN_UNSURE;
	conn_table_close_row(table, entry, event->time_ns);
}

static void apply_sample(struct conn_table *table, struct conn_entry *entry,
			 const struct weir_conn_event *event, bool first)
{
	struct conn_row *row = conn_store_write(&table->store, entry);
	unsigned moved =
		conn_merge_totals(row, event, first ? CONN_TOTALS_FIRST : CONN_TOTALS_RAISE);

	note_counters(table, entry, event, moved);
	conn_merge_tcp(row, event);
	if (event->id.proto == WEIR_PROTO_TCP && event->state == WEIR_TCP_CLOSE) {
		entry->marks |= CONN_UNSURE;
		conn_table_close_row(table, entry, event->time_ns);
	}
}

static void merge_owner(struct conn_table *table, struct conn_entry *entry,
			const struct weir_conn_event *event)
{
	struct conn_row *row = conn_store_write(&table->store, entry);

	if (event->flags & WEIR_CONN_OWNER_MOVED && event->owner.pid)
		row->owner = event->owner;
	else
		conn_merge_owner(&row->owner, &event->owner);
}

static void apply_state(struct conn_table *table, struct conn_entry *entry,
			const struct weir_conn_event *event)
{
	struct conn_row *row;

	merge_owner(table, entry, event);
	if (entry->stage != CONN_OPEN || event->id.proto != WEIR_PROTO_TCP)
		return;
	row = conn_store_write(&table->store, entry);
	conn_merge_facts(row, event);
	if (event->state == WEIR_TCP_CLOSE)
		conn_table_close_row(table, entry, event->time_ns);
	else if (event->state != WEIR_TCP_NONE)
		row->state = event->state;
}

/*
 * What is no reason to make a row: a sample of a dead socket nobody knows, whose FINAL told, or
 * will tell, all; and deltas of nothing, which bring news (an owner, drops) of a flow that expired.
 */
static bool is_void(const struct weir_conn_event *event)
{
	const struct weir_conn_counters *counters = &event->counters;

	if (event->kind == WEIR_CONN_SAMPLE)
		return event->id.proto == WEIR_PROTO_TCP && event->state == WEIR_TCP_CLOSE;
	return is_delta(event) && !(event->flags & WEIR_CONN_NO_COUNTERS) && !counters->bytes_in &&
	       !counters->bytes_out && !counters->packets_in && !counters->packets_out;
}

/* Ends were lost, so a connection that is not told any more has ended. */
static void doubt_all(struct conn_table *table)
{
	table->is_doubting = true;
	for (struct conn_entry *entry = conn_store_first(&table->store, CONN_OPEN); entry;
	     entry = conn_store_next(&table->store, entry))
		if (entry->proto == WEIR_PROTO_TCP)
			entry->marks |= CONN_DOUBTED;
}

/* SEND, RECV, SAMPLE, FINAL: what may make a row. */
static int apply_counters(struct conn_table *table, struct conn_entry *entry,
			  const struct weir_conn_event *event)
{
	bool first = !entry || conn_store_row(entry)->flags & WEIR_CONN_NO_COUNTERS;
	struct conn_row *row;
	int r;

	if (!entry) {
		if (is_void(event))
			return 0;
		r = make_row(table, event, &entry);
		if (r < 0)
			return r;
	} else {
		merge_owner(table, entry, event);
	}
	entry->marks &= (uint16_t)~CONN_DOUBTED;
	/* Once closed, only a FINAL has something to add. */
	if (entry->stage != CONN_OPEN && event->kind != WEIR_CONN_FINAL)
		return 0;
	if (!(event->flags & WEIR_CONN_NO_COUNTERS))
		conn_rate_begin(&table->store, entry);
	row = conn_store_write(&table->store, entry);
	conn_merge_facts(row, event);
	if (event->kind == WEIR_CONN_FINAL)
		apply_final(table, entry, event, first);
	else if (event->kind == WEIR_CONN_SAMPLE)
		apply_sample(table, entry, event, first);
	else
		note_counters(table, entry, event, conn_merge_deltas(row, event));
	return 0;
}

int conn_table_apply(struct conn_table *table, const struct weir_conn_event *event)
{
	const struct weir_conn_id *id = &event->id;
	struct conn_entry *entry;
	int r;

	if (event->kind == WEIR_CONN_RENAME)
		return 0;
	if (event->kind == WEIR_CONN_RESYNC) {
		doubt_all(table);
		return 0;
	}
	if (event->kind > WEIR_CONN_RENAME ||
	    (id->proto != WEIR_PROTO_TCP && id->proto != WEIR_PROTO_UDP))
		return -EINVAL;
	entry = conn_store_find(&table->store, id);
	if (!entry && id->cookie &&
	    closed_ids_has(&table->closed_ids, conn_store_hash(&table->store, id)))
		return 0;
	table->is_fresh = false;
	/* From here on the row may be changed. */
	r = entry ? conn_store_reserve(&table->store, 1) : 0;
	if (r < 0) {
		table->stats.refused++;
		return r;
	}
	if (event->kind != WEIR_CONN_STATE && event->kind != WEIR_CONN_OWNER)
		return apply_counters(table, entry, event);
	if (!entry)
		return 0;
	if (event->kind == WEIR_CONN_STATE)
		apply_state(table, entry, event);
	else
		merge_owner(table, entry, event);
	return 0;
}

void conn_table_stats(const struct conn_table *table, struct conn_table_stats *ret_stats)
{
	*ret_stats = table->stats;
	ret_stats->open = table->store.lists[CONN_OPEN].n;
}
