/* SPDX-License-Identifier: MIT */

/*
 * Random stories, told to a connection table and to a naive model of it: an array that is searched
 * from end to end, and the rules of weir/conn.h written down once more in the plainest way. After
 * every tick both must say the same. The seeds are fixed, so a failure can be told again.
 */

#include <stdlib.h>
#include <string.h>

#include "conn_story.h"

#define N_IDS 24
#define N_STORIES 300
#define N_STEPS 400
#define LINGER (2 * SEC)
#define UDP_TIMEOUT (5 * SEC)

enum life {
	NEVER,
	OPEN,
	OVER,     /* closed, not reported */
	REPORTED, /* and still held */
	BURIED,   /* removed after its report: a life of a socket must never come back */
};

struct plain {
	enum life life;
	struct weir_conn_counters counters;
	uint64_t active_ns;
	uint64_t reported_ns;
	uint32_t pid;
	uint8_t evidence;
	uint8_t state;
	bool exact;
	bool unsure;
	bool held;
};

struct oracle {
	struct weir_conn_id ids[N_IDS];
	struct plain rows[N_IDS];
	size_t n_closed;
	uint64_t backwards;
	uint32_t random;
};

static uint32_t pick(struct oracle *o, uint32_t n)
{
	o->random = o->random * 1664525 + 1013904223;
	return (o->random >> 8) % n;
}

