/* SPDX-License-Identifier: MIT */

/* Each test is a short story: events, ticks, and what is then known. */

#include <errno.h>

#include "conn_story.h"

/* The first facts asked of this table: a send makes a row with all it says. */
static void test_send_makes_row(void)
{
	struct weir_conn_event event = delta_of(WEIR_CONN_SEND, id_of(WEIR_PROTO_TCP), SEC, 1500);
	const struct conn_row *row;
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(1234, "curl", WEIR_EVIDENCE_CALL);
	event.tcp.srtt_us = 5000;
	apply(&s, event);
	tick(&s, 2 * SEC);
	counts(&s, 1, 0, "one send");
	row = s.tick.active[0];
	is_int(row->owner.pid, 1234, "its process");
	is_str(conn_row_process(row, NULL), "curl", "by name");
	is_int(row->counters.bytes_out, 1500, "its bytes");
	is_int(row->counters.packets_out, 1, "its packet");
	is_int(row->counters.bytes_in, 0, "nothing came in");
	is_int(row->tcp.srtt_us, 5000, "its RTT");
	is_int(row->state, WEIR_TCP_ESTABLISHED, "data moves: established");
	ok(!row->closed_ns, "it is open");
	ok(!(row->flags & WEIR_CONN_PARTIAL), "it is whole");
	end(&s);
}

/* And: a close without a pid keeps the row's, is reported once, and is gone. */
static void test_close_lifecycle(void)
{
	struct weir_conn_event event = delta_of(WEIR_CONN_SEND, id_of(WEIR_PROTO_TCP), SEC, 100);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(1234, "curl", WEIR_EVIDENCE_CALL);
	apply(&s, event);
	apply(&s, state_of(event.id, SEC + 5, WEIR_TCP_CLOSE));
	tick(&s, 2 * SEC);
	counts(&s, 0, 1, "closed in the tick");
	is_int(s.tick.closed[0]->owner.pid, 1234, "the pid is the row's, not 0");
	is_int(s.tick.closed[0]->counters.bytes_out, 100, "with its bytes");
	is_int(s.tick.closed[0]->state, WEIR_TCP_CLOSE, "in its last state");
	is_int(s.tick.closed[0]->closed_ns, SEC + 5, "at the time of the close");
	tick(&s, 3 * SEC);
	counts(&s, 0, 0, "the next tick");
	is_int(s.stats.open, 0, "nothing is open");
	is_int(s.stats.closed, 1, "one close in all");
	end(&s);
}

static void test_states(void)
{
	struct weir_conn_id id = id_of(WEIR_PROTO_TCP);
	struct story s;

	begin(&s, NULL);
	apply(&s, state_of(id, SEC, WEIR_TCP_ESTABLISHED));
	tick(&s, 2 * SEC);
	counts(&s, 0, 0, "a state change alone");
	apply(&s, delta_of(WEIR_CONN_RECV, id, 2 * SEC, 7));
	apply(&s, state_of(id, 2 * SEC, WEIR_TCP_CLOSE_WAIT));
	tick(&s, 3 * SEC);
	is_int(s.tick.active[0]->state, WEIR_TCP_CLOSE_WAIT, "a known row changes its state");
	is_int(s.tick.active[0]->counters.packets_in, 1, "and keeps its counters");
	end(&s);
}

