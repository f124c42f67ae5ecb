/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a capture file, pcap or pcapng. Every packet must lie within the bytes, nothing is
 * taken twice, the walk always gets on, and a file that is cut gives the first of what the whole
 * one does: the bytes are walked whole, and again in growing pieces that end where they end.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/pcap_records.h"
#include "collect/pcapng_blocks.h"

#define PACKETS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t packets;
	uint64_t bytes;
	uint64_t times;
	uint64_t malformed;
	size_t left;
	int r;
};

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_pcap: %s\n", what);
	abort();
}

static void see(struct seen *seen, const struct packet_walk *walk, const uint8_t *before)
{
	for (size_t i = 0; i < walk->n; i++) {
		const struct weir_packet *packet = &walk->packets[i];

		check(packet->data >= before && packet->data + packet->cap_len <= walk->in.data,
		      "a packet outside of what was taken");
		check(packet->wire_len >= packet->cap_len, "more captured than there was");
		seen->times += packet->time_ns;
		for (uint32_t at = 0; at < packet->cap_len; at++)
			seen->bytes += packet->data[at];
	}
	seen->packets += walk->n;
	seen->malformed += walk->malformed;
}

/* Over the first size bytes, from wherever in stands; pcapng: NULL, it is pcap. */
static void walk_all(const struct pcap_format *format, struct pcapng *pcapng, struct bytes *in,
		     struct seen *seen)
{
	struct weir_packet packets[PACKETS];

	for (;;) {
		struct packet_walk walk = {.in = *in, .packets = packets, .max = PACKETS};

		seen->r = pcapng ? pcapng_walk(pcapng, &walk) : pcap_walk(format, &walk);
		check(walk.in.data + walk.in.len == in->data + in->len, "another end");
		see(seen, &walk, in->data);
		check(seen->r < 0 || walk.need > walk.in.len || walk.in.len < in->len,
		      "it does not get on");
		*in = walk.in;
		if (seen->r < 0 || walk.need > walk.in.len)
			break;
	}
	seen->left = in->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct pcap_format format = {0};
	struct pcapng whole = {0};
	struct pcapng pieces = {0};
	bool is_pcapng = pcapng_is(in);
	struct seen a = {0};
	struct seen b = {0};
	struct bytes piece;

	if (!is_pcapng && pcap_read_header(&in, &format) < 0)
		return 0;
	piece = (struct bytes){in.data, 0};
	walk_all(&format, is_pcapng ? &whole : NULL, &in, &a);
	for (size_t step = 1; b.r == 0; step += 7) {
		size_t left = (size_t)(data + size - piece.data);
		bool is_last = piece.len + step >= left;

		piece.len = is_last ? left : piece.len + step;
		walk_all(&format, is_pcapng ? &pieces : NULL, &piece, &b);
		if (is_last)
			break;
	}
	check(a.packets == b.packets && a.bytes == b.bytes && a.times == b.times &&
		      a.malformed == b.malformed && a.r == b.r && whole.dropped == pieces.dropped,
	      "in pieces it is another file");
	pcapng_done(&whole);
	pcapng_done(&pieces);
	return 0;
}
