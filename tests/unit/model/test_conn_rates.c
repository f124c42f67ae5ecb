/* SPDX-License-Identifier: MIT */

/* Counters and rates of a connection table: what a series of events comes to. */

#include "conn_story.h"

static void test_rates(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 10 * SEC, 5000, 1000));
	tick(&s, 10 * SEC);
	ok(!s.tick.active[0]->rate_known, "one observation is no rate");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 12 * SEC, 9000, 1000));
	tick(&s, 12 * SEC);
	rates(s.tick.active[0], 2000, 0, "4000 bytes in 2 s");
	tick(&s, 13 * SEC);
	rates(s.tick.active[0], 0, 0, "no event: the rate is 0 and known");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 14 * SEC + SEC / 2, 9000, 4000));
	tick(&s, 14 * SEC);
	rates(s.tick.active[0], 0, 2000, "from the idle tick's moment to the sample's");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 15 * SEC, 9000, 5000));
	tick(&s, 15 * SEC);
	rates(s.tick.active[0], 0, 2000, "from sample to sample: 1000 bytes in half a second");
	end(&s);
}

static void test_rate_of_deltas(void)
{
	struct weir_conn_id id = id_of(WEIR_PROTO_UDP);
	struct weir_conn_event event;
	struct story s;

	begin(&s, NULL);
	apply(&s, delta_of(WEIR_CONN_SEND, id, SEC, 1));
	tick(&s, SEC);
	ok(!s.tick.active[0]->rate_known, "unknown at first");
	apply(&s, delta_of(WEIR_CONN_SEND, id, SEC + MSEC, 300));
	apply(&s, delta_of(WEIR_CONN_RECV, id, SEC + 2 * MSEC, 600));
	tick(&s, 3 * SEC);
	rates(s.tick.active[0], 300, 150, "deltas spread over the whole tick");
	id.remote_port++;
	event = delta_of(WEIR_CONN_SEND, id, 4 * SEC, 100);
	event.opened_ns = 2 * SEC;
	apply(&s, event);
	id.remote_port++;
	event = delta_of(WEIR_CONN_SEND, id, 4 * SEC, 100);
	event.opened_ns = 4 * SEC;
	apply(&s, event);
	tick(&s, 5 * SEC);
	rates(s.tick.active[1], 0, 50, "a flow that comes back: since the last tick");
	rates(s.tick.active[2], 0, 50, "a new one: over the tick it began in");
	end(&s);
}

static void test_rate_of_new_rows(void)
{
	struct weir_conn_event event;
	struct story s;

	begin(&s, NULL);
	tick(&s, 10 * SEC);
	event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), 11 * SEC, 3000, 0);
	event.opened_ns = 10 * SEC + SEC / 2;
	apply(&s, event);
	tick(&s, 11 * SEC);
	rates(s.tick.active[0], 3000, 0, "opened half a second ago: over the whole tick");
	event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 2), 12 * SEC, 3000, 0);
	event.opened_ns = 2 * SEC;
	apply(&s, event);
	tick(&s, 12 * SEC);
	rates(s.tick.active[1], 3000, 0, "opened long ago, silent till the last tick");
	event.id.cookie = 3;
	event.flags = WEIR_CONN_PARTIAL;
	event.opened_ns = 12 * SEC + 1;
	event.time_ns = 13 * SEC;
	apply(&s, event);
	event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_UDP, 4), 13 * SEC, 3000, 0);
	event.opened_ns = 2 * SEC;
	apply(&s, event);
	tick(&s, 13 * SEC);
	ok(!s.tick.active[2]->rate_known, "unknown if its beginning is");
	ok(!s.tick.active[3]->rate_known, "unknown for UDP that may have expired meanwhile");
	end(&s);
}

static void test_gap(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_id idle = id_with_cookie(WEIR_PROTO_TCP, 2);
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, SEC, 1000, 0));
	apply(&s, totals_of(WEIR_CONN_SAMPLE, idle, SEC, 1000, 0));
	tick(&s, SEC);
	tick(&s, 6 * SEC);
	rates(s.tick.active[0], 0, 0, "five seconds are no gap");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 3600 * SEC, 1000000, 0));
	tick(&s, 3600 * SEC);
	ok(!s.tick.active[0]->rate_known, "after a suspend the rate is unknown");
	ok(!s.tick.active[1]->rate_known, "for idle rows too");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 3601 * SEC, 1000500, 0));
	tick(&s, 3601 * SEC);
	rates(s.tick.active[0], 500, 0, "and starts anew from there");
	rates(s.tick.active[1], 0, 0, "for idle rows too");
	end(&s);
}