static void test_udp_expiry(void)
{
	struct weir_conn_id id = id_of(WEIR_PROTO_UDP);
	struct story s;

	begin(&s, NULL);
	apply(&s, delta_of(WEIR_CONN_SEND, id, 10 * SEC, 60));
	apply(&s, delta_of(WEIR_CONN_SEND, id_of(WEIR_PROTO_TCP), 10 * SEC, 60));
	tick(&s, 11 * SEC);
	counts(&s, 2, 0, "fresh");
	is_int(s.tick.active[0]->state, WEIR_TCP_NONE, "UDP has no state");
	tick(&s, 15 * SEC - 1);
	counts(&s, 2, 0, "just under five seconds");
	tick(&s, 15 * SEC);
	counts(&s, 1, 0, "at five seconds idle UDP is gone, TCP is not");
	is_int(s.tick.active[0]->id.proto, WEIR_PROTO_TCP, "what stays is TCP");
	is_int(s.stats.expired, 1, "counted as expired");
	is_int(s.stats.closed, 0, "not as closed");
	apply(&s, event_of(WEIR_CONN_RECV, id, 16 * SEC));
	tick(&s, 16 * SEC);
	counts(&s, 1, 0, "a delta of nothing does not bring it back");
	apply(&s, delta_of(WEIR_CONN_RECV, id, 16 * SEC, 40));
	tick(&s, 17 * SEC);
	counts(&s, 2, 0, "traffic brings it back");
	end(&s);
}

/* A source that cannot count shows UDP sockets as long as it sees them. */
static void test_udp_without_counters(void)
{
	struct weir_conn_event event =
		event_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_UDP, 9), SEC);
	struct story s;

	begin(&s, NULL);
	event.flags = WEIR_CONN_NO_COUNTERS;
	for (uint64_t i = 1; i <= 12; i++) {
		event.time_ns = i * SEC;
		apply(&s, event);
		tick(&s, i * SEC + 1);
	}
	counts(&s, 1, 0, "seen for twelve seconds");
	ok(!s.tick.active[0]->rate_known, "its rate is unknown, not 0");
	ok(s.tick.active[0]->flags & WEIR_CONN_NO_COUNTERS, "and so are its counters");
	tick(&s, 17 * SEC);
	counts(&s, 0, 0, "not seen for five");
	end(&s);
}

static void test_final_of_unknown(void)
{
	struct weir_conn_event event =
		totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, 1), 2 * SEC, 64, 128);
	struct story s;

	begin(&s, NULL);
	tick(&s, SEC);
	event.opened_ns = 2 * SEC - SEC / 2;
	event.owner = owner_of(7, "wget", WEIR_EVIDENCE_CONNECT);
	event.flags = WEIR_CONN_CONNECT_FAILED;
	apply(&s, event);
	tick(&s, 3 * SEC);
	counts(&s, 0, 1, "opened and closed between two ticks");
	is_int(s.tick.closed[0]->counters.bytes_in, 64, "exact bytes in");
	is_int(s.tick.closed[0]->counters.bytes_out, 128, "exact bytes out");
	rates(s.tick.closed[0], 32, 64, "over the tick, not its life of half a second");
	is_int(conn_row_age_ns(s.tick.closed[0], 9 * SEC), SEC / 2, "which is its age for good");
	ok(s.tick.closed[0]->flags & WEIR_CONN_CONNECT_FAILED, "flags are kept");
	is_int(s.stats.opened, 1, "opened once");
	tick(&s, 4 * SEC);
	counts(&s, 0, 0, "and gone");
	end(&s);
}

/* tcp_destroy_sock may tell of a socket again, minutes after its CLOSE and with less. */
static void test_final_twice(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event first = totals_of(WEIR_CONN_FINAL, id, SEC, 6400, 12800);
	struct weir_conn_event second = totals_of(WEIR_CONN_FINAL, id, SEC + 1, 0, 12801);
	struct story s;

	begin(&s, NULL);
	first.owner = owner_of(7, "wget", WEIR_EVIDENCE_CONNECT);
	first.tcp.srtt_us = 77;
	apply(&s, first);
	apply(&s, second);
	tick(&s, 2 * SEC);
	counts(&s, 0, 1, "two finals of one connection");
	is_int(s.tick.closed[0]->counters.bytes_in, 6400, "the first's bytes stay");
	is_int(s.tick.closed[0]->counters.bytes_out, 12801, "the second's may raise");
	is_int(s.tick.closed[0]->tcp.srtt_us, 77, "what the first knew stays");
	is_int(s.tick.closed[0]->closed_ns, SEC, "so does its time");
	apply(&s, second);
	tick(&s, 3 * SEC);
	counts(&s, 0, 0, "one after the report");
	for (uint64_t i = 4; i < 8; i++) {
		apply(&s, second);
		apply(&s, totals_of(WEIR_CONN_SAMPLE, id, i * SEC, 9, 9));
		apply(&s, event_of(WEIR_CONN_OWNER, id, i * SEC));
		tick(&s, i * SEC);
		counts(&s, 0, 0, "stragglers of a removed connection");
	}
	is_int(s.stats.closed, 1, "closed once in all");
	is_int(s.stats.opened, 1, "opened once in all");
	end(&s);
}

