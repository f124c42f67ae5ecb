/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One direction of a TCP session while it is worked on: what goes to the sink, what waits, what is
 * given up. It knows sequence numbers and bytes; flags, windows and acknowledgments are
 * model/tcp_session.c's.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/flow.h>

#include "base/bytes.h"
#include "model/stream_pages.h"
#include "model/tcp_segments.h"
#include "model/tcp_session.h"

/* Sequence numbers farther apart belong to no window (RFC 7323 2.3: at most 2^30). */
#define TCP_STREAM_REACH (1 << 30)

enum tcp_side_flag {
	TCP_SIDE_SYN = 1 << 0,        /* its SYN has been seen; window_shift is known */
	TCP_SIDE_STARTED = 1 << 1,    /* next and offset are known */
	TCP_SIDE_FIN = 1 << 2,        /* all up to its FIN was delivered, next is the FIN */
	TCP_SIDE_ACKED = 1 << 3,      /* ack and window are known */
	TCP_SIDE_STALE = 1 << 4,      /* but too much was sent beyond the window to believe it */
	TCP_SESSION_IGNORED = 1 << 5, /* of the first side only, as are the next two */
	TCP_SESSION_RESET = 1 << 6,
	TCP_SESSION_FINISHED = 1 << 7,
};

struct tcp_session_pool {
	struct stream_pages *pages;
	struct tcp_session_options options;
	struct tcp_session_totals totals;
};

/* What one side sends. Made anew for each call. */
struct tcp_stream {
	struct tcp_session_pool *pool;
	struct tcp_session *session;
	const struct tcp_session_sink *sink;
	struct tcp_session_side *side;
	struct tcp_segments *waiting; /* NULL: nothing does */
	enum weir_side which;
};

static inline bool tcp_side_is(const struct tcp_session_side *side, uint8_t flag)
{
	return side->flags & flag;
}

struct tcp_stream tcp_stream_of(struct tcp_session_pool *pool, struct tcp_session *session,
				const struct tcp_session_sink *sink, enum weir_side which);

/* Whether bytes wait, or a FIN. */
bool tcp_stream_waits(const struct tcp_stream *stream);

/* Where the first that waits begins, or the FIN. Something does. */
uint32_t tcp_stream_first(const struct tcp_stream *stream);

/* The end of all that was seen; the FIN counts. */
uint32_t tcp_stream_end(const struct tcp_stream *stream);

/* Delivers what is next, or sheds it if nobody listens any more (false). */
bool tcp_stream_emit(struct tcp_stream *stream, struct bytes data);

/* Tells of a gap of len bytes at next, and goes on behind it. */
void tcp_stream_skip(struct tcp_stream *stream, uint32_t len, enum weir_gap_reason reason);

/* Takes payload of a stream that has started, none of it outside the window or after the FIN:
 * delivers it, or lets it wait; what is in the way for want of memory is given up. */
void tcp_stream_put(struct tcp_stream *stream, uint32_t seq, struct bytes data,
		    struct tcp_session_pushed *pushed);

/* Lets payload wait of a stream that has not. -ENOBUFS: no room. */
int tcp_stream_hold(struct tcp_stream *stream, uint32_t seq, struct bytes data,
		    struct tcp_session_pushed *pushed);

/* Delivers what waits and is next, and reaches the FIN if it is. */
void tcp_stream_drain(struct tcp_stream *stream);

/* Gives up what is missing before the first that waits. */
void tcp_stream_give_up(struct tcp_stream *stream, enum weir_gap_reason reason);

/* A stream of which the beginning was not seen starts here: nothing that waits is before seq. */
void tcp_stream_start(struct tcp_stream *stream, uint32_t seq);

/* Its FIN is here: sheds what waits behind it. */
void tcp_stream_fin(struct tcp_stream *stream, uint32_t seq);

/* A set for what waits, also if nothing does yet. NULL: the pool is full. */
struct tcp_segments *tcp_stream_waiting(struct tcp_stream *stream);

/* Sheds what waits. */
void tcp_stream_drop(struct tcp_stream *stream);

/* Gives the set back if it holds nothing. */
void tcp_stream_tidy(struct tcp_stream *stream);
