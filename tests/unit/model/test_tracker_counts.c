/* SPDX-License-Identifier: MIT */

/* What a flow is told with: counters, handshake, layers around it; and what is counted elsewhere.
 */

#include <errno.h>
#include <string.h>

#include "flow_frames.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* One connection's frames; times in microseconds. */
#define FROM_INITIATOR(us)                                                                         \
	.time_ns = (us)*1000, .from = 1, .to = 2, .from_port = 1000, .to_port = 80
#define FROM_RESPONDER(us)                                                                         \
	.time_ns = (us)*1000, .from = 2, .to = 1, .from_port = 80, .to_port = 1000

static struct weir_tracker *new_tracker(struct heard *heard,
					const struct weir_tracker_options *given)
{
	struct weir_tracker_options options = *given;
	struct weir_tracker *tracker = NULL;
	struct weir_tracker_sink sink;

	*heard = (struct heard){0};
	sink = heard_sink(heard);
	options.size = sizeof(options);
	if (!options.max_flows)
		options.max_flows = 100;
	is_int(weir_tracker_new(&options, &sink, &tracker), 0, "a tracker");
	return tracker;
}

/* The one flow that frames make. */
static struct weir_flow flow_of(const struct frame *frames, size_t n, bool streams)
{
	struct heard heard;
	struct weir_tracker *tracker =
		new_tracker(&heard, &(struct weir_tracker_options){.streams = streams});

	frames_push(tracker, frames, n);
	weir_tracker_finish(tracker);
	weir_tracker_free(tracker);
	return heard.last;
}

static void test_connection(bool streams)
{
	static const struct frame frames[] = {
		{FROM_INITIATOR(1000), .flags = S, .seq = 0xfffffff0},
		{FROM_INITIATOR(2000), .flags = S, .seq = 0xfffffff0},
		{FROM_RESPONDER(2300), .flags = S | A, .seq = 499, .ack = 0xfffffff1},
		{FROM_INITIATOR(2950), .flags = A, .seq = 0xfffffff1, .ack = 500},
		{FROM_INITIATOR(3000), .flags = A | P, .seq = 0xfffffff1, .ack = 500, .len = 20},
		/* 25 to 44 are late, and come in between */
		{FROM_INITIATOR(3100), .flags = A, .seq = 25, .ack = 500, .len = 20},
		{FROM_INITIATOR(3200), .flags = A, .seq = 45, .ack = 500, .len = 5},
		{FROM_INITIATOR(3300), .flags = A, .seq = 5, .ack = 500, .len = 20},
		/* again, a keep-alive, and something new with old before it */
		{FROM_INITIATOR(3400), .flags = A, .seq = 25, .ack = 500, .len = 25},
		{FROM_INITIATOR(3500), .flags = A, .seq = 49, .ack = 500, .len = 1},
		{FROM_INITIATOR(3600), .flags = A, .seq = 45, .ack = 500, .len = 10},
		{FROM_RESPONDER(3700), .flags = A, .seq = 500, .ack = 55, .len = 7},
	};
	const char *how = streams ? "with streams" : "without streams";
	struct weir_flow flow = flow_of(frames, N_ELEMENTS(frames), streams);

	ok(flow.packets[0] == 10 && flow.packets[1] == 2, "%s: packets", how);
	ok(flow.payload[0] == 101 && flow.payload[1] == 7, "%s: payload", how);
	ok(flow.bytes[0] == 10 * 54 + 101 && flow.bytes[1] == 2 * 54 + 7, "%s: bytes", how);
	is_int(flow.out_of_order[0], 2, "%s: two came early", how);
	is_int(flow.retransmits[0], 1, "%s: one came again", how);
	is_int(flow.handshake_rtt_us, 950, "%s: from the last SYN to the ACK of its answer", how);
	ok(flow.tcp_flags[0] == (S | A | P) && flow.tcp_flags[1] == (S | A), "%s: flags", how);
	ok(flow.start_ns == 1000000 && flow.last_ns == 3700000, "%s: times", how);
	ok(flow.ttl[0] == 64 && flow.ttl[1] == 64, "%s: time to live", how);
	is_int(flow.stream_bytes[0], streams ? 70 : 0, "%s: delivered", how);
	is_int(flow.end, WEIR_END_EOF, "%s: it was open", how);
}

