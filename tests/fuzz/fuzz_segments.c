/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as segments of one session: two bytes of options, then eight a segment (struct order).
 * The payload is a function of its sequence number, so that what comes out can be checked, but for
 * segments that are to contradict it. Each byte must be accounted for after each segment, streams
 * may have no holes that are not told, the memory has its cap, and nothing is left at the end.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/tcp_session.h"
#include "model/tcp_session_stream.h"

#define PAYLOAD_MAX 9000
#define ORDER_BYTES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum order_bit {
	ORDER_SIDE = 1 << 0,
	ORDER_FLAGS = 7 << 1,
	ORDER_CONFLICT = 1 << 4,
	ORDER_FAR = 1 << 5, /* the sequence number is nowhere near */
	ORDER_TICK = 1 << 6,
	ORDER_CUT = 1 << 7,
};

struct order {
	uint8_t bits;
	int16_t ahead; /* of what is next of its side */
	uint16_t len;
	int16_t acked; /* of what is next of the other side */
	uint8_t rest;  /* window, and time that has passed */
};

struct fuzz {
	struct tcp_session_pool *pool;
	struct tcp_session session;
	uint64_t at[2];
	uint64_t gap_bytes;
	uint64_t n_heard;
	uint64_t now_ns;
	size_t max_bytes;
	uint8_t deaf_after; /* calls; 0: never */
	bool truthful;      /* no segment has contradicted the payload */
	bool is_deaf;
};

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_segments: %s\n", what);
	abort();
}

static uint8_t byte_of(uint32_t seq)
{
	return (uint8_t)(seq * 2654435761u >> 24);
}

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct fuzz *fuzz = user;
	const struct tcp_session_side *of = &fuzz->session.side[side];
	uint32_t seq = of->next - (uint32_t)of->offset + (uint32_t)offset;

	check(!fuzz->is_deaf, "data for nobody");
	check(data.len > 0 && offset == fuzz->at[side], "data at another place");
	for (size_t i = 0; fuzz->truthful && i < data.len; i++)
		check(data.data[i] == byte_of(seq + (uint32_t)i), "other bytes");
	fuzz->at[side] = offset + data.len;
	fuzz->is_deaf = fuzz->deaf_after && ++fuzz->n_heard >= fuzz->deaf_after;
	return !fuzz->is_deaf;
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	struct fuzz *fuzz = user;

	check(!fuzz->is_deaf, "a gap for nobody");
	check(len > 0 && offset == fuzz->at[side], "a gap at another place");
	check(reason <= WEIR_GAP_END, "a gap for no reason");
	fuzz->at[side] = offset + len;
	fuzz->gap_bytes += len;
}

static void check_totals(struct fuzz *fuzz)
{
	struct tcp_session_totals totals;
	uint64_t held = 0;

	tcp_session_pool_totals(fuzz->pool, &totals);
	for (int i = 0; i < 2; i++)
		if (fuzz->session.side[i].waiting)
			held += tcp_segments_bytes(
				tcp_segments_at(fuzz->pool->pages, fuzz->session.side[i].waiting));
	check(totals.payload == totals.delivered + totals.duplicate + totals.shed + totals.held,
	      "bytes do not add up");
	check(totals.held == held, "other bytes wait than are counted");
	check(totals.gap_bytes == fuzz->gap_bytes, "gaps do not add up");
	check(totals.delivered + totals.gap_bytes == fuzz->at[0] + fuzz->at[1],
	      "streams do not add up");
	check(stream_pages_used(fuzz->pool->pages) * STREAM_PAGE <= fuzz->max_bytes,
	      "more memory than there is");
}

static struct order read_order(const uint8_t *at)
{
	return (struct order){
		.bits = at[0],
		.ahead = (int16_t)bytes_be16(at + 1),
		.len = bytes_be16(at + 3) % PAYLOAD_MAX,
		.acked = (int16_t)bytes_be16(at + 5),
		.rest = at[7],
	};
}

