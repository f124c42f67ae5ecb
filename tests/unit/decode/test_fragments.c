/* SPDX-License-Identifier: MIT */

/*
 * Fragments in any order make the datagram, repetitions change nothing, overlaps and contradictions
 * drop all of it, and those who want our memory do not get it.
 */

#include <netinet/in.h>
#include <string.h>

#include "decode/fragments.h"
#include "packet_build.h"
#include "tap.h"

#define SECOND UINT64_C(1000000000)

static struct packet_build build;

/* A part of datagram `id`: bytes of a pattern that begins with `first` at its offset. */
struct part {
	uint32_t offset;
	uint32_t len;
	bool more;
	uint8_t first;
	uint16_t id;
	uint8_t version;
	uint8_t source; /* 0: 1 */
	uint32_t cut;
	uint16_t vlan;
};

struct heard {
	struct layers layers;
	struct fragments_datagram datagram;
};

static void build_part(const struct part *part)
{
	uint16_t fragment = (uint16_t)(part->offset / 8);
	uint8_t source = part->source ? part->source : 1;

	packet_build_init(&build);
	for (uint32_t at = part->len; at-- > 0;) {
		uint32_t place = part->offset + at;
		uint8_t byte = (uint8_t)(part->first + place + (place >> 8));

		packet_build_bytes(&build, &byte, 1);
	}
	if (part->version == 6) {
		packet_build_fragment(&build, IPPROTO_UDP, (uint16_t)(fragment << 3 | part->more),
				      part->id);
		packet_build_ipv6(&build,
				  &(struct packet_build_ipv6){source, 2, IPPROTO_FRAGMENT, 0, 0});
		return;
	}
	fragment |= part->more ? 0x2000 : 0;
	packet_build_ipv4(&build, &(struct packet_build_ipv4){0x0a000000u | source, 0x0a000002,
							      IPPROTO_UDP, part->id, fragment, 0});
}

static int add(struct fragments *fragments, const struct part *part, uint64_t now_ns,
	       struct heard *heard)
{
	struct weir_packet packet;

	build_part(part);
	packet = packet_build_packet(&build, WEIR_LINK_RAW);
	packet.cap_len -= part->cut;
	packet.vlan_tpid = part->vlan ? 0x8100 : 0;
	packet.vlan_tci = part->vlan;
	if (layers_decode(&packet, &heard->layers) != LAYERS_FRAGMENT)
		return -1;
	return fragments_add(fragments, &heard->layers, &packet, now_ns, &heard->datagram);
}

static void check_stats(const struct fragments *fragments, uint64_t in_datagrams, const char *what)
{
	struct fragments_stats stats;

	fragments_stats(fragments, &stats);
	is_int(stats.seen, in_datagrams + stats.dropped + stats.waiting,
	       "%s: each is accounted for", what);
}

struct scenario {
	const char *name;
	struct part parts[5];
	uint32_t len; /* of the datagram the last part makes whole; 0: none */
	uint32_t packets;
	uint32_t dropped;
};