/* The same loss, seen by whoever was told of the bytes: acknowledged, though they never came. */
static void test_loss(bool streams)
{
	static const struct frame frames[] = {
		{FROM_INITIATOR(0), .flags = S, .seq = 99},
		{FROM_RESPONDER(1), .flags = S | A, .seq = 499, .ack = 100},
		{FROM_INITIATOR(2), .flags = A, .seq = 100, .ack = 500, .len = 10},
		{FROM_INITIATOR(3), .flags = A, .seq = 120, .ack = 500, .len = 10},
		{FROM_RESPONDER(4), .flags = A, .seq = 500, .ack = 130},
		{FROM_INITIATOR(5), .flags = A, .seq = 130, .ack = 500, .len = 10},
		{FROM_INITIATOR(6), .flags = F | A, .seq = 140, .ack = 500},
		{FROM_RESPONDER(7), .flags = F | A, .seq = 500, .ack = 141},
	};
	const char *how = streams ? "with streams" : "without streams";
	struct weir_flow flow = flow_of(frames, N_ELEMENTS(frames), streams);

	is_int(flow.out_of_order[0], 1, "%s: behind a loss one is early", how);
	is_int(flow.retransmits[0], 0, "%s: none comes again", how);
	is_int(flow.end, WEIR_END_FIN, "%s: and the connection ends well", how);
	is_int(flow.gap_bytes[0], streams ? 10 : 0, "%s: the gap", how);
	is_int(flow.gaps[0], streams ? 1 : 0, "%s: is one", how);
}

static void test_around(void)
{
	static const struct frame frames[] = {
		{.from = 1,
		 .to = 2,
		 .from_port = 9,
		 .to_port = 10,
		 .proto = IPPROTO_UDP,
		 .len = 5,
		 .tunnel = WEIR_TUNNEL_GTPU,
		 .tunnel_id = 77,
		 .vlans = {12, 13}},
		{.from = 2,
		 .to = 1,
		 .from_port = 10,
		 .to_port = 9,
		 .proto = IPPROTO_UDP,
		 .len = 5,
		 .tunnel = WEIR_TUNNEL_GTPU,
		 .tunnel_id = 88,
		 .vlans = {12, 13}},
	};
	static const struct frame labelled = {
		.from = 1, .to = 2, .tunnel = WEIR_TUNNEL_MPLS, .tunnel_id = 16, .flags = A};
	struct weir_flow flow = flow_of(frames, 2, false);

	ok(flow.packets[0] == 1 && flow.packets[1] == 1, "both directions of a GTP tunnel");
	ok(flow.key.tunnels[0] == WEIR_TUNNEL_GTPU && flow.key.tunnel_id == 77,
	   "the first packet's TEID is told");
	ok(flow.key.n_vlans == 2 && flow.key.vlan[0] == 12 && flow.key.vlan[1] == 13, "two VLANs");
	flow = flow_of(&labelled, 1, true);
	ok(flow.key.tunnels[0] == WEIR_TUNNEL_MPLS && flow.key.tunnel_id == 16, "a label is told");
}

/* Two of one datagram, one of another, and the one that makes the first whole. */
static const struct frame fragments[] = {
	{.from = 1,
	 .to = 2,
	 .from_port = 9,
	 .to_port = 10,
	 .proto = IPPROTO_UDP,
	 .len = 1000,
	 .fragment_id = 5,
	 .fragment_len = 400,
	 .more_fragments = true},
	{.from = 1,
	 .to = 2,
	 .from_port = 9,
	 .to_port = 10,
	 .proto = IPPROTO_UDP,
	 .len = 1000,
	 .fragment_id = 5,
	 .fragment_at = 800,
	 .fragment_len = 208},
	{.from = 1,
	 .to = 2,
	 .from_port = 9,
	 .to_port = 10,
	 .proto = IPPROTO_UDP,
	 .len = 1000,
	 .fragment_id = 6,
	 .fragment_at = 800,
	 .fragment_len = 208},
	{.from = 1,
	 .to = 2,
	 .from_port = 9,
	 .to_port = 10,
	 .proto = IPPROTO_UDP,
	 .len = 1000,
	 .fragment_id = 5,
	 .fragment_at = 400,
	 .fragment_len = 400,
	 .more_fragments = true},
};

static void test_fragments(void)
{
	struct heard heard;
	struct weir_tracker *tracker =
		new_tracker(&heard, &(struct weir_tracker_options){.datagrams = true});
	struct weir_tracker_stats stats;

	frames_push_batch(tracker, fragments, 4);
	weir_tracker_finish(tracker);
	weir_tracker_stats(tracker, &stats);
	is_str(heard.text, "+1 -1 1:eof:3+0", "a datagram counts with all its fragments");
	is_int(heard.last.bytes[0], 3 * 34 + 1008, "and with their frames");
	is_int(heard.last.payload[0], 1000, "its payload once");
	is_int(heard.told_bytes, 1000, "which is told");
	ok(stats.packets == 4 && stats.fragments == 4 && stats.fragments_waiting == 1,
	   "what waits for the rest is counted apart");
	weir_tracker_free(tracker);
}

