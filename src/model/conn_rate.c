/* SPDX-License-Identifier: MIT */
#include "model/conn_rate.h"

#define NS_PER_SEC 1000000000ULL

/* Smooth rates follow the true ones with this time constant, and rest where nobody could tell them
 * from 0: without an end, a row would change with every tick for ever. */
#define SMOOTH_NS (3 * NS_PER_SEC)
#define SMOOTH_LEAST 1.0F

_Static_assert(CONN_LIMIT_SILENT_US_MAX / CONN_SILENCE_US < 32, "silence has 5 bits");

/* What conn_rate_end sets in a row. */
struct pace {
	double rate_in;
	double rate_out;
	uint64_t delta_in;
	uint64_t delta_out;
	float smooth_in;
	float smooth_out;
	uint32_t delta_retrans;
	uint32_t silent_us;
	uint8_t limit;
	bool rate_known;
};

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A FINAL may have taken a byte back. */
static uint64_t ahead(uint64_t now, uint64_t base)
{
	return now > base ? now - base : 0;
}

/* The weight makes a first-order low pass, by the implicit Euler method: however long the tick, it
 * does not overshoot. */
struct conn_rate_span conn_rate_span_of(uint64_t previous_ns, uint64_t now_ns, uint64_t max_gap_ns)
{
	uint64_t length_ns = previous_ns ? now_ns - previous_ns : 0;

	return (struct conn_rate_span){
		.now_ns = now_ns,
		.previous_ns = previous_ns,
		.gap = length_ns > max_gap_ns,
		.weight = (double)length_ns / (double)(length_ns + SMOOTH_NS),
	};
}

void conn_rate_begin(struct conn_store *store, struct conn_entry *entry)
{
	struct conn_row *row;

	if (entry->marks & CONN_SEEN)
		return;
	row = conn_store_write(store, entry);
	/* The deltas of a close that was held back have not been told yet: they go on. */
	if (entry->stage == CONN_CLOSING && entry->marks & CONN_RATED) {
		row->delta_in = row->counters.bytes_in - row->delta_in;
		row->delta_out = row->counters.bytes_out - row->delta_out;
	} else {
		row->delta_in = row->counters.bytes_in;
		row->delta_out = row->counters.bytes_out;
		row->delta_retrans = 0;
	}
	entry->marks |= CONN_SEEN;
	entry->marks &= (uint16_t)~CONN_SETTLED;
}

/* What came since the tick before, if a point to count from was known. */
static void set_deltas(const struct conn_entry *entry, struct pace *pace)
{
	const struct conn_row *row = conn_store_row(entry);
	uint32_t retrans = (uint32_t)row->tcp.retrans_bytes - entry->base.retrans_bytes;

	pace->delta_in = pace->delta_out = 0;
	pace->delta_retrans = 0;
	if (!(entry->marks & CONN_SEEN) || !(entry->marks & CONN_HAS_BASE))
		return;
	pace->delta_in = ahead(row->counters.bytes_in, row->delta_in);
	pace->delta_out = ahead(row->counters.bytes_out, row->delta_out);
	pace->delta_retrans = row->delta_retrans + retrans;
}

static void set_rates(struct pace *pace, bool known, double in, double out)
{
	pace->rate_known = known;
	pace->rate_in = in;
	pace->rate_out = out;
}

static float smooth(float smoothed, double rate, double weight)
{
	float next = (float)((double)smoothed + weight * (rate - (double)smoothed));

	return rate < (double)SMOOTH_LEAST && next < SMOOTH_LEAST ? 0 : next;
}

static void set_smooth(struct conn_entry *entry, const struct conn_rate_span *span,
		       struct pace *pace)
{
	if (!pace->rate_known)
		return;
	if (entry->marks & CONN_SMOOTH) {
		pace->smooth_in = smooth(pace->smooth_in, pace->rate_in, span->weight);
		pace->smooth_out = smooth(pace->smooth_out, pace->rate_out, span->weight);
		return;
	}
	pace->smooth_in = (float)pace->rate_in;
	pace->smooth_out = (float)pace->rate_out;
	entry->marks |= CONN_SMOOTH;
}

/* What held it back from begin_ns to end_ns, as far as it lived then. */
static void set_limit(const struct conn_entry *entry, uint64_t begin_ns, uint64_t end_ns,
		      struct pace *pace)
{
	const struct conn_row *row = conn_store_row(entry);
	uint64_t born_ns = max_u64(begin_ns, entry->base_ns);
	uint64_t died_ns = row->closed_ns && row->closed_ns < end_ns ? row->closed_ns : end_ns;
	const struct conn_limit_span span = {
		.length_us = died_ns > born_ns ? (died_ns - born_ns) / 1000 : 0,
		.sent_bytes = pace->delta_out,
		.received_bytes = pace->delta_in,
		.state = row->state,
		.silent_us = entry->silence * CONN_SILENCE_US,
		.before = row->limit,
	};

	if (entry->proto != WEIR_PROTO_TCP)
		return;
	pace->limit = (uint8_t)conn_limit(&span, &entry->base, &row->tcp);
	pace->silent_us = conn_limit_silent_us(&span, (enum weir_limit)pace->limit);
}

static bool is_same(const struct conn_row *row, const struct pace *pace)
{
	return row->rate_in == pace->rate_in && row->rate_out == pace->rate_out &&
	       row->delta_in == pace->delta_in && row->delta_out == pace->delta_out &&
	       row->smooth_in == pace->smooth_in && row->smooth_out == pace->smooth_out &&
	       row->delta_retrans == pace->delta_retrans && row->limit == pace->limit &&
	       row->rate_known == pace->rate_known;
}

