/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Two byte streams out of the segments of one TCP connection, as somebody sees them who stands
 * between the two: what came twice is delivered once, what came early waits, what cannot come any
 * more becomes a gap. Bytes in order go straight from the caller's memory to the sink; only what is
 * early is copied, into pages of a pool that all sessions share.
 *
 *	tcp_session_pool_new(&options, &pool);
 *	struct tcp_session session = {0};                          in the flow's record
 *	tcp_session_push(pool, &session, &segment, &sink, &pushed);   for each segment
 *	tcp_session_finish(pool, &session, &sink);                 once, whatever ended the flow
 *
 * At any moment totals.payload = delivered + duplicate + shed + held.
 */

#include <stddef.h>
#include <stdint.h>

#include <weir/flow.h>

#include "base/bytes.h"
#include "decode/layers.h"

/* Without a SYN so many segments, or so long, are waited for before the start is fixed, unless the
 * first of them is acknowledged: what was before it cannot come any more. */
#define TCP_SESSION_START_SEGMENTS 4
#define TCP_SESSION_START_NS UINT64_C(50000000)

/* One direction: what its side sent, and the acknowledgments it sent for the other's. */
struct tcp_session_side {
	uint64_t offset;      /* of the next byte to deliver: delivered so far, gaps included */
	uint32_t next;        /* its sequence number; on the FIN once that is reached */
	uint32_t ack;         /* the last acknowledgment, with the window it came with */
	uint32_t waiting;     /* page with what came early (model/tcp_segments.h); 0: none */
	uint16_t window;      /* as the header has it */
	uint8_t window_shift; /* of its SYN; 0xff: it offered none */
	uint8_t flags;
};

/* Zeroed, it is a connection of which nothing has been seen. Holds pages of the pool: to be
 * finished, not only forgotten. */
struct tcp_session {
	struct tcp_session_side side[2]; /* by enum weir_side */
};

_Static_assert(sizeof(struct tcp_session) == 48, "it is in the record of every flow");

struct tcp_session_options {
	size_t max_bytes;           /* memory for what waits, of all sessions; 0: 256 MiB */
	size_t max_side_bytes;      /* of one side of one session; 0: 1 MiB */
	uint32_t max_side_segments; /* later segments after which a hole is given up; 0: 64 */
	enum weir_overlap_policy policy;
};

/* Of all sessions of a pool. Bytes cut off by the capture are shed. */
struct tcp_session_totals {
	uint64_t payload;
	uint64_t delivered;
	uint64_t duplicate; /* came again, overlapped, or came after they were given up */
	uint64_t shed; /* outside the window, after the FIN, on a reset, nobody wants them … */
	uint64_t held; /* wait for earlier ones */
	uint64_t gap_bytes; /* never came; not a part of payload */
};

/* Where the streams go; both functions are there. Data is borrowed for the call. Offsets count
 * gaps. The session and the pool may not be touched from within. */
struct tcp_session_sink {
	void *user;
	/* Returns false to hear no more of the session: what comes is only counted. */
	bool (*data)(void *user, enum weir_side side, uint64_t offset, struct bytes data);
	void (*gap)(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		    enum weir_gap_reason reason);
};

struct tcp_session_segment {
	enum weir_side side; /* who sent it */
	const struct layers_tcp *tcp;
	struct bytes payload;
	uint32_t payload_len; /* on the wire; payload.len or more */
	uint64_t time_ns;
};

enum tcp_session_pushed_flag {
	TCP_PUSHED_RETRANSMIT = 1 << 0,   /* payload, and nothing new in it */
	TCP_PUSHED_OUT_OF_ORDER = 1 << 1, /* something new that follows what has not come */
	TCP_PUSHED_CONFLICT = 1 << 2,     /* it tells other bytes than wait already */
	TCP_PUSHED_KEEPALIVE = 1 << 3,    /* one byte before the next, or none */
	TCP_PUSHED_BAD_RESET = 1 << 4,    /* its receiver would not have believed it */
	TCP_PUSHED_STRAY_SYN = 1 << 5,    /* a SYN of another connection; nothing was taken */
};

/* What became of one segment. taken + duplicate + shed = payload_len. */
struct tcp_session_pushed {
	uint32_t taken; /* delivered, or waiting */
	uint32_t duplicate;
	uint32_t shed;
	uint8_t flags;          /* enum tcp_session_pushed_flag, or-ed */
	enum weir_flow_end end; /* NONE, FIN or RST: the connection is over; told again and again */
};

struct tcp_session_pool;

/* options NULL: all defaults. Little memory is taken at once, the rest as it is needed, up to
 * max_bytes; it is kept until the end. -ENOMEM; -EINVAL: no such policy. */
int tcp_session_pool_new(const struct tcp_session_options *options,
			 struct tcp_session_pool **ret_pool);
struct tcp_session_pool *tcp_session_pool_free(struct tcp_session_pool *pool);

void tcp_session_pool_totals(const struct tcp_session_pool *pool,
			     struct tcp_session_totals *ret_totals);

/* Takes one segment of a session in. After the end (or finish) nothing is delivered any more, but
 * segments may still be pushed, and are counted. */
void tcp_session_push(struct tcp_session_pool *pool, struct tcp_session *session,
		      const struct tcp_session_segment *segment,
		      const struct tcp_session_sink *sink, struct tcp_session_pushed *ret_pushed);

/* When the session wants tcp_session_tick though no segment comes; 0: it does not. Changes only in
 * a push or a tick. */
uint64_t tcp_session_due_ns(const struct tcp_session_pool *pool, const struct tcp_session *session);
void tcp_session_tick(struct tcp_session_pool *pool, struct tcp_session *session, uint64_t now_ns,
		      const struct tcp_session_sink *sink);

/* The flow has ended: everything that waits is delivered, with gaps (WEIR_GAP_END, or LOST where it
 * was acknowledged), and the pages are given back. A second call does nothing. sink NULL: what
 * waits is shed without a word. */
void tcp_session_finish(struct tcp_session_pool *pool, struct tcp_session *session,
			const struct tcp_session_sink *sink);
