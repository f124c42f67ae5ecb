/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Packets made by hand, from the inside out: the payload first, then each header in front of what
 * is there. Lengths and checksums are those of what is there at that moment; a test that wants them
 * wrong writes into packet_build_at() afterwards.
 */

#include <stddef.h>
#include <stdint.h>

#include <weir/packet.h>

#define PACKET_BUILD_ROOM (192 << 10)

struct packet_build {
	size_t begin; /* of what there is, which goes to the end of room */
	uint8_t room[PACKET_BUILD_ROOM];
};

struct packet_build_tcp {
	uint16_t source_port;
	uint16_t destination_port;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t window;
	const uint8_t *options;
	size_t options_len; /* a multiple of 4 */
};

struct packet_build_ipv4 {
	uint32_t source; /* host order: 0x0a000001 is 10.0.0.1 */
	uint32_t destination;
	uint8_t proto;
	uint16_t id;
	uint16_t fragment; /* flags and offset, as in the header */
	uint8_t n_options; /* 4 bytes each, of NOPs */
};

struct packet_build_ipv6 {
	uint8_t source; /* the last byte; before it stands 2001:db8:: */
	uint8_t destination;
	uint8_t next;
	/* For the checksum: what comes after the extension headers and how many bytes these are;
	 * 0: next, none. */
	uint8_t transport;
	uint16_t extensions_len;
};

/* Empty again. */
void packet_build_init(struct packet_build *build);

uint8_t *packet_build_at(struct packet_build *build);
size_t packet_build_len(const struct packet_build *build);

/* The packet as captured in full; borrowed until the next call that changes it. */
struct weir_packet packet_build_packet(struct packet_build *build, uint16_t link_type);

/* Anything in front: a payload, or a header that is written out. */
void packet_build_bytes(struct packet_build *build, const void *bytes, size_t len);
/* len bytes that differ by place, the first of them `first`. */
void packet_build_pattern(struct packet_build *build, uint8_t first, size_t len);
/* Bytes behind all, as Ethernet's padding. */
void packet_build_padding(struct packet_build *build, uint8_t byte, size_t len);

void packet_build_tcp(struct packet_build *build, const struct packet_build_tcp *tcp);
void packet_build_udp(struct packet_build *build, uint16_t source_port, uint16_t destination_port);
/* rest: the four bytes after the checksum. */
void packet_build_icmp(struct packet_build *build, uint8_t type, uint8_t code, uint32_t rest);
void packet_build_sctp(struct packet_build *build, uint16_t source_port, uint16_t destination_port);

/* Also fills in the checksum of TCP, UDP and ICMPv6, where this is no fragment. */
void packet_build_ipv4(struct packet_build *build, const struct packet_build_ipv4 *ipv4);
void packet_build_ipv6(struct packet_build *build, const struct packet_build_ipv6 *ipv6);
/* 8 bytes each, of padding options; AH counts in 4. */
void packet_build_extension(struct packet_build *build, uint8_t next, uint8_t n_more);
void packet_build_ah(struct packet_build *build, uint8_t next);
void packet_build_fragment(struct packet_build *build, uint8_t next, uint16_t offset_more,
			   uint32_t id);

void packet_build_ethernet(struct packet_build *build, uint16_t ethertype);
/* 802.3: the length of what is there, LLC and SNAP. */
void packet_build_llc(struct packet_build *build, uint16_t ethertype);
void packet_build_vlan(struct packet_build *build, uint16_t tci, uint16_t ethertype);
void packet_build_mpls(struct packet_build *build, uint32_t label, int is_bottom);
void packet_build_pppoe(struct packet_build *build, uint16_t session);
/* protocol below 0x100: one byte. */
void packet_build_ppp(struct packet_build *build, uint16_t protocol);
void packet_build_sll(struct packet_build *build, uint16_t protocol);
void packet_build_sll2(struct packet_build *build, uint16_t protocol);

/* flags: GRE's first two bytes; each field they speak of is there, the key with `key`. */
void packet_build_gre(struct packet_build *build, uint16_t flags, uint16_t ethertype, uint32_t key);
void packet_build_vxlan(struct packet_build *build, uint32_t vni);
void packet_build_geneve(struct packet_build *build, uint32_t vni, uint16_t ethertype,
			 uint8_t n_options);
/* with_extension: a sequence number and one extension header. */
void packet_build_gtp(struct packet_build *build, uint32_t teid, int with_extension);
