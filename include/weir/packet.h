/* SPDX-License-Identifier: MIT */
#ifndef WEIR_PACKET_H
#define WEIR_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A packet as it was captured, wherever from. Its bytes are borrowed: they stay where the kernel or
 * the file has them, until the batch they came in is released (weir/capture.h). To keep is to copy.
 */

/* What the first byte of a packet belongs to: the numbers of pcap's registry of link types
 * (https://www.tcpdump.org/linktypes.html), those of them that are decoded. */
enum weir_link_type {
	WEIR_LINK_NULL = 0, /* BSD loopback: a host-order address family */
	WEIR_LINK_ETHERNET = 1,
	WEIR_LINK_PPP = 9,
	WEIR_LINK_RAW = 101,  /* an IP header, 4 or 6 */
	WEIR_LINK_LOOP = 108, /* OpenBSD loopback: a network-order address family */
	WEIR_LINK_LINUX_SLL = 113,
	WEIR_LINK_IPV4 = 228,
	WEIR_LINK_IPV6 = 229,
	WEIR_LINK_LINUX_SLL2 = 276,
};

enum weir_packet_direction {
	WEIR_PACKET_UNKNOWN = 0,
	WEIR_PACKET_IN,    /* to this host */
	WEIR_PACKET_OUT,   /* sent by this host */
	WEIR_PACKET_OTHER, /* to somebody else: seen in promiscuous mode */
};

/* Who put the time on it, best last. */
enum weir_time_source {
	WEIR_TIME_NONE = 0, /* the file has none (pcapng simple packets) */
	WEIR_TIME_FILE,     /* the file says so */
	WEIR_TIME_RECEIVED, /* the kernel, when it copied the packet to us */
	WEIR_TIME_SOFTWARE, /* the kernel, when the driver handed it over */
	WEIR_TIME_HARDWARE, /* the network card */
};

enum weir_packet_flag {
	WEIR_PACKET_CSUM_UNREADY = 1 << 0, /* sent here: the card would have filled it in */
	WEIR_PACKET_CSUM_VALID = 1 << 1,   /* somebody has checked it */
};

struct weir_packet {
	const uint8_t *data;
	uint32_t cap_len;    /* bytes at data */
	uint32_t wire_len;   /* bytes it had; more than cap_len if it was cut */
	uint64_t time_ns;    /* since 1970, UTC; 0 with WEIR_TIME_NONE */
	uint32_t interface;  /* live: the kernel's index; file: number of its interface */
	uint32_t hash;       /* of the flow, by the kernel or the card; 0: none */
	uint16_t link_type;  /* enum weir_link_type, or another number of the registry */
	uint16_t vlan_tci;   /* the outer tag, where the kernel has taken it off the data … */
	uint16_t vlan_tpid;  /* … 0: it has not */
	uint8_t direction;   /* enum weir_packet_direction */
	uint8_t time_source; /* enum weir_time_source */
	uint8_t flags;       /* enum weir_packet_flag, or-ed */
};

/* Packets that came together. Filled by a capture; released as a whole. */
struct weir_packet_batch {
	const struct weir_packet *packets;
	size_t n;
	uint64_t token; /* the capture's own */
};

#endif
