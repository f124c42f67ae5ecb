/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections as NDJSON, the format of `tcptop --json`: a "start" line, then for each tick a "tick"
 * line, a line per active connection ("conn") and one per close ("closed"). "v" is the version of
 * the format: it changes when a member changes its meaning or goes; new members may come at any
 * time.
 *
 * Units are in the names. What is not known is null; what this protocol or this row does not have
 * is absent (UDP has no rtt_us, an open connection no duration_ms, a known owner no "unknown").
 */

#include <stdint.h>

#include <weir/conn_source.h>

#include "base/str_buf.h"
#include "model/conn_table.h"
#include "model/conn_text.h"

#define CONN_JSON_VERSION 1

/* What a tick line says besides its rows. */
struct conn_json_tick {
	uint64_t realtime_ns; /* CLOCK_REALTIME at the tick */
	uint64_t interval_ms;
	const char *source;                                /* the source's own words, describe() */
	const struct weir_conn_source_stats *source_stats; /* NULL: not known */
	const struct conn_table_stats *table_stats;        /* NULL: not known */
};

/* Appends the first line, which says that from realtime_ns (CLOCK_REALTIME) on nothing is missed.
 * source: the source's own words, describe(). */
void conn_json_start(struct str_buf *buf, uint64_t realtime_ns, const char *source);

/* Appends the lines of one tick. Closed rows that linger among the active ones are left out. */
void conn_json_tick(struct str_buf *buf, const struct conn_text_options *options,
		    const struct conn_tick *tick, const struct conn_json_tick *about);
