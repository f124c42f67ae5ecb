/* SPDX-License-Identifier: MIT */

/*
 * Any packets at all: every flow begins, is over and ends exactly once, in this order; what flows
 * count adds up to what came; and it does not matter in what batches it came.
 */

#include <string.h>

#include "flow_frames.h"
#include "tap.h"

#define FLOWS_MAX 20000
#define FRAMES 6000
#define BATCH 64

enum stage { UNSEEN, NEW, OVER, ENDED };

struct watch {
	struct heard heard;
	struct weir_tracker_sink inner;
	uint8_t stages[FLOWS_MAX];
	uint64_t offsets[FLOWS_MAX][2]; /* of each side, so far */
	uint64_t digest;
	bool is_wrong;
};

struct world {
	uint32_t random;
	uint64_t now_ns;
};

static uint32_t next_random(struct world *world)
{
	world->random = world->random * 1664525 + 1013904223;
	return world->random >> 8;
}

static void mix(struct watch *watch, uint64_t value)
{
	watch->digest = (watch->digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	watch->digest ^= watch->digest >> 29;
}

static void pass(struct watch *watch, const struct weir_flow *flow, enum stage from, enum stage to)
{
	if (flow->id >= FLOWS_MAX || watch->stages[flow->id] != from ||
	    (flow->end != WEIR_END_NONE) != (to >= OVER)) {
		watch->is_wrong = true;
		return;
	}
	watch->stages[flow->id] = (uint8_t)to;
	mix(watch, flow->id * 8 + to);
	mix(watch, flow->end);
}

static void watch_new(void *user, const struct weir_flow *flow)
{
	struct watch *watch = user;

	pass(watch, flow, UNSEEN, NEW);
	watch->inner.flow_new(watch->inner.user, flow);
}

static void watch_over(void *user, const struct weir_flow *flow)
{
	struct watch *watch = user;

	pass(watch, flow, NEW, OVER);
	watch->inner.stream_end(watch->inner.user, flow);
}

static void watch_end(void *user, const struct weir_flow *flow)
{
	struct watch *watch = user;

	pass(watch, flow, OVER, ENDED);
	for (int side = 0; side < 2; side++) {
		mix(watch, flow->packets[side]);
		mix(watch, flow->retransmits[side]);
		mix(watch, flow->out_of_order[side]);
		mix(watch, flow->stream_bytes[side]);
		if (flow->id < FLOWS_MAX && flow->key.proto == IPPROTO_TCP &&
		    flow->stream_bytes[side] + flow->gap_bytes[side] !=
			    watch->offsets[flow->id][side])
			watch->is_wrong = true;
	}
	if (flow->last_ns < flow->start_ns)
		watch->is_wrong = true;
	watch->inner.flow_end(watch->inner.user, flow);
}

static void go_on(struct watch *watch, const struct weir_flow *flow, enum weir_side side,
		  uint64_t offset, uint64_t len)
{
	if (flow->id >= FLOWS_MAX || watch->stages[flow->id] != NEW ||
	    watch->offsets[flow->id][side] != offset) {
		watch->is_wrong = true;
		return;
	}
	watch->offsets[flow->id][side] += len;
	mix(watch, offset);
}

static bool watch_data(void *user, const struct weir_flow *flow, enum weir_side side,
		       uint64_t offset, const uint8_t *data, size_t len)
{
	struct watch *watch = user;

	go_on(watch, flow, side, offset, len);
	return watch->inner.stream_data(watch->inner.user, flow, side, offset, data, len);
}

static void watch_gap(void *user, const struct weir_flow *flow, enum weir_side side,
		      uint64_t offset, uint64_t len, enum weir_gap_reason reason)
{
	go_on(user, flow, side, offset, len);
	(void)reason;
}

/* Few addresses, ports and numbers, so that flows meet, end and come again. */
static struct frame random_frame(struct world *world)
{
	static const uint8_t protos[] = {0,  0, 0, 0, 0, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP,
					 47, 50};
	static const uint8_t flags[] = {S,     S | A, A, A,     A, A,    A | P,
					F | A, F | A, R, R | A, 0, S | F};
	struct frame frame = {
		.from = 1 + next_random(world) % 3,
		.to = 1 + next_random(world) % 3,
		.from_port = (uint16_t)(next_random(world) % 3),
		.to_port = (uint16_t)(next_random(world) % 3),
		.proto = protos[next_random(world) % sizeof(protos)],
		.flags = flags[next_random(world) % sizeof(flags)],
		.seq = next_random(world) % 60,
		.ack = next_random(world) % 60,
		.len = (uint16_t)(next_random(world) % 4 ? next_random(world) % 20 : 0),
		.icmp_type = (uint8_t)(next_random(world) % 16),
		.tunnel = (uint8_t)(next_random(world) % 4 ? 0 : next_random(world) % 8),
		.tunnel_id = next_random(world) % 2,
		.is_v6 = next_random(world) % 8 == 0,
	};

	if (next_random(world) % 8 == 0)
		frame.vlans[0] = (uint16_t)(1 + next_random(world) % 2);
	if (!frame.is_v6 && !frame.tunnel && frame.proto == IPPROTO_UDP && next_random(world) % 3) {
		frame.len = 32;
		frame.fragment_id = (uint16_t)(1 + next_random(world) % 3);
		frame.fragment_at = (uint16_t)(next_random(world) % 5 * 8);
		frame.fragment_len = 8;
		frame.more_fragments = frame.fragment_at < 32;
	}
	world->now_ns += next_random(world) % 50 ? next_random(world) % 1000000
						 : (uint64_t)next_random(world) * 1000;
	frame.time_ns = world->now_ns;
	if (next_random(world) % 20 == 0)
		frame.time_ns -= next_random(world) % 4 ? 1000000 : frame.time_ns / 2;
	return frame;
}

/* Some are cut, some damaged. */
static struct weir_packet random_packet(struct world *world, uint8_t *bytes)
{
	struct frame frame = random_frame(world);
	struct weir_packet packet = frame_build(&frame, bytes);

	if (next_random(world) % 16 == 0)
		bytes[next_random(world) % packet.cap_len] ^= (uint8_t)next_random(world);
	if (next_random(world) % 16 == 0)
		packet.cap_len -= next_random(world) % packet.cap_len;
	return packet;
}

static uint64_t elsewhere(const struct weir_tracker_stats *stats)
{
	uint64_t n =
		stats->not_ip + stats->cut + stats->fragments_dropped + stats->fragments_waiting;

	for (int i = 0; i < WEIR_MALFORMEDS; i++)
		n += stats->malformed[i];
	return n;
}

static void check_sums(const struct watch *watch, const struct weir_tracker_stats *stats,
		       uint64_t bytes)
{
	const struct heard *heard = &watch->heard;

	ok(!watch->is_wrong, "each flow begins, is over, ends; its streams have no holes");
	ok(heard->n_new == stats->flows && heard->n_end == stats->flows &&
		   heard->n_over == stats->flows && !stats->open_flows,
	   "all %llu flows end once", (unsigned long long)stats->flows);
	is_int(heard->packets + elsewhere(stats), stats->packets, "packets add up");
	is_int(stats->bytes, bytes, "bytes are those that came");
	ok(heard->bytes <= bytes, "and flows have no more");
	is_int(stats->payload,
	       stats->delivered + stats->duplicate + stats->shed + stats->stream_held,
	       "payload adds up");
	is_int(heard->stream_bytes, stats->delivered, "as do streams");
	is_int(heard->ends[WEIR_END_EVICTED], stats->evicted, "evictions are counted");
}

/* Returns a digest of all that was told. */
static uint64_t run(uint32_t seed, bool streams, size_t batch, size_t max_flows, bool check)
{
	static uint8_t bytes[BATCH][FRAME_MAX];
	static struct watch watch;
	struct weir_packet packets[BATCH];
	struct world world = {.random = seed, .now_ns = 1000 * FRAME_S};
	const struct weir_tracker_options options = {
		.size = sizeof(options), .max_flows = max_flows, .streams = streams};
	const struct weir_tracker_sink sink = {&watch,    watch_new,  watch_data,
					       watch_gap, watch_over, watch_end};
	struct weir_tracker_stats stats;
	struct weir_tracker *tracker;
	uint64_t total = 0;

	watch = (struct watch){.heard.is_quiet = true};
	watch.inner = heard_sink(&watch.heard);
	if (weir_tracker_new(&options, &sink, &tracker) < 0)
		return 0;
	for (size_t i = 0; i < FRAMES; i += batch) {
		for (size_t k = 0; k < batch; k++) {
			packets[k] = random_packet(&world, bytes[k]);
			total += packets[k].wire_len;
		}
		weir_tracker_push(tracker, packets, batch);
	}
	weir_tracker_finish(tracker);
	weir_tracker_stats(tracker, &stats);
	if (check)
		check_sums(&watch, &stats, total);
	weir_tracker_free(tracker);
	return watch.digest;
}

int main(void)
{
	static const size_t sizes[] = {1, 2, 7, 30, 500};

	for (uint32_t seed = 1; seed <= 10; seed++) {
		size_t max_flows = sizes[seed % 5];
		bool streams = seed % 2;
		uint64_t digest = run(seed, streams, 1, max_flows, true);

		ok(run(seed, streams, 60, max_flows, false) == digest &&
			   run(seed, streams, 15, max_flows, false) == digest,
		   "batches change nothing, with %zu flows%s", max_flows,
		   streams ? " and streams" : "");
	}
	return tap_done();
}
