/* SPDX-License-Identifier: MIT */

/*
 * Those who want our memory or our time do not get it: what waits stays below its caps, every byte
 * is accounted for at every moment, and what is given up is told.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/tcp_session.h"
#include "model/tcp_session_stream.h"
#include "tap.h"

#define MANY 3000

struct limits {
	struct tcp_session_pool *pool;
	struct tcp_session sessions[MANY];
	size_t max_bytes;
	uint64_t at;      /* offset that must be heard next; of one session */
	uint64_t gaps[4]; /* by reason */
	uint64_t gap_bytes;
	uint64_t most_held;
	bool torn;
	bool unbalanced;
	bool above;
};

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct limits *limits = user;

	(void)side;
	limits->torn = limits->torn || offset != limits->at;
	limits->at = offset + data.len;
	return true;
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	struct limits *limits = user;

	(void)side;
	limits->torn = limits->torn || offset != limits->at;
	limits->at = offset + len;
	limits->gaps[reason]++;
	limits->gap_bytes += len;
}

static void check_totals(struct limits *limits)
{
	struct tcp_session_totals totals;

	tcp_session_pool_totals(limits->pool, &totals);
	if (totals.payload != totals.delivered + totals.duplicate + totals.shed + totals.held ||
	    totals.gap_bytes != limits->gap_bytes)
		limits->unbalanced = true;
	if (stream_pages_used(limits->pool->pages) * STREAM_PAGE > limits->max_bytes)
		limits->above = true;
	if (totals.held > limits->most_held)
		limits->most_held = totals.held;
}

static void push(struct limits *limits, size_t which, uint8_t flags, uint32_t seq, uint32_t len)
{
	static const uint8_t bytes[65535];
	const struct tcp_session_sink sink = {limits, hear_data, hear_gap};
	const struct layers_tcp tcp = {.seq = seq, .flags = flags};
	const struct tcp_session_segment segment = {
		.tcp = &tcp, .payload = {bytes, len}, .payload_len = len};
	struct tcp_session_pushed pushed;

	tcp_session_push(limits->pool, &limits->sessions[which], &segment, &sink, &pushed);
	if (pushed.taken + pushed.duplicate + pushed.shed != len)
		limits->unbalanced = true;
	check_totals(limits);
}

static struct limits *limits_begin(struct tcp_session_options options)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (!limits || tcp_session_pool_new(&options, &limits->pool) < 0)
		abort();
	limits->max_bytes = options.max_bytes ? options.max_bytes : (size_t)256 << 20;
	return limits;
}

/* Frees it, and looks at what always holds. `whole`: it was one session. */
static void limits_end(struct limits *limits, bool whole, const char *what)
{
	const struct tcp_session_sink sink = {limits, hear_data, hear_gap};
	struct tcp_session_totals totals;

	for (size_t i = 0; i < MANY; i++)
		tcp_session_finish(limits->pool, &limits->sessions[i], &sink);
	check_totals(limits);
	tcp_session_pool_totals(limits->pool, &totals);
	ok(!limits->unbalanced, "%s: every byte is accounted for", what);
	ok(!limits->above, "%s: the memory stays below its cap", what);
	if (whole)
		ok(!limits->torn && limits->at == totals.delivered + totals.gap_bytes,
		   "%s: the stream has no holes but those told", what);
	is_int(totals.held, 0, "%s: nothing is left", what);
	is_int(stream_pages_used(limits->pool->pages), 0, "%s: and no page", what);
	tcp_session_pool_free(limits->pool);
	free(limits);
}

/* Each byte before the last one, and all of it goes out when the first comes. */
static void test_reverse(enum weir_overlap_policy policy, bool merges)
{
	struct limits *limits = limits_begin(
		(struct tcp_session_options){.policy = policy, .max_side_segments = UINT32_MAX});

	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 100000; i-- > 0;)
		push(limits, 0, 0, 100 + i, 1);
	if (merges)
		ok(limits->at == 100000 && !limits->gap_bytes, "one byte at a time, in reverse");
	else
		ok(limits->at == 100000 && limits->gaps[WEIR_GAP_MEMORY],
		   "policy %d keeps few pieces: the rest is given up, and told", (int)policy);
	limits_end(limits, true, "reverse");
	/* 64 later segments, and the hole is lost. */
	limits = limits_begin((struct tcp_session_options){.policy = policy});
	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 100; i-- > 36;)
		push(limits, 0, 0, 100 + i, 1);
	is_int(limits->at, 100, "the 64th later segment gives a hole up");
	is_int(limits->gap_bytes, 36, "which is as long as it was then");
	limits_end(limits, true, "reverse, with patience");
	limits = limits_begin((struct tcp_session_options){.policy = policy});
	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 100; i-- > 37;)
		push(limits, 0, 0, 100 + i, 1);
	for (uint32_t i = 100; i-- > 37;)
		push(limits, 0, 0, 100 + i, 1);
	is_int(limits->at, 0, "the 63rd does not, nor do repetitions");
	limits_end(limits, true, "reverse, with patience");
}

