/* SPDX-License-Identifier: MIT */

/* Keys of flows: both directions have the same, anything else another; and hashes spread. */

#include "flow_frames.h"
#include "model/flow_key.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const struct frame base = {.from = 0x0a000001,
				  .to = 0x0a000002,
				  .from_port = 1000,
				  .to_port = 80,
				  .proto = IPPROTO_UDP};

/* Flows that differ from it, in what they say. */
static const struct frame others[] = {
	{.from = 0x0a000003},
	/* the same sums of addresses and of ports */
	{.from = 0x0a000000, .to = 0x0a000003},
	{.from_port = 999, .to_port = 81},
	/* ports at the other ends */
	{.from_port = 80, .to_port = 1000},
	{.proto = IPPROTO_TCP},
	{.is_v6 = true},
	{.vlans = {7}},
	{.vlans = {7, 8}},
	{.vlans = {8, 7}},
	{.tunnel = WEIR_TUNNEL_IPIP},
	{.tunnel = WEIR_TUNNEL_GRE, .tunnel_id = 1},
	{.tunnel = WEIR_TUNNEL_GRE, .tunnel_id = 2},
	{.tunnel = WEIR_TUNNEL_VXLAN, .tunnel_id = 2},
	{.tunnel = WEIR_TUNNEL_GENEVE, .tunnel_id = 2},
	{.tunnel = WEIR_TUNNEL_GTPU, .tunnel_id = 2},
};

static bool key_of(const struct frame *frame, struct flow_key *ret_key)
{
	static uint8_t bytes[FRAME_MAX];
	struct weir_packet packet = frame_build(frame, bytes);
	struct layers layers;

	if (layers_decode(&packet, &layers) != LAYERS_FLOW)
		ok(false, "a frame of the table is decoded");
	return flow_key_make(&layers, ret_key);
}

static struct frame like_base(const struct frame *other)
{
	struct frame frame = *other;

	frame.from = other->from ? other->from : base.from;
	frame.to = other->to ? other->to : base.to;
	frame.from_port = other->from_port ? other->from_port : base.from_port;
	frame.to_port = other->to_port ? other->to_port : base.to_port;
	frame.proto = other->proto ? other->proto : base.proto;
	return frame;
}

static struct frame reversed(const struct frame *frame)
{
	struct frame other = *frame;

	other.from = frame->to;
	other.to = frame->from;
	other.from_port = frame->to_port;
	other.to_port = frame->from_port;
	return other;
}

static void test_different(void)
{
	struct flow_key keys[N_ELEMENTS(others) + 1];
	struct flow_key back;
	bool symmetric = true, different = true;

	key_of(&base, &keys[0]);
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		struct frame one = like_base(&others[i]);
		struct frame other = reversed(&one);

		symmetric = symmetric && key_of(&one, &keys[i + 1]) != key_of(&other, &back);
		symmetric = symmetric && flow_key_equal(&keys[i + 1], &back);
		for (size_t k = 0; k <= i; k++)
			different = different && !flow_key_equal(&keys[i + 1], &keys[k]);
	}
	ok(symmetric, "both directions have one key, and differ in who is the higher");
	ok(different, "each of %zu flows has a key of its own", N_ELEMENTS(keys));
}

static void test_tell(void)
{
	struct frame frame = base;
	struct weir_flow_key told;
	struct flow_key key;
	char text[WEIR_ADDR_TEXT_MAX];
	bool higher;

	frame.vlans[0] = 7;
	frame.vlans[1] = 4094;
	frame.tunnel = WEIR_TUNNEL_VXLAN;
	frame.tunnel_id = 0xabcdef;
	higher = key_of(&frame, &key);
	flow_key_tell(&key, higher, 0, &told);
	weir_addr_format(&told.addr[WEIR_INITIATOR], text);
	is_str(text, "10.0.0.1", "the source is the initiator");
	weir_addr_format(&told.addr[WEIR_RESPONDER], text);
	is_str(text, "10.0.0.2", "the destination is the responder");
	ok(told.port[0] == 1000 && told.port[1] == 80 && told.proto == IPPROTO_UDP,
	   "ports and protocol");
	ok(told.n_vlans == 2 && told.vlan[0] == 7 && told.vlan[1] == 4094, "VLANs");
	ok(told.tunnels[0] == WEIR_TUNNEL_VXLAN && !told.tunnels[1] && told.tunnel_id == 0xabcdef,
	   "the tunnel");
	flow_key_tell(&key, !higher, 3, &told);
	ok(told.port[0] == 80 && told.port[1] == 1000, "seen from the other end");
	ok(told.tunnels[0] == WEIR_TUNNEL_MPLS && told.tunnels[1] == WEIR_TUNNEL_MPLS &&
		   told.tunnels[2] == WEIR_TUNNEL_VXLAN,
	   "labels are told where they stood");
}

/* What sequential addresses and ports make: with a hash that only adds, thousands would meet. */
static void test_spread(void)
{
	enum { BUCKETS = 4096, KEYS = 65536 };
	static uint32_t buckets[BUCKETS];
	struct flow_hash hash;
	uint32_t most = 0;

	flow_hash_init(&hash);
	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key key;
		struct layers layers = {
			.source = {{[12] = 10, [15] = (uint8_t)(i & 255)}},
			.destination = {{[12] = 10, [15] = (uint8_t)(255 - (i & 255))}},
			.source_port = (uint16_t)(i >> 8),
			.destination_port = (uint16_t)(1000 - (i >> 8)),
			.proto = IPPROTO_TCP,
		};
		uint32_t *bucket;

		flow_key_make(&layers, &key);
		bucket = &buckets[flow_key_hash(&hash, &key) % BUCKETS];
		most = ++*bucket > most ? *bucket : most;
	}
	/* 16 on the average, so 56 is ten standard deviations away. */
	ok(most < 56, "%d keys of one sum in %d buckets: at most %u in one", KEYS, BUCKETS, most);
}

int main(void)
{
	test_different();
	test_tell();
	test_spread();
	return tap_done();
}
