/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Numbers in a recording: seven bits a byte, the lowest first, the top bit set on all but the last
 * (LEB128). Differences are folded so that small ones are short whatever their sign: 0, -1, 1, -2 …
 * become 0, 1, 2, 3 ….
 */

#include <errno.h>
#include <stdint.h>

#include "base/bytes.h"

#define RECORDING_VARINT_MAX 10

static inline uint8_t *recording_put_varint(uint8_t *to, uint64_t value)
{
	while (value >= 0x80) {
		*to++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*to++ = (uint8_t)value;
	return to;
}

/* -EBADMSG: it does not end, or is past 64 bits. */
static inline int recording_get_varint(struct bytes *in, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < RECORDING_VARINT_MAX && i < in->len; i++) {
		uint8_t byte = in->data[i];

		if (i == RECORDING_VARINT_MAX - 1 && byte > 1)
			return -EBADMSG;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		in->data += i + 1;
		in->len -= i + 1;
		*ret_value = value;
		return 0;
	}
	return -EBADMSG;
}

/* The difference is taken modulo 2^64, so every pair of numbers has one. */
static inline uint64_t recording_fold(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t recording_unfold(uint64_t folded)
{
	return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}