static void test_no_flow(void)
{
	struct heard heard;
	struct weir_tracker *tracker = new_tracker(&heard, &(struct weir_tracker_options){0});
	const struct frame frame = {FROM_INITIATOR(1), .flags = A, .len = 9};
	uint8_t bytes[FRAME_MAX];
	struct weir_packet packets[3];
	struct weir_tracker_stats stats;

	packets[0] = frame_build(&frame, bytes);
	packets[1] = packets[0];
	packets[1].cap_len = 40;
	packets[2] = packets[0];
	packets[2].link_type = 9999;
	weir_tracker_push(tracker, packets, 3);
	bytes[14] = 0x41; /* a header of 4 bytes */
	weir_tracker_push(tracker, packets, 1);
	weir_tracker_stats(tracker, &stats);
	ok(stats.packets == 4 && stats.bytes == 4ull * packets[0].wire_len && stats.flows == 1,
	   "all are counted");
	ok(stats.cut == 1 && stats.not_ip == 1 && stats.malformed[WEIR_MALFORMED_IPV4] == 1,
	   "cut, of no flow, malformed");
	ok(stats.payload == 9 && stats.shed == 9, "without streams payload is shed");
	weir_tracker_free(tracker);
}

static bool hear_once(void *user, const struct weir_flow *flow, enum weir_side side,
		      uint64_t offset, const uint8_t *data, size_t len)
{
	uint64_t *calls = user;

	(void)flow;
	(void)side;
	(void)offset;
	(void)data;
	(void)len;
	++*calls;
	return false;
}

static void test_deaf(void)
{
	static const struct frame frames[] = {
		{.from = 1, .to = 2, .from_port = 9, .to_port = 10, .proto = IPPROTO_UDP, .len = 5},
		{.from = 1, .to = 2, .from_port = 9, .to_port = 10, .proto = IPPROTO_UDP, .len = 5},
		{FROM_INITIATOR(0), .flags = S, .seq = 99},
		{FROM_INITIATOR(2), .flags = A, .seq = 100, .ack = 500, .len = 10},
		{FROM_INITIATOR(3), .flags = A, .seq = 110, .ack = 500, .len = 10},
	};
	const struct weir_tracker_options options = {
		.size = sizeof(options), .max_flows = 4, .streams = true, .datagrams = true};
	uint64_t calls = 0;
	const struct weir_tracker_sink sink = {.user = &calls, .stream_data = hear_once};
	struct weir_tracker_stats stats;
	struct weir_tracker *tracker;

	is_int(weir_tracker_new(&options, &sink, &tracker), 0, "a tracker");
	frames_push(tracker, frames, N_ELEMENTS(frames));
	is_int(calls, 2, "who wants no more of a flow hears no more of it");
	weir_tracker_stats(tracker, &stats);
	ok(stats.payload == 20 && stats.payload == stats.delivered + stats.duplicate + stats.shed +
							   stats.stream_held,
	   "but it is counted");
	weir_tracker_free(tracker);
}

/* Without a SYN the start is not known; after 50 ms it is taken for known, also without packets. */
static void test_late_start(void)
{
	static const struct frame frame = {FROM_INITIATOR(1000), .flags = A, .seq = 7, .len = 10};
	static const struct frame other = {
		.time_ns = 200 * FRAME_MS, .from = 3, .to = 4, .proto = IPPROTO_UDP};
	struct heard heard;
	struct weir_tracker *tracker =
		new_tracker(&heard, &(struct weir_tracker_options){.streams = true});

	frames_push(tracker, &frame, 1);
	is_int(heard.told_bytes, 0, "data of unknown start waits");
	frames_push(tracker, &other, 1);
	is_int(heard.told_bytes, 10, "until other flows' packets show that it is late");
	weir_tracker_free(tracker);
	tracker = new_tracker(&heard, &(struct weir_tracker_options){.streams = true});
	frames_push(tracker, &frame, 1);
	weir_tracker_tick(tracker, 200 * FRAME_MS);
	is_int(heard.told_bytes, 10, "or until it is told so");
	weir_tracker_free(tracker);
}

