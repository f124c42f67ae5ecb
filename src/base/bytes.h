/* SPDX-License-Identifier: MIT */
#pragma once

/* Bytes that are somebody else's, and how to read numbers from them. Always bounded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Network order, at any alignment. */
static inline uint16_t bytes_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t bytes_be24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static inline uint32_t bytes_be32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

/* The first n bytes, and *in goes on past them; NULL, with *in as it was: there are fewer. */
static inline const uint8_t *bytes_take(struct bytes *in, size_t n)
{
	const uint8_t *at = in->data;

	if (in->len < n)
		return NULL;
	in->data += n;
	in->len -= n;
	return at;
}

/* No more than len bytes. */
static inline void bytes_limit(struct bytes *in, size_t len)
{
	if (in->len > len)
		in->len = len;
}
