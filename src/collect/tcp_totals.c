/* SPDX-License-Identifier: MIT */
#include "collect/tcp_totals.h"

#include <stddef.h>

#define END_OF(field) (offsetof(struct tcp_info, field) + sizeof(((struct tcp_info *)0)->field))

bool tcp_totals_countable(const struct sock_diag_row *row)
{
	return row->info_len >= END_OF(tcpi_bytes_retrans);
}

static uint64_t payload_out(const struct tcp_info *info)
{
	return info->tcpi_bytes_sent > info->tcpi_bytes_retrans
		       ? info->tcpi_bytes_sent - info->tcpi_bytes_retrans
		       : 0;
}

static bool fin_came_before(uint8_t state)
{
	return state == WEIR_TCP_CLOSE_WAIT || state == WEIR_TCP_LAST_ACK ||
	       state == WEIR_TCP_CLOSING;
}

enum tcp_peer_fin tcp_totals_fin_of_live(const struct sock_diag_row *row)
{
	return fin_came_before(row->state) ? TCP_PEER_FIN_YES : TCP_PEER_FIN_NO;
}

enum tcp_peer_fin tcp_totals_fin_of_destroyed(const struct sock_diag_row *row,
					      const struct tcp_history *history)
{
	uint64_t received = row->info.tcpi_bytes_received;

	if (!received)
		return TCP_PEER_FIN_NO;
	if (!row->info.tcpi_data_segs_in)
		return TCP_PEER_FIN_YES;
	if (history->seen && fin_came_before(history->state))
		return TCP_PEER_FIN_YES;
	if (history->seen && history->data_segs_in == row->info.tcpi_data_segs_in)
		return received > history->bytes_in ? TCP_PEER_FIN_YES : TCP_PEER_FIN_NO;
	/* rqueue is rcv_nxt - copied_seq. One left over is a FIN that nobody read; more is data,
	 * which makes close() a reset (RFC 2525 2.17). */
	if (row->rqueue_bytes == 1)
		return TCP_PEER_FIN_YES;
	return row->rqueue_bytes ? TCP_PEER_FIN_NO : TCP_PEER_FIN_ASK;
}

/*
 * How many of {our SYN acknowledged, our FIN sent} happened: 0, 1 or 2. bytes_acked counts both
 * beyond the payload; what is in flight (snd_nxt - snd_una) counts a FIN too.
 */
static uint64_t control_numbers(const struct sock_diag_row *row)
{
	const struct tcp_info *info = &row->info;
	uint64_t unsent = info->tcpi_notsent_bytes;
	uint64_t in_flight = row->wqueue_bytes > unsent ? row->wqueue_bytes - unsent : 0;
	uint64_t accounted = info->tcpi_bytes_acked + in_flight;

	return accounted > payload_out(info) ? accounted - payload_out(info) : 0;
}

enum tcp_opener tcp_totals_opener_of_live(const struct sock_diag_row *row)
{
	if (row->state == WEIR_TCP_SYN_SENT)
		return TCP_OPENER_US;
	if (row->state != WEIR_TCP_ESTABLISHED || !tcp_totals_countable(row))
		return TCP_OPENER_UNKNOWN;
	return control_numbers(row) ? TCP_OPENER_US : TCP_OPENER_PEER;
}

static bool half_closed_by_us(const struct tcp_history *history)
{
	return history->seen && history->has_file &&
	       (history->state == WEIR_TCP_FIN_WAIT1 || history->state == WEIR_TCP_FIN_WAIT2);
}

enum tcp_peer_fin tcp_totals_fin_by_lookup(const struct sock_diag_row *row,
					   const struct tcp_history *history, uint8_t found,
					   bool listened)
{
	bool we_opened = history->opener != TCP_OPENER_UNKNOWN
				 ? history->opener == TCP_OPENER_US
				 : found != WEIR_TCP_LISTEN && !listened;

	/* We closed first. Had the FIN come to this socket, it would lie in the queue unread, but
	 * for a half-close: then the file was still open and the end of file was read. */
	if (found == WEIR_TCP_FIN_WAIT2)
		return TCP_PEER_FIN_NO;
	if (found == WEIR_TCP_TIME_WAIT)
		return half_closed_by_us(history) ? TCP_PEER_FIN_YES : TCP_PEER_FIN_NO;
	/* The peer closed first, and our FIN answered its; or there was a reset and no FIN of ours.
	 */
	return control_numbers(row) >= (we_opened ? 2 : 1) ? TCP_PEER_FIN_YES : TCP_PEER_FIN_NO;
}

void tcp_totals_fill(const struct sock_diag_row *row, enum tcp_peer_fin fin,
		     struct weir_conn_counters *ret_counters, struct weir_tcp_info *ret_tcp)
{
	const struct tcp_info *info = &row->info;
	uint64_t received = info->tcpi_bytes_received;
	uint32_t fin_bytes = fin == TCP_PEER_FIN_YES;
	uint32_t unsent = info->tcpi_notsent_bytes;
	bool connected = row->state != WEIR_TCP_SYN_SENT && row->state != WEIR_TCP_CLOSE;

	*ret_counters = (struct weir_conn_counters){
		.bytes_in = received > fin_bytes ? received - fin_bytes : 0,
		.bytes_out = payload_out(info),
		.packets_in = info->tcpi_data_segs_in,
		.packets_out = info->tcpi_data_segs_out,
	};
	*ret_tcp = (struct weir_tcp_info){
		.srtt_us = info->tcpi_rtt,
		.rttvar_us = info->tcpi_rttvar,
		.cwnd = info->tcpi_snd_cwnd,
		.retrans = info->tcpi_total_retrans,
		.retrans_bytes = info->tcpi_bytes_retrans,
		.delivery_rate = info->tcpi_delivery_rate,
		.busy_us = info->tcpi_busy_time,
		.rwnd_limited_us = info->tcpi_rwnd_limited,
		.sndbuf_limited_us = info->tcpi_sndbuf_limited,
		.unsent_bytes = connected ? unsent : 0,
		.unread_bytes = row->rqueue_bytes > fin_bytes ? row->rqueue_bytes - fin_bytes : 0,
	};
	if (connected && row->wqueue_bytes > unsent)
		ret_tcp->unacked_bytes = row->wqueue_bytes - unsent;
	/* Before the first sample the kernel gives the initial timeout's variance (RFC 6298 2). */
	if (!ret_tcp->srtt_us)
		ret_tcp->rttvar_us = 0;
}

bool tcp_totals_connect_failed(const struct sock_diag_row *row)
{
	/* An active opener's SYN is acknowledged; a passive one has had a SYN and an ACK. */
	return row->info.tcpi_bytes_acked == 0 && row->info.tcpi_segs_in <= 1;
}
