/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as fragments of a few datagrams, six bytes each (struct order). The payload is a
 * function of its offset, so that a datagram can be checked, but for fragments that are to
 * contradict it: such a datagram is never whole. Each frame is accounted for after each fragment.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/fragments.h"

#define ORDER_BYTES 6
#define DATAGRAM_MAX 65535u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum order_bit {
	ORDER_ID = 7,
	ORDER_IPV6 = 1 << 3,
	ORDER_MORE = 1 << 4,
	ORDER_OTHER = 1 << 5, /* bytes of another datagram */
	ORDER_CUT = 1 << 6,
	ORDER_MANY = 1 << 7, /* twenty of them, with other identifiers */
};

struct order {
	uint8_t bits;
	uint16_t offset;
	uint16_t len;
	uint8_t wait; /* tenths of a second, before */
};

struct fuzz {
	struct fragments *fragments;
	uint64_t now_ns;
	uint64_t in_datagrams; /* frames */
};

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_fragments: %s\n", what);
	abort();
}

static uint8_t byte_of(uint32_t at, bool other)
{
	return (uint8_t)((at * 2654435761u >> 24) ^ (other ? 0x55 : 0));
}

static void check_whole(const struct layers *layers, const struct fragments_datagram *datagram)
{
	uint8_t twist = datagram->data.len ? datagram->data.data[0] ^ byte_of(0, false) : 0;

	check(datagram->data.len > 0 && datagram->data.len <= DATAGRAM_MAX, "an odd length");
	check(layers->fragment.offset == 0 && layers->fragment.more, "not the first one's layers");
	check(datagram->packets >= 2 && datagram->wire_bytes == datagram->packets * 100,
	      "frames do not add up");
	for (uint32_t i = 0; i < datagram->data.len; i++) {
		/* Whoever sends both may mix them, but fragment by fragment. */
		if (i % 8 == 0)
			twist = datagram->data.data[i] ^ byte_of(i, false);
		check((twist == 0 || twist == 0x55) &&
			      datagram->data.data[i] == (byte_of(i, false) ^ twist),
		      "other bytes");
	}
}

static void check_stats(const struct fuzz *fuzz)
{
	struct fragments_stats stats;

	fragments_stats(fuzz->fragments, &stats);
	check(stats.seen == fuzz->in_datagrams + stats.dropped + stats.waiting,
	      "fragments do not add up");
}

static void play(struct fuzz *fuzz, const struct order *order, uint32_t id)
{
	const struct weir_packet packet = {.wire_len = 100};
	struct fragments_datagram datagram;
	struct layers layers = {
		.proto = IPPROTO_UDP,
		.payload_len = order->len,
		.fragment = {id, order->offset, order->bits & ORDER_MORE,
			     order->bits & ORDER_IPV6 ? 6 : 4},
	};
	/* A block of its own size lets a sanitizer see a read past its end. */
	uint8_t *payload = malloc(order->len);
	int r;

	check(payload, "no memory for the payload");
	for (uint32_t i = 0; i < order->len; i++)
		payload[i] = byte_of(order->offset + i, order->bits & ORDER_OTHER);
	layers.payload = (struct bytes){payload, order->len - !!(order->bits & ORDER_CUT)};
	r = fragments_add(fuzz->fragments, &layers, &packet, fuzz->now_ns, &datagram);
	free(payload);
	check(r == 0 || r == 1, "neither whole nor not");
	if (r == 1) {
		check_whole(&layers, &datagram);
		fuzz->in_datagrams += datagram.packets;
	}
	check_stats(fuzz);
}

/* As layers_decode lets them through. */
static struct order read_order(const uint8_t *at)
{
	struct order order = {.bits = at[0], .wait = at[5]};
	uint32_t len = bytes_be16(at + 3);

	order.offset = bytes_be16(at + 1) & 0xfff8;
	if (len > DATAGRAM_MAX - order.offset)
		len = DATAGRAM_MAX - order.offset;
	if (order.offset == 0)
		order.bits |= ORDER_MORE;
	if (order.bits & ORDER_MORE)
		len &= 0xfff8;
	order.len = (uint16_t)len;
	return order;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {0};

	check(fragments_new(&fuzz.fragments) == 0, "no memory for fragments");
	for (size_t at = 0; at + ORDER_BYTES <= size; at += ORDER_BYTES) {
		struct order order = read_order(data + at);
		uint32_t n = order.bits & ORDER_MANY ? 20 : 1;

		fuzz.now_ns += order.wait * UINT64_C(100000000);
		for (uint32_t i = 0; order.len && i < n; i++)
			play(&fuzz, &order, (order.bits & ORDER_ID) + i * 8);
	}
	fragments_free(fuzz.fragments);
	return 0;
}
