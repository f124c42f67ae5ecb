/* SPDX-License-Identifier: MIT */

/*
 * Snapshots, under random events. Two tables are told the same story. Of one snapshots are taken,
 * each copied by hand at once; they must stay equal to their copies until they are released, in any
 * order. The other takes none, and both must go on telling the same.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn_story.h"

#define N_IDS 40
#define N_KEPT 4
#define N_STORIES 150
#define N_STEPS 1500

/* One snapshot, and what it was. */
struct kept {
	struct conn_snapshot *snapshot;
	struct conn_tick tick;
	const struct conn_row **pointers;
	struct conn_row *rows;
};

struct twins {
	struct conn_table *kept; /* the one snapshots are taken of */
	struct conn_table *plain;
	struct kept held[N_KEPT];
	uint64_t totals[N_IDS];
	uint64_t now_ns;
	uint32_t random;
	unsigned n_snapshots;
	unsigned n_shared; /* rows two snapshots had in common */
};

static uint32_t pick(struct twins *t, uint32_t n)
{
	t->random = t->random * 1664525 + 1013904223;
	return (t->random >> 8) % n;
}

static size_t n_rows(const struct conn_tick *tick)
{
	return tick->n_active + tick->n_closed;
}

static const struct conn_row *row_at(const struct conn_tick *tick, size_t i)
{
	return i < tick->n_active ? tick->active[i] : tick->closed[i - tick->n_active];
}

static void hold(struct twins *t, struct kept *kept)
{
	size_t n;

	if (conn_table_snapshot(t->kept, &kept->snapshot) < 0)
		return;
	kept->tick = kept->snapshot->tick;
	n = n_rows(&kept->tick);
	kept->pointers = malloc((n + 1) * sizeof(*kept->pointers));
	kept->rows = malloc((n + 1) * sizeof(*kept->rows));
	for (size_t i = 0; i < n; i++) {
		kept->pointers[i] = row_at(&kept->tick, i);
		memcpy(&kept->rows[i], kept->pointers[i], sizeof(kept->rows[i]));
	}
	t->n_snapshots++;
}

static bool is_as_it_was(const struct kept *kept)
{
	const struct conn_tick *tick = &kept->snapshot->tick;

	if (memcmp(tick, &kept->tick, sizeof(*tick)) != 0)
		return false;
	for (size_t i = 0; i < n_rows(tick); i++) {
		if (row_at(tick, i) != kept->pointers[i] ||
		    memcmp(row_at(tick, i), &kept->rows[i], sizeof(kept->rows[i])) != 0)
			return false;
	}
	return true;
}

static bool let_go(struct twins *t, struct kept *kept)
{
	bool right = is_as_it_was(kept);

	conn_table_release(t->kept, kept->snapshot);
	free(kept->pointers);
	free(kept->rows);
	*kept = (struct kept){0};
	return right;
}

static bool same_row(const struct conn_row *a, const struct conn_row *b)
{
	return a->id.cookie == b->id.cookie && a->id.proto == b->id.proto &&
	       memcmp(&a->counters, &b->counters, sizeof(a->counters)) == 0 &&
	       a->owner.pid == b->owner.pid && a->rate_in == b->rate_in &&
	       a->rate_out == b->rate_out && a->rate_known == b->rate_known &&
	       a->smooth_in == b->smooth_in && a->smooth_out == b->smooth_out &&
	       a->delta_in == b->delta_in && a->delta_out == b->delta_out &&
	       a->delta_retrans == b->delta_retrans && a->limit == b->limit &&
	       a->state == b->state && a->flags == b->flags && a->active_ns == b->active_ns &&
	       a->closed_ns == b->closed_ns && a->tcp.busy_us == b->tcp.busy_us;
}

static bool tick_both(struct twins *t)
{
	bool flush = pick(t, 4) == 0;
	struct conn_tick a;
	struct conn_tick b;

	t->now_ns += pick(t, 40) ? SEC : pick(t, 2) ? 0 : 20 * SEC;
	if (conn_table_tick(t->kept, t->now_ns, flush, &a) < 0 ||
	    conn_table_tick(t->plain, t->now_ns, flush, &b) < 0)
		return false;
	if (a.n_active != b.n_active || a.n_closed != b.n_closed)
		return false;
	for (size_t i = 0; i < n_rows(&a); i++) {
		if (!same_row(row_at(&a, i), row_at(&b, i)))
			return false;
	}
	return true;
}

static struct weir_conn_event invent(struct twins *t)
{
	static const uint8_t kinds[] = {WEIR_CONN_SAMPLE, WEIR_CONN_SAMPLE, WEIR_CONN_SAMPLE,
					WEIR_CONN_SAMPLE, WEIR_CONN_SEND,   WEIR_CONN_RECV,
					WEIR_CONN_STATE,  WEIR_CONN_OWNER,  WEIR_CONN_FINAL};
	uint32_t i = pick(t, N_IDS);
	bool udp = i % 4 == 3;
	uint8_t kind = kinds[pick(t, sizeof(kinds))];
	struct weir_conn_id id = id_with_cookie(udp ? WEIR_PROTO_UDP : WEIR_PROTO_TCP, 1 + i);
	struct weir_conn_event event;

