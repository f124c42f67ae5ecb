/* SPDX-License-Identifier: MIT */
#include "model/conn_limit.h"

#include <stdbool.h>

/* One segment in a hundred sent again: by Mathis et al., "The Macroscopic Behavior of the TCP
 * Congestion Avoidance Algorithm" (1997), the window then stays near a dozen segments. */
#define LOSS_SHARE 100

/* A reader is slow until it leaves less than this part of what comes in an interval. */
#define UNREAD_SHARE 4

#define RTO_MIN_US 200000      /* include/net/tcp.h TCP_RTO_MIN */
#define RTO_INITIAL_US 1000000 /* RFC 6298 2.1 */

void conn_limit_note(struct conn_limit_base *base, const struct weir_tcp_info *tcp)
{
	*base = (struct conn_limit_base){
		.busy_us = (uint32_t)tcp->busy_us,
		.rwnd_limited_us = (uint32_t)tcp->rwnd_limited_us,
		.sndbuf_limited_us = (uint32_t)tcp->sndbuf_limited_us,
		.retrans_bytes = (uint32_t)tcp->retrans_bytes,
	};
}

/* What a counter rose by; a socket that was reset has lost its counters. */
static uint64_t since(uint32_t base, uint64_t now)
{
	uint32_t step = (uint32_t)now - base;

	return step < 1U << 31 ? step : 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t rto_us(const struct weir_tcp_info *tcp)
{
	uint64_t spread_us = 4ULL * tcp->rttvar_us;

	if (!tcp->srtt_us)
		return RTO_INITIAL_US;
	return tcp->srtt_us + (spread_us > RTO_MIN_US ? spread_us : RTO_MIN_US);
}

static bool is_loss(const struct conn_limit_span *span, uint64_t retrans_bytes,
		    const struct weir_tcp_info *tcp)
{
	if (retrans_bytes)
		return retrans_bytes * LOSS_SHARE >= span->sent_bytes + retrans_bytes;
	/* All that was sent in the interval, and more, is in flight. */
	if (tcp->unacked_bytes <= span->sent_bytes)
		return false;
	/* Between two retransmissions of the same segment nothing happens. */
	if (span->before == WEIR_LIMIT_LOSS && !span->sent_bytes)
		return true;
	return span->length_us >= rto_us(tcp);
}

/* A window opens by pieces (RFC 9293 3.8.6.2.2): between two of them a slow reader looks like none.
 */
static bool is_silent(const struct conn_limit_span *span)
{
	return !span->sent_bytes && span->silent_us + span->length_us >= CONN_LIMIT_SILENT_US_MAX;
}

static enum weir_limit sender_limit(const struct conn_limit_span *span,
				    const struct conn_limit_base *base,
				    const struct weir_tcp_info *tcp)
{
	uint64_t busy_us = min_u64(since(base->busy_us, tcp->busy_us), span->length_us);
	uint64_t rwnd_us = min_u64(since(base->rwnd_limited_us, tcp->rwnd_limited_us), busy_us);
	uint64_t sndbuf_us =
		min_u64(since(base->sndbuf_limited_us, tcp->sndbuf_limited_us), busy_us - rwnd_us);
	uint64_t network_us = busy_us - rwnd_us - sndbuf_us;
	uint64_t idle_us = span->length_us - busy_us;

	if (idle_us > rwnd_us && idle_us > sndbuf_us && idle_us > network_us)
		return busy_us || span->sent_bytes ? WEIR_LIMIT_APP : WEIR_LIMIT_NONE;
	if (rwnd_us >= sndbuf_us && rwnd_us >= network_us)
		return is_silent(span) ? WEIR_LIMIT_PEER : WEIR_LIMIT_RWND;
	if (sndbuf_us >= network_us)
		return WEIR_LIMIT_SNDBUF;
	if (is_loss(span, since(base->retrans_bytes, tcp->retrans_bytes), tcp))
		return WEIR_LIMIT_LOSS;
	return tcp->unsent_bytes ? WEIR_LIMIT_CWND : WEIR_LIMIT_APP;
}

static bool is_unread(const struct conn_limit_span *span, const struct weir_tcp_info *tcp)
{
	/* All that came in the interval, and more, is unread. */
	if (tcp->unread_bytes > span->received_bytes)
		return true;
	/* A window that opens by pieces brings much at once, to as slow a reader as before. */
	return span->before == WEIR_LIMIT_READER &&
	       tcp->unread_bytes > span->received_bytes / UNREAD_SHARE;
}

enum weir_limit conn_limit(const struct conn_limit_span *span, const struct conn_limit_base *base,
			   const struct weir_tcp_info *tcp)
{
	enum weir_limit limit;

	if (!span->length_us || !tcp->cwnd)
		return WEIR_LIMIT_UNKNOWN;
	/* Of a handshake the clocks say nothing that the SYN does not. */
	if (span->state == WEIR_TCP_SYN_SENT)
		return tcp->retrans ? WEIR_LIMIT_LOSS : WEIR_LIMIT_NONE;
	limit = sender_limit(span, base, tcp);
	if (limit != WEIR_LIMIT_NONE && limit != WEIR_LIMIT_APP)
		return limit;
	if (is_unread(span, tcp))
		return WEIR_LIMIT_READER;
	return limit == WEIR_LIMIT_NONE && span->received_bytes ? WEIR_LIMIT_RECEIVING : limit;
}

uint32_t conn_limit_silent_us(const struct conn_limit_span *span, enum weir_limit limit)
{
	if (span->sent_bytes || (limit != WEIR_LIMIT_RWND && limit != WEIR_LIMIT_PEER))
		return 0;
	return (uint32_t)min_u64(span->silent_us + span->length_us, CONN_LIMIT_SILENT_US_MAX);
}
