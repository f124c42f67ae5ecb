/* SPDX-License-Identifier: MIT */
#include "model/conn_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/closed_ids.h"
#include "model/conn_merge.h"
#include "model/conn_store.h"

#define NS_PER_SEC 1000000000ULL

/* A full table gives up, first to last: closed rows that have been reported (nothing is lost and
 * nothing counted), then the open row whose counters rested longest. Closed rows that have not been
 * reported are never given up. */
struct conn_table {
	struct conn_table_options options;
	struct conn_store store;
	struct closed_ids closed_ids;
	struct conn_table_stats stats;
	uint64_t now_ns;              /* of the last tick; 0: none yet */
	const struct conn_row **rows; /* what a tick yields: active rows, then closed ones */
	size_t max_rows;
};

/* One tick in the making. */
struct tick {
	uint64_t now_ns;
	uint64_t previous_ns; /* 0: this is the first */
	bool gap;             /* too long since the previous one: rates would lie */
	bool flush;
	size_t n_active;
	size_t n_closed;
};

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
	conn_store_done(&table->store);
	closed_ids_done(&table->closed_ids);
	free(table->rows);
	free(table);
	return NULL;
}

/* A closed row leaves for good. Only a life of a TCP socket never comes again: a 4-tuple may, also
 * on the same UDP socket. */
static void bury(struct conn_table *table, struct conn_entry *entry)
{
	const struct weir_conn_id *id = &entry->row.id;

	if (conn_store_is_life(id))
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
		bury(table, victim);
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
	int r;

	r = make_room(table);
	if (r >= 0)
		r = conn_store_add(&table->store, &event->id, &entry);
	if (r < 0) {
		table->stats.refused++;
		return r;
	}
	entry->row.owner = event->owner;
	entry->row.owner.comm[WEIR_COMM_MAX - 1] = '\0';
	entry->row.active_ns = event->time_ns;
	entry->row.flags = event->flags & WEIR_CONN_NO_COUNTERS;
	if (event->id.proto == WEIR_PROTO_TCP)
		entry->row.state = event->state ? event->state : WEIR_TCP_ESTABLISHED;
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
	bool counts = !(event->flags & WEIR_CONN_NO_COUNTERS);

	if (moved & CONN_BACKWARDS && event->kind == WEIR_CONN_SAMPLE)
		table->stats.backwards++;
	if (counts) {
		/* Counting begins only now: what came before has no rate. */
		if (entry->row.flags & WEIR_CONN_NO_COUNTERS)
			entry->marks &= (uint8_t)~CONN_HAS_BASE;
		entry->row.flags &= (uint8_t)~WEIR_CONN_NO_COUNTERS;
		entry->marks |= CONN_SEEN;
		entry->seen_ns = event->time_ns;
	}
	/* A delta leaves nothing unsaid up to the tick; a total speaks of its own moment. */
	if (is_delta(event))
		entry->marks |= CONN_SEEN_NOW;
	/* Where nothing is counted, being seen is all the activity there is. */
	if (!(moved & CONN_MOVED) && counts)
		return;
	if (event->time_ns > entry->row.active_ns)
		entry->row.active_ns = event->time_ns;
	if (entry->stage == CONN_OPEN)
		conn_store_move(&table->store, entry, CONN_OPEN);
}

static void close_row(struct conn_table *table, struct conn_entry *entry, uint64_t time_ns)
{
	entry->row.closed_ns = time_ns;
	if (entry->row.id.proto == WEIR_PROTO_TCP)
		entry->row.state = WEIR_TCP_CLOSE;
	conn_store_move(&table->store, entry, CONN_CLOSING);
}

static void apply_final(struct conn_table *table, struct conn_entry *entry,
			const struct weir_conn_event *event, bool first)
{
	bool exact = !(event->flags & (WEIR_CONN_LATE | WEIR_CONN_AT_LEAST)) &&
		     !(entry->marks & CONN_EXACT);
	enum conn_totals how = first   ? CONN_TOTALS_FIRST
			       : exact ? CONN_TOTALS_SETTLE
				       : CONN_TOTALS_RAISE;
	unsigned moved = conn_merge_totals(&entry->row, event, how);

	if (entry->stage == CONN_REPORTED)
		return;
	note_counters(table, entry, event, moved);
	if (!(event->flags & WEIR_CONN_AT_LEAST))
		entry->row.flags &= (uint8_t)~WEIR_CONN_AT_LEAST;
	if (entry->marks & CONN_EXACT)
		return;
	entry->row.flags |= event->flags & WEIR_CONN_AT_LEAST;
	conn_merge_tcp(&entry->row, event);
	entry->marks |= CONN_EXACT;
	entry->marks &= (uint8_t)~CONN_UNSURE;
	close_row(table, entry, event->time_ns);
}

