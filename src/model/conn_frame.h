/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Everything that is told of one moment: what a screen paints, an export writes, a recording keeps
 * and a replay gives back. Whoever made it says how long it lives; nothing in it changes meanwhile.
 */

#include <stdint.h>

#include <weir/conn_source.h>

#include "model/balance.h"
#include "model/conn_table.h"

struct conn_frame {
	struct conn_tick tick; /* rows and now_ns, CLOCK_MONOTONIC of the host they are from */
	uint64_t realtime_ns;
	uint64_t interval_ns; /* between two of them, as asked for */
	const char *host;     /* its name; untrusted */
	const char *source;   /* the source's describe() */
	struct weir_conn_source_stats source_stats;
	struct conn_table_stats table_stats;
	struct balance balance;
};
