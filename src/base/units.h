/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Numbers for people: bytes, rates, latencies, durations and timestamps. One decimal at most, and
 * rounding goes up to the next unit ("1.0M", never "1024.0K"). Unit letters are K M G T P E in
 * both systems; the locale has no say.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"

#define UNITS_TIMESTAMP_MAX 32

struct units {
	bool si;   /* steps of 1000; otherwise of 1024 */
	bool bits; /* rates in bits per second; otherwise in bytes */
};

/* "340B", "1258291 (1.2M)": exact, and what it amounts to. */
void units_bytes(struct str_buf *buf, const struct units *units, uint64_t bytes);
/* "340B", "1.2M". */
void units_bytes_short(struct str_buf *buf, const struct units *units, uint64_t bytes);
/* "0B/s" (below 1), "340B/s", "1.2KB/s"; in bits "2720b/s", "9.6Kb/s". From bytes per second. */
void units_rate(struct str_buf *buf, const struct units *units, double bytes_per_sec);
/* "350us", "1.2ms", "2.0s"; "-" for 0, which means no sample. */
void units_rtt(struct str_buf *buf, uint32_t rtt_us);
/* As units_rtt below a minute (0 is "0us"), then "3m12s", "3h12m", "2d3h", rounded down. */
void units_duration(struct str_buf *buf, uint64_t duration_ns);
/* RFC 3339 in UTC: "2026-11-21T08:54:52.123Z", milliseconds rounded down. */
void units_timestamp(uint64_t realtime_ns, char text[UNITS_TIMESTAMP_MAX]);