static void apply_sample(struct conn_table *table, struct conn_entry *entry,
			 const struct weir_conn_event *event, bool first)
{
	unsigned moved = conn_merge_totals(&entry->row, event,
					   first ? CONN_TOTALS_FIRST : CONN_TOTALS_RAISE);

	note_counters(table, entry, event, moved);
	conn_merge_tcp(&entry->row, event);
	if (event->id.proto == WEIR_PROTO_TCP && event->state == WEIR_TCP_CLOSE) {
		entry->marks |= CONN_UNSURE;
		close_row(table, entry, event->time_ns);
	}
}

static void merge_owner(struct conn_entry *entry, const struct weir_conn_event *event)
{
	if (event->flags & WEIR_CONN_OWNER_MOVED && event->owner.pid)
		entry->row.owner = event->owner;
	else
		conn_merge_owner(&entry->row.owner, &event->owner);
}

static void apply_state(struct conn_table *table, struct conn_entry *entry,
			const struct weir_conn_event *event)
{
	merge_owner(entry, event);
	if (entry->stage != CONN_OPEN || event->id.proto != WEIR_PROTO_TCP)
		return;
	conn_merge_facts(&entry->row, event);
	if (event->state == WEIR_TCP_CLOSE)
		close_row(table, entry, event->time_ns);
	else if (event->state != WEIR_TCP_NONE)
		entry->row.state = event->state;
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
	for (struct conn_entry *entry = conn_store_first(&table->store, CONN_OPEN); entry;
	     entry = conn_store_next(&table->store, entry))
		if (entry->row.id.proto == WEIR_PROTO_TCP)
			entry->marks |= CONN_DOUBTED;
}

/* SEND, RECV, SAMPLE, FINAL: what may make a row. */
static int apply_counters(struct conn_table *table, struct conn_entry *entry,
			  const struct weir_conn_event *event)
{
	bool first = !entry || entry->row.flags & WEIR_CONN_NO_COUNTERS;
	int r;

	if (!entry) {
		if (is_void(event))
			return 0;
		r = make_row(table, event, &entry);
		if (r < 0)
			return r;
	} else {
		merge_owner(entry, event);
	}
	entry->marks &= (uint8_t)~CONN_DOUBTED;
	/* Once closed, only a FINAL has something to add. */
	if (entry->stage != CONN_OPEN && event->kind != WEIR_CONN_FINAL)
		return 0;
	conn_merge_facts(&entry->row, event);
	if (event->kind == WEIR_CONN_FINAL)
		apply_final(table, entry, event, first);
	else if (event->kind == WEIR_CONN_SAMPLE)
		apply_sample(table, entry, event, first);
	else
		note_counters(table, entry, event, conn_merge_deltas(&entry->row, event));
	return 0;
}

int conn_table_apply(struct conn_table *table, const struct weir_conn_event *event)
{
	const struct weir_conn_id *id = &event->id;
	struct conn_entry *entry;

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
	if (event->kind != WEIR_CONN_STATE && event->kind != WEIR_CONN_OWNER)
		return apply_counters(table, entry, event);
	if (!entry)
		return 0;
	if (event->kind == WEIR_CONN_STATE)
		apply_state(table, entry, event);
	else
		merge_owner(entry, event);
	return 0;
}

