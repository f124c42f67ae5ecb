/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as packets: each is a head of four bytes (time since the one before, link type and
 * bytes cut off, length) and its frame. A table of few flows and little memory, so that all limits
 * are met. Whatever comes, flows begin and end once, streams have no holes, and the counters add
 * up.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/flow.h>

#define MAX_FLOWS 6
#define BATCH 8
#define HEAD 4
#define IDS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum stage { UNSEEN, NEW, OVER, ENDED };

struct fuzz {
	uint8_t stages[IDS]; /* enum stage, by id of the flow */
	uint64_t offsets[IDS][2];
	uint64_t packets; /* of flows that ended */
	uint64_t n_ended;
};

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_tracker: %s\n", what);
	abort();
}

static void go_to(struct fuzz *fuzz, const struct weir_flow *flow, enum stage from, enum stage to)
{
	check(flow->id > 0 && flow->id < IDS, "an id of no packet");
	check(fuzz->stages[flow->id] == from, "a flow's stages are out of order");
	check((flow->end != WEIR_END_NONE) == (to >= OVER), "an end at the wrong time");
	fuzz->stages[flow->id] = (uint8_t)to;
}

static void hear_new(void *user, const struct weir_flow *flow)
{
	go_to(user, flow, UNSEEN, NEW);
}

static void go_on(struct fuzz *fuzz, const struct weir_flow *flow, enum weir_side side,
		  uint64_t offset, uint64_t len)
{
	check(flow->id < IDS && fuzz->stages[flow->id] == NEW, "data outside of a flow");
	check(fuzz->offsets[flow->id][side] == offset, "a hole in a stream");
	fuzz->offsets[flow->id][side] += len;
}

/* Every byte is read, so that a sanitizer sees whether it is there. */
static bool hear_data(void *user, const struct weir_flow *flow, enum weir_side side,
		      uint64_t offset, const uint8_t *data, size_t len)
{
	static volatile uint8_t sum;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
	go_on(user, flow, side, offset, len);
	return flow->id % 5 != 0;
}

static void hear_gap(void *user, const struct weir_flow *flow, enum weir_side side, uint64_t offset,
		     uint64_t len, enum weir_gap_reason reason)
{
	check(len > 0 && reason <= WEIR_GAP_END, "a gap of nothing");
	go_on(user, flow, side, offset, len);
}

static void hear_over(void *user, const struct weir_flow *flow)
{
	go_to(user, flow, NEW, OVER);
}

static void hear_end(void *user, const struct weir_flow *flow)
{
	struct fuzz *fuzz = user;

	go_to(fuzz, flow, OVER, ENDED);
	check(flow->last_ns >= flow->start_ns, "a flow ends before it begins");
	fuzz->packets += flow->packets[0] + flow->packets[1];
	fuzz->n_ended++;
}

/* The next packet of the input; false: there is none. */
static bool next_packet(const uint8_t **data, size_t *size, uint64_t *now_ns,
			struct weir_packet *ret_packet)
{
	static const uint16_t links[8] = {
		WEIR_LINK_ETHERNET, WEIR_LINK_RAW, WEIR_LINK_LINUX_SLL, WEIR_LINK_LINUX_SLL2,
		WEIR_LINK_NULL,     WEIR_LINK_PPP, WEIR_LINK_LOOP,      0xffff,
	};
	const uint8_t *head = *data;
	size_t len;

	if (*size < HEAD)
		return false;
	len = head[2] | (size_t)head[3] << 8;
	if (len > *size - HEAD)
		len = *size - HEAD;
	/* The highest bit: back in time. */
	*now_ns += ((uint64_t)(head[0] & 0x7f) << (head[0] & 0x7f) / 4) << 20;
	*ret_packet = (struct weir_packet){
		.data = head + HEAD,
		.cap_len = (uint32_t)len,
		.wire_len = (uint32_t)len + (head[1] >> 3),
		.time_ns = head[0] & 0x80 ? *now_ns / 2 : *now_ns,
		.link_type = links[head[1] & 7],
	};
	*data += HEAD + len;
	*size -= HEAD + len;
	return true;
}

static void check_stats(const struct weir_tracker *tracker, const struct fuzz *fuzz,
			uint64_t packets)
{
	struct weir_tracker_stats stats;
	uint64_t elsewhere;

	weir_tracker_stats(tracker, &stats);
	elsewhere = stats.not_ip + stats.cut + stats.fragments_dropped + stats.fragments_waiting;
	for (int i = 0; i < WEIR_MALFORMEDS; i++)
		elsewhere += stats.malformed[i];
	check(stats.packets == packets, "packets that did not come");
	check(fuzz->packets + elsewhere == packets, "packets do not add up");
	check(fuzz->n_ended == stats.flows && !stats.open_flows, "a flow does not end");
	check(stats.payload == stats.delivered + stats.duplicate + stats.shed + stats.stream_held,
	      "payload does not add up");
}

static void run(const uint8_t *data, size_t size, bool streams)
{
	static struct fuzz fuzz;
	const struct weir_tracker_options options = {
		.size = sizeof(options),
		.max_flows = MAX_FLOWS,
		.streams = streams,
		.datagrams = size % 2,
		.max_stream_bytes = 20000,
		.max_side_bytes = 8000,
		.max_side_segments = 5,
		.policy = (enum weir_overlap_policy)(size % 5),
	};
	const struct weir_tracker_sink sink = {&fuzz,    hear_new,  hear_data,
					       hear_gap, hear_over, hear_end};
	struct weir_packet packets[BATCH];
	struct weir_tracker *tracker;
	uint64_t n = 0, now_ns = UINT64_C(1) << 40;
	size_t in_batch = 0;

	memset(&fuzz, 0, sizeof(fuzz));
	if (weir_tracker_new(&options, &sink, &tracker) < 0)
		return;
	while (n < IDS - 2 && next_packet(&data, &size, &now_ns, &packets[in_batch])) {
		n++;
		if (++in_batch < BATCH && n % 3)
			continue;
		weir_tracker_push(tracker, packets, in_batch);
		in_batch = 0;
	}
	weir_tracker_push(tracker, packets, in_batch);
	weir_tracker_finish(tracker);
	check_stats(tracker, &fuzz, n);
	weir_tracker_free(tracker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size, false);
	run(data, size, true);
	return 0;
}