static const struct scenario scenarios[] = {
	{"in order",
	 {{0, 16, .more = true}, {16, 16, .more = true}, {32, 5, .more = false}},
	 .len = 37,
	 .packets = 3,
	 .dropped = 0},
	{"backwards",
	 {{32, 5, .more = false}, {16, 16, .more = true}, {0, 16, .more = true}},
	 .len = 37,
	 .packets = 3,
	 .dropped = 0},
	{"the first one last",
	 {{16, 16, .more = true}, {32, 5, .more = false}, {0, 16, .more = true}},
	 .len = 37,
	 .packets = 3,
	 .dropped = 0},
	{"a hole",
	 {{0, 16, .more = true}, {32, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 0},
	{"no end",
	 {{0, 16, .more = true}, {16, 16, .more = true}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 0},
	{"repeated",
	 {{0, 16, .more = true}, {0, 16, .more = true}, {16, 5, .more = false}},
	 .len = 21,
	 .packets = 3,
	 .dropped = 0},
	{"the last one repeated",
	 {{16, 5, .more = false}, {16, 5, .more = false}, {0, 16, .more = true}},
	 .len = 21,
	 .packets = 3,
	 .dropped = 0},
	{"repeated with other bytes",
	 {{0, 16, .more = true}, {0, 16, .more = true, .first = 1}, {16, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"repeated in another cut",
	 {{0, 16, .more = true}, {0, 8, .more = true}, {16, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"its second half",
	 {{0, 16, .more = true}, {8, 8, .more = true}, {16, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"two as one",
	 {{0, 8, .more = true},
	  {8, 8, .more = true},
	  {0, 16, .more = true},
	  {16, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 4},
	{"overlapping",
	 {{0, 16, .more = true}, {8, 16, .more = true}, {24, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"two ends, the second before",
	 {{16, 8, .more = true}, {8, 5, .more = false}, {0, 8, .more = true}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"two ends, the second behind",
	 {{8, 5, .more = false}, {16, 5, .more = false}, {0, 8, .more = true}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"beyond the end",
	 {{8, 5, .more = false}, {16, 8, .more = true}, {0, 8, .more = true}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"the end, with more to come",
	 {{8, 8, .more = false}, {8, 8, .more = true}, {0, 8, .more = true}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 3},
	{"cut",
	 {{0, 16, .more = true, .cut = 1}, {16, 5, .more = false}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 2},
	{"cut, later",
	 {{0, 16, .more = true}, {16, 5, .more = false, .cut = 5}},
	 .len = 0,
	 .packets = 0,
	 .dropped = 2},
	{"over pages",
	 {{4000, 9000, .more = false}, {0, 4000, .more = true}},
	 .len = 13000,
	 .packets = 2,
	 .dropped = 0},
	{"as large as can be",
	 {{32768, 32747, .more = false}, {0, 32768, .more = true}},
	 .len = 65515,
	 .packets = 2,
	 .dropped = 0},
};

static void test_scenario(const struct scenario *of, uint8_t version)
{
	struct fragments *fragments;
	struct fragments_stats stats;
	struct heard heard;
	uint64_t wire_bytes = 0;
	bool right = true;
	int r = 0;

	if (fragments_new(&fragments) < 0)
		return;
	for (size_t i = 0; i < 5 && of->parts[i].len; i++) {
		struct part part = of->parts[i];

		part.version = version;
		right = r == 0 && right;
		r = add(fragments, &part, SECOND, &heard);
		wire_bytes += packet_build_len(&build);
	}
	ok(right && r == (of->len ? 1 : 0), "IPv%d, %s: whole or not", version, of->name);
	fragments_stats(fragments, &stats);
	is_int(stats.dropped, of->dropped, "IPv%d, %s: dropped", version, of->name);
	check_stats(fragments, of->len ? of->packets : 0, of->name);
	if (of->len && r == 1) {
		is_int(heard.datagram.data.len, of->len, "%s: length", of->name);
		is_int(heard.datagram.packets, of->packets, "%s: frames", of->name);
		is_int(heard.datagram.wire_bytes, wire_bytes, "%s: bytes of them", of->name);
		for (uint32_t i = 0; i < of->len; i++)
			right = heard.datagram.data.data[i] == (uint8_t)(i + (i >> 8)) && right;
		ok(right, "IPv%d, %s: its bytes", version, of->name);
		is_int(stats.waiting, 0, "%s: nothing is left", of->name);
	}
	fragments_free(fragments);
}

/* Datagrams that differ in one thing only do not meet. */
static void test_keys(void)
{
	static const struct part others[] = {
		{8, 8, .more = false, .id = 6},
		{8, 8, .more = false, .id = 5, .source = 3},
		{8, 8, .more = false, .id = 5, .vlan = 9},
		{8, 8, .more = false, .id = 5, .version = 6},
	};
	static const struct part first = {0, 8, .more = true, .id = 5};
	static const struct part last = {8, 8, .more = false, .id = 5};
	struct fragments *fragments;
	struct heard heard;

	if (fragments_new(&fragments) < 0)
		return;
	is_int(add(fragments, &first, SECOND, &heard), 0, "a first one");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		is_int(add(fragments, &others[i], SECOND, &heard), 0, "another's last one");
	is_int(add(fragments, &last, SECOND, &heard), 1, "its own last one");
	check_stats(fragments, 2, "keys");
	fragments_free(fragments);
}

static void test_time(void)
{
	static const struct part first = {0, 8, .more = true};
	static const struct part last = {8, 8, .more = false};
	static const struct part overlap = {0, 16, .more = true};
	struct fragments *fragments;
	struct heard heard;

	if (fragments_new(&fragments) < 0)
		return;
	add(fragments, &first, SECOND, &heard);
	is_int(add(fragments, &last, SECOND + FRAGMENTS_TIMEOUT_NS - 1, &heard), 1, "in time");
	add(fragments, &first, 40 * SECOND, &heard);
	is_int(add(fragments, &last, 40 * SECOND + FRAGMENTS_TIMEOUT_NS, &heard), 0, "too late");
	is_int(add(fragments, &first, 71 * SECOND, &heard), 1, "and that one is a new beginning");
	add(fragments, &first, 100 * SECOND, &heard);
	add(fragments, &overlap, 100 * SECOND, &heard);
	add(fragments, &first, 101 * SECOND, &heard);
	is_int(add(fragments, &last, 101 * SECOND, &heard), 0, "what straggles is dropped too");
	add(fragments, &first, 131 * SECOND, &heard);
	is_int(add(fragments, &last, 131 * SECOND, &heard), 1, "until its time is over");
	check_stats(fragments, 6, "time");
	fragments_free(fragments);
}

/* The oldest goes, whether names or memory are too few; the newest still works. */
static void test_flood(uint32_t offset, uint32_t len, const char *what)
{
	static const struct part old = {0, 8, .more = true, .id = 0, .source = 9};
	static const struct part old_last = {8, 8, .more = false, .id = 0, .source = 9};
	const struct part last = {offset + len, 8, .more = false, .id = 0x7000};
	struct fragments *fragments;
	struct fragments_stats stats;
	struct heard heard;
	uint64_t whole = 0;

	if (fragments_new(&fragments) < 0)
		return;
	add(fragments, &old, SECOND, &heard);
	for (uint16_t id = 0; id <= 0x7000; id++) {
		struct part part = {offset, len, .more = true, .id = id};

		if (id % 1024 == 0)
			add(fragments, &part, SECOND, &heard);
		else
			fragments_add(fragments, &heard.layers, &(struct weir_packet){0}, SECOND,
				      &heard.datagram);
		heard.layers.fragment.id = (uint32_t)id + 1;
	}
	fragments_stats(fragments, &stats);
	ok(stats.waiting <= FRAGMENTS_MAX_DATAGRAMS && stats.waiting * len <= FRAGMENTS_MAX_BYTES,
	   "%s: bounded", what);
	whole += add(fragments, &last, SECOND, &heard) == 1 ? 2 : 0;
	is_int(whole, offset ? 0 : 2, "%s: the newest is still there", what);
	is_int(add(fragments, &old_last, SECOND, &heard), 0, "%s: the oldest is gone", what);
	check_stats(fragments, whole, what);
	fragments_free(fragments);
}

/* Behind the fragment header other extension headers may follow. */
static void test_headers(void)
{
	struct fragments *fragments;
	struct heard heard;
	uint8_t inner[32];
	int r = 0;

	packet_build_init(&build);
	packet_build_pattern(&build, 1, 16);
	packet_build_udp(&build, 1000, 2000);
	packet_build_extension(&build, IPPROTO_UDP, 0);
	memcpy(inner, packet_build_at(&build), sizeof(inner));
	if (fragments_new(&fragments) < 0)
		return;
	for (uint32_t at = 0; at < sizeof(inner); at += 16) {
		struct weir_packet packet;

		packet_build_init(&build);
		packet_build_bytes(&build, inner + at, 16);
		packet_build_fragment(&build, IPPROTO_DSTOPTS, (uint16_t)(at | !at), 1);
		packet_build_ipv6(&build,
				  &(struct packet_build_ipv6){1, 2, IPPROTO_FRAGMENT, 0, 0});
		packet = packet_build_packet(&build, WEIR_LINK_RAW);
		layers_decode(&packet, &heard.layers);
		r = fragments_add(fragments, &heard.layers, &packet, 1, &heard.datagram);
	}
	is_int(r, 1, "options in fragments are whole");
	is_int(layers_decode_datagram(&heard.layers, heard.datagram.data), LAYERS_FLOW,
	       "options in fragments: a flow");
	is_int(heard.layers.proto, IPPROTO_UDP, "of UDP");
	is_int(heard.layers.destination_port, 2000, "of its port");
	is_int(heard.layers.payload_len, 16, "with its payload");
	fragments_free(fragments);
}

/* IP in IP, where both were cut in two. */
static void test_inner(void)
{
	struct fragments *fragments;
	struct heard heard;
	int r = 0;

	if (fragments_new(&fragments) < 0)
		return;
	for (uint32_t i = 0; i < 4; i++) {
		const struct part part = {i / 2 * 16, 16, .more = i < 2, .id = 3};
		uint8_t half[24];
		struct weir_packet packet;

		build_part(&part); /* 36 bytes: 24 and 12 */
		memcpy(half, packet_build_at(&build) + i % 2 * 24, i % 2 ? 12 : 24);
		packet_build_init(&build);
		packet_build_bytes(&build, half, i % 2 ? 12 : 24);
		packet_build_ipv4(&build,
				  &(struct packet_build_ipv4){7, 8, IPPROTO_IPIP, (uint16_t)(i / 2),
							      i % 2 ? 3 : 0x2000, 0});
		packet = packet_build_packet(&build, WEIR_LINK_RAW);
		is_int(layers_decode(&packet, &heard.layers), LAYERS_FRAGMENT, "an outer one");
		r = fragments_add(fragments, &heard.layers, &packet, 1, &heard.datagram);
		is_int(r, i % 2, "the outer datagram");
		if (r == 0)
			continue;
		is_int(layers_decode_datagram(&heard.layers, heard.datagram.data), LAYERS_FRAGMENT,
		       "has one in it");
		r = fragments_add_inner(fragments, &heard.layers, 1, &heard.datagram);
	}
	is_int(r, 1, "the inner datagram");
	is_int(heard.datagram.packets, 4, "in four frames");
	is_int(heard.datagram.data.len, 32, "of its length");
	is_int(heard.layers.n_tunnels, 1, "in a tunnel");
	fragments_free(fragments);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		test_scenario(&scenarios[i], 4);
		test_scenario(&scenarios[i], 6);
	}
	test_keys();
	test_time();
	test_flood(0, 64, "names");
	test_flood(0, 32000, "memory");
	test_flood(32000, 8, "far away");
	test_headers();
	test_inner();
	return tap_done();
}
