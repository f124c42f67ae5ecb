/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Made-up rows for the tests of the export layer, and the ticks they come in. Every row was opened
 * at 1 s and is seen at 3 s of the monotonic clock, at 2026-11-21 08:54:52.123 in the calendar.
 */

#include <string.h>

#include "model/conn_table.h"

#define SAMPLE_SEC 1000000000ULL
#define SAMPLE_NOW_NS (3 * SAMPLE_SEC)
#define SAMPLE_REALTIME_NS (1795251292ULL * SAMPLE_SEC + 123456789)
#define SAMPLE_TIME "2026-11-21T08:54:52.123Z"

/* An sshd's connection, with all there is to know of it. */
static inline struct conn_row sample_tcp(void)
{
	struct conn_row row = {
		.id = {.cookie = 12297829382473034410ULL,
		       .generation = 1,
		       .netns = 4026531840,
		       .local_port = 22,
		       .remote_port = 51000,
		       .proto = WEIR_PROTO_TCP},
		.counters = {1258291, 340, 900, 12},
		.tcp = {.srtt_us = 350,
			.rttvar_us = 40,
			.cwnd = 10,
			.retrans = 3,
			.retrans_bytes = 4344,
			.delivery_rate = 125000,
			.busy_us = 1000,
			.rwnd_limited_us = 200,
			.sndbuf_limited_us = 30,
			.unsent_bytes = 4,
			.unacked_bytes = 5,
			.unread_bytes = 6},
		.owner = {.pid = 812, .uid = 0, .comm = "sshd", .evidence = WEIR_EVIDENCE_FILE},
		.opened_ns = SAMPLE_SEC,
		.rate_in = 1228.8,
		.rate_out = 0,
		.rate_known = true,
		.state = WEIR_TCP_ESTABLISHED,
	};

	row.id.local = weir_addr_from_v4((const uint8_t[]){10, 0, 0, 1});
	row.id.remote = weir_addr_from_v4((const uint8_t[]){10, 0, 0, 2});
	return row;
}

/* A resolver's flow over IPv6, whose process has gone. */
static inline struct conn_row sample_udp(void)
{
	struct conn_row row = sample_tcp();

	row.id.proto = WEIR_PROTO_UDP;
	row.id.local = (struct weir_addr){{0xfe, 0x80, [15] = 1}};
	row.id.remote = (struct weir_addr){{0x20, 0x01, 0x0d, 0xb8, [15] = 0x35}};
	row.id.local_port = 40000;
	row.id.remote_port = 53;
	row.counters = (struct weir_conn_counters){1124, 40, 1, 1};
	row.tcp = (struct weir_tcp_info){0};
	row.owner = (struct weir_owner){.uid = UINT32_MAX, .unknown = WEIR_UNKNOWN_EXITED};
	row.state = WEIR_TCP_NONE;
	row.rcvbuf_drops = 7;
	row.rate_known = false;
	return row;
}

/* The same as sample_tcp() after its end, 1.2 s after its beginning. */
static inline struct conn_row sample_closed(void)
{
	struct conn_row row = sample_tcp();

	row.closed_ns = row.opened_ns + 1200000000;
	row.state = WEIR_TCP_CLOSE;
	return row;
}

static inline struct conn_tick sample_tick(const struct conn_row *const *active, size_t n_active,
					   const struct conn_row *const *closed, size_t n_closed)
{
	return (struct conn_tick){active, n_active, closed, n_closed, SAMPLE_NOW_NS};
}