/* A dead socket may still be in the kernel's list while its FINAL is on its way. */
static void test_sample_in_close(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event event = totals_of(WEIR_CONN_SAMPLE, id, SEC, 10, 10);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(7, "wget", WEIR_EVIDENCE_CONNECT);
	event.state = WEIR_TCP_CLOSE;
	apply(&s, event);
	tick(&s, SEC);
	counts(&s, 0, 0, "a dead socket nobody knows");
	event.state = WEIR_TCP_ESTABLISHED;
	apply(&s, event);
	tick(&s, 2 * SEC);
	event.state = WEIR_TCP_CLOSE;
	event.counters.bytes_in = 20;
	apply(&s, event);
	tick(&s, 3 * SEC);
	counts(&s, 0, 0, "a known one waits a tick for its final");
	apply(&s, totals_of(WEIR_CONN_FINAL, id, 3 * SEC, 21, 10));
	tick(&s, 4 * SEC);
	counts(&s, 0, 1, "and is reported");
	is_int(s.tick.closed[0]->counters.bytes_in, 21, "with the final's bytes");
	event.id.cookie = 2;
	event.state = WEIR_TCP_ESTABLISHED;
	apply(&s, event);
	tick(&s, 5 * SEC);
	event.state = WEIR_TCP_CLOSE;
	apply(&s, event);
	tick(&s, 6 * SEC);
	counts(&s, 0, 0, "another one waits");
	tick(&s, 7 * SEC);
	counts(&s, 0, 1, "and is reported though its final was lost");
	ok(s.tick.closed[0]->flags & WEIR_CONN_AT_LEAST, "as the least there was");
	end(&s);
}

/* The diag source may miss an end, and hear of it after all. */
static void test_at_least(void)
{
	struct weir_conn_event event =
		totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 10, 10);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(7, "wget", WEIR_EVIDENCE_CONNECT);
	event.flags = WEIR_CONN_AT_LEAST;
	apply(&s, event);
	event.id.cookie = 2;
	apply(&s, event);
	event.flags = 0;
	event.counters.bytes_in = 12;
	apply(&s, event);
	event.flags = WEIR_CONN_AT_LEAST;
	apply(&s, event);
	tick(&s, SEC);
	counts(&s, 0, 2, "two ends");
	ok(s.tick.closed[0]->flags & WEIR_CONN_AT_LEAST, "one is not sure of its totals");
	is_int(s.tick.closed[1]->counters.bytes_in, 12, "the other has them exact");
	ok(!(s.tick.closed[1]->flags & WEIR_CONN_AT_LEAST), "and says so");
	end(&s);
}

static void test_held_for_owner(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event owner = event_of(WEIR_CONN_OWNER, id, 2 * SEC);
	struct story s;

	begin(&s, NULL);
	owner.owner = owner_of(42, "late", WEIR_EVIDENCE_DESTROY);
	apply(&s, owner);
	tick(&s, SEC / 2);
	counts(&s, 0, 0, "an owner alone is no connection");
	apply(&s, totals_of(WEIR_CONN_FINAL, id, SEC, 1, 1));
	tick(&s, SEC);
	counts(&s, 0, 0, "a close without an owner is held back");
	apply(&s, owner);
	tick(&s, 2 * SEC);
	counts(&s, 0, 1, "for one tick");
	is_int(s.tick.closed[0]->owner.pid, 42, "the owner came in time");
	apply(&s, totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, 2), 2 * SEC, 1, 1));
	tick(&s, 3 * SEC);
	tick(&s, 4 * SEC);
	counts(&s, 0, 1, "or it did not");
	is_str(conn_row_process(s.tick.closed[0], NULL), "unknown", "and is unknown");
	apply(&s, totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, 3), 4 * SEC, 1, 1));
	is_int(conn_table_tick(s.table, 5 * SEC, true, &s.tick), 0, "a flushing tick");
	counts(&s, 0, 1, "holds nothing back");
	end(&s);
}

