/* SPDX-License-Identifier: MIT */
/* What stands before IP: link layers, VLAN tags, MPLS labels, PPP and PPPoE. */
#include <string.h>

#include "decode/walk.h"

#define ETHERNET_HEADER 14
#define SLL_HEADER 16
#define SLL2_HEADER 20
#define VLAN_TAG 4
#define MPLS_LABEL 4
#define MPLS_BOTTOM 0x100
#define PPPOE_HEADER 6
#define LLC_SNAP_HEADER 8
#define LINUX_802_2 4

/* IEEE 802 numbers (IANA); below 0x600 the field is a length (IEEE 802.3). */
enum {
	ETHERTYPE_MIN = 0x600,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_BRIDGED = 0x6558, /* Ethernet in GRE, GENEVE … */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
};

enum step link_first(uint16_t link_type)
{
	switch (link_type) {
	case WEIR_LINK_ETHERNET:
		return STEP_ETHERNET;
	case WEIR_LINK_LINUX_SLL:
		return STEP_SLL;
	case WEIR_LINK_LINUX_SLL2:
		return STEP_SLL2;
	case WEIR_LINK_NULL:
		return STEP_NULL;
	case WEIR_LINK_LOOP:
		return STEP_LOOP;
	case WEIR_LINK_PPP:
		return STEP_PPP;
	case WEIR_LINK_RAW:
		return STEP_RAW;
	case WEIR_LINK_IPV4:
		return STEP_IPV4;
	case WEIR_LINK_IPV6:
		return STEP_IPV6;
	default:
		return STEP_NOT_IP;
	}
}

/* IEEE 802.2 LLC with SNAP (RFC 1042) names an ethertype too. */
static enum step llc_decode(struct walk *walk, uint16_t length)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	const uint8_t *at = walk->in.data;
	size_t there;

	if (length <= walk->wire_len)
		walk_limit(walk, length);
	there = walk->in.len < sizeof(snap) ? walk->in.len : sizeof(snap);
	if (walk->wire_len < LLC_SNAP_HEADER || memcmp(at, snap, there) != 0)
		return STEP_NOT_IP;
	if (!walk_take(walk, LLC_SNAP_HEADER))
		return STEP_CUT;
	walk->ethertype = bytes_be16(at + sizeof(snap));
	return STEP_ETHERTYPE;
}

static enum step ethernet_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, ETHERNET_HEADER);

	if (!at)
		return walk_short(walk, ETHERNET_HEADER, WEIR_MALFORMED_LINK);
	walk->ethertype = bytes_be16(at + 12);
	return walk->ethertype < ETHERTYPE_MIN ? llc_decode(walk, walk->ethertype) : STEP_ETHERTYPE;
}

/* The protocol of Linux's cooked headers stands at an offset of its own in each: an ethertype, or
 * one of the kernel's numbers (linux/if_ether.h). */
static enum step sll_decode(struct walk *walk, uint32_t header, size_t protocol_at)
{
	const uint8_t *at = walk_take(walk, header);

	if (!at)
		return walk_short(walk, header, WEIR_MALFORMED_LINK);
	walk->ethertype = bytes_be16(at + protocol_at);
	if (walk->ethertype == LINUX_802_2)
		return llc_decode(walk, ETHERTYPE_MIN);
	return walk->ethertype < ETHERTYPE_MIN ? STEP_NOT_IP : STEP_ETHERTYPE;
}

static enum step family_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, 4);
	uint32_t family;

	if (!at)
		return walk_short(walk, 4, WEIR_MALFORMED_LINK);
	/* One byte of the four is the family, in either order. */
	family = bytes_be32(at);
	if (family > 0xff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return STEP_IPV4;
	case 10: /* Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin */
	case 23:
	case 24:
	case 28:
	case 30:
		return STEP_IPV6;
	default:
		return STEP_NOT_IP;
	}
}

/* The protocol field may be one byte (RFC 1661 6.5); address and control may stand before it. */
static enum step ppp_decode(struct walk *walk)
{
	const uint8_t *at;
	uint16_t protocol;

	if (walk->in.len >= 1 && walk->in.data[0] == 0xff) {
		at = walk_take(walk, 2);
		if (!at)
			return walk_short(walk, 2, WEIR_MALFORMED_LINK);
		if (at[1] != 0x03)
			return STEP_NOT_IP;
	}
	at = walk_take(walk, 1);
	if (!at)
		return walk_short(walk, 1, WEIR_MALFORMED_LINK);
	protocol = at[0];
	if (!(protocol & 1)) {
		at = walk_take(walk, 1);
		if (!at)
			return walk_short(walk, 1, WEIR_MALFORMED_LINK);
		protocol = (uint16_t)(protocol << 8 | at[0]);
	}
	switch (protocol) {
	case 0x0021:
		return STEP_IPV4;
	case 0x0057:
		return STEP_IPV6;
	case 0x0281:
		walk->ethertype = ETHERTYPE_MPLS;
		return STEP_ETHERTYPE;
	default:
		return STEP_NOT_IP;
	}
}