/* Room for all rows, before anything is changed. */
static int reserve_rows(struct conn_table *table)
{
	size_t live = conn_store_live(&table->store);
	size_t more = live + live / 4 + 64;
	const struct conn_row **rows;

	if (live <= table->max_rows)
		return 0;
	rows = realloc(table->rows, more * sizeof(const struct conn_row *));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	table->max_rows = more;
	return 0;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void set_rate(struct conn_row *row, bool known, double in, double out)
{
	row->rate_known = known;
	row->rate_in = in;
	row->rate_out = out;
}

/* A FINAL may have taken a byte back. */
static double ahead(uint64_t now, uint64_t base)
{
	return now > base ? (double)(now - base) : 0;
}

/* Bytes since the last point in time at which the totals were known, over that time. A row of
 * which nothing came was as good as seen by the previous tick: it had not changed. */
static void compute_rate(const struct tick *tick, struct conn_entry *entry)
{
	struct conn_row *row = &entry->row;
	bool seen = entry->marks & CONN_SEEN;
	uint64_t seen_ns = tick->now_ns;
	uint64_t base_ns = max_u64(entry->base_ns, tick->previous_ns);
	double seconds;

	if (seen && !(entry->marks & CONN_SEEN_NOW) && entry->seen_ns)
		seen_ns = entry->seen_ns;
	if (row->flags & WEIR_CONN_NO_COUNTERS || tick->gap || !(entry->marks & CONN_HAS_BASE)) {
		set_rate(row, false, 0, 0);
	} else if (!seen) {
		/* A second tick at the same moment learns nothing new. */
		if (tick->now_ns > tick->previous_ns)
			set_rate(row, true, 0, 0);
	} else if (seen_ns <= base_ns) {
		set_rate(row, false, 0, 0);
	} else {
		seconds = (double)(seen_ns - base_ns) / (double)NS_PER_SEC;
		set_rate(row, true, ahead(row->counters.bytes_in, entry->base_in) / seconds,
			 ahead(row->counters.bytes_out, entry->base_out) / seconds);
	}
	if (seen || !(entry->marks & CONN_HAS_BASE)) {
		entry->base_in = row->counters.bytes_in;
		entry->base_out = row->counters.bytes_out;
		entry->base_ns = seen_ns;
	}
	entry->marks |= CONN_HAS_BASE;
	entry->marks &= (uint8_t) ~(CONN_SEEN | CONN_SEEN_NOW);
}

static void drop_reported(struct conn_table *table, const struct tick *tick)
{
	struct conn_entry *entry;

	/* base_ns is when it was reported, and the list is in that order. */
	while ((entry = conn_store_first(&table->store, CONN_REPORTED)) &&
	       tick->now_ns - entry->base_ns >= table->options.closed_linger_ns)
		bury(table, entry);
}

static bool is_expired(const struct conn_table *table, const struct tick *tick,
		       const struct conn_row *row)
{
	return row->id.proto == WEIR_PROTO_UDP && tick->now_ns > row->active_ns &&
	       tick->now_ns - row->active_ns >= table->options.udp_timeout_ns;
}

static void tick_open(struct conn_table *table, struct tick *tick)
{
	for (uint32_t slot = 0; slot < table->store.n_slots; slot++) {
		struct conn_entry *entry = conn_store_at(&table->store, slot);

		if (entry->stage != CONN_OPEN)
			continue;
		/* An event without a time happened at some point up to now. */
		if (!entry->row.active_ns)
			entry->row.active_ns = tick->now_ns;
		if (is_expired(table, tick, &entry->row)) {
			conn_store_remove(&table->store, entry);
			table->stats.expired++;
			continue;
		}
		if (entry->marks & CONN_DOUBTED) {
			entry->row.flags |= WEIR_CONN_AT_LEAST;
			close_row(table, entry, tick->now_ns);
			continue;
		}
		compute_rate(tick, entry);
		table->rows[tick->n_active++] = &entry->row;
	}
}

static void tick_lingering(struct conn_table *table, struct tick *tick)
{
	for (struct conn_entry *entry = conn_store_first(&table->store, CONN_REPORTED); entry;
	     entry = conn_store_next(&table->store, entry)) {
		set_rate(&entry->row, true, 0, 0);
		table->rows[tick->n_active++] = &entry->row;
	}
}

/* Whether more may come that belongs into the report of this close: its owner or its FINAL. */
static bool is_worth_waiting(const struct conn_entry *entry)
{
	const struct weir_owner *owner = &entry->row.owner;

	if (entry->marks & CONN_HELD)
		return false;
	if (entry->marks & CONN_UNSURE)
		return true;
	return !owner->pid &&
	       (owner->unknown == WEIR_UNKNOWN_NOT || owner->unknown == WEIR_UNKNOWN_EXITED);
}

static void tick_closing(struct conn_table *table, struct tick *tick)
{
	struct conn_entry *entry = conn_store_first(&table->store, CONN_CLOSING);
	struct conn_entry *next;

	for (; entry; entry = next) {
		next = conn_store_next(&table->store, entry);
		if (!entry->row.closed_ns)
			entry->row.closed_ns = tick->now_ns;
		if (!(entry->marks & CONN_RATED))
			compute_rate(tick, entry);
		entry->marks |= CONN_RATED;
		if (!tick->flush && is_worth_waiting(entry)) {
			entry->marks |= CONN_HELD;
			continue;
		}
		if (entry->marks & CONN_UNSURE)
			entry->row.flags |= WEIR_CONN_AT_LEAST;
		entry->base_ns = tick->now_ns;
		conn_store_move(&table->store, entry, CONN_REPORTED);
		table->rows[tick->n_active + tick->n_closed++] = &entry->row;
		table->stats.closed++;
	}
}

int conn_table_tick(struct conn_table *table, uint64_t now_ns, bool flush,
		    struct conn_tick *ret_tick)
{
	struct tick tick = {.previous_ns = table->now_ns, .flush = flush};
	int r;

	r = reserve_rows(table);
	if (r >= 0 && conn_store_first(&table->store, CONN_CLOSING))
		r = closed_ids_reserve(&table->closed_ids);
	if (r < 0)
		return r;
	tick.now_ns = max_u64(now_ns, table->now_ns);
	tick.gap = tick.previous_ns && tick.now_ns - tick.previous_ns > table->options.max_gap_ns;
	drop_reported(table, &tick);
	tick_open(table, &tick);
	tick_lingering(table, &tick);
	tick_closing(table, &tick);
	table->now_ns = tick.now_ns;
	*ret_tick = (struct conn_tick){
		.active = table->rows,
		.n_active = tick.n_active,
		.closed = table->rows + tick.n_active,
		.n_closed = tick.n_closed,
		.now_ns = tick.now_ns,
	};
	return 0;
}

void conn_table_stats(const struct conn_table *table, struct conn_table_stats *ret_stats)
{
	*ret_stats = table->stats;
	ret_stats->open = table->store.lists[CONN_OPEN].n;
}