static void test_owner_rule(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event event = totals_of(WEIR_CONN_SAMPLE, id, SEC, 1, 1);
	const struct conn_row *row;
	struct story s;

	begin(&s, NULL);
	event.owner.unknown = WEIR_UNKNOWN_EXITED;
	apply(&s, event);
	tick(&s, SEC);
	row = s.tick.active[0];
	is_str(conn_row_process(row, NULL), "exited", "the reason stands for the name");
	event.kind = WEIR_CONN_OWNER;
	event.owner = owner_of(10, "guess", WEIR_EVIDENCE_LISTENER);
	apply(&s, event);
	is_str(conn_row_process(row, NULL), "guess", "any owner replaces none");
	is_int(row->owner.unknown, WEIR_UNKNOWN_NOT, "and its reason");
	event.owner = owner_of(11, "holder", WEIR_EVIDENCE_FILE);
	event.owner.start_boot_ns = 5;
	apply(&s, event);
	is_int(row->owner.pid, 11, "stronger evidence replaces weaker");
	event.owner = owner_of(12, "weak", WEIR_EVIDENCE_DESTROY);
	apply(&s, event);
	is_int(row->owner.pid, 11, "never the other way round");
	event.owner = owner_of(12, "equal", WEIR_EVIDENCE_FILE);
	apply(&s, event);
	is_int(row->owner.pid, 11, "nor equal");
	event.owner = owner_of(11, "renamed", WEIR_EVIDENCE_DESTROY);
	apply(&s, event);
	is_str(conn_row_process(row, NULL), "renamed", "the same process refreshes its name");
	is_int(row->owner.evidence, WEIR_EVIDENCE_FILE, "and keeps its evidence");
	event.owner = owner_of(11, "recycled", WEIR_EVIDENCE_FILE);
	event.owner.start_boot_ns = 6;
	apply(&s, event);
	is_str(conn_row_process(row, NULL), "renamed", "a recycled pid is another process");
	event.owner = owner_of(0, "", WEIR_EVIDENCE_NONE);
	event.owner.unknown = WEIR_UNKNOWN_KERNEL;
	apply(&s, event);
	is_int(row->owner.pid, 11, "no owner replaces no owner that is known");
	event.kind = WEIR_CONN_RENAME;
	event.owner = owner_of(11, "rename", WEIR_EVIDENCE_CONNECT);
	is_int(conn_table_apply(s.table, &event), 0, "a rename is no matter of the table");
	is_str(conn_row_process(row, NULL), "renamed", "and changes nothing");
	end(&s);
}

static void test_linger(void)
{
	const struct conn_table_options options = {.size = sizeof(options),
						   .closed_linger_ns = 2 * SEC};
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_TCP, 1);
	struct weir_conn_event event = totals_of(WEIR_CONN_FINAL, id, SEC, 5, 5);
	struct story s;

	begin(&s, &options);
	event.owner = owner_of(3, "x", WEIR_EVIDENCE_DESTROY);
	apply(&s, event);
	tick(&s, SEC);
	counts(&s, 0, 1, "reported");
	tick(&s, 2 * SEC);
	counts(&s, 1, 0, "then lingering");
	rates(s.tick.active[0], 0, 0, "at rest");
	ok(s.tick.active[0]->closed_ns, "and closed");
	event.kind = WEIR_CONN_OWNER;
	event.owner = owner_of(4, "y", WEIR_EVIDENCE_CONNECT);
	apply(&s, event);
	tick(&s, 3 * SEC - 1);
	counts(&s, 1, 0, "still there");
	is_int(s.tick.active[0]->owner.pid, 4, "a late owner reaches it");
	tick(&s, 3 * SEC);
	counts(&s, 0, 0, "gone after two seconds");
	is_int(s.stats.closed, 1, "closed once in all");
	end(&s);
}

