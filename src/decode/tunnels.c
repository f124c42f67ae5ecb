/* SPDX-License-Identifier: MIT */
/*
 * What is carried inside of IP or UDP as a packet of its own. A header that is not exactly as its
 * standard says is none: then the outer datagram is the flow, as it is for a port that only looks
 * like a tunnel's.
 */
#include <netinet/in.h>

#include "decode/walk.h"

/* IANA service names */
#define PORT_GTP_U 2152
#define PORT_VXLAN 4789
#define PORT_GENEVE 6081

#define VXLAN_HEADER 8
#define GENEVE_HEADER 8
#define GTP_HEADER 8

enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_RESERVED = 0x4c00, /* RFC 2784 2.3: to be discarded */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
};

/* Fewer than a header's bytes: cut off, or none. */
static enum step too_short(const struct walk *walk, uint32_t needs)
{
	return walk->wire_len >= needs ? STEP_CUT : STEP_TRANSPORT;
}

/* Bytes of the header, by its flags (RFC 2784, RFC 2890; version 1 as PPTP has it, RFC 2637 4.1);
 * 0: not one that is followed. */
static uint32_t gre_header(uint32_t flags, uint16_t ethertype)
{
	uint32_t n = 4 + (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) +
		     (flags & GRE_SEQUENCE ? 4 : 0);

	if (flags & GRE_RESERVED || !ethertype_is_followed(ethertype))
		return 0;
	if ((flags & GRE_VERSION) == 0)
		return n;
	/* Without a sequence number it only acknowledges. */
	if ((flags & GRE_VERSION) != 1 || !(flags & GRE_KEY) || !(flags & GRE_SEQUENCE))
		return 0;
	return n + (flags & GRE_ACK ? 4 : 0);
}

static enum step gre_decode(struct walk *walk)
{
	const uint8_t *at = walk->in.data;
	uint32_t flags, header, id = 0;

	if (walk->in.len < 4)
		return too_short(walk, 4);
	flags = bytes_be16(at);
	header = gre_header(flags, bytes_be16(at + 2));
	if (!header)
		return STEP_TRANSPORT;
	if (!walk_take(walk, header))
		return too_short(walk, header);
	walk->ethertype = bytes_be16(at + 2);
	if (flags & GRE_KEY)
		id = bytes_be32(at + 4 + (flags & GRE_CHECKSUM ? 4 : 0));
	/* version 1 keeps a length in the upper half */
	walk_tunnel(walk, WEIR_TUNNEL_GRE, flags & GRE_VERSION ? id & 0xffff : id);
	return STEP_ETHERTYPE;
}

enum step tunnel_decode_ip(struct walk *walk)
{
	switch (walk->layers->proto) {
	case IPPROTO_IPIP:
		walk_tunnel(walk, WEIR_TUNNEL_IPIP, 0);
		return STEP_IPV4;
	case IPPROTO_IPV6:
		walk_tunnel(walk, WEIR_TUNNEL_IPIP, 0);
		return STEP_IPV6;
	case IPPROTO_GRE:
		return gre_decode(walk);
	default:
		return STEP_TRANSPORT;
	}
}

/* RFC 7348 5: the flag says that there is a VNI, all else is reserved and zero. */
static enum step vxlan_decode(struct walk *walk)
{
	const uint8_t *at = walk->in.data;

	if (walk->in.len < VXLAN_HEADER)
		return too_short(walk, VXLAN_HEADER);
	if (bytes_be32(at) != 0x08000000 || at[7] != 0)
		return STEP_TRANSPORT;
	walk_take(walk, VXLAN_HEADER);
	walk_tunnel(walk, WEIR_TUNNEL_VXLAN, bytes_be24(at + 4));
	return STEP_ETHERNET;
}

/* RFC 8926 3.4: version 0, reserved bits zero. */
static enum step geneve_decode(struct walk *walk)
{
	const uint8_t *at = walk->in.data;
	uint32_t header;

	if (walk->in.len < GENEVE_HEADER)
		return too_short(walk, GENEVE_HEADER);
	header = GENEVE_HEADER + (at[0] & 0x3fu) * 4;
	if (at[0] >> 6 != 0 || at[1] & 0x3f || at[7] != 0 ||
	    !ethertype_is_followed(bytes_be16(at + 2)))
		return STEP_TRANSPORT;
	if (!walk_take(walk, header))
		return too_short(walk, header);
	walk->ethertype = bytes_be16(at + 2);
	walk_tunnel(walk, WEIR_TUNNEL_GENEVE, bytes_be24(at + 4));
	return STEP_ETHERTYPE;
}

/* Extension headers: length in 4 bytes, contents, the next one's type (3GPP TS 29.281 5.2.1).
 * STEP_RAW: they are behind. */
static enum step gtp_extensions(struct walk *walk, uint8_t next)
{
	for (int n = 0; next != 0; n++) {
		const uint8_t *at = walk->in.data;
		uint32_t length;

		if (n == LAYERS_MAX)
			return STEP_TRANSPORT;
		if (walk->in.len < 4)
			return too_short(walk, 4);
		length = at[0] * 4u;
		if (length == 0)
			return STEP_TRANSPORT;
		if (!walk_take(walk, length))
			return too_short(walk, length);
		next = at[length - 1];
	}
	return STEP_RAW;
}

/* What stands before the inner packet, beyond the first 8 bytes. */
static enum step gtp_optional(struct walk *walk, uint8_t flags)
{
	const uint8_t *at;
	enum step step = STEP_RAW;

	if (flags & 7) {
		at = walk_take(walk, 4);
		if (!at)
			return too_short(walk, 4);
		if (flags & 4)
			step = gtp_extensions(walk, at[3]);
	}
	if (step != STEP_RAW)
		return step;
	if (walk->in.len == 0)
		return too_short(walk, 1);
	return walk->in.data[0] >> 4 == 4 || walk->in.data[0] >> 4 == 6 ? STEP_RAW : STEP_TRANSPORT;
}

/* 3GPP TS 29.281 5.1: version 1, protocol type GTP, message G-PDU; an IP packet inside. */
static enum step gtp_decode(struct walk *walk)
{
	struct walk inner = *walk;
	const uint8_t *at = walk_take(&inner, GTP_HEADER);
	enum step step;

	if (!at)
		return too_short(walk, GTP_HEADER);
	if ((at[0] & 0xf0) != 0x30 || at[1] != 0xff || bytes_be16(at + 2) > inner.wire_len)
		return STEP_TRANSPORT;
	walk_limit(&inner, bytes_be16(at + 2));
	step = gtp_optional(&inner, at[0]);
	if (step != STEP_RAW)
		return step;
	*walk = inner;
	walk_tunnel(walk, WEIR_TUNNEL_GTPU, bytes_be32(at + 4));
	return STEP_RAW;
}

enum step tunnel_decode_udp(struct walk *walk)
{
	switch (walk->layers->destination_port) {
	case PORT_VXLAN:
		return vxlan_decode(walk);
	case PORT_GENEVE:
		return geneve_decode(walk);
	case PORT_GTP_U:
		return gtp_decode(walk);
	default:
		return STEP_TRANSPORT;
	}
}

bool tunnel_is_port(uint16_t port)
{
	return port == PORT_VXLAN || port == PORT_GENEVE || port == PORT_GTP_U;
}