	if (!pick(t, 100))
		return event_of(WEIR_CONN_RESYNC, id, t->now_ns);
	/* Some sockets live again and again. */
	if (!udp && i < N_IDS / 2)
		id.generation = (uint32_t)(t->now_ns / (5 * SEC));
	t->totals[i] += pick(t, 2000);
	event = totals_of((enum weir_conn_event_kind)kind, id, t->now_ns, t->totals[i],
			  t->totals[i] / 2);
	if (kind == WEIR_CONN_SEND || kind == WEIR_CONN_RECV)
		event = delta_of((enum weir_conn_event_kind)kind, id, t->now_ns, pick(t, 3));
	event.state = udp ? 0 : pick(t, 30) ? WEIR_TCP_ESTABLISHED : WEIR_TCP_CLOSE;
	event.owner.pid = pick(t, 3);
	event.owner.evidence = event.owner.pid ? WEIR_EVIDENCE_FILE : 0;
	event.opened_ns = pick(t, 2) ? t->now_ns : 0;
	event.tcp.cwnd = 10;
	event.tcp.busy_us = t->totals[i];
	return event;
}

/* How many rows of a snapshot the next one has too: idle ones must not be copied. */
static unsigned count_shared(const struct kept *a, const struct kept *b)
{
	unsigned n = 0;

	for (size_t i = 0; a->snapshot && b->snapshot && i < n_rows(&a->tick); i++) {
		for (size_t k = 0; k < n_rows(&b->tick); k++)
			n += row_at(&a->tick, i) == row_at(&b->tick, k);
	}
	return n;
}

static bool step(struct twins *t)
{
	struct weir_conn_event event = invent(t);
	struct kept *kept = &t->held[pick(t, N_KEPT)];

	if (conn_table_apply(t->kept, &event) < 0 || conn_table_apply(t->plain, &event) < 0)
		return false;
	if (kept->snapshot && !pick(t, 30))
		return let_go(t, kept);
	if (pick(t, 10))
		return true;
	if (!tick_both(t))
		return false;
	if (!kept->snapshot && pick(t, 3)) {
		hold(t, kept);
		t->n_shared += count_shared(kept, &t->held[pick(t, N_KEPT)]);
	}
	return true;
}

static bool all_as_they_were(const struct twins *t)
{
	for (int i = 0; i < N_KEPT; i++) {
		if (t->held[i].snapshot && !is_as_it_was(&t->held[i]))
			return false;
	}
	return true;
}

/* The number of steps that went right. */
static unsigned tell(uint32_t seed, unsigned *n_snapshots, unsigned *n_shared)
{
	const struct conn_table_options options = {
		.size = sizeof(options),
		.max_conns = seed % 2 ? 25 : 0,
		.closed_linger_ns = seed % 3 ? 2 * SEC : 0,
	};
	struct twins t = {.random = seed, .now_ns = SEC};
	unsigned n = 0;

	if (conn_table_new(&options, &t.kept) < 0 || conn_table_new(&options, &t.plain) < 0)
		return 0;
	while (n < N_STEPS && step(&t) && all_as_they_were(&t))
		n++;
	for (int i = 0; i < N_KEPT; i++) {
		if (t.held[i].snapshot && !let_go(&t, &t.held[i]))
			n = 0;
	}
	conn_table_free(t.kept);
	conn_table_free(t.plain);
	*n_snapshots += t.n_snapshots;
	*n_shared += t.n_shared;
	return n;
}

static void test_stories(void)
{
	unsigned n_snapshots = 0;
	unsigned n_shared = 0;
	uint32_t seed;

	for (seed = 1; seed <= N_STORIES; seed++) {
		unsigned n = tell(seed, &n_snapshots, &n_shared);

		if (n == N_STEPS)
			continue;
		tap_note("seed %u goes wrong at step %u", seed, n);
		break;
	}
	is_int(seed, N_STORIES + 1, "in %d stories", N_STORIES);
	ok(n_snapshots > N_STORIES, "%u snapshots stayed as they were", n_snapshots);
	ok(n_shared > n_snapshots, "and had %u rows in common", n_shared);
}

static void test_when(void)
{
	struct conn_snapshot *snapshot = NULL;
	struct story s;

	begin(&s, NULL);
	is_int(conn_table_snapshot(s.table, &snapshot), -EINVAL, "before the first tick");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 5, 5));
	tick(&s, SEC);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 6, 6));
	is_int(conn_table_snapshot(s.table, &snapshot), -EINVAL, "after an event");
	tick(&s, 2 * SEC);
	is_int(conn_table_snapshot(s.table, &snapshot), 0, "right after a tick");
	ok(memcmp(&snapshot->tick, &s.tick, sizeof(s.tick)) == 0, "it is that tick");
	conn_table_release(s.table, snapshot);
	snapshot = NULL;
	is_int(conn_table_snapshot(s.table, &snapshot), -EINVAL, "twice");
	ok(!snapshot, "and nothing is given");
	conn_table_release(s.table, NULL);
	end(&s);
}

