/* SPDX-License-Identifier: MIT */

/* Many flows: a flood of SYNs, and a million at a time, in memory that has a bound. */

#include <stdio.h>
#include <unistd.h>

#include "flow_frames.h"
#include "tap.h"

#ifdef __SANITIZE_ADDRESS__
#define SYNS 300000
#define MANY 20000
#else
#define SYNS 10000000
#define MANY 1000000
#endif
#define FLOOD_FLOWS 50000
#define BATCH 64
#define MIB 1048576

/* Where in a frame without options and VLANs. */
#define SOURCE_AT 26
#define SOURCE_PORT_AT 34

struct batch {
	uint8_t bytes[BATCH][FRAME_MAX];
	struct weir_packet packets[BATCH];
};

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (!statm)
		return 0;
	if (fscanf(statm, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(statm);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void fill(struct batch *batch, const struct frame *frame)
{
	for (size_t i = 0; i < BATCH; i++)
		batch->packets[i] = frame_build(frame, batch->bytes[i]);
}

/* Another sender: so many that no two of a test are the same. */
static void set_source(uint8_t *bytes, uint32_t number)
{
	bytes[SOURCE_AT + 1] = (uint8_t)(number >> 16);
	bytes[SOURCE_AT + 2] = (uint8_t)(number >> 8);
	bytes[SOURCE_AT + 3] = (uint8_t)number;
	bytes[SOURCE_PORT_AT] = (uint8_t)(number >> 24);
}

static void push_many(struct weir_tracker *tracker, struct batch *batch, uint32_t n,
		      uint64_t from_ns, uint64_t step_ns)
{
	for (uint32_t i = 0; i < n; i += BATCH) {
		for (uint32_t k = 0; k < BATCH; k++) {
			set_source(batch->bytes[k], i + k);
			batch->packets[k].time_ns = from_ns + (i + k) * step_ns;
		}
		weir_tracker_push(tracker, batch->packets, n - i < BATCH ? n - i : BATCH);
	}
}

static void test_flood(uint32_t n_syns, bool streams)
{
	static const struct frame syn = {.from = 0x0a000000, .to = 1, .to_port = 80, .flags = S};
	static const struct frame others[] = {
		{.time_ns = 1, .from = 1, .to = 2, .to_port = 80, .flags = A, .len = 5},
		{.time_ns = 1, .from = 2, .to = 1, .from_port = 80, .flags = A},
	};
	static struct batch batch;
	const struct weir_tracker_options options = {
		.size = sizeof(options), .max_flows = FLOOD_FLOWS, .streams = streams};
	struct heard heard = {.is_quiet = true};
	const struct weir_tracker_sink sink = heard_sink(&heard);
	struct weir_tracker_stats stats;
	struct weir_tracker *tracker;
	size_t before, after;

	is_int(weir_tracker_new(&options, &sink, &tracker), 0, "a tracker");
	fill(&batch, &syn);
	frames_push(tracker, others, 2);
	push_many(tracker, &batch, FLOOD_FLOWS * 2, 2, 10);
	before = resident_bytes();
	push_many(tracker, &batch, n_syns, FRAME_S, 10);
	after = resident_bytes();
	ok(after < before + 4 * MIB, "%u SYNs take no more memory than %d", n_syns,
	   FLOOD_FLOWS * 2);
	weir_tracker_stats(tracker, &stats);
	is_int(stats.open_flows, FLOOD_FLOWS, "the table is full");
	is_int(stats.flows, FLOOD_FLOWS * 2 + n_syns + 1, "each was a flow");
	is_int(stats.evicted, stats.flows - FLOOD_FLOWS, "and the most of them evicted");
	weir_tracker_finish(tracker);
	ok(heard.ends[WEIR_END_EOF] == FLOOD_FLOWS && heard.packets == stats.packets,
	   "a connection that had begun before is still there at the end");
	weir_tracker_free(tracker);
}

static void test_many(void)
{
	static const struct frame frame = {
		.from = 0x0a000000, .to = 1, .to_port = 80, .proto = IPPROTO_UDP};
	static struct batch batch;
	const struct weir_tracker_options options = {.size = sizeof(options), .max_flows = MANY};
	struct heard heard = {.is_quiet = true};
	const struct weir_tracker_sink sink = heard_sink(&heard);
	struct weir_tracker *tracker;
	size_t before = resident_bytes(), bytes;

	is_int(weir_tracker_new(&options, &sink, &tracker), 0, "a tracker");
	fill(&batch, &frame);
	push_many(tracker, &batch, MANY, FRAME_S, 1);
	push_many(tracker, &batch, MANY, 2 * FRAME_S, 1);
	bytes = resident_bytes() - before;
#ifdef __SANITIZE_ADDRESS__
	tap_note("%d flows: %zu bytes each", MANY, bytes / MANY);
#else
	ok(bytes < 250000000, "a million flows in 250 MB: %zu bytes each", bytes / MANY);
#endif
	is_int(heard.n_new, MANY, "they are found again");
	weir_tracker_tick(tracker, 70 * FRAME_S);
	is_int(heard.ends[WEIR_END_IDLE], MANY, "and end idle, all of them");
	push_many(tracker, &batch, MANY, 80 * FRAME_S, 1);
	weir_tracker_finish(tracker);
	is_int(heard.ends[WEIR_END_EOF], MANY, "and again at the end of the capture");
	is_int(heard.packets, 3 * MANY, "with all their packets");
	weir_tracker_free(tracker);
}

int main(void)
{
	test_flood(SYNS, false);
	test_flood(SYNS / 10, true);
	test_many();
	return tap_done();
}
