/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a packet: a link type, what the kernel says of a tag, how much longer it was on the
 * wire, then the packet. Nothing is read past its end, the payload is a part of it, and what an
 * ICMP error quotes is, too.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/layers.h"

#define OPTIONS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_decode: %s\n", what);
	abort();
}

static void check_layers(const struct layers *layers, enum layers_result result, struct bytes all)
{
	check(result <= LAYERS_MALFORMED, "a result that is none");
	check(layers->payload.len <= layers->payload_len, "more captured than there was");
	check(layers->payload.data >= all.data &&
		      layers->payload.data + layers->payload.len <= all.data + all.len,
	      "a payload that is not the packet's");
	check(layers->n_vlans <= WEIR_FLOW_VLANS_MAX, "more tags than there is room for");
	check(layers->n_tunnels <= WEIR_FLOW_TUNNELS_MAX, "more tunnels than there is room for");
	check(layers->malformed < WEIR_MALFORMEDS, "malformed for no reason");
	if (result == LAYERS_FRAGMENT)
		check(layers->fragment.offset % 8 == 0 &&
			      (layers->fragment.offset || layers->fragment.more) &&
			      (layers->fragment.version == 4 || layers->fragment.version == 6),
		      "a fragment that is none");
}

static void check_fragment(const struct layers *layers)
{
	check(layers->payload_len > 0, "a fragment of nothing");
	check(layers->fragment.offset + layers->payload_len <= 65535, "a fragment too far");
	check(!layers->fragment.more || layers->payload_len % 8 == 0, "a fragment of a half");
}

/* A tag without an identifier changes nothing, but that the plain path is not taken. */
static void check_same(struct weir_packet packet, const struct layers *plain,
		       enum layers_result result)
{
	struct layers walked;

	if (packet.vlan_tpid)
		return;
	packet.vlan_tpid = 0x8100;
	packet.vlan_tci = 0;
	check(layers_decode(&packet, &walked) == result, "another result");
	check(plain->payload.data == walked.payload.data &&
		      plain->payload.len == walked.payload.len &&
		      plain->payload_len == walked.payload_len,
	      "another payload");
	check(plain->ttl == walked.ttl && plain->proto == walked.proto &&
		      plain->source_port == walked.source_port &&
		      plain->destination_port == walked.destination_port &&
		      memcmp(&plain->source, &walked.source, sizeof(walked.source)) == 0 &&
		      memcmp(&plain->destination, &walked.destination, sizeof(walked.source)) == 0,
	      "another flow");
	check(plain->tcp.seq == walked.tcp.seq && plain->tcp.ack == walked.tcp.ack &&
		      plain->tcp.flags == walked.tcp.flags &&
		      plain->tcp.window == walked.tcp.window &&
		      plain->tcp.urgent == walked.tcp.urgent &&
		      plain->tcp.window_shift == walked.tcp.window_shift,
	      "another segment");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t links[] = {
		WEIR_LINK_ETHERNET, WEIR_LINK_RAW,  WEIR_LINK_LINUX_SLL, WEIR_LINK_LINUX_SLL2,
		WEIR_LINK_NULL,     WEIR_LINK_LOOP, WEIR_LINK_PPP,       WEIR_LINK_IPV4,
		WEIR_LINK_IPV6,     UINT16_MAX};
	struct weir_packet packet;
	struct layers layers;
	struct layers quoted;
	enum layers_result result;
	struct bytes all;

	if (size < OPTIONS)
		return 0;
	all = (struct bytes){data + OPTIONS, size - OPTIONS};
	packet = (struct weir_packet){
		.data = all.data,
		.cap_len = (uint32_t)all.len,
		.wire_len = (uint32_t)all.len + (data[2] == 0xff ? 0xff000000 : data[2]),
		.link_type = links[data[0] % (sizeof(links) / sizeof(*links))],
		.vlan_tpid = data[1] & 1 ? 0x8100 : 0,
		.vlan_tci = data[1],
	};
	result = layers_decode(&packet, &layers);
	check_layers(&layers, result, all);
	check_same(packet, &layers, result);
	check(packet.wire_len > packet.cap_len || result != LAYERS_CUT, "cut, and it was not");
	if (result == LAYERS_FRAGMENT)
		check_fragment(&layers);
	if (result == LAYERS_FLOW && layers.is_icmp_error) {
		result = layers_decode_quoted(&layers, &quoted);
		check_layers(&quoted, result, all);
	}
	return 0;
}
