/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Inside of layers_decode: what a header's decoder gets and what it says of what follows. Each
 * takes its header off walk->in and returns the next step.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "decode/layers.h"

enum step {
	STEP_ETHERNET,
	STEP_SLL,
	STEP_SLL2,
	STEP_NULL,
	STEP_LOOP,
	STEP_PPP,
	STEP_RAW,       /* an IP header of either version */
	STEP_ETHERTYPE, /* by walk->ethertype */
	STEP_IPV4,
	STEP_IPV6,
	STEP_EXTENSION, /* of IPv6, by layers->proto; any number of them, or none */
	STEP_TRANSPORT, /* by layers->proto */
	STEP_FLOW,      /* the end: enum layers_result in the same order */
	STEP_FRAGMENT,
	STEP_NOT_IP,
	STEP_CUT,
	STEP_MALFORMED,
};

struct walk {
	struct bytes in;   /* captured, not yet read */
	uint32_t wire_len; /* bytes of it on the wire, as the layer above says; in.len or more */
	uint16_t ethertype;
	bool is_offloaded; /* IP states no length: more than it can say, or left to the card */
	bool is_quoted;    /* by an ICMP error, which ends anywhere: lengths prove nothing */
	struct layers *layers;
};

/* Takes n bytes off both lengths; NULL: fewer were captured. */
static inline const uint8_t *walk_take(struct walk *walk, uint32_t n)
{
	const uint8_t *at = bytes_take(&walk->in, n);

	if (at)
		walk->wire_len -= n;
	return at;
}

/* What follows is so long on the wire, whatever the layer above said. */
static inline void walk_limit(struct walk *walk, uint32_t wire_len)
{
	walk->wire_len = wire_len;
	bytes_limit(&walk->in, wire_len);
}

static inline enum step walk_malformed(struct walk *walk, enum weir_malformed what)
{
	walk->layers->malformed = (uint8_t)what;
	return STEP_MALFORMED;
}

/* A header is not all there: cut by the capture, or never sent whole. */
static inline enum step walk_short(struct walk *walk, uint32_t needs, enum weir_malformed what)
{
	return walk->wire_len >= needs ? STEP_CUT : walk_malformed(walk, what);
}

/* Notes a tag; more than are kept are passed through unnoted. Identifier 0 is none: such a tag is
 * there for the priority (IEEE 802.1Q 9.6), often of one direction only. */
static inline void walk_vlan(struct walk *walk, uint16_t tci)
{
	struct layers *layers = walk->layers;

	if ((tci & 0xfff) && layers->n_vlans < WEIR_FLOW_VLANS_MAX)
		layers->vlan[layers->n_vlans++] = tci & 0xfff;
}

/* Notes a tunnel; more than are kept are passed through unnoted. */
static inline void walk_tunnel(struct walk *walk, enum weir_tunnel tunnel, uint32_t id)
{
	struct layers *layers = walk->layers;

	if (layers->n_tunnels < WEIR_FLOW_TUNNELS_MAX)
		layers->tunnels[layers->n_tunnels++] = (uint8_t)tunnel;
	if (id)
		layers->tunnel_id = id;
}

/* link.c: every kind of link layer, and what an ethertype stands for. */
enum step link_first(uint16_t link_type);
enum step link_decode(struct walk *walk, enum step step);
enum step ethertype_decode(struct walk *walk);
bool ethertype_is_followed(uint16_t ethertype);

/* ip.c */
enum step ipv4_decode(struct walk *walk);
enum step ipv6_decode(struct walk *walk);
enum step extensions_decode(struct walk *walk);

/* transport.c, tunnels.c */
enum step transport_decode(struct walk *walk);
/* STEP_TRANSPORT: it is none, or not one that can be followed. */
enum step tunnel_decode_ip(struct walk *walk);
enum step tunnel_decode_udp(struct walk *walk);
bool tunnel_is_port(uint16_t port);

/* plain.c: the packet is a flow and *ret, zeroed before, says which; false: *ret is as it was. */
bool plain_decode(const struct weir_packet *packet, uint32_t wire_len, struct layers *ret);
