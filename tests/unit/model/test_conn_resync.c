/* SPDX-License-Identifier: MIT */

/* Ends that were lost, and owners that handed a socket on. */

#include "conn_story.h"
#include "model/conn_table.h"
#include "tap.h"

static struct weir_conn_event sample(uint64_t cookie, uint64_t time_ns, uint64_t bytes)
{
	return totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, cookie), time_ns, bytes,
			 bytes);
}

static void lost_ends_are_found(void)
{
	struct weir_conn_event resync = {.kind = WEIR_CONN_RESYNC};
	struct story s;

	begin(&s, NULL);
	for (uint64_t cookie = 1; cookie <= 3; cookie++) {
		struct weir_conn_event event = sample(cookie, SEC, 10);

		event.owner = owner_of(7, "owner", WEIR_EVIDENCE_CONNECT);
		apply(&s, event);
	}
	tick(&s, SEC);
	is_int(s.tick.n_active, 3, "three connections");
	apply(&s, resync);
	apply(&s, sample(2, 2 * SEC, 20));
	apply(&s, totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, 3), 2 * SEC, 30, 30));
	tick(&s, 2 * SEC);
	is_int(s.tick.n_active, 1, "after a resync only what was told lives on");
	is_int(s.tick.active[0]->id.cookie, 2, "the right one");
	is_int(s.tick.n_closed, 2, "the others have ended");
	for (size_t i = 0; i < s.tick.n_closed; i++) {
		const struct conn_row *row = s.tick.closed[i];
		bool lost = row->id.cookie == 1;

		is_int(!!(row->flags & WEIR_CONN_AT_LEAST), lost, "%s",
		       lost ? "the lost one is marked as at least" : "the told one is exact");
		is_int(row->counters.bytes_in, lost ? 10 : 30, "its bytes");
	}
	tick(&s, 3 * SEC);
	is_int(s.tick.n_active, 1, "without a resync silence is no end");
	is_int(s.tick.n_closed, 0, "and nothing ends twice");
	end(&s);
}

/* The first connection that ever ends does so because it was not told. */
static void the_first_end_may_be_a_lost_one(void)
{
	struct weir_conn_event event = sample(1, SEC, 10);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(7, "owner", WEIR_EVIDENCE_CONNECT);
	apply(&s, event);
	tick(&s, SEC);
	apply(&s, (struct weir_conn_event){.kind = WEIR_CONN_RESYNC});
	tick(&s, 2 * SEC);
	counts(&s, 0, 1, "it ends");
	tick(&s, 3 * SEC);
	counts(&s, 0, 0, "and goes");
	apply(&s, sample(1, 3 * SEC, 20));
	tick(&s, 4 * SEC);
	counts(&s, 0, 0, "for good");
	end(&s);
}

static void resync_leaves_udp_alone(void)
{
	struct weir_conn_event resync = {.kind = WEIR_CONN_RESYNC};
	struct weir_conn_event event =
		event_of(WEIR_CONN_SEND, id_with_cookie(WEIR_PROTO_UDP, 4), SEC);
	struct story s;

	begin(&s, NULL);
	event.counters.bytes_out = 5;
	event.counters.packets_out = 1;
	apply(&s, event);
	tick(&s, SEC);
	apply(&s, resync);
	tick(&s, 2 * SEC);
	is_int(s.tick.n_active, 1, "a UDP flow ends by its time-out alone");
	end(&s);
}

static void a_socket_handed_on_changes_owner(void)
{
	struct weir_conn_event event = sample(5, SEC, 1);
	struct story s;

	begin(&s, NULL);
	event.owner = owner_of(10, "parent", WEIR_EVIDENCE_CONNECT);
	apply(&s, event);
	event.owner = owner_of(11, "child", WEIR_EVIDENCE_FILE);
	apply(&s, event);
	tick(&s, SEC);
	is_int(s.tick.active[0]->owner.pid, 10, "weaker evidence alone does not replace an owner");
	event.flags |= WEIR_CONN_OWNER_MOVED;
	apply(&s, event);
	is_int(s.tick.active[0]->owner.pid, 11, "but news that it was handed on does");
	event.owner = owner_of(0, "", WEIR_EVIDENCE_NONE);
	apply(&s, event);
	is_int(s.tick.active[0]->owner.pid, 11, "and nobody replaces somebody");
	end(&s);
}

int main(void)
{
	lost_ends_are_found();
	the_first_end_may_be_a_lost_one();
	resync_leaves_udp_alone();
	a_socket_handed_on_changes_owner();
	return tap_done();
}
