/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * For tests of flows: Ethernet frames from a few words each, and a sink that writes down what it is
 * told.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/flow.h>
#include <weir/packet.h>

#define FRAME_MAX 2048
#define FRAME_MS UINT64_C(1000000)
#define FRAME_S (1000 * FRAME_MS)

/* The flags of TCP by their letters. */
enum {
	F = 1,
	S = 2,
	R = 4,
	P = 8,
	A = 16,
};

struct frame {
	uint64_t time_ns;
	uint32_t from; /* IPv4 addresses; of IPv6 the last byte */
	uint32_t to;
	uint16_t from_port; /* ICMP: the identifier */
	uint16_t to_port;
	uint8_t proto; /* 0: TCP */
	uint8_t flags; /* of TCP */
	uint8_t icmp_type;
	bool is_v6;
	uint32_t seq;
	uint32_t ack;
	uint16_t len;      /* of the payload */
	uint8_t first;     /* byte of it, each next is one more */
	uint8_t tunnel;    /* enum weir_tunnel */
	uint16_t vlans[2]; /* 0: none */
	uint32_t tunnel_id;
	/* A fragment of IPv4: so many bytes from there of what IP carries. 0: it is none. */
	uint16_t fragment_id;
	uint16_t fragment_at;
	uint16_t fragment_len;
	bool more_fragments;
};

/* Writes a frame to bytes[FRAME_MAX], which the packet borrows. */
struct weir_packet frame_build(const struct frame *frame, uint8_t *bytes);

/*
 * As text: "+1" a flow is new, "-1" it is over, and at its end "1:fin:4+3" with its packets, then m
 * (midstream), r (reused), h (half open). And sums, to compare.
 */
struct heard {
	char text[1024];
	size_t len;
	bool is_quiet; /* no text */
	uint64_t n_new;
	uint64_t n_over;
	uint64_t n_end;
	uint64_t ends[WEIR_END_EOF + 1]; /* flows, by enum weir_flow_end */
	uint64_t packets;                /* of those that ended; likewise below */
	uint64_t bytes;
	uint64_t payload;
	uint64_t stream_bytes;
	uint64_t gap_bytes;
	uint64_t told_bytes;   /* in stream_data */
	struct weir_flow last; /* that ended */
};

struct weir_tracker_sink heard_sink(struct heard *heard);

/* Pushes frames, each alone; or all at once, up to 64. */
void frames_push(struct weir_tracker *tracker, const struct frame *frames, size_t n);
void frames_push_batch(struct weir_tracker *tracker, const struct frame *frames, size_t n);
