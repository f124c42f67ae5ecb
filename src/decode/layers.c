/* SPDX-License-Identifier: MIT */
#include "decode/layers.h"

#include <string.h>

#include "decode/walk.h"

static enum step take_step(struct walk *walk, enum step step)
{
	switch (step) {
	case STEP_ETHERTYPE:
		return ethertype_decode(walk);
	case STEP_IPV4:
		return ipv4_decode(walk);
	case STEP_IPV6:
		return ipv6_decode(walk);
	case STEP_EXTENSION:
		return extensions_decode(walk);
	case STEP_TRANSPORT:
		return transport_decode(walk);
	case STEP_ETHERNET:
	case STEP_SLL:
	case STEP_SLL2:
	case STEP_NULL:
	case STEP_LOOP:
	case STEP_PPP:
	case STEP_RAW:
		return link_decode(walk, step);
	case STEP_FLOW:
	case STEP_FRAGMENT:
	case STEP_NOT_IP:
	case STEP_CUT:
	case STEP_MALFORMED:
		break;
	}
	return step;
}

static enum layers_result walk_all(struct walk *walk, enum step step)
{
	for (int depth = 0; step < STEP_FLOW; depth++) {
		if (depth == LAYERS_MAX)
			step = walk_malformed(walk, WEIR_MALFORMED_DEPTH);
		else
			step = take_step(walk, step);
	}
	walk->layers->payload = walk->in;
	walk->layers->payload_len = walk->wire_len;
	return (enum layers_result)(step - STEP_FLOW);
}

/* In two halves, each of which is a few stores: of the whole, gcc makes a `rep stos`, which costs
 * as much as all else. */
static inline void layers_clear(struct layers *layers)
{
	memset(layers, 0, sizeof(*layers) / 2);
	memset((uint8_t *)layers + sizeof(*layers) / 2, 0, sizeof(*layers) - sizeof(*layers) / 2);
}

/* Apart, so that the plain path does without its frame. */
__attribute__((noinline)) static enum layers_result
walk_packet(const struct weir_packet *packet, uint32_t wire_len, struct layers *ret)
{
	struct walk walk = {
		.in = {packet->data, packet->cap_len},
		.wire_len = wire_len,
		.layers = ret,
	};

	if (packet->vlan_tpid)
		walk_vlan(&walk, packet->vlan_tci);
	return walk_all(&walk, link_first(packet->link_type));
}

enum layers_result layers_decode(const struct weir_packet *packet, struct layers *ret)
{
	uint32_t wire_len = packet->wire_len > packet->cap_len ? packet->wire_len : packet->cap_len;

	layers_clear(ret);
	if (plain_decode(packet, wire_len, ret))
		return LAYERS_FLOW;
	return walk_packet(packet, wire_len, ret);
}

enum layers_result layers_decode_datagram(struct layers *layers, struct bytes datagram)
{
	struct walk walk = {
		.in = datagram,
		.wire_len = (uint32_t)datagram.len,
		.layers = layers,
	};

	return walk_all(&walk, layers->fragment.version == 6 ? STEP_EXTENSION : STEP_TRANSPORT);
}

enum layers_result layers_decode_quoted(const struct layers *layers, struct layers *ret)
{
	struct walk walk = {
		.in = layers->payload,
		.wire_len = layers->payload_len,
		.is_quoted = true,
		.layers = ret,
	};

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->vlan, layers->vlan, sizeof(ret->vlan));
	memcpy(ret->tunnels, layers->tunnels, sizeof(ret->tunnels));
	ret->n_vlans = layers->n_vlans;
	ret->n_tunnels = layers->n_tunnels;
	ret->tunnel_id = layers->tunnel_id;
	return walk_all(&walk, STEP_RAW);
}