static void test_tuple_comes_late(void)
{
	struct weir_conn_event event =
		totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 0, 0);
	struct story s;

	begin(&s, NULL);
	event.state = WEIR_TCP_SYN_SENT;
	event.id.local_port = 0;
	event.id.local = addr_of("0.0.0.0");
	apply(&s, event);
	event.id.local_port = 40000;
	event.id.local = addr_of("10.0.0.7");
	event.state = WEIR_TCP_ESTABLISHED;
	apply(&s, event);
	event.id.local_port = 0;
	event.id.remote_port = 0;
	event.id.local = addr_of("::");
	event.id.remote = addr_of("::");
	apply(&s, event);
	tick(&s, 2 * SEC);
	counts(&s, 1, 0, "one life, whatever its tuple says");
	is_int(s.tick.active[0]->id.local_port, 40000, "the port that was chosen");
	is_int(s.tick.active[0]->id.remote_port, 443, "zeros replace nothing");
	is_int(weir_addr_is_any(&s.tick.active[0]->id.local), 0, "nor does any address");
	event.id.generation = 1;
	apply(&s, event);
	tick(&s, 3 * SEC);
	counts(&s, 2, 0, "a socket's second life is another connection");
	end(&s);
}

static void test_same_tuple_twice(void)
{
	struct weir_conn_id id = id_of(WEIR_PROTO_TCP);
	struct weir_conn_event event = totals_of(WEIR_CONN_FINAL, id, SEC, 5, 5);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(3, "x", WEIR_EVIDENCE_CONNECT);
	apply(&s, event);
	tick(&s, SEC);
	tick(&s, 2 * SEC);
	apply(&s, event);
	tick(&s, 3 * SEC);
	counts(&s, 0, 1, "without a cookie the same tuple is a new connection");
	event.id.cookie = 1;
	apply(&s, event);
	event.id.cookie = 2;
	apply(&s, event);
	tick(&s, 4 * SEC);
	counts(&s, 0, 2, "with cookies, two at once");
	is_int(s.stats.closed, 4, "four in all");
	end(&s);
}

static void test_udp_fan_out(void)
{
	struct weir_conn_id id = id_with_cookie(WEIR_PROTO_UDP, 5);
	struct weir_conn_event final;
	struct story s;

	begin(&s, NULL);
	for (uint16_t port = 1; port <= 20; port++) {
		id.remote_port = port;
		apply(&s, totals_of(WEIR_CONN_SAMPLE, id, SEC, 0, 1000U * port));
	}
	tick(&s, SEC);
	counts(&s, 20, 0, "one socket, twenty peers");
	final = totals_of(WEIR_CONN_FINAL, id, 2 * SEC, 0, 30000);
	final.owner = owner_of(8, "dig", WEIR_EVIDENCE_CALL);
	apply(&s, final);
	tick(&s, 2 * SEC);
	counts(&s, 19, 1, "one of them final");
	is_int(s.tick.closed[0]->id.remote_port, 20, "the right one");
	is_int(s.tick.closed[0]->state, WEIR_TCP_NONE, "without a TCP state");
	end(&s);
}

