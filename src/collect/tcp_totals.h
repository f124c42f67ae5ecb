/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From the kernel's struct tcp_info to payload. Pure: rows in, numbers out.
 *
 *   payload out = bytes_sent - bytes_retrans
 *   payload in  = bytes_received - 1 if the peer's FIN is counted in it (net/ipv4/tcp_input.c:
 *                 tcp_data_queue counts sequence space, and a FIN takes one number of it)
 *
 * A live socket's state tells whether the FIN has come. A destroyed socket's state is always CLOSE
 * and the kernel keeps the one flag that would tell (SOCK_DONE) to itself, so it is worked out from
 * what was seen before, from the queues, and from who stands at the 4-tuple now. Known for certain:
 * no data ever came; no data came since the last sample; the FIN had come by then; TIME_WAIT's
 * predecessor FIN_WAIT2 stands there. Worked out from how TCP ends: a socket that leaves no
 * TIME_WAIT was closed after the peer's FIN, unless it was reset; and it was reset if it sent no
 * FIN itself, which bytes_acked tells once it is known who opened the connection.
 *
 * The answer is one byte too low or high only where nobody looked between these events and the
 * end: a half-close by us (shutdown) whose end of file was read before close; data left unread
 * together with a FIN; exactly one byte left unread; a reset after the peer's FIN; a TIME_WAIT
 * that was cut short (a reset, tcp_max_tw_buckets) before it was looked for; a server's connection
 * whose listener no pass saw and that is gone already.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

#include "collect/sock_diag.h"

/* Whose SYN began the connection. */
enum tcp_opener {
	TCP_OPENER_UNKNOWN = 0,
	TCP_OPENER_US,
	TCP_OPENER_PEER,
};

/* What was seen of a socket while it lived. */
struct tcp_history {
	bool seen;
	bool has_file;         /* a descriptor was open at the last sample */
	uint8_t state;         /* at the last sample */
	uint8_t opener;        /* enum tcp_opener */
	uint32_t data_segs_in; /* at the last sample */
	uint64_t bytes_in;     /* payload then */
};

enum tcp_peer_fin {
	TCP_PEER_FIN_NO = 0,
	TCP_PEER_FIN_YES = 1,
	TCP_PEER_FIN_ASK = 2, /* depends on who stands at the 4-tuple now */
};

/* True if info reaches far enough to count bytes (Linux 4.19). */
bool tcp_totals_countable(const struct sock_diag_row *row);

/* Whether bytes_received of a live socket has the peer's FIN in it. */
enum tcp_peer_fin tcp_totals_fin_of_live(const struct sock_diag_row *row);

/* The same of a destroyed socket; never seen before: history->seen is false. */
enum tcp_peer_fin tcp_totals_fin_of_destroyed(const struct sock_diag_row *row,
					      const struct tcp_history *history);

/* Who opened the connection of a live socket: exact while neither side has closed. */
enum tcp_opener tcp_totals_opener_of_live(const struct sock_diag_row *row);

/* Settles an ASK: found is the state of whoever stands at the 4-tuple now (0: nobody), listened
 * whether somebody was known to listen on the local port. */
enum tcp_peer_fin tcp_totals_fin_by_lookup(const struct sock_diag_row *row,
					   const struct tcp_history *history, uint8_t found,
					   bool listened);

/* Fills the counters and what else is known; fin is NO or YES. */
void tcp_totals_fill(const struct sock_diag_row *row, enum tcp_peer_fin fin,
		     struct weir_conn_counters *ret_counters, struct weir_tcp_info *ret_tcp);

/* True for a destroyed socket that never got past SYN_SENT. */
bool tcp_totals_connect_failed(const struct sock_diag_row *row);
