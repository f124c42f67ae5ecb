/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * IP fragments put together, within bounds: at most so many bytes and datagrams, each for at most
 * so long. Overlapping fragments take their whole datagram with them, of both versions (RFC 5722;
 * for IPv4 no stack agrees with another on them); exact repetitions are ignored.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "decode/layers.h"

#define FRAGMENTS_MAX_BYTES (4u << 20)
#define FRAGMENTS_MAX_DATAGRAMS 1024
#define FRAGMENTS_TIMEOUT_NS UINT64_C(30000000000)

struct fragments;

/* Frames, where it does not say datagrams. seen = those of completed + dropped + waiting. */
struct fragments_stats {
	uint64_t seen;
	uint64_t completed; /* datagrams */
	uint64_t dropped;   /* what went with a datagram: overlapping, cut, too old, no room */
	uint64_t waiting;   /* now */
};

/* A datagram that is whole again. */
struct fragments_datagram {
	struct bytes data;   /* what IP carried; borrowed until the next fragments_add */
	uint32_t packets;    /* frames it came in, repetitions included … */
	uint64_t wire_bytes; /* … and their lengths on the wire */
};

/* The memory is taken once. -ENOMEM. */
int fragments_new(struct fragments **ret_fragments);
struct fragments *fragments_free(struct fragments *fragments);

/*
 * Takes one fragment (layers says LAYERS_FRAGMENT; its payload is copied). 1: the datagram is
 * whole, and layers is as the first fragment's decoding left it, ready for layers_decode_datagram.
 * 0: not yet, or dropped. A fragment cut by the capture drops its datagram. packet: the one the
 * layers are of, for its wire_len. now_ns does not go back.
 */
int fragments_add(struct fragments *fragments, struct layers *layers,
		  const struct weir_packet *packet, uint64_t now_ns,
		  struct fragments_datagram *ret_datagram);

/* The same for a fragment that layers_decode_datagram has found within *datagram, that is of a
 * tunnel whose packets were fragmented too. 1: *datagram is now the inner one; 0: it is as it was.
 */
int fragments_add_inner(struct fragments *fragments, struct layers *layers, uint64_t now_ns,
			struct fragments_datagram *datagram);

void fragments_stats(const struct fragments *fragments, struct fragments_stats *ret_stats);
