/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a keyed hash, so
 * that outsiders can neither foresee collisions nor guess what was hashed by trying.
 */

#include <stddef.h>
#include <stdint.h>

uint64_t siphash24(const uint8_t key[16], const void *data, size_t len);