static uint64_t idle_by_port(void *user, const struct weir_flow_key *key)
{
	++*(uint64_t *)user;
	return key->port[WEIR_RESPONDER] == 53 ? 5 * FRAME_S : 0;
}

static void test_timeouts(void)
{
	static const struct frame frames[] = {
		{.time_ns = FRAME_S,
		 .from = 1,
		 .to = 2,
		 .from_port = 9,
		 .to_port = 53,
		 .proto = IPPROTO_UDP},
		{.time_ns = FRAME_S,
		 .from = 1,
		 .to = 2,
		 .from_port = 9,
		 .to_port = 54,
		 .proto = IPPROTO_UDP},
		{.time_ns = FRAME_S,
		 .from = 1,
		 .to = 2,
		 .from_port = 9,
		 .to_port = 53,
		 .proto = IPPROTO_UDP},
	};
	struct heard heard;
	uint64_t asked = 0;
	struct weir_tracker *tracker =
		new_tracker(&heard, &(struct weir_tracker_options){.idle_ns = idle_by_port,
								   .idle_user = &asked,
								   .udp_idle_ns = 20 * FRAME_S});

	frames_push(tracker, frames, N_ELEMENTS(frames));
	is_int(asked, 2, "each flow's own time-out is asked for once");
	weir_tracker_tick(tracker, 6 * FRAME_S - 1);
	is_int(heard.n_end, 0, "before it nothing ends");
	weir_tracker_tick(tracker, 6 * FRAME_S + 20 * FRAME_MS);
	is_int(heard.n_end, 1, "at it, one");
	weir_tracker_tick(tracker, 2 * FRAME_S);
	weir_tracker_tick(tracker, 21 * FRAME_S - 1);
	is_int(heard.n_end, 1, "a tick back does nothing");
	weir_tracker_tick(tracker, 21 * FRAME_S + 20 * FRAME_MS);
	is_str(heard.text, "+1 +2 -1 1:idle:2+0 -2 2:idle:1+0", "and the other by the options");
	weir_tracker_free(tracker);
}

static void test_options(void)
{
	struct weir_tracker_options options = {.size = sizeof(options) + 1};
	struct weir_tracker *tracker = NULL;

	is_int(weir_tracker_new(&options, NULL, &tracker), -EINVAL, "options of a newer build");
	options.size = 1;
	is_int(weir_tracker_new(&options, NULL, &tracker), -EINVAL, "options of no size");
	options = (struct weir_tracker_options){
		.size = sizeof(options), .streams = true, .policy = (enum weir_overlap_policy)99};
	is_int(weir_tracker_new(&options, NULL, &tracker), -EINVAL, "no such policy");
	ok(!tracker, "and no tracker");
	options = (struct weir_tracker_options){.size = sizeof(options),
						.max_flows = (size_t)1 << 40};
	is_int(weir_tracker_new(&options, NULL, &tracker), -EINVAL, "more flows than there can be");
	options = (struct weir_tracker_options){.size = sizeof(options.size), .max_flows = 5};
	is_int(weir_tracker_new(&options, NULL, &tracker), 0, "options of an older build");
	weir_tracker_finish(tracker);
	weir_tracker_free(tracker);
	is_int(weir_tracker_new(NULL, NULL, &tracker), 0, "no options, no sink");
	weir_tracker_free(tracker);
	ok(!weir_tracker_free(NULL), "none is freed");
}

static void test_names(void)
{
	is_str(weir_flow_end_name(WEIR_END_EVICTED), "evicted", "an end");
	is_str(weir_flow_end_name((enum weir_flow_end)99), "", "no end");
	is_str(weir_tunnel_name(WEIR_TUNNEL_GTPU), "gtpu", "a tunnel");
	is_str(weir_tunnel_name((enum weir_tunnel)99), "", "no tunnel");
	is_str(weir_overlap_policy_name(WEIR_OVERLAP_WINDOWS), "windows", "a policy");
	ok(!weir_overlap_policy_name((enum weir_overlap_policy)99), "no policy");
	for (int i = 0; i < WEIR_MALFORMEDS; i++)
		if (!weir_malformed_name((enum weir_malformed)i))
			ok(false, "malformed %d has a name", i);
	ok(!weir_malformed_name(WEIR_MALFORMEDS), "and no other number");
}

int main(void)
{
	test_connection(false);
	test_connection(true);
	test_loss(false);
	test_loss(true);
	test_around();
	test_fragments();
	test_no_flow();
	test_deaf();
	test_late_start();
	test_timeouts();
	test_options();
	test_names();
	return tap_done();
}
