/* SPDX-License-Identifier: MIT */

/* Any bytes where the kernel's sock_diag messages are expected: taken or refused, never read past
 * their end, and what is made of them is sane. */

#include <stdlib.h>

#include "collect/sock_diag.h"
#include "collect/tcp_totals.h"

#define SEQ 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_totals(const struct sock_diag_row *row, enum tcp_peer_fin fin)
{
	struct weir_conn_counters counters;
	struct weir_tcp_info tcp;

	if (fin == TCP_PEER_FIN_ASK)
		abort();
	tcp_totals_fill(row, fin, &counters, &tcp);
	if (counters.bytes_in > row->info.tcpi_bytes_received ||
	    row->info.tcpi_bytes_received - counters.bytes_in > 1 ||
	    counters.bytes_out > row->info.tcpi_bytes_sent)
		abort();
	if (tcp.unread_bytes > row->rqueue_bytes || tcp.unacked_bytes > row->wqueue_bytes)
		abort();
}

static int take(void *user, const struct sock_diag_row *row)
{
	/* The row itself gives what was seen before, so that every rule is met. */
	struct tcp_history history = {
		.seen = row->uid & 1,
		.has_file = row->uid & 2,
		.state = (uint8_t)(row->uid >> 8),
		.opener = (uint8_t)((row->uid >> 2) % 3),
		.data_segs_in = row->info.tcpi_data_segs_in,
		.bytes_in = row->info.tcpi_bytes_received,
	};
	enum tcp_peer_fin fin;

	(void)user;
	if (row->info_len > sizeof(row->info) || row->id.proto != WEIR_PROTO_TCP)
		abort();
	check_totals(row, tcp_totals_fin_of_live(row));
	fin = tcp_totals_fin_of_destroyed(row, &history);
	if (fin == TCP_PEER_FIN_ASK)
		fin = tcp_totals_fin_by_lookup(row, &history, row->state, row->uid & 16);
	check_totals(row, fin);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bad_records = 0;
	struct sock_diag_sink sink = {.row = take, .bad_records = &bad_records};

	(void)sock_diag_parse(data, size, SEQ, WEIR_PROTO_TCP, &sink);
	return 0;
}