static void play(struct fuzz *fuzz, const struct order *order)
{
	static const uint8_t flags[] = {
		0,       TCP_ACK,           TCP_ACK,           TCP_ACK | TCP_PSH,
		TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST};
	const struct tcp_session_sink sink = {fuzz, hear_data, hear_gap};
	enum weir_side side = order->bits & ORDER_SIDE ? WEIR_RESPONDER : WEIR_INITIATOR;
	uint32_t far = order->bits & ORDER_FAR ? (uint32_t)order->rest << 24 : 0;
	struct layers_tcp tcp = {
		.seq = fuzz->session.side[side].next + (uint32_t)order->ahead + far,
		.ack = fuzz->session.side[!side].next + (uint32_t)order->acked,
		.window = (uint16_t)(order->rest << 8),
		.flags = flags[(order->bits & ORDER_FLAGS) >> 1],
		.window_shift = order->rest % 17 ? order->rest % 17 : 0xff,
	};
	struct tcp_session_segment segment = {.side = side, .tcp = &tcp};
	struct tcp_session_pushed pushed;
	/* A block of its own size lets a sanitizer see a read past its end. */
	uint8_t *payload = malloc(order->len ? order->len : 1);

	check(payload, "no memory for the payload");
	for (uint32_t i = 0; i < order->len; i++)
		payload[i] = byte_of(tcp.seq + !!(tcp.flags & TCP_SYN) + i);
	if (order->bits & ORDER_CONFLICT && order->len) {
		payload[order->len / 2] ^= 0x55;
		fuzz->truthful = false;
	}
	segment.payload = (struct bytes){payload, order->len};
	segment.payload_len = order->len + (order->bits & ORDER_CUT ? order->rest : 0);
	fuzz->now_ns += order->rest * UINT64_C(1000000);
	segment.time_ns = fuzz->now_ns;
	tcp_session_push(fuzz->pool, &fuzz->session, &segment, &sink, &pushed);
	free(payload);
	check((uint64_t)pushed.taken + pushed.duplicate + pushed.shed == segment.payload_len,
	      "a segment does not add up");
	check_totals(fuzz);
	if (order->bits & ORDER_TICK) {
		uint64_t due_ns = tcp_session_due_ns(fuzz->pool, &fuzz->session);

		tcp_session_tick(fuzz->pool, &fuzz->session, due_ns ? due_ns : fuzz->now_ns, &sink);
		check(!due_ns || tcp_session_due_ns(fuzz->pool, &fuzz->session) != due_ns,
		      "a tick does not do what is due");
		check_totals(fuzz);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcp_session_options options = {0};
	struct fuzz fuzz = {.truthful = true};
	const struct tcp_session_sink sink = {&fuzz, hear_data, hear_gap};

	if (size < 2)
		return 0;
	options.policy = (enum weir_overlap_policy)(data[0] % (WEIR_OVERLAP_WINDOWS + 1));
	options.max_side_segments = data[0] & 0x80 ? UINT32_MAX : data[0] >> 3 & 15;
	options.max_bytes = fuzz.max_bytes = (size_t)(1 + (data[1] & 63)) * STREAM_PAGE;
	options.max_side_bytes = (size_t)(data[1] >> 6) * 4 * STREAM_PAGE;
	fuzz.deaf_after = data[1] % 7 == 6 ? data[0] : 0;
	check(tcp_session_pool_new(&options, &fuzz.pool) == 0, "no memory for a pool");
	for (size_t at = 2; at + ORDER_BYTES <= size; at += ORDER_BYTES) {
		struct order order = read_order(data + at);

		play(&fuzz, &order);
	}
	tcp_session_finish(fuzz.pool, &fuzz.session, &sink);
	check_totals(&fuzz);
	check(stream_pages_used(fuzz.pool->pages) == 0, "pages are left");
	tcp_session_pool_free(fuzz.pool);
	return 0;
}