static void test_time_guards(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 5 * SEC, 1000, 0));
	tick(&s, 5 * SEC);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 6 * SEC, 3000, 0));
	tick(&s, 6 * SEC);
	tick(&s, 6 * SEC);
	rates(s.tick.active[0], 2000, 0, "a second tick at the same moment changes nothing");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 4 * SEC, 9000, 0));
	tick(&s, 7 * SEC);
	ok(!s.tick.active[0]->rate_known, "a sample from before the last tick has no rate");
	is_int(s.tick.active[0]->counters.bytes_in, 9000, "but counts");
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 0, 9500, 0));
	tick(&s, 8 * SEC);
	rates(s.tick.active[0], 500, 0, "a sample without a time is as of the tick");
	tick(&s, 2 * SEC);
	is_int(s.tick.now_ns, 8 * SEC, "time does not run backwards");
	end(&s);
}

static void test_backwards(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, SEC, 5000, 7000));
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, 2 * SEC, 9000, 6999));
	tick(&s, 2 * SEC);
	is_int(s.tick.active[0]->counters.bytes_in, 9000, "a sample raises what went up");
	is_int(s.tick.active[0]->counters.bytes_out, 7000, "and not what went down");
	is_int(s.stats.backwards, 1, "which is counted");
	apply(&s, totals_of(WEIR_CONN_FINAL, id, 3 * SEC, 9500, 6999));
	tick(&s, 3 * SEC);
	tick(&s, 4 * SEC);
	counts(&s, 0, 1, "the final");
	is_int(s.tick.closed[0]->counters.bytes_in, 9500, "a final raises");
	is_int(s.tick.closed[0]->counters.bytes_out, 6999,
	       "and takes back what a sample saw too early");
	ok(s.tick.closed[0]->rate_known && s.tick.closed[0]->rate_out == 0,
	   "which is no rate of its own");
	end(&s);
}

/* A FINAL that was read after the close may have been read from counters that were reset. */
static void test_late_final(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event final = totals_of(WEIR_CONN_FINAL, id, 2 * SEC, 0, 0);
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id, SEC, 5000, 7000));
	tick(&s, SEC);
	final.flags |= WEIR_CONN_LATE;
	apply(&s, final);
	tick(&s, 2 * SEC);
	tick(&s, 3 * SEC);
	counts(&s, 0, 1, "a late final closes");
	is_int(s.tick.closed[0]->counters.bytes_in, 5000, "and lowers nothing");
	end(&s);
}

static void test_wrapping_packets(void)
{
	struct weir_conn_event event =
		totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 1000, 1000);
	const struct conn_row *row;
	struct story s;

	begin(&s, NULL);
	event.flags = WEIR_CONN_PACKETS_32;
	event.counters.packets_in = 0xfffffff0;
	event.counters.packets_out = 5;
	apply(&s, event);
	event.counters.packets_in = 0x10;
	apply(&s, event);
	event.counters.packets_in = 0x80000000;
	apply(&s, event);
	event.counters.packets_in = 0xf0000000;
	apply(&s, event);
	event.counters.packets_in = 0x20;
	event.counters.packets_out = 4;
	apply(&s, event);
	tick(&s, 2 * SEC);
	row = s.tick.active[0];
	is_int(row->counters.packets_in, 0x200000020, "widened past two wraps");
	is_int(row->counters.packets_out, 5, "one less is backwards, not 2^32 more");
	is_int(s.stats.backwards, 1, "and counted");
	ok(!(row->flags & WEIR_CONN_PACKETS_32), "a widened count does not wrap");
	end(&s);
}

static struct weir_conn_event long_life(uint64_t time_ns, uint64_t bytes)
{
	struct weir_conn_event event =
		totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), time_ns, bytes, 0);

	event.tcp.cwnd = 10;
	return event;
}