/* TCP lives (some of one socket), and UDP flows (some of one socket); all with cookies. */
static void begin_oracle(struct oracle *o, uint32_t seed)
{
	*o = (struct oracle){.random = seed};
	for (uint32_t i = 0; i < N_IDS; i++) {
		o->ids[i] = id_with_cookie(i % 2 ? WEIR_PROTO_UDP : WEIR_PROTO_TCP, 1 + i / 4);
		if (i % 2)
			o->ids[i].remote_port = (uint16_t)(1000 + i);
		else
			o->ids[i].generation = i % 4 / 2;
	}
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void plain_owner(struct plain *row, const struct weir_owner *owner)
{
	if (!owner->pid)
		return;
	if (row->pid == owner->pid) {
		row->evidence = (uint8_t)max_of(row->evidence, owner->evidence);
	} else if (!row->pid || owner->evidence > row->evidence) {
		row->pid = owner->pid;
		row->evidence = owner->evidence;
	}
}

static void plain_close(struct plain *row, bool tcp)
{
	row->life = OVER;
	if (tcp)
		row->state = WEIR_TCP_CLOSE;
}

static void plain_totals(struct oracle *o, struct plain *row, const struct weir_conn_event *event)
{
	const struct weir_conn_counters *got = &event->counters;
	struct weir_conn_counters *known = &row->counters;

	if (event->kind == WEIR_CONN_SAMPLE &&
	    (got->bytes_in < known->bytes_in || got->bytes_out < known->bytes_out ||
	     got->packets_in < known->packets_in || got->packets_out < known->packets_out))
		o->backwards++;
	if (event->kind == WEIR_CONN_FINAL && !row->exact) {
		known->bytes_in = got->bytes_in;
		known->bytes_out = got->bytes_out;
	} else {
		known->bytes_in = max_of(known->bytes_in, got->bytes_in);
		known->bytes_out = max_of(known->bytes_out, got->bytes_out);
	}
	known->packets_in = max_of(known->packets_in, got->packets_in);
	known->packets_out = max_of(known->packets_out, got->packets_out);
}

static void plain_deltas(struct plain *row, const struct weir_conn_event *event)
{
	row->counters.bytes_in += event->counters.bytes_in;
	row->counters.bytes_out += event->counters.bytes_out;
	row->counters.packets_in += event->counters.packets_in;
	row->counters.packets_out += event->counters.packets_out;
}

static bool is_empty_delta(const struct weir_conn_event *event)
{
	static const struct weir_conn_counters nothing;

	return (event->kind == WEIR_CONN_SEND || event->kind == WEIR_CONN_RECV) &&
	       memcmp(&event->counters, &nothing, sizeof(nothing)) == 0;
}

static void plain_counters(struct oracle *o, struct plain *row, const struct weir_conn_event *event)
{
	struct weir_conn_counters before = row->counters;
	bool tcp = event->id.proto == WEIR_PROTO_TCP;
	bool dying = tcp && event->kind == WEIR_CONN_SAMPLE && event->state == WEIR_TCP_CLOSE;

	if (row->life == NEVER) {
		if (dying || is_empty_delta(event))
			return;
		*row = (struct plain){.life = OPEN, .active_ns = event->time_ns};
		row->state = tcp ? WEIR_TCP_ESTABLISHED : WEIR_TCP_NONE;
	}
	plain_owner(row, &event->owner);
	if (row->life != OPEN && event->kind != WEIR_CONN_FINAL)
		return;
	if (event->kind == WEIR_CONN_SEND || event->kind == WEIR_CONN_RECV)
		plain_deltas(row, event);
	else
		plain_totals(o, row, event);
	if (memcmp(&before, &row->counters, sizeof(before)) != 0)
		row->active_ns = max_of(row->active_ns, event->time_ns);
	if (event->kind == WEIR_CONN_SAMPLE && tcp && event->state && !dying)
		row->state = event->state;
	if (dying || (event->kind == WEIR_CONN_FINAL && row->life != REPORTED)) {
		plain_close(row, tcp);
		row->unsure = dying;
		row->exact = !dying;
	}
}

static void plain_apply(struct oracle *o, struct plain *row, const struct weir_conn_event *event)
{
	bool made = row->life != NEVER;

	if (row->life == BURIED)
		return;
	if (event->kind != WEIR_CONN_STATE && event->kind != WEIR_CONN_OWNER) {
		plain_counters(o, row, event);
		return;
	}
	if (!made)
		return;
	plain_owner(row, &event->owner);
	if (event->kind != WEIR_CONN_STATE || row->life != OPEN ||
	    event->id.proto != WEIR_PROTO_TCP)
		return;
	if (event->state == WEIR_TCP_CLOSE)
		plain_close(row, true);
	else
		row->state = event->state;
}

/* Ages every row; says which are shown as active and which as closed. */
static void plain_tick(struct oracle *o, uint64_t now_ns, bool flush, bool active[N_IDS],
		       bool closed[N_IDS])
{
	for (size_t i = 0; i < N_IDS; i++) {
		struct plain *row = &o->rows[i];
		bool udp = o->ids[i].proto == WEIR_PROTO_UDP;

		active[i] = closed[i] = false;
		if (row->life == REPORTED && now_ns - row->reported_ns >= LINGER)
			*row = (struct plain){.life = udp ? NEVER : BURIED};
		if (row->life == OPEN && udp && now_ns >= row->active_ns + UDP_TIMEOUT)
			*row = (struct plain){.life = NEVER};
		active[i] = row->life == OPEN || row->life == REPORTED;
		if (row->life != OVER)
			continue;
		if (!flush && !row->held && (row->unsure || !row->pid)) {
			row->held = true;
			continue;
		}
		row->life = REPORTED;
		row->reported_ns = now_ns;
		closed[i] = true;
		o->n_closed++;
	}
}

static struct weir_conn_event invent(struct oracle *o, size_t *ret_at, uint64_t now_ns)
{
	static const uint8_t states[] = {WEIR_TCP_ESTABLISHED, WEIR_TCP_FIN_WAIT1,
					 WEIR_TCP_CLOSE_WAIT};
	/* Samples are what there is most of. */
	static const uint8_t kinds[] = {WEIR_CONN_SEND,   WEIR_CONN_RECV,   WEIR_CONN_SAMPLE,
					WEIR_CONN_SAMPLE, WEIR_CONN_SAMPLE, WEIR_CONN_SAMPLE,
					WEIR_CONN_STATE,  WEIR_CONN_FINAL,  WEIR_CONN_OWNER};
	struct weir_conn_event event;
	uint32_t pid;
	uint8_t kind;

	/* One pick a statement: their order is part of the story. */
	*ret_at = pick(o, N_IDS);
	kind = kinds[pick(o, sizeof(kinds))];
	now_ns += pick(o, SEC);
	event = event_of(kind, o->ids[*ret_at], now_ns);
	event.state = pick(o, 20) ? states[pick(o, 3)] : WEIR_TCP_CLOSE;
	if (event.id.proto == WEIR_PROTO_UDP)
		event.state = WEIR_TCP_NONE;
	pid = pick(o, 6);
	if (pid <= 3)
		event.owner = owner_of(
			pid, "x",
			(enum weir_evidence)(pid ? pick(o, WEIR_EVIDENCE_CONNECT + 1) : 0));
	if (event.kind == WEIR_CONN_SEND || event.kind == WEIR_CONN_RECV) {
		event = delta_of((enum weir_conn_event_kind)event.kind, event.id, event.time_ns,
				 pick(o, 50));
		if (!pick(o, 4))
			memset(&event.counters, 0, sizeof(event.counters));
	} else if (event.kind == WEIR_CONN_SAMPLE || event.kind == WEIR_CONN_FINAL) {
		event.counters = o->rows[*ret_at].counters;
		event.counters.bytes_in += pick(o, 60);
		event.counters.bytes_out += pick(o, 60);
		event.counters.bytes_in -= event.counters.bytes_in < 3 ? 0 : pick(o, 4);
		event.counters.packets_in += pick(o, 3);
	}
	return event;
}

static bool same_row(const struct conn_row *row, const struct plain *plain)
{
	return memcmp(&row->counters, &plain->counters, sizeof(row->counters)) == 0 &&
	       row->owner.pid == plain->pid && row->owner.evidence == plain->evidence &&
	       row->state == plain->state;
}

static size_t find(const struct oracle *o, const struct conn_row *row)
{
	for (size_t i = 0; i < N_IDS; i++) {
		if (row->id.cookie == o->ids[i].cookie && row->id.proto == o->ids[i].proto &&
		    row->id.generation == o->ids[i].generation &&
		    row->id.remote_port == o->ids[i].remote_port)
			return i;
	}
	return N_IDS;
}

/* Each row given is expected, says the same, and is given once. */
static bool same_rows(const struct oracle *o, const struct conn_row *const *rows, size_t n_rows,
		      bool expected[N_IDS])
{
	for (size_t i = 0; i < n_rows; i++) {
		size_t at = find(o, rows[i]);

		if (at == N_IDS || !expected[at] || !same_row(rows[i], &o->rows[at]))
			return false;
		expected[at] = false;
	}
	for (size_t i = 0; i < N_IDS; i++) {
		if (expected[i])
			return false;
	}
	return true;
}

static bool sane_rates(const struct conn_tick *tick)
{
	for (size_t i = 0; i < tick->n_active + tick->n_closed; i++) {
		const struct conn_row *row =
			i < tick->n_active ? tick->active[i] : tick->closed[i - tick->n_active];

		if (!(row->rate_in >= 0 && row->rate_out >= 0 && row->rate_in < 1e15))
			return false;
	}
	return true;
}

static bool same_tick(struct oracle *o, struct story *s, uint64_t now_ns)
{
	bool flush = pick(o, 4) == 0;
	bool active[N_IDS];
	bool closed[N_IDS];

	if (conn_table_tick(s->table, now_ns, flush, &s->tick) < 0)
		return false;
	conn_table_stats(s->table, &s->stats);
	plain_tick(o, now_ns, flush, active, closed);
	return same_rows(o, s->tick.active, s->tick.n_active, active) &&
	       same_rows(o, s->tick.closed, s->tick.n_closed, closed) && sane_rates(&s->tick) &&
	       s->stats.closed == o->n_closed && s->stats.backwards == o->backwards;
}

/* The number of steps that agreed. */
static unsigned tell(uint32_t seed, uint64_t *ret_closed)
{
	const struct conn_table_options options = {.size = sizeof(options),
						   .closed_linger_ns = LINGER};
	uint64_t now_ns = SEC;
	struct story s = {0};
	struct oracle o;
	unsigned step;

	begin_oracle(&o, seed);
	if (conn_table_new(&options, &s.table) < 0)
		return 0;
	for (step = 0; step < N_STEPS; step++) {
		size_t at;
		struct weir_conn_event event = invent(&o, &at, now_ns);

		if (conn_table_apply(s.table, &event) < 0)
			break;
		plain_apply(&o, &o.rows[at], &event);
		if (pick(&o, 8))
			continue;
		now_ns += SEC + pick(&o, SEC);
		if (!same_tick(&o, &s, now_ns))
			break;
	}
	*ret_closed += o.n_closed;
	end(&s);
	return step;
}

int main(void)
{
	uint64_t closed = 0;
	uint32_t seed;

	for (seed = 1; seed <= N_STORIES; seed++) {
		unsigned steps = tell(seed, &closed);

		if (steps == N_STEPS)
			continue;
		tap_note("seed %u parts at step %u", seed, steps);
		break;
	}
	is_int(seed, N_STORIES + 1, "table and oracle tell the same %d stories", N_STORIES);
	ok(closed > N_STORIES, "in which %u connections closed", (unsigned)closed);
	return tap_done();
}
