/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Why is it slow? What a TCP connection spent an interval waiting for, as seen by the side that
 * sends. A pure function of two observations.
 *
 * The kernel runs one clock at a time (net/ipv4/tcp_output.c tcp_chrono_start, v6.1): busy while
 * anything is queued or in flight; instead of it rwnd-limited while the peer's window does not
 * admit the next segment, and before both sndbuf-limited while all is sent, the window would admit
 * more, and the writer sleeps for want of buffer. tcp_info's busy_time includes the other two. So
 * an interval has four parts, and the largest decides:
 *
 *	idle	 nothing queued         app	(none if nothing was sent at all)
 *	sndbuf	                        sndbuf
 *	rwnd	                        rwnd; peer-not-reading if no byte could be sent for 3 s
 *	network  the rest of busy       loss, if at least 1 % of the bytes sent were sent again, or
 *	                                what is in flight is older than the interval and that longer
 *	                                than a retransmission timeout (RFC 6298 2);
 *	                                cwnd, if more waits to be sent;
 *	                                app, if all there was is on its way
 *
 * Where we wait for nobody (none, app), it may be us that is waited for: not-reading, if what came
 * before the interval lies unread at its end, until most of what comes in one is read within it. If
 * we have sent nothing and read all, it is receiving: what holds it back is known at the other end.
 * A SYN that had to be sent again is loss.
 */

#include <stdint.h>

#include <weir/conn.h>

/* Of the observation before: the kernel's counters modulo 2^32, which is enough for differences. */
struct conn_limit_base {
	uint32_t busy_us;
	uint32_t rwnd_limited_us;
	uint32_t sndbuf_limited_us;
	uint32_t retrans_bytes;
};

void conn_limit_note(struct conn_limit_base *base, const struct weir_tcp_info *tcp);

/* An interval between two observations. */
struct conn_limit_span {
	uint64_t length_us;
	uint64_t sent_bytes;     /* payload, first transmissions */
	uint64_t received_bytes; /* payload */
	uint8_t state;           /* enum weir_tcp_state, at its end */
	uint32_t silent_us;      /* for how long before it the peer's window let no byte out */
	uint8_t before;          /* enum weir_limit of the interval before it */
};

/* UNKNOWN if the interval has no length, or tcp says nothing (its cwnd, which is never 0, is). */
enum weir_limit conn_limit(const struct conn_limit_span *span, const struct conn_limit_base *base,
			   const struct weir_tcp_info *tcp);

/* The silent_us of the next interval, after one of which limit was said. */
#define CONN_LIMIT_SILENT_US_MAX 3000000
uint32_t conn_limit_silent_us(const struct conn_limit_span *span, enum weir_limit limit);