static void test_smooth(void)
{
	const struct conn_row *row;
	struct story s;
	float before;

	begin(&s, NULL);
	apply(&s, long_life(SEC, 0));
	tick(&s, SEC);
	ok(s.tick.active[0]->smooth_in == 0, "no rate, no smooth one");
	apply(&s, long_life(2 * SEC, 8000));
	tick(&s, 2 * SEC);
	ok(s.tick.active[0]->smooth_in == 8000, "it begins with the first rate");
	apply(&s, long_life(3 * SEC, 8000 + 4000));
	tick(&s, 3 * SEC);
	row = s.tick.active[0];
	ok(row->rate_in == 4000 && row->smooth_in == 7000, "and follows, a quarter in a second");
	apply(&s, long_life(6 * SEC, 12000 + 3000));
	tick(&s, 6 * SEC);
	row = s.tick.active[0];
	ok(row->rate_in == 1000 && row->smooth_in == 4000, "half in three");
	tick(&s, 100 * SEC);
	row = s.tick.active[0];
	ok(!row->rate_known && row->smooth_in == 4000, "a rate that is not known leaves it");
	before = row->smooth_in;
	for (int i = 101; i < 140; i++) {
		tick(&s, (uint64_t)i * SEC);
		row = s.tick.active[0];
		if (row->smooth_in >= before && before > 0)
			ok(false, "it falls at %d s", i);
		before = row->smooth_in;
	}
	ok(row->smooth_in == 0 && row->smooth_out == 0, "and comes to rest");
	end(&s);
}

/* A heavy one that is over does not stand above those that live. */
static void test_smooth_end(void)
{
	const struct conn_table_options options = {.size = sizeof(options),
						   .closed_linger_ns = 10 * SEC};
	struct weir_conn_event event = long_life(2 * SEC, 8000);
	struct story s;

	begin(&s, &options);
	apply(&s, long_life(SEC, 0));
	tick(&s, SEC);
	event.kind = WEIR_CONN_FINAL;
	event.owner = owner_of(3, "x", WEIR_EVIDENCE_DESTROY);
	apply(&s, event);
	tick(&s, 2 * SEC);
	is_int(s.tick.n_closed, 1, "it is over");
	ok(s.tick.closed[0]->smooth_in > 0, "with the rate of its last tick");
	tick(&s, 3 * SEC);
	ok(s.tick.active[0]->smooth_in == 0 && s.tick.active[0]->delta_in == 0, "and no longer");
	end(&s);
}

/* What the rows of all ticks say came, and what the last one says in all. */
struct ledger {
	uint64_t in;
	uint64_t out;
	uint64_t retrans;
	struct weir_conn_counters totals;
};

static void enter(struct ledger *ledger, const struct story *s, size_t n_active, size_t n_closed)
{
	const struct conn_row *row = NULL;

	if (s->tick.n_active != n_active || s->tick.n_closed != n_closed)
		ok(false, "%zu active, %zu closed", s->tick.n_active, s->tick.n_closed);
	else if (n_active + n_closed)
		row = n_active ? s->tick.active[0] : s->tick.closed[0];
	if (!row)
		return;
	ledger->in += row->delta_in;
	ledger->out += row->delta_out;
	ledger->retrans += row->delta_retrans;
	ledger->totals = row->counters;
}

static struct weir_conn_event resent(enum weir_conn_event_kind kind, uint64_t time_ns,
				     uint64_t bytes, uint64_t retrans_bytes)
{
	struct weir_conn_event event =
		totals_of(kind, id_with_cookie(WEIR_PROTO_TCP, 1), time_ns, 2 * bytes, bytes);

	event.opened_ns = 2 * SEC;
	event.tcp.cwnd = 10;
	event.tcp.retrans_bytes = retrans_bytes;
	return event;
}

/* Held back, told late, shown on: each byte is in one tick. */
static void test_deltas(void)
{
	const struct conn_table_options options = {.size = sizeof(options),
						   .closed_linger_ns = 10 * SEC};
	struct ledger ledger = {0};
	struct weir_conn_event late;
	struct story s;

	begin(&s, &options);
	tick(&s, 2 * SEC);
	apply(&s, resent(WEIR_CONN_SAMPLE, 3 * SEC, 100, 10));
	apply(&s, resent(WEIR_CONN_SAMPLE, 3 * SEC, 150, 10));
	tick(&s, 3 * SEC);
	enter(&ledger, &s, 1, 0);
	ok(ledger.in == 300 && ledger.out == 150 && ledger.retrans == 10, "a tick's bytes");
	tick(&s, 4 * SEC);
	ok(s.tick.active[0]->delta_in == 0 && s.tick.active[0]->delta_retrans == 0, "a rest's");
	apply(&s, resent(WEIR_CONN_SAMPLE, 4 * SEC, 160, 11));
	tick(&s, 4 * SEC);
	enter(&ledger, &s, 1, 0);
	apply(&s, state_of(id_with_cookie(WEIR_PROTO_TCP, 1), 5 * SEC, WEIR_TCP_CLOSE));
	late = resent(WEIR_CONN_FINAL, 5 * SEC, 200, 15);
	late.flags = WEIR_CONN_LATE;
	apply(&s, late);
	tick(&s, 5 * SEC);
	enter(&ledger, &s, 0, 0);
	late = resent(WEIR_CONN_FINAL, 5 * SEC, 210, 16);
	apply(&s, late);
	tick(&s, 6 * SEC);
	enter(&ledger, &s, 0, 1);
	is_int(s.tick.closed[0]->delta_in, 100, "what was held back and what came then");
	late.counters.bytes_in += 5;
	late.flags = WEIR_CONN_LATE;
	apply(&s, late);
	tick(&s, 7 * SEC);
	enter(&ledger, &s, 1, 0);
	is_int(s.tick.active[0]->delta_in, 5, "what came after the report");
	tick(&s, 8 * SEC);
	enter(&ledger, &s, 1, 0);
	is_int(ledger.in, (int64_t)ledger.totals.bytes_in, "in all, what came in");
	is_int(ledger.out, (int64_t)ledger.totals.bytes_out, "and went out");
	is_int(ledger.retrans, 15, "and was sent again, as far as it was told in time");
	end(&s);
}

