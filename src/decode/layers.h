/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From a packet to the innermost transport that belongs to a flow: link layer, tags, tunnels, IP,
 * TCP or UDP or ICMP or SCTP. One pass, nothing copied, nothing kept.
 *
 * Lengths are IP's, never the frame's: padding of Ethernet is no payload.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/flow.h>
#include <weir/packet.h>

#include "base/bytes.h"

/* More headers in each other than this are an attack. */
#define LAYERS_MAX 24

enum layers_result {
	LAYERS_FLOW,      /* addresses, ports and payload are known */
	LAYERS_FRAGMENT,  /* a part of an IP datagram: see fragment, and decode/fragments.h */
	LAYERS_NOT_IP,    /* of no flow */
	LAYERS_CUT,       /* the capture ends within a header */
	LAYERS_MALFORMED, /* see malformed */
};

/* What of a TCP header a stream needs (RFC 9293 3.1). */
struct layers_tcp {
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t urgent;
	uint8_t flags;        /* enum tcp_flag */
	uint8_t window_shift; /* of a SYN; 0xff: it offers none (RFC 7323 2.2) */
};

enum tcp_flag {
	TCP_FIN = 1 << 0,
	TCP_SYN = 1 << 1,
	TCP_RST = 1 << 2,
	TCP_PSH = 1 << 3,
	TCP_ACK = 1 << 4,
	TCP_URG = 1 << 5,
	TCP_ECE = 1 << 6,
	TCP_CWR = 1 << 7,
};

struct layers_fragment {
	uint32_t id;
	uint32_t offset; /* bytes */
	bool more;       /* this is not the last one */
	uint8_t version; /* of IP */
};

struct layers {
	struct weir_addr source;
	struct weir_addr destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t proto; /* IPPROTO_* of what is in payload, or of the fragment */
	uint8_t ttl;   /* or hop limit */
	uint8_t n_vlans;
	uint8_t n_tunnels;
	uint16_t vlan[WEIR_FLOW_VLANS_MAX];
	uint8_t tunnels[WEIR_FLOW_TUNNELS_MAX]; /* enum weir_tunnel */
	uint32_t tunnel_id;
	struct bytes payload;  /* what was captured of it */
	uint32_t payload_len;  /* on the wire; payload.len or more */
	struct layers_tcp tcp; /* proto is TCP */
	uint8_t icmp_type;     /* proto is ICMP or ICMPv6 */
	bool is_icmp_error;    /* payload begins with the datagram it is about */
	uint8_t malformed;     /* enum weir_malformed */
	struct layers_fragment fragment;
};

/* Reads a packet. *ret is set as far as the result says. */
enum layers_result layers_decode(const struct weir_packet *packet, struct layers *ret);

/* Goes on with a datagram that has been put together from fragments: layers as the first fragment's
 * decoding left them, datagram: what IP carried. */
enum layers_result layers_decode_datagram(struct layers *layers, struct bytes datagram);

/* The flow an ICMP error is about: addresses, ports and protocol of the datagram it quotes (which
 * the error's destination sent), tags and tunnels of the error. Only for is_icmp_error.
 * LAYERS_FRAGMENT: not the first of its datagram, which alone has the ports. */
enum layers_result layers_decode_quoted(const struct layers *layers, struct layers *ret);
