/* SPDX-License-Identifier: MIT */

/* A tracker allocates when it is made and while it fills, and then no more; any allocation of its
 * making may fail. */

#include <errno.h>
#include <string.h>

#include "../unit/model/flow_frames.h"
#include "fault_alloc.h"
#include "tap.h"

#define MOST_ALLOCATIONS 100
#define ROUNDS 2000

static void test_making(bool streams)
{
	const struct weir_tracker_options options = {
		.size = sizeof(options), .max_flows = 100, .streams = streams};
	size_t live = fault_alloc_live_bytes();
	bool right = true, failed = true;
	size_t nth = 0;

	while (right && failed && nth < MOST_ALLOCATIONS) {
		struct weir_tracker *tracker = NULL;
		int r;

		fault_alloc_fail_at(++nth);
		r = weir_tracker_new(&options, NULL, &tracker);
		failed = fault_alloc_failed();
		right = failed ? r == -ENOMEM && !tracker : r == 0;
		weir_tracker_free(tracker);
		right = right && fault_alloc_live_bytes() == live;
	}
	ok(right && !failed && nth > 3, "each of %zu allocations may fail%s", nth - 1,
	   streams ? ", with streams" : "");
}

/* Connections that come and go, with segments out of order, and datagrams. */
static void push_round(struct weir_tracker *tracker, uint32_t round)
{
	const uint64_t now_ns = (round + 1) * FRAME_S;
	const uint16_t port = (uint16_t)round;
	const struct frame frames[] = {
		{now_ns, .from = 1, .to = 2, .from_port = port, .to_port = 80, .flags = S,
		 .seq = 9},
		{now_ns, .from = 2, .to = 1, .from_port = 80, .to_port = port, .flags = S | A,
		 .seq = 99, .ack = 10},
		{now_ns, .from = 1, .to = 2, .from_port = port, .to_port = 80, .flags = A,
		 .seq = 30, .ack = 100, .len = 10},
		{now_ns, .from = 1, .to = 2, .from_port = port, .to_port = 80, .flags = A,
		 .seq = 10, .ack = 100, .len = 20},
		{now_ns, .from = 1, .to = 2, .from_port = port, .to_port = 80, .flags = A,
		 .seq = 70, .ack = 100, .len = 10},
		{now_ns, .from = 2, .to = 1, .from_port = 80, .to_port = port,
		 .flags = round % 3 ? F | A : R | A, .seq = 100, .ack = 40},
		{now_ns, .from = 3, .to = 4, .from_port = port, .to_port = 53, .proto = IPPROTO_UDP,
		 .len = 10},
		{now_ns, .from = 3, .to = 4, .from_port = 1, .to_port = 53, .proto = IPPROTO_UDP,
		 .len = 100, .fragment_id = (uint16_t)(round + 1), .fragment_len = 40,
		 .more_fragments = true},
		{now_ns, .from = 3, .to = 4, .from_port = 1, .to_port = 53, .proto = IPPROTO_UDP,
		 .len = 100, .fragment_id = (uint16_t)(round + 1), .fragment_at = 40,
		 .fragment_len = 68},
	};

	frames_push_batch(tracker, frames, sizeof(frames) / sizeof(frames[0]));
}

static void test_steady(bool streams)
{
	const struct weir_tracker_options options = {
		.size = sizeof(options), .max_flows = 1000, .streams = streams, .datagrams = true};
	struct heard heard = {.is_quiet = true};
	const struct weir_tracker_sink sink = heard_sink(&heard);
	struct weir_tracker *tracker = NULL;
	size_t calls;

	is_int(weir_tracker_new(&options, &sink, &tracker), 0, "a tracker");
	for (uint32_t i = 0; i < ROUNDS; i++)
		push_round(tracker, i);
	calls = fault_alloc_calls();
	for (uint32_t i = ROUNDS; i < 10 * ROUNDS; i++)
		push_round(tracker, i);
	is_int(fault_alloc_calls() - calls, 0, "no allocations once it is warm%s",
	       streams ? ", with streams" : "");
	ok(heard.n_end > 10 * ROUNDS, "while flows begin and end");
	weir_tracker_free(tracker);
}

int main(void)
{
	test_making(false);
	test_making(true);
	test_steady(false);
	test_steady(true);
	return tap_done();
}
