/* SPDX-License-Identifier: MIT */
#include "model/tcp_session_accept.h"

#include "model/tcp_seq.h"

#define WINDOW_SHIFT_MAX 14 /* RFC 7323 2.3 */
#define NO_WINDOW_SHIFT 0xff

/* A SYN that comes after data (packets of two cards, merged) is not far before it. */
#define LATE_SYN_REACH 65536

unsigned int tcp_session_window_shift(const struct tcp_session_side *side,
				      const struct tcp_session_side *other)
{
	bool knows = tcp_side_is(side, TCP_SIDE_SYN);

	if ((knows && side->window_shift == NO_WINDOW_SHIFT) ||
	    (tcp_side_is(other, TCP_SIDE_SYN) && other->window_shift == NO_WINDOW_SHIFT))
		return 0;
	if (!knows || side->window_shift > WINDOW_SHIFT_MAX)
		return WINDOW_SHIFT_MAX;
	return side->window_shift;
}

bool tcp_session_is_outside(const struct tcp_stream *stream,
			    const struct tcp_session_side *receiver, uint32_t seq)
{
	const struct tcp_session_side *side = stream->side;
	int32_t ahead = seq_diff(side->next, seq);
	uint32_t edge;

	if (ahead >= TCP_STREAM_REACH || ahead <= -TCP_STREAM_REACH)
		return true;
	if (!tcp_side_is(receiver, TCP_SIDE_ACKED) || tcp_side_is(receiver, TCP_SIDE_STALE))
		return false;
	edge = receiver->ack +
	       ((uint32_t)receiver->window << tcp_session_window_shift(receiver, side));
	/* What was next was taken beyond the edge: the receiver has moved it, unseen. */
	if (seq_before(edge, side->next))
		return false;
	return seq_until(edge, seq);
}

bool tcp_session_take_syn(struct tcp_stream *stream, const struct tcp_session_side *receiver,
			  const struct layers_tcp *tcp)
{
	struct tcp_session_side *side = stream->side;
	uint32_t first = tcp->seq + 1;
	uint32_t begin = side->next - (uint32_t)side->offset;

	if (!tcp_side_is(side, TCP_SIDE_STARTED)) {
		int32_t ahead =
			tcp_stream_waits(stream) ? seq_diff(first, tcp_stream_first(stream)) : 0;

		if (ahead < 0 || ahead >= TCP_STREAM_REACH)
			return false;
		side->flags |= TCP_SIDE_SYN;
		side->window_shift = tcp->window_shift;
		tcp_stream_start(stream, first);
		return true;
	}
	if (tcp_side_is(side, TCP_SIDE_SYN) && first != begin) {
		/* Nobody has answered the other one: it begins anew. */
		if (side->offset || tcp_stream_waits(stream) || tcp_side_is(side, TCP_SIDE_FIN) ||
		    tcp_side_is(receiver, TCP_SIDE_ACKED | TCP_SIDE_STARTED))
			return false;
		side->next = first;
	} else if (first != begin) {
		/* The start was fixed before it came. */
		int32_t late = seq_diff(first, begin);

		return late > 0 && late < LATE_SYN_REACH;
	}
	side->flags |= TCP_SIDE_SYN;
	side->window_shift = tcp->window_shift;
	return true;
}

bool tcp_session_believes_reset(const struct tcp_stream *stream, const struct tcp_stream *other,
				const struct layers_tcp *tcp)
{
	const struct tcp_session_side *side = stream->side;
	const struct tcp_session_side *receiver = other->side;
	bool expected = tcp_side_is(receiver, TCP_SIDE_ACKED) && receiver->ack == tcp->seq;

	if (tcp_side_is(side, TCP_SIDE_STARTED))
		return tcp->seq == side->next || tcp->seq == tcp_stream_end(stream) ||
		       (expected && seq_until(side->next, tcp->seq));
	if (tcp_stream_waits(stream))
		return expected || tcp->seq == tcp_stream_end(stream);
	if (tcp_side_is(receiver, TCP_SIDE_ACKED))
		return expected;
	if (tcp_side_is(receiver, TCP_SIDE_SYN))
		return (tcp->flags & TCP_ACK) &&
		       seq_until(receiver->next - (uint32_t)receiver->offset, tcp->ack) &&
		       seq_until(tcp->ack, tcp_stream_end(other));
	return true; /* nothing is known that it could contradict */
}