static enum step raw_decode(struct walk *walk)
{
	if (walk->in.len == 0)
		return walk_short(walk, 1, WEIR_MALFORMED_LINK);
	switch (walk->in.data[0] >> 4) {
	case 4:
		return STEP_IPV4;
	case 6:
		return STEP_IPV6;
	default:
		return walk_malformed(walk, WEIR_MALFORMED_LINK);
	}
}

enum step link_decode(struct walk *walk, enum step step)
{
	switch ((int)step) {
	case STEP_ETHERNET:
		return ethernet_decode(walk);
	case STEP_SLL:
		return sll_decode(walk, SLL_HEADER, 14);
	case STEP_SLL2:
		return sll_decode(walk, SLL2_HEADER, 0);
	case STEP_NULL:
	case STEP_LOOP:
		return family_decode(walk);
	case STEP_PPP:
		return ppp_decode(walk);
	default:
		return raw_decode(walk);
	}
}

static enum step vlan_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, VLAN_TAG);

	if (!at)
		return walk_short(walk, VLAN_TAG, WEIR_MALFORMED_VLAN);
	walk_vlan(walk, bytes_be16(at));
	walk->ethertype = bytes_be16(at + 2);
	return walk->ethertype < ETHERTYPE_MIN ? llc_decode(walk, walk->ethertype) : STEP_ETHERTYPE;
}

/* Nothing says what is below the labels but its first four bits (RFC 4928 3). */
static enum step below_mpls(struct walk *walk)
{
	if (walk->in.len == 0)
		return walk_short(walk, 1, WEIR_MALFORMED_MPLS);
	switch (walk->in.data[0] >> 4) {
	case 4:
		return STEP_IPV4;
	case 6:
		return STEP_IPV6;
	case 0: /* a pseudowire's control word (RFC 4385 3), then most often Ethernet */
		return walk_take(walk, 4) ? STEP_ETHERNET
					  : walk_short(walk, 4, WEIR_MALFORMED_MPLS);
	default:
		return STEP_NOT_IP;
	}
}

static enum step mpls_decode(struct walk *walk)
{
	const uint8_t *at;

	for (int n = 0; n < LAYERS_MAX; n++) {
		at = walk_take(walk, MPLS_LABEL);
		if (!at)
			return walk_short(walk, MPLS_LABEL, WEIR_MALFORMED_MPLS);
		if (bytes_be32(at) & MPLS_BOTTOM) {
			walk_tunnel(walk, WEIR_TUNNEL_MPLS, bytes_be32(at) >> 12);
			return below_mpls(walk);
		}
	}
	return walk_malformed(walk, WEIR_MALFORMED_DEPTH);
}

/* RFC 2516 4: version and type 1, code 0, session, length. */
static enum step pppoe_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, PPPOE_HEADER);
	uint32_t length;

	if (!at)
		return walk_short(walk, PPPOE_HEADER, WEIR_MALFORMED_PPPOE);
	length = bytes_be16(at + 4);
	if (at[0] != 0x11 || length > walk->wire_len)
		return walk_malformed(walk, WEIR_MALFORMED_PPPOE);
	if (at[1] != 0)
		return STEP_NOT_IP;
	walk_tunnel(walk, WEIR_TUNNEL_PPPOE, bytes_be16(at + 2));
	walk_limit(walk, length);
	return STEP_PPP;
}

enum step ethertype_decode(struct walk *walk)
{
	switch (walk->ethertype) {
	case ETHERTYPE_IPV4:
		return STEP_IPV4;
	case ETHERTYPE_IPV6:
		return STEP_IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return vlan_decode(walk);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		return mpls_decode(walk);
	case ETHERTYPE_PPPOE:
		return pppoe_decode(walk);
	case ETHERTYPE_PPP:
		return STEP_PPP;
	case ETHERTYPE_BRIDGED:
		return STEP_ETHERNET;
	default:
		return STEP_NOT_IP;
	}
}

/* Of those ethertype_decode knows: anything else in a tunnel makes no flow of its own. */
bool ethertype_is_followed(uint16_t ethertype)
{
	switch (ethertype) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
	case ETHERTYPE_PPPOE:
	case ETHERTYPE_PPP:
	case ETHERTYPE_BRIDGED:
		return true;
	default:
		return false;
	}
}