/* Rows in which nothing happens are the same ones, for ever. */
static void test_idle(void)
{
	struct conn_snapshot *first = NULL;
	struct conn_snapshot *last = NULL;
	bool same = true;
	struct story s;

	begin(&s, NULL);
	for (uint64_t i = 1; i <= 300; i++)
		apply(&s,
		      totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, i));
	for (uint64_t i = 1; i <= 80; i++)
		tick(&s, i * SEC);
	is_int(conn_table_snapshot(s.table, &first), 0, "a snapshot of idle rows");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 7), 81 * SEC, 9, 9));
	tick(&s, 81 * SEC);
	is_int(conn_table_snapshot(s.table, &last), 0, "and another");
	for (size_t i = 0; i < 300; i++)
		same = same && (first->tick.active[i] == last->tick.active[i]) == (i != 6);
	ok(same, "have all rows in common but the one that moved");
	ok(first->tick.active[6]->counters.bytes_in == 7 &&
		   last->tick.active[6]->counters.bytes_in == 9,
	   "of which both versions are there");
	conn_table_release(s.table, last);
	conn_table_release(s.table, first);
	end(&s);
}

/* More rows than are ever spare, in which nothing happens any more. */
#define N_MANY 1000

static void begin_many(struct story *s, uint8_t state)
{
	begin(s, NULL);
	for (uint64_t i = 1; i <= N_MANY; i++) {
		struct weir_conn_event event =
			totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, i);

		apply(s, event);
		event.state = state;
		apply(s, event);
	}
	tick(s, SEC);
}

static void test_gap(void)
{
	struct conn_snapshot *before = NULL;
	struct story s;

	begin_many(&s, WEIR_TCP_ESTABLISHED);
	tick(&s, 2 * SEC);
	tick(&s, 3 * SEC);
	is_int(conn_table_snapshot(s.table, &before), 0, "a snapshot");
	tick(&s, 3600 * SEC);
	ok(before->tick.active[N_MANY - 1]->rate_known && !s.tick.active[N_MANY - 1]->rate_known,
	   "after a gap every rate is unknown, but not in the snapshot");
	conn_table_release(s.table, before);
	end(&s);
}

static void test_held_closes(void)
{
	struct conn_snapshot *between = NULL;
	struct story s;

	begin_many(&s, WEIR_TCP_CLOSE);
	counts(&s, 0, 0, "closes are held back");
	is_int(conn_table_snapshot(s.table, &between), 0, "while a snapshot is taken");
	tick(&s, 2 * SEC);
	counts(&s, 0, N_MANY, "and then told");
	ok(s.tick.closed[N_MANY - 1]->flags & WEIR_CONN_AT_LEAST, "all of them");
	conn_table_release(s.table, between);
	end(&s);
}

static void change_some(struct twins *t, uint64_t n, uint64_t bytes)
{
	struct conn_tick tick;
	bool right = true;

	t->now_ns += SEC;
	for (uint64_t i = 1; i <= n; i++) {
		struct weir_conn_event event =
			totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i * 7),
				  t->now_ns, bytes, bytes);

		right = right && conn_table_apply(t->kept, &event) == 0;
	}
	if (!right || conn_table_tick(t->kept, t->now_ns, false, &tick) < 0)
		ok(false, "a tick of %u changes", (unsigned)n);
}

/* Memory is given back while snapshots, old and new, are held; they must not miss it. */
static void test_giving_back(void)
{
	struct twins t = {.now_ns = SEC};
	struct kept passing = {0};
	bool right = true;

	is_int(conn_table_new(NULL, &t.kept), 0, "a table");
	change_some(&t, 3 * N_MANY, 1);
	for (uint64_t i = 0; i < N_KEPT; i++) {
		change_some(&t, (4 - i) * N_MANY, 2 + i);
		hold(&t, &t.held[i]);
	}
	right = let_go(&t, &t.held[0]) && let_go(&t, &t.held[2]);
	for (uint64_t i = 0; i < 80; i++) {
		change_some(&t, 10, 10 + i);
		hold(&t, &passing);
		right = right && all_as_they_were(&t) && let_go(&t, &passing);
		if (i == 20)
			right = right && let_go(&t, &t.held[1]);
	}
	change_some(&t, 4 * N_MANY, 100);
	right = right && let_go(&t, &t.held[3]);
	change_some(&t, 4 * N_MANY, 101);
	ok(right, "snapshots are as they were, though others came and went");
	conn_table_free(t.kept);
}

int main(void)
{
	test_giving_back();
	test_gap();
	test_held_closes();
	test_when();
	test_idle();
	test_stories();
	return tap_done();
}
