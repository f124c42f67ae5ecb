/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Sequence numbers of TCP go round (RFC 9293 3.4): of two, that one is before from which the other
 * is reached in less than 2^31 steps.
 */

#include <stdbool.h>
#include <stdint.h>

/* Steps from a to b; negative: b is before a. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a);
}

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) > 0;
}

/* a is b or before it. */
static inline bool seq_until(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) >= 0;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_before(b, a) ? b : a;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b : a;
}
