/* SPDX-License-Identifier: MIT */

/*
 * A stream that is cut into segments at random, of which 64 at a time are put in any order, one in
 * ten comes twice and many overlap with equal bytes, comes out as it was, whatever the policy.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/tcp_session.h"
#include "tap.h"

#define STREAM_LEN 200000
#define SHUFFLED 64

struct cut {
	uint32_t start;
	uint32_t end;
};

struct order {
	const uint8_t *bytes;
	struct tcp_session_pool *pool;
	struct tcp_session session;
	uint64_t heard;
	uint32_t base;
	uint32_t longest;
	bool wrong; /* a gap, or other bytes */
	uint64_t random;
};

static uint32_t draw(struct order *order, uint32_t below)
{
	order->random =
		order->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(order->random >> 33) % below;
}

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct order *order = user;

	if (side != WEIR_INITIATOR || offset != order->heard || data.len > STREAM_LEN - offset ||
	    memcmp(order->bytes + offset, data.data, data.len) != 0)
		order->wrong = true;
	order->heard = offset + data.len;
	return true;
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	(void)side, (void)offset, (void)len, (void)reason;
	((struct order *)user)->wrong = true;
}

static void push(struct order *order, const struct cut *cut)
{
	const struct tcp_session_sink sink = {order, hear_data, hear_gap};
	const struct layers_tcp tcp = {.seq = order->base + cut->start, .flags = TCP_ACK};
	const struct tcp_session_segment segment = {
		.tcp = &tcp,
		.payload = {order->bytes + cut->start, cut->end - cut->start},
		.payload_len = cut->end - cut->start,
	};
	struct tcp_session_pushed pushed;
	struct tcp_session_totals totals;

	tcp_session_push(order->pool, &order->session, &segment, &sink, &pushed);
	tcp_session_pool_totals(order->pool, &totals);
	if (totals.payload != totals.delivered + totals.duplicate + totals.shed + totals.held)
		order->wrong = true;
}

/* The next so many segments, each after the other but for an overlap. Returns their number. */
static size_t cut_stream(struct order *order, uint32_t *at, struct cut cuts[SHUFFLED])
{
	size_t n;

	for (n = 0; n < SHUFFLED && *at < STREAM_LEN; n++) {
		uint32_t start = *at;
		uint32_t end = start + 1 + draw(order, order->longest);
		uint32_t back = draw(order, 3) ? 0 : draw(order, order->longest);

		*at = end < STREAM_LEN ? end : STREAM_LEN;
		cuts[n].start = back < start ? start - back : 0;
		cuts[n].end = *at;
	}
	return n;
}

static void push_shuffled(struct order *order, struct cut cuts[], size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = draw(order, (uint32_t)i);
		struct cut swap = cuts[i - 1];

		cuts[i - 1] = cuts[j];
		cuts[j] = swap;
	}
	for (size_t i = 0; i < n; i++) {
		push(order, &cuts[i]);
		if (draw(order, 10) == 0)
			push(order, &cuts[draw(order, (uint32_t)i + 1)]);
	}
}

static bool comes_out(struct order *order, const struct tcp_session_options *options)
{
	const struct layers_tcp syn = {.seq = order->base - 1, .flags = TCP_SYN};
	const struct tcp_session_segment segment = {.tcp = &syn};
	const struct tcp_session_sink sink = {order, hear_data, hear_gap};
	struct tcp_session_pushed pushed;
	struct cut cuts[SHUFFLED];
	uint32_t at = 0;

	if (tcp_session_pool_new(options, &order->pool) < 0)
		return false;
	tcp_session_push(order->pool, &order->session, &segment, &sink, &pushed);
	while (at < STREAM_LEN) {
		size_t n = cut_stream(order, &at, cuts);

		push_shuffled(order, cuts, n);
	}
	tcp_session_finish(order->pool, &order->session, &sink);
	tcp_session_pool_free(order->pool);
	return !order->wrong && order->heard == STREAM_LEN;
}

int main(void)
{
	static const uint32_t longest[] = {1, 3, 100, 1448, 5000};
	CLEANUP(free_p) uint8_t *bytes = malloc(STREAM_LEN);

	for (size_t i = 0; bytes && i < STREAM_LEN; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	for (int policy = WEIR_OVERLAP_FIRST; bytes && policy <= WEIR_OVERLAP_WINDOWS; policy++) {
		struct tcp_session_options options = {.policy = (enum weir_overlap_policy)policy};

		for (uint32_t seed = 0; seed < 5; seed++) {
			struct order order = {
				.bytes = bytes,
				.base = UINT32_MAX - 100000 * seed,
				.longest = longest[seed],
				.random = seed * 7919 + (uint32_t)policy,
			};

			ok(comes_out(&order, &options),
			   "policy %d, segments of up to %u bytes, from %u", policy, longest[seed],
			   order.base);
		}
	}
	return tap_done();
}
