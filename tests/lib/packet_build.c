/* SPDX-License-Identifier: MIT */
#include "packet_build.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* Room for a header, of zeros. */
static uint8_t *front(struct packet_build *build, size_t len)
{
	if (len > build->begin)
		abort();
	build->begin -= len;
	return memset(build->room + build->begin, 0, len);
}

/* RFC 1071 */
static uint32_t sum16(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	if (len % 2)
		sum += (uint32_t)at[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of what is there from offset on, with the sum of addresses in `sum`. */
static void put_checksum(struct packet_build *build, size_t offset, uint8_t proto, uint32_t sum)
{
	uint8_t *at = packet_build_at(build) + offset;
	size_t len = packet_build_len(build) - offset;
	size_t where = proto == IPPROTO_TCP      ? 16
		       : proto == IPPROTO_UDP    ? 6
		       : proto == IPPROTO_ICMPV6 ? 2
						 : 0;

	if (!where || len < where + 2)
		return;
	put16(at + where, 0);
	sum = ~sum16(sum + proto + (uint32_t)len, at, len) & 0xffff;
	put16(at + where, proto == IPPROTO_UDP && !sum ? 0xffff : sum);
}

void packet_build_init(struct packet_build *build)
{
	build->begin = PACKET_BUILD_ROOM;
}

uint8_t *packet_build_at(struct packet_build *build)
{
	return build->room + build->begin;
}

size_t packet_build_len(const struct packet_build *build)
{
	return PACKET_BUILD_ROOM - build->begin;
}

struct weir_packet packet_build_packet(struct packet_build *build, uint16_t link_type)
{
	return (struct weir_packet){
		.data = packet_build_at(build),
		.cap_len = (uint32_t)packet_build_len(build),
		.wire_len = (uint32_t)packet_build_len(build),
		.link_type = link_type,
	};
}

void packet_build_bytes(struct packet_build *build, const void *bytes, size_t len)
{
	memcpy(front(build, len), bytes, len);
}

void packet_build_pattern(struct packet_build *build, uint8_t first, size_t len)
{
	uint8_t *at = front(build, len);

	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(first + i + (i >> 8));
}

void packet_build_padding(struct packet_build *build, uint8_t byte, size_t len)
{
	size_t old = packet_build_len(build);

	front(build, len);
	memmove(packet_build_at(build), packet_build_at(build) + len, old);
	memset(packet_build_at(build) + old, byte, len);
}

void packet_build_tcp(struct packet_build *build, const struct packet_build_tcp *tcp)
{
	uint8_t *at = front(build, 20 + tcp->options_len);

	put16(at, tcp->source_port);
	put16(at + 2, tcp->destination_port);
	put32(at + 4, tcp->seq);
	put32(at + 8, tcp->ack);
	at[12] = (uint8_t)((20 + tcp->options_len) / 4 << 4);
	at[13] = tcp->flags;
	put16(at + 14, tcp->window);
	if (tcp->options_len)
		memcpy(at + 20, tcp->options, tcp->options_len);
}

void packet_build_udp(struct packet_build *build, uint16_t source_port, uint16_t destination_port)
{
	uint32_t len = 8 + (uint32_t)packet_build_len(build);
	uint8_t *at = front(build, 8);

	put16(at, source_port);
	put16(at + 2, destination_port);
	put16(at + 4, len > 65535 ? 0 : len);
}

void packet_build_icmp(struct packet_build *build, uint8_t type, uint8_t code, uint32_t rest)
{
	uint8_t *at = front(build, 8);

	at[0] = type;
	at[1] = code;
	put32(at + 4, rest);
	put16(at + 2, ~sum16(0, at, packet_build_len(build)) & 0xffff);
}

void packet_build_sctp(struct packet_build *build, uint16_t source_port, uint16_t destination_port)
{
	uint8_t *at = front(build, 12);

	put16(at, source_port);
	put16(at + 2, destination_port);
}

void packet_build_ipv4(struct packet_build *build, const struct packet_build_ipv4 *ipv4)
{
	uint32_t header = 20 + ipv4->n_options * 4u;
	uint32_t len = header + (uint32_t)packet_build_len(build);
	uint8_t *at = front(build, header);

	at[0] = (uint8_t)(0x40 | header / 4);
	put16(at + 2, len > 65535 ? 0 : len);
	put16(at + 4, ipv4->id);
	put16(at + 6, ipv4->fragment);
	at[8] = 64;
	at[9] = ipv4->proto;
	put32(at + 12, ipv4->source);
	put32(at + 16, ipv4->destination);
	memset(at + 20, 1, ipv4->n_options * 4u);
	put16(at + 10, ~sum16(0, at, header) & 0xffff);
	if (!(ipv4->fragment & 0x3fff) && ipv4->proto != IPPROTO_ICMPV6)
		put_checksum(build, header, ipv4->proto, sum16(0, at + 12, 8));
}

void packet_build_ipv6(struct packet_build *build, const struct packet_build_ipv6 *ipv6)
{
	static const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8};
	uint32_t len = (uint32_t)packet_build_len(build);
	uint8_t *at = front(build, 40);

	at[0] = 0x60;
	put16(at + 4, len > 65535 ? 0 : len);
	at[6] = ipv6->next;
	at[7] = 63;
	memcpy(at + 8, prefix, sizeof(prefix));
	memcpy(at + 24, prefix, sizeof(prefix));
	at[23] = ipv6->source;
	at[39] = ipv6->destination;
	put_checksum(build, 40u + ipv6->extensions_len,
		     ipv6->transport ? ipv6->transport : ipv6->next, sum16(0, at + 8, 32));
}

void packet_build_extension(struct packet_build *build, uint8_t next, uint8_t n_more)
{
	uint8_t *at = front(build, 8 + n_more * 8u);

	at[0] = next;
	at[1] = n_more;
}

void packet_build_ah(struct packet_build *build, uint8_t next)
{
	uint8_t *at = front(build, 16);

	at[0] = next;
	at[1] = 2;
}

void packet_build_fragment(struct packet_build *build, uint8_t next, uint16_t offset_more,
			   uint32_t id)
{
	uint8_t *at = front(build, 8);

	at[0] = next;
	put16(at + 2, offset_more);
	put32(at + 4, id);
}

static void macs(uint8_t *at)
{
	static const uint8_t both[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

	memcpy(at, both, sizeof(both));
}

void packet_build_ethernet(struct packet_build *build, uint16_t ethertype)
{
	uint8_t *at = front(build, 14);

	macs(at);
	put16(at + 12, ethertype);
}

void packet_build_llc(struct packet_build *build, uint16_t ethertype)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
	uint8_t *at = front(build, 8);

	memcpy(at, snap, sizeof(snap));
	put16(at + 6, ethertype);
	packet_build_ethernet(build, (uint16_t)packet_build_len(build));
}

void packet_build_vlan(struct packet_build *build, uint16_t tci, uint16_t ethertype)
{
	uint8_t *at = front(build, 4);

	put16(at, tci);
	put16(at + 2, ethertype);
}

void packet_build_mpls(struct packet_build *build, uint32_t label, int is_bottom)
{
	put32(front(build, 4), label << 12 | (is_bottom ? 0x100 : 0) | 64);
}

void packet_build_pppoe(struct packet_build *build, uint16_t session)
{
	uint32_t len = (uint32_t)packet_build_len(build);
	uint8_t *at = front(build, 6);

	at[0] = 0x11;
	put16(at + 2, session);
	put16(at + 4, len);
}

void packet_build_ppp(struct packet_build *build, uint16_t protocol)
{
	uint8_t both[2];

	put16(both, protocol);
	packet_build_bytes(build, protocol < 0x100 ? both + 1 : both, protocol < 0x100 ? 1 : 2);
}

void packet_build_sll(struct packet_build *build, uint16_t protocol)
{
	put16(front(build, 16) + 14, protocol);
}

void packet_build_sll2(struct packet_build *build, uint16_t protocol)
{
	put16(front(build, 20), protocol);
}

void packet_build_gre(struct packet_build *build, uint16_t flags, uint16_t ethertype, uint32_t key)
{
	uint32_t len = (uint32_t)packet_build_len(build);
	uint8_t *at;

	if (flags & 0x0080)
		front(build, 4);
	if (flags & 0x1000)
		front(build, 4);
	if (flags & 0x2000)
		put32(front(build, 4), flags & 1 ? len << 16 | key : key);
	if (flags & 0x8000)
		front(build, 4);
	at = front(build, 4);
	put16(at, flags);
	put16(at + 2, ethertype);
}

void packet_build_vxlan(struct packet_build *build, uint32_t vni)
{
	uint8_t *at = front(build, 8);

	at[0] = 8;
	put32(at + 4, vni << 8);
}

void packet_build_geneve(struct packet_build *build, uint32_t vni, uint16_t ethertype,
			 uint8_t n_options)
{
	uint8_t *at = front(build, 8 + n_options * 4u);

	at[0] = n_options;
	put16(at + 2, ethertype);
	put32(at + 4, vni << 8);
}

void packet_build_gtp(struct packet_build *build, uint32_t teid, int with_extension)
{
	uint8_t *at;

	if (with_extension) {
		at = front(build, 4);
		at[0] = 1; /* × 4 bytes; then nothing follows */
		at = front(build, 4);
		at[3] = 0x85; /* PDU session container */
	}
	at = front(build, 8);
	at[0] = with_extension ? 0x36 : 0x30;
	at[1] = 0xff;
	put16(at + 2, (uint32_t)packet_build_len(build) - 8);
	put32(at + 4, teid);
}