static void test_endless(void)
{
	struct limits *limits = limits_begin((struct tcp_session_options){0});

	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 1; i < 100000; i++)
		push(limits, 0, 0, 100 + i * 1448, 1448);
	ok(limits->gaps[WEIR_GAP_LOST] == 1 && limits->gap_bytes == 1448,
	   "one hole with endless data behind it is given up once");
	limits_end(limits, true, "endless");

	limits = limits_begin((struct tcp_session_options){.max_side_segments = UINT32_MAX});
	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 1; i < 100000; i++)
		push(limits, 0, 0, 100 + i * 1448, 1448);
	ok(limits->gaps[WEIR_GAP_MEMORY] == 1, "or for want of memory, if many are waited for");
	ok(limits->most_held > (1 << 20) - 4096 && limits->most_held <= 1 << 20,
	   "which is a side's (%llu bytes)", (unsigned long long)limits->most_held);
	limits_end(limits, true, "endless");
}

/* Every other segment is lost, of a stream that goes round 2^32 again and again. */
static void test_holes(uint32_t len, uint32_t max_side_segments)
{
	struct limits *limits =
		limits_begin((struct tcp_session_options){.max_side_segments = max_side_segments});

	push(limits, 0, TCP_SYN, 99, 0);
	for (uint32_t i = 1; i < 200000; i++)
		push(limits, 0, 0, 100 + i * 2 * len, len);
	ok(limits->gap_bytes > UINT64_C(199800) * len, "a hole after each segment of %u", len);
	limits_end(limits, true, "holes");
}

static void test_many_sessions(size_t max_bytes)
{
	struct limits *limits = limits_begin(
		(struct tcp_session_options){.max_bytes = max_bytes, .max_side_bytes = 65536});

	for (size_t i = 0; i < MANY; i++)
		push(limits, i, TCP_SYN, 99, 0);
	for (uint32_t round = 1; round < 20; round++)
		for (size_t i = 0; i < MANY; i++)
			push(limits, i, round == 19 ? TCP_FIN : 0, 100 + round * 3000,
			     1 + round * 77);
	ok(max_bytes == 0 || limits->gaps[WEIR_GAP_MEMORY],
	   "%d sessions with a hole each, in %zu bytes", MANY, max_bytes);
	limits_end(limits, false, "many sessions");
}

/* Holes of a window's length, far segments, long ones: nothing takes time by length. */
static void test_far(void)
{
	struct limits *limits = limits_begin((struct tcp_session_options){0});
	uint32_t seq = 100;

	push(limits, 0, TCP_SYN, 99, 0);
	for (int i = 0; i < 100000; i++) {
		seq += (1u << 30) / 70;
		push(limits, 0, 0, seq, i % 100 == 0 ? 65535 : 1);
	}
	ok(limits->gap_bytes > UINT64_C(100) << 30, "holes of many megabytes");
	limits_end(limits, true, "far");
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

/* Segments, flags and acknowledgments without sense. */
static void test_noise(enum weir_overlap_policy policy)
{
	struct limits *limits = limits_begin((struct tcp_session_options){
		.policy = policy, .max_bytes = 1 << 18, .max_side_bytes = 1 << 14});
	uint64_t random = 11 + (uint64_t)policy;

	for (int i = 0; i < 200000; i++) {
		static const uint8_t flags[] = {0, 0,       0,       0,       0,       0,
						0, TCP_SYN, TCP_FIN, TCP_ACK, TCP_ACK, TCP_RST};
		uint8_t flag = flags[draw(&random, sizeof(flags))];
		size_t which = draw(&random, 30) + (size_t)(i / 2000);
		uint32_t seq = draw(&random, 8) ? draw(&random, 20000) : (uint32_t)random;

		push(limits, which, flag, seq, draw(&random, 4) ? draw(&random, 3000) : 0);
	}
	limits_end(limits, false, "noise");
}

static void test_options(void)
{
	struct tcp_session_options options = {.policy = (enum weir_overlap_policy)17};
	struct tcp_session_pool *pool = NULL;

	is_int(tcp_session_pool_new(&options, &pool), -22, "a policy that is none");
	ok(!pool, "and no pool");
	/* No page at all: every hole is given up at once. */
	options = (struct tcp_session_options){.max_bytes = 1};
	if (tcp_session_pool_new(&options, &pool) == 0) {
		struct limits *limits = limits_begin(options);

		push(limits, 0, TCP_SYN, 99, 0);
		push(limits, 0, 0, 103, 7);
		push(limits, 0, TCP_FIN, 120, 0);
		push(limits, 1, 0, 50, 7);
		is_int(limits->gaps[WEIR_GAP_MEMORY], 2, "without memory nothing waits");
		limits_end(limits, false, "no memory");
	}
	tcp_session_pool_free(pool);
	tcp_session_pool_free(NULL);
}

int main(void)
{
	for (int policy = WEIR_OVERLAP_FIRST; policy <= WEIR_OVERLAP_WINDOWS; policy++) {
		test_reverse((enum weir_overlap_policy)policy, policy <= WEIR_OVERLAP_LAST);
		test_noise((enum weir_overlap_policy)policy);
	}
	test_endless();
	test_holes(1, 0);
	test_holes(1448, 0);
	test_holes(1, UINT32_MAX);
	test_many_sessions(1 << 20);
	test_many_sessions(0);
	test_far();
	test_options();
	return tap_done();
}