static struct pace pace_of(const struct conn_row *row)
{
	return (struct pace){
		.rate_in = row->rate_in,
		.rate_out = row->rate_out,
		.smooth_in = row->smooth_in,
		.smooth_out = row->smooth_out,
		.limit = row->limit,
		.rate_known = row->rate_known,
	};
}

static void store_pace(struct conn_store *store, struct conn_entry *entry, const struct pace *pace)
{
	struct conn_row *row = conn_store_write(store, entry);

	row->rate_in = pace->rate_in;
	row->rate_out = pace->rate_out;
	row->delta_in = pace->delta_in;
	row->delta_out = pace->delta_out;
	row->smooth_in = pace->smooth_in;
	row->smooth_out = pace->smooth_out;
	row->delta_retrans = pace->delta_retrans;
	row->limit = pace->limit;
	row->rate_known = pace->rate_known;
}

/*
 * From when to when the row's bytes of this tick went. Between two samples that is the kernel's own
 * time between them. A connection that began or ended within the tick has had the whole of it:
 * divided by its own short life, a hundred bytes would be megabytes per second, and the rates of
 * all rows would add up to more than the host has moved.
 */
static void take_times(const struct conn_entry *entry, const struct conn_rate_span *span,
		       uint64_t *ret_base_ns, uint64_t *ret_seen_ns)
{
	const struct conn_row *row = conn_store_row(entry);
	uint64_t base_ns = max_u64(entry->base_ns, span->previous_ns);
	uint64_t seen_ns = span->now_ns;

	if (span->previous_ns && entry->base_ns == row->opened_ns)
		base_ns = span->previous_ns;
	if (entry->marks & CONN_SEEN && !(entry->marks & CONN_SEEN_NOW) && entry->seen_ns &&
	    !(span->previous_ns && row->closed_ns))
		seen_ns = entry->seen_ns;
	*ret_base_ns = base_ns;
	*ret_seen_ns = seen_ns;
}

/* Bytes since the last point in time at which the totals were known, over that time. A row of
 * which nothing came was as good as seen by the previous tick: it had not changed. */
static void set_pace(const struct conn_entry *entry, const struct conn_rate_span *span,
		     struct pace *pace)
{
	uint64_t base_ns, seen_ns;
	double seconds;

	take_times(entry, span, &base_ns, &seen_ns);
	set_deltas(entry, pace);
	if (conn_store_row(entry)->flags & WEIR_CONN_NO_COUNTERS || span->gap ||
	    !(entry->marks & CONN_HAS_BASE)) {
		set_rates(pace, false, 0, 0);
		pace->limit = WEIR_LIMIT_UNKNOWN;
	} else if (!(entry->marks & CONN_SEEN)) {
		/* A second tick at the same moment learns nothing new. */
		if (span->now_ns == span->previous_ns)
			return;
		set_rates(pace, true, 0, 0);
		set_limit(entry, span->previous_ns, span->now_ns, pace);
	} else if (seen_ns <= base_ns) {
		set_rates(pace, false, 0, 0);
		pace->limit = WEIR_LIMIT_UNKNOWN;
	} else {
		seconds = (double)(seen_ns - base_ns) / (double)NS_PER_SEC;
		set_rates(pace, true, (double)pace->delta_in / seconds,
			  (double)pace->delta_out / seconds);
		set_limit(entry, base_ns, seen_ns, pace);
	}
}

void conn_rate_end(struct conn_store *store, struct conn_entry *entry,
		   const struct conn_rate_span *span)
{
	const struct conn_row *row = conn_store_row(entry);
	bool seen = entry->marks & CONN_SEEN;
	bool had_base = entry->marks & CONN_HAS_BASE;
	uint64_t seen_ns = span->now_ns;
	struct pace pace = pace_of(row);
	bool changed = true;

	if (seen && !(entry->marks & CONN_SEEN_NOW) && entry->seen_ns)
		seen_ns = entry->seen_ns;
	set_pace(entry, span, &pace);
	set_smooth(entry, span, &pace);
	if (!seen)
		changed = !is_same(row, &pace);
	if (changed)
		store_pace(store, entry, &pace);
	if (seen || !had_base) {
		entry->base_ns = seen_ns;
		conn_limit_note(&entry->base, &row->tcp);
	}
	entry->silence = ((pace.silent_us + CONN_SILENCE_US / 2) / CONN_SILENCE_US) & 0x1f;
	entry->marks |= CONN_HAS_BASE;
	entry->marks &= (uint16_t) ~(CONN_SEEN | CONN_SEEN_NOW);
	if (!changed && had_base && !span->gap && span->now_ns > span->previous_ns &&
	    conn_store_settle(store, entry))
		entry->marks |= CONN_SETTLED;
	else
		entry->marks &= (uint16_t)~CONN_SETTLED;
}

void conn_rate_end_late(struct conn_store *store, struct conn_entry *entry)
{
	struct pace pace = pace_of(conn_store_row(entry));

	if (!(entry->marks & CONN_SEEN))
		return;
	set_deltas(entry, &pace);
	store_pace(store, entry, &pace);
	conn_limit_note(&entry->base, &conn_store_row(entry)->tcp);
	entry->marks &= (uint16_t) ~(CONN_SEEN | CONN_SEEN_NOW);
}

void conn_rate_end_over(struct conn_store *store, struct conn_entry *entry)
{
	struct pace pace = pace_of(conn_store_row(entry));

	set_deltas(entry, &pace);
	set_rates(&pace, true, 0, 0);
	/* At once: else what is over would stand above what lives. */
	pace.smooth_in = pace.smooth_out = 0;
	if (!is_same(conn_store_row(entry), &pace))
		store_pace(store, entry, &pace);
	conn_limit_note(&entry->base, &conn_store_row(entry)->tcp);
	entry->marks &= (uint16_t) ~(CONN_SEEN | CONN_SEEN_NOW);
}
