/* SPDX-License-Identifier: MIT */

/*
 * Memory that is not to be had: a pool says -ENOMEM; a session gives up what is missing, tells it,
 * and goes on. Once it has its pages, nothing is allocated any more.
 */

#include <errno.h>

#include "fault_alloc.h"
#include "model/tcp_session.h"
#include "tap.h"

#define STREAM_SEQ 1000

struct story {
	struct tcp_session_pool *pool;
	struct tcp_session session;
	uint64_t heard;
	uint64_t missing;
	uint64_t memory_gaps;
};

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct story *story = user;

	(void)side, (void)offset;
	story->heard += data.len;
	return true;
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	struct story *story = user;

	(void)side, (void)offset;
	story->missing += len;
	story->memory_gaps += reason == WEIR_GAP_MEMORY;
}

static void push(struct story *story, uint8_t flags, uint32_t offset, uint32_t len)
{
	static const uint8_t bytes[1448];
	const struct tcp_session_sink sink = {story, hear_data, hear_gap};
	const struct layers_tcp tcp = {.seq = STREAM_SEQ + offset, .flags = flags};
	const struct tcp_session_segment segment = {
		.tcp = &tcp, .payload = {bytes, len}, .payload_len = len};
	struct tcp_session_pushed pushed;

	tcp_session_push(story->pool, &story->session, &segment, &sink, &pushed);
}

static void finish(struct story *story)
{
	const struct tcp_session_sink sink = {story, hear_data, hear_gap};

	tcp_session_finish(story->pool, &story->session, &sink);
	story->pool = tcp_session_pool_free(story->pool);
}

static void test_new(void)
{
	size_t live = fault_alloc_live_bytes();
	bool failed = true;
	bool right = true;
	size_t n;

	for (n = 1; failed && n < 20; n++) {
		struct tcp_session_pool *pool = NULL;
		int r;

		fault_alloc_fail_at(n);
		r = tcp_session_pool_new(NULL, &pool);
		failed = fault_alloc_failed();
		right = right && r == (failed ? -ENOMEM : 0) && !pool == failed;
		tcp_session_pool_free(pool);
	}
	ok(right && !failed && n > 2, "a pool or -ENOMEM");
	is_int(fault_alloc_live_bytes(), live, "and nothing is left");
}

static void test_pages(void)
{
	struct story story = {0};

	is_int(tcp_session_pool_new(NULL, &story.pool), 0, "a pool");
	push(&story, TCP_SYN, UINT32_MAX, 0);
	fault_alloc_fail_at(1);
	push(&story, 0, 5000, 1448);
	ok(fault_alloc_failed(), "the first page is not to be had");
	ok(story.heard == 1448 && story.missing == 5000 && story.memory_gaps == 1,
	   "so the hole before the segment is given up");
	push(&story, 0, 9000, 1448);
	is_int(story.heard, 1448, "the next one waits again");
	push(&story, 0, 6448, 1448);
	push(&story, 0, 7896, 1448);
	is_int(story.heard, 9000 + 1448 - 5000, "and comes out");
	finish(&story);
}

static void test_warm(void)
{
	struct story story = {0};
	size_t calls = 0;

	is_int(tcp_session_pool_new(NULL, &story.pool), 0, "a pool");
	push(&story, TCP_SYN, UINT32_MAX, 0);
	for (uint32_t i = 0; i < 50000; i++) {
		/* 50 of them backwards, then the next 50 */
		uint32_t n = i - i % 50 + 49 - i % 50;

		if (i == 1000)
			calls = fault_alloc_calls();
		push(&story, 0, n * 1448, 1448);
	}
	is_int(story.heard, UINT64_C(50000) * 1448, "all in order");
	is_int(fault_alloc_calls(), calls, "nothing is allocated once it is warm");
	finish(&story);
}

int main(void)
{
	size_t live = fault_alloc_live_bytes();

	test_new();
	test_pages();
	test_warm();
	is_int(fault_alloc_live_bytes(), live, "nothing is left");
	return tap_done();
}
