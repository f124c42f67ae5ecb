/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Numbers in few columns, each of a fixed greatest width, so that a table of them stands still.
 * What needs more room is written by base/units.h.
 */

#include <stdint.h>

#include "base/str_buf.h"
#include "base/units.h"

/* 5 columns: "76B", "1.2K", "99.9M", "1023M"; "0". */
void figures_bytes(struct str_buf *buf, const struct units *units, double bytes);

/* The same of a rate, in bits if so wished ("608b"); "0" below 1. */
void figures_rate(struct str_buf *buf, const struct units *units, double bytes_per_sec);

/* A rate with its unit, 8 columns: "81.2MB/s", "650Mb/s". */
void figures_rate_unit(struct str_buf *buf, const struct units *units, double bytes_per_sec);

/* Per cent, 4 columns: "0", "0.12", "12.5", "100"; "0.01" is the least above 0. From 0 to 1. */
void figures_percent(struct str_buf *buf, double share);

/* Milliseconds, 5 columns below 100 s: "0.35", "12.4", "310"; "-" for 0, which means no sample. */
void figures_ms(struct str_buf *buf, uint32_t us);

/* 6 columns: "0.4s", "42s", "59m59s", "23h59m", "99d23h", "365d". */
void figures_age(struct str_buf *buf, uint64_t age_ns);

/* How many, 5 columns: "999", "1.2K"; steps of 1000. */
void figures_count(struct str_buf *buf, uint64_t count);