static void test_eviction(void)
{
	const struct conn_table_options options = {.size = sizeof(options), .max_conns = 3};
	struct weir_conn_event event;
	struct story s;

	begin(&s, &options);
	for (uint64_t i = 1; i <= 3; i++)
		apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), i * SEC, 1,
				    1));
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), 4 * SEC, 2, 1));
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 2), 5 * SEC, 1, 1));
	event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 4), 6 * SEC, 9000, 1);
	event.opened_ns = SEC;
	apply(&s, event);
	tick(&s, 6 * SEC);
	is_int(s.tick.n_active, 3, "a full table stays full");
	is_int(s.stats.evicted, 1, "one was evicted");
	for (size_t i = 0; i < 3; i++)
		ok(s.tick.active[i]->id.cookie != 2, "not the oldest, but the longest idle");
	event.id.cookie = 2;
	apply(&s, event);
	tick(&s, 7 * SEC);
	for (size_t i = 0; i < 3; i++)
		if (s.tick.active[i]->id.cookie == 2)
			ok(!s.tick.active[i]->rate_known, "who comes back has no rate at first");
	for (uint64_t i = 11; i <= 13; i++)
		apply(&s,
		      totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, i), 7 * SEC, 1, 1));
	event.id.cookie = 20;
	is_int(conn_table_apply(s.table, &event), -ENOBUFS, "unreported closes are not given up");
	conn_table_stats(s.table, &s.stats);
	is_int(s.stats.refused, 1, "the refusal is counted");
	is_int(conn_table_tick(s.table, 8 * SEC, true, &s.tick), 0, "a tick");
	counts(&s, 0, 3, "all are reported");
	is_int(conn_table_apply(s.table, &event), 0, "reported ones make room");
	end(&s);
}

static void test_refusals(void)
{
	struct conn_table_options options = {.size = sizeof(options) + 8};
	struct weir_conn_event event = event_of(WEIR_CONN_SAMPLE, id_of(WEIR_PROTO_TCP), SEC);
	struct conn_table *table = NULL;
	struct story s;

	is_int(conn_table_new(&options, &table), -EINVAL, "options of tomorrow");
	options.size = 0;
	is_int(conn_table_new(&options, &table), -EINVAL, "options without a size");
	ok(!table, "leave no table");
	begin(&s, NULL);
	event.kind = UINT8_MAX;
	is_int(conn_table_apply(s.table, &event), -EINVAL, "an unknown kind");
	event.kind = WEIR_CONN_SAMPLE;
	event.id.proto = 1;
	is_int(conn_table_apply(s.table, &event), -EINVAL, "an unknown protocol");
	tick(&s, SEC);
	counts(&s, 0, 0, "nothing came of them");
	ok(!conn_table_free(NULL), "no table is freed");
	end(&s);
}

/* Pointers of a tick stay the same rows while the table grows. */
static void test_many(void)
{
	struct weir_conn_id id = id_of(WEIR_PROTO_TCP);
	const struct conn_row *first;
	bool right = true;
	struct story s;

	begin(&s, NULL);
	apply(&s, totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, 1), SEC, 1, 1));
	tick(&s, SEC);
	first = s.tick.active[0];
	for (uint32_t i = 0; i < 20000; i++) {
		id.local_port = (uint16_t)i;
		id.remote_port = (uint16_t)(i >> 16);
		apply(&s, totals_of(WEIR_CONN_SAMPLE, id, SEC, i, 0));
	}
	tick(&s, 2 * SEC);
	is_int(s.tick.n_active, 20001, "20,000 tuples more");
	ok(first == s.tick.active[0], "rows do not move");
	for (size_t i = 1; i < s.tick.n_active; i++)
		right = right &&
			s.tick.active[i]->counters.bytes_in == s.tick.active[i]->id.local_port;
	ok(right, "each with its own counters");
	end(&s);
}

int main(void)
{
	test_send_makes_row();
	test_close_lifecycle();
	test_states();
	test_udp_expiry();
	test_udp_without_counters();
	test_final_of_unknown();
	test_final_twice();
	test_sample_in_close();
	test_at_least();
	test_held_for_owner();
	test_owner_rule();
	test_linger();
	test_tuple_comes_late();
	test_same_tuple_twice();
	test_udp_fan_out();
	test_eviction();
	test_refusals();
	test_many();
	return tap_done();
}