static void test_deltas_from_the_middle(void)
{
	struct story s;

	begin(&s, NULL);
	apply(&s, long_life(SEC, 5000));
	tick(&s, SEC);
	is_int(s.tick.active[0]->delta_in, 0, "what came before we looked is no tick's");
	tick(&s, 2 * SEC);
	apply(&s, long_life(100 * SEC, 7000));
	tick(&s, 100 * SEC);
	ok(!s.tick.active[0]->rate_known && s.tick.active[0]->delta_in == 2000,
	   "after a gap the rate is unknown, but not the bytes");
	apply(&s, delta_of(WEIR_CONN_RECV, id_with_cookie(WEIR_PROTO_TCP, 1), 101 * SEC, 30));
	apply(&s, delta_of(WEIR_CONN_RECV, id_with_cookie(WEIR_PROTO_TCP, 1), 101 * SEC, 12));
	tick(&s, 101 * SEC);
	is_int(s.tick.active[0]->delta_in, 42, "deltas add up");
	end(&s);
}

static void test_limits(void)
{
	struct weir_conn_event event = long_life(SEC, 0);
	struct story s;

	begin(&s, NULL);
	event.tcp.busy_us = 500000;
	apply(&s, event);
	tick(&s, SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_UNKNOWN, "one observation limits nothing");
	event.time_ns = 2 * SEC;
	event.tcp.busy_us += 1000000;
	event.tcp.rwnd_limited_us += 900000;
	event.counters.bytes_out = 1000;
	apply(&s, event);
	tick(&s, 2 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_RWND, "two do");
	event.time_ns = 3 * SEC;
	event.tcp.busy_us += 1000000;
	event.tcp.rwnd_limited_us += 1000000;
	apply(&s, event);
	tick(&s, 3 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_RWND, "a second without a byte is not much");
	event.time_ns = 5 * SEC;
	event.tcp.busy_us += 2000000;
	event.tcp.rwnd_limited_us += 2000000;
	apply(&s, event);
	tick(&s, 5 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_PEER, "three are");
	tick(&s, 6 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_NONE, "nothing told, nothing waited for");
	tick(&s, 60 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_UNKNOWN, "a gap tells nothing");
	tick(&s, 61 * SEC);
	is_int(s.tick.active[0]->limit, WEIR_LIMIT_NONE, "the tick after it does");
	event.id.cookie = 2;
	event.opened_ns = 61 * SEC + 900 * MSEC;
	event.time_ns = 62 * SEC;
	event.tcp = (struct weir_tcp_info){.cwnd = 10, .busy_us = 90000, .unsent_bytes = 1};
	apply(&s, event);
	tick(&s, 62 * SEC);
	is_int(s.tick.active[1]->limit, WEIR_LIMIT_CWND, "what has just begun: over its life");
	event.id = id_with_cookie(WEIR_PROTO_UDP, 3);
	event.opened_ns = 0;
	event.time_ns = 63 * SEC;
	event.tcp.unread_bytes = 100;
	apply(&s, event);
	tick(&s, 63 * SEC);
	apply(&s, event);
	tick(&s, 64 * SEC);
	is_int(s.tick.active[2]->limit, WEIR_LIMIT_UNKNOWN, "UDP never has any");
	end(&s);
}

int main(void)
{
	test_smooth();
	test_smooth_end();
	test_deltas();
	test_deltas_from_the_middle();
	test_limits();
	test_rates();
	test_rate_of_deltas();
	test_rate_of_new_rows();
	test_gap();
	test_time_guards();
	test_backwards();
	test_late_final();
	test_wrapping_packets();
	return tap_done();
}
