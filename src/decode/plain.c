/* SPDX-License-Identifier: MIT */
/*
 * What nearly all packets are, in less than half of the instructions the walk takes: Ethernet, IP
 * without options or extensions, not in fragments, TCP or UDP in no tunnel. Anything else, anything
 * wrong or cut, and SYNs for their options, are left to the walk; what both take comes out the
 * same.
 */
#include <netinet/in.h>
#include <string.h>

#include "decode/walk.h"

#define ETHERNET_HEADER 14
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8

/* The compiler would not, of what is called for both versions: a call and a struct through memory
 * are a quarter of the instructions. */
#define INLINE static inline __attribute__((always_inline))

/* What IP carries: captured, and of that length on the wire, which is no less. */
struct carried {
	const uint8_t *at;
	uint32_t cap_len;
	uint32_t wire_len;
	uint8_t proto;
};

INLINE void take(const struct carried *carried, uint32_t header, uint32_t len, struct layers *ret)
{
	uint32_t cap_len = carried->cap_len - header;

	ret->payload = (struct bytes){carried->at + header, cap_len < len ? cap_len : len};
	ret->payload_len = len;
	ret->source_port = bytes_be16(carried->at);
	ret->destination_port = bytes_be16(carried->at + 2);
	ret->proto = carried->proto;
}

INLINE bool plain_tcp(const struct carried *carried, struct layers *ret)
{
	const uint8_t *at = carried->at;
	uint32_t header;

	if (carried->cap_len < TCP_HEADER)
		return false;
	header = (at[12] >> 4) * 4u;
	if (header < TCP_HEADER || header > carried->cap_len || at[13] & TCP_SYN)
		return false;
	take(carried, header, carried->wire_len - header, ret);
	ret->tcp.seq = bytes_be32(at + 4);
	ret->tcp.ack = bytes_be32(at + 8);
	ret->tcp.flags = at[13];
	ret->tcp.window = bytes_be16(at + 14);
	ret->tcp.urgent = bytes_be16(at + 18);
	ret->tcp.window_shift = 0xff;
	return true;
}

INLINE bool plain_udp(const struct carried *carried, struct layers *ret)
{
	uint32_t length;

	if (carried->cap_len < UDP_HEADER)
		return false;
	length = bytes_be16(carried->at + 4);
	if (length < UDP_HEADER || length > carried->wire_len ||
	    tunnel_is_port(bytes_be16(carried->at + 2)))
		return false;
	take(carried, UDP_HEADER, length - UDP_HEADER, ret);
	return true;
}

INLINE bool plain_transport(const struct carried *carried, struct layers *ret)
{
	if (carried->proto == IPPROTO_TCP)
		return plain_tcp(carried, ret);
	return carried->proto == IPPROTO_UDP && plain_udp(carried, ret);
}

INLINE bool plain_ipv4(struct bytes in, uint32_t wire_len, struct layers *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *at = in.data;
	uint32_t length = bytes_be16(at + 2);
	struct carried carried;

	if (at[0] != 0x45 || bytes_be16(at + 6) & 0x3fff || length < IPV4_HEADER ||
	    length > wire_len)
		return false;
	bytes_limit(&in, length);
	carried = (struct carried){at + IPV4_HEADER, (uint32_t)in.len - IPV4_HEADER,
				   length - IPV4_HEADER, at[9]};
	if (!plain_transport(&carried, ret))
		return false;
	ret->ttl = at[8];
	memcpy(ret->source.bytes, mapped, sizeof(mapped));
	memcpy(ret->source.bytes + sizeof(mapped), at + 12, 4);
	memcpy(ret->destination.bytes, mapped, sizeof(mapped));
	memcpy(ret->destination.bytes + sizeof(mapped), at + 16, 4);
	return true;
}

INLINE bool plain_ipv6(struct bytes in, uint32_t wire_len, struct layers *ret)
{
	const uint8_t *at = in.data;
	uint32_t length = bytes_be16(at + 4) + IPV6_HEADER;
	struct carried carried;

	if (in.len < IPV6_HEADER || at[0] >> 4 != 6 || length == IPV6_HEADER || length > wire_len)
		return false;
	bytes_limit(&in, length);
	carried = (struct carried){at + IPV6_HEADER, (uint32_t)in.len - IPV6_HEADER,
				   length - IPV6_HEADER, at[6]};
	if (!plain_transport(&carried, ret))
		return false;
	ret->ttl = at[7];
	memcpy(ret->source.bytes, at + 8, 16);
	memcpy(ret->destination.bytes, at + 24, 16);
	return true;
}

bool plain_decode(const struct weir_packet *packet, uint32_t wire_len, struct layers *ret)
{
	struct bytes in = {packet->data, packet->cap_len};
	const uint8_t *at = in.data;

	if (packet->link_type != WEIR_LINK_ETHERNET || packet->vlan_tpid ||
	    in.len < ETHERNET_HEADER + IPV4_HEADER)
		return false;
	bytes_take(&in, ETHERNET_HEADER);
	switch (bytes_be16(at + 12)) {
	case 0x0800:
		return plain_ipv4(in, wire_len - ETHERNET_HEADER, ret);
	case 0x86dd:
		return plain_ipv6(in, wire_len - ETHERNET_HEADER, ret);
	default:
		return false;
	}
}
