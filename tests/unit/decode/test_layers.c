/* SPDX-License-Identifier: MIT */

/*
 * Each packet of packets.c is read as what it is; cut anywhere it is cut, sent short anywhere it is
 * refused, and nothing is read beyond its end.
 */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "tap.h"

static struct packet_build build;

static bool is_inner(const struct layers *layers)
{
	uint8_t last = layers->source.bytes[15];

	return last == 1 && layers->destination.bytes[15] == 2;
}

static void test_case(const struct packet_case *of)
{
	struct weir_packet packet = packet_build_packet(&build, of->link_type);
	struct layers layers;

	is_int(layers_decode(&packet, &layers), of->result, "%s: result", of->name);
	is_int(layers.payload_len, of->payload_len, "%s: payload on the wire", of->name);
	is_int(layers.payload.len, of->payload_len, "%s: payload captured", of->name);
	ok(memcmp(layers.vlan, of->vlan, sizeof(of->vlan)) == 0 &&
		   layers.n_vlans == !!of->vlan[0] + !!of->vlan[1],
	   "%s: tags", of->name);
	ok(memcmp(layers.tunnels, of->tunnels, sizeof(of->tunnels)) == 0 &&
		   layers.tunnel_id == of->tunnel_id,
	   "%s: tunnels", of->name);
	if (of->result == LAYERS_NOT_IP)
		return;
	ok(is_inner(&layers), "%s: addresses", of->name);
	is_int(layers.proto, of->proto, "%s: protocol", of->name);
	if (of->result != LAYERS_FLOW)
		return;
	is_int(layers.source_port, of->no_ports ? 0 : 1000, "%s: source port", of->name);
	is_int(layers.destination_port, of->no_ports ? 0 : 2000, "%s: destination port", of->name);
	ok(layers.payload.data[0] == 1 && layers.payload.data[9] == 10, "%s: payload", of->name);
}

/* Of the first n bytes, in a block of their own size, so that a sanitizer sees a read beyond. */
static enum layers_result decode_first(const struct packet_case *of, size_t n, uint32_t wire_len,
				       bool *ret_is_within)
{
	uint8_t *exact = malloc(n ? n : 1);
	struct weir_packet packet = {.data = exact,
				     .cap_len = (uint32_t)n,
				     .wire_len = wire_len,
				     .link_type = of->link_type};
	enum layers_result result;
	struct layers layers;
	struct layers quoted;

	if (!exact)
		abort();
	memcpy(exact, packet_build_at(&build), n);
	result = layers_decode(&packet, &layers);
	if (layers.is_icmp_error)
		layers_decode_quoted(&layers, &quoted);
	*ret_is_within = layers.payload.data >= exact &&
			 layers.payload.data + layers.payload.len <= exact + n &&
			 layers.payload.len <= layers.payload_len;
	free(exact);
	return result;
}

static void test_cut(const struct packet_case *of)
{
	size_t len = packet_build_len(&build);
	struct weir_packet packet = packet_build_packet(&build, of->link_type);
	bool cut_right = true, short_right = true, within = true;
	bool is_within;
	struct layers layers;
	size_t headers;

	layers_decode(&packet, &layers);
	headers = (size_t)(layers.payload.data - packet.data);
	for (size_t n = 0; n < len; n++) {
		enum layers_result want = n < headers ? LAYERS_CUT : of->result;

		cut_right = decode_first(of, n, (uint32_t)len, &is_within) == want && cut_right;
		within = within && is_within;
		if (n < headers) {
			enum layers_result result = decode_first(of, n, (uint32_t)n, &is_within);

			short_right = result != LAYERS_CUT && result != of->result && short_right;
			within = within && is_within;
		}
	}
	ok(cut_right, "%s: cut at any byte it is cut", of->name);
	ok(short_right, "%s: sent short at any byte it is refused", of->name);
	ok(within, "%s: the payload is never beyond", of->name);
}

/* A tag without an identifier changes nothing, but that the plain path is not taken. */
static void test_same(const struct packet_case *of)
{
	struct weir_packet packet = packet_build_packet(&build, of->link_type);
	struct layers plain, walked;
	enum layers_result result = layers_decode(&packet, &plain);

	packet.vlan_tpid = 0x8100;
	is_int(layers_decode(&packet, &walked), result, "%s: the same by both ways", of->name);
	ok(plain.payload.data == walked.payload.data && plain.payload.len == walked.payload.len &&
		   plain.payload_len == walked.payload_len && plain.ttl == walked.ttl &&
		   memcmp(&plain.tcp, &walked.tcp, sizeof(plain.tcp)) == 0 &&
		   memcmp(&plain.source, &walked.source, sizeof(plain.source)) == 0,
	   "%s: and all of it", of->name);
}

static void test_tcp(void)
{
	struct weir_packet packet;
	struct layers layers;

	packet_build_init(&build);
	packet_cases[0].build(&build);
	packet = packet_build_packet(&build, WEIR_LINK_ETHERNET);
	layers_decode(&packet, &layers);
	is_int(layers.tcp.seq, 0x01020304, "sequence number");
	is_int(layers.tcp.ack, 0x05060708, "acknowledgement");
	is_int(layers.tcp.window, 0x1234, "window");
	is_int(layers.tcp.flags, TCP_SYN | TCP_ACK, "flags");
	is_int(layers.tcp.window_shift, 7, "window scale");
	is_int(layers.ttl, 64, "time to live");
	packet.vlan_tpid = 0x8100;
	packet.vlan_tci = 0xe02a;
	layers_decode(&packet, &layers);
	ok(layers.n_vlans == 1 && layers.vlan[0] == 42, "a tag the kernel has taken off");
}

int main(void)
{
	for (size_t i = 0; i < n_packet_cases; i++) {
		packet_build_init(&build);
		packet_cases[i].build(&build);
		test_case(&packet_cases[i]);
		test_cut(&packet_cases[i]);
		test_same(&packet_cases[i]);
	}
	test_tcp();
	return tap_done();
}
