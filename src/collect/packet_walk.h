/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Inside of the capture file reader: what goes over a file's records, and the numbers in them,
 * which may be in the other byte order than ours.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/packet.h>

#include "base/bytes.h"

/* A record that says it is longer is damaged. */
#define RECORD_MAX (256u << 20)

/* The headers of records are one cache miss each; this far ahead they are there when we come
 * (measured: it halves a walk over frames of mixed sizes). */
#define RECORD_PREFETCH 4096

/* Records at in become packets, which point into it. */
struct packet_walk {
	struct bytes in; /* advanced past each whole record */
	struct weir_packet *packets;
	size_t n;
	size_t max;
	size_t need;        /* of in, for the record it stands at; set where in is shorter */
	uint64_t malformed; /* records passed over */
};

static inline uint16_t record_u16(const uint8_t *at, bool is_swapped)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t record_u32(const uint8_t *at, bool is_swapped)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t record_u64(const uint8_t *at, bool is_swapped)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? __builtin_bswap64(value) : value;
}

static inline uint32_t record_max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}
