/* SPDX-License-Identifier: MIT */
#include "model/tcp_seq.h"
#include "model/tracker_state.h"

/* Beyond a hole of this size it is taken for a part of the capture that is missing; further away
 * than this, a sequence number is of another connection. */
#define HOLE_MAX (1 << 20)

bool tracker_tcp_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct weir_tracker *tracker = user;
	const struct weir_tracker_sink *sink = &tracker->sink;

	tracker->streams[tracker->current].stream_bytes[side] += data.len;
	return !sink->stream_data ||
	       sink->stream_data(sink->user, tracker_tell(tracker, tracker->current), side, offset,
				 data.data, data.len);
}

void tracker_tcp_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	struct weir_tracker *tracker = user;
	const struct weir_tracker_sink *sink = &tracker->sink;
	struct flow_stream *stream = &tracker->streams[tracker->current];

	stream->gap_bytes[side] += len;
	stream->gaps[side]++;
	if (sink->stream_gap)
		sink->stream_gap(sink->user, tracker_tell(tracker, tracker->current), side, offset,
				 len, reason);
}

static bool knows_next(const struct flow_record *record, enum weir_side side)
{
	return record->marks & FLOW_KNOWS_NEXT << side;
}

static bool has_hole(const struct flow_record *record, enum weir_side side)
{
	return record->marks & FLOW_HAS_HOLE << side;
}

/* All up to `next` has come, or will not; what came early behind it may follow. */
static void advance(struct flow_record *record, enum weir_side side, uint32_t next)
{
	record->next[side] = next;
	if (!has_hole(record, side) || seq_before(next, record->hole_end[side]))
		return;
	record->next[side] = seq_max(next, record->top[side]);
	record->marks &= (uint8_t) ~(FLOW_HAS_HOLE << side);
}

/* A segment that is not the next: again, or early. */
static void count_other(struct flow_record *record, enum weir_side side,
			const struct tracker_packet *packet, uint32_t end)
{
	const struct layers_tcp *tcp = &packet->layers->tcp;
	uint32_t next = record->next[side];

	if (seq_until(end, next)) {
		bool keepalive = packet->layers->payload_len == 1 && tcp->seq == next - 1;

		record->retransmits[side] += packet->layers->payload_len && !keepalive;
		return;
	}
	if (seq_until(tcp->seq, next)) {
		advance(record, side, end);
		return;
	}
	if (!has_hole(record, side)) {
		record->marks |= (uint8_t)(FLOW_HAS_HOLE << side);
		record->hole_end[side] = tcp->seq;
		record->top[side] = end;
		record->out_of_order[side]++;
	} else if (seq_before(tcp->seq, record->hole_end[side]) ||
		   seq_before(record->top[side], end)) {
		record->hole_end[side] = seq_min(record->hole_end[side], tcp->seq);
		record->top[side] = seq_max(record->top[side], end);
		record->out_of_order[side]++;
	} else {
		record->retransmits[side] += packet->layers->payload_len != 0;
	}
	if (seq_diff(next, record->top[side]) > HOLE_MAX)
		advance(record, side, record->top[side]);
}

/* Whose sequence numbers lie far from those known: of no use here. */
static bool is_stray(const struct flow_record *record, enum weir_side side, uint32_t seq)
{
	int32_t away = seq_diff(record->next[side], seq);

	return knows_next(record, side) && (away > HOLE_MAX * 64 || away < -HOLE_MAX * 64);
}

static void take_ack(struct flow_record *record, enum weir_side side, uint32_t ack)
{
	enum weir_side other = (enum weir_side) !side;

	if (is_stray(record, other, ack))
		return;
	record->ack[side] = ack;
	/* Its receiver has what was not seen here. */
	if (knows_next(record, other) && seq_before(record->next[other], ack))
		advance(record, other, ack);
}

/* RFC 9293 3.5.2: by one who waits for an answer to its SYN, if that is acknowledged; else the
 * number must be what the receiver expects, which is between what it has acknowledged and what was
 * sent. */
static bool believes_reset(const struct flow_record *record, enum weir_side side,
			   const struct layers_tcp *tcp)
{
	enum weir_side receiver = (enum weir_side) !side;
	bool has_acked = record->tcp_flags[receiver] & TCP_ACK;
	uint32_t end = has_hole(record, side) ? record->top[side] : record->next[side];

	if (!knows_next(record, side)) {
		if (has_acked)
			return tcp->seq == record->ack[receiver];
		return !knows_next(record, receiver) ||
		       ((tcp->flags & TCP_ACK) && tcp->ack == record->next[receiver]);
	}
	if (!has_acked)
		return tcp->seq == end;
	return seq_until(record->ack[receiver], tcp->seq) && seq_until(tcp->seq, end);
}

static enum weir_flow_end count_segment(struct flow_record *record, enum weir_side side,
					const struct tracker_packet *packet)
{
	const struct layers_tcp *tcp = &packet->layers->tcp;
	uint32_t len = packet->layers->payload_len;
	uint32_t end;

	if (tcp->flags & TCP_RST)
		return believes_reset(record, side, tcp) ? WEIR_END_RST : WEIR_END_NONE;
	if (is_stray(record, side, tcp->seq)) {
		if (!(tcp->flags & TCP_SYN))
			return WEIR_END_NONE;
		if (record->list != FLOW_HALF_OPEN) {
			record->is_shadowed = 1;
			record->marks &= (uint8_t) ~(FLOW_HAS_HOLE << side);
			record->top[side] = tcp->seq;
			return WEIR_END_NONE;
		}
		/* Nobody has answered the other one: it begins anew. */
		record->next[side] = tcp->seq;
	}
	len += !!(tcp->flags & TCP_SYN) + !!(tcp->flags & TCP_FIN);
	end = tcp->seq + len;
	if (!knows_next(record, side)) {
		record->marks |= (uint8_t)(FLOW_KNOWS_NEXT << side);
		record->next[side] = end;
	} else if (len && tcp->seq == record->next[side]) {
		advance(record, side, end);
	} else if (len) {
		count_other(record, side, packet, end);
	}
	if (tcp->flags & TCP_ACK)
		take_ack(record, side, tcp->ack);
	return record->tcp_flags[0] & record->tcp_flags[1] & TCP_FIN ? WEIR_END_FIN : WEIR_END_NONE;
}

static enum weir_flow_end push_segment(struct weir_tracker *tracker, uint32_t index,
				       enum weir_side side, const struct tracker_packet *packet)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);
	struct flow_stream *stream = &tracker->streams[index];
	const struct tcp_session_segment segment = {
		.side = side,
		.tcp = &packet->layers->tcp,
		.payload = packet->layers->payload,
		.payload_len = packet->layers->payload_len,
		.time_ns = tracker->wheel_ns,
	};
	struct tcp_session_pushed pushed;

	tracker->current = index;
	tcp_session_push(tracker->pool, &stream->session, &segment, &tracker->session_sink,
			 &pushed);
	if (pushed.flags) {
		record->retransmits[side] += !!(pushed.flags & TCP_PUSHED_RETRANSMIT);
		record->out_of_order[side] += !!(pushed.flags & TCP_PUSHED_OUT_OF_ORDER);
		stream->overlap_conflicts[side] += !!(pushed.flags & TCP_PUSHED_CONFLICT);
		if (pushed.flags & TCP_PUSHED_STRAY_SYN) {
			record->is_shadowed = 1;
			record->top[side] = packet->layers->tcp.seq;
		}
	}
	return pushed.end;
}

/* Whether a SYN is the one its side has begun with, as far as is known. */
static bool is_first_syn(const struct weir_tracker *tracker, uint32_t index, enum weir_side side,
			 const struct layers_tcp *tcp)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);
	uint32_t begin = record->next[side];

	if (tracker->streams) {
		const struct tcp_session *session = &tracker->streams[index].session;

		begin = session->side[side].next - (uint32_t)session->side[side].offset;
	}
	return record->packets[side] && begin == tcp->seq + 1;
}

bool tracker_tcp_is_anew(const struct weir_tracker *tracker, uint32_t index, enum weir_side side,
			 const struct layers_tcp *tcp)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);

	if (record->list == FLOW_OVER)
		return !(tcp->flags & TCP_ACK) || !is_first_syn(tracker, index, side, tcp);
	/* One that was alive would have answered with an ACK of its own (RFC 9293 3.10.7.4). */
	return record->is_shadowed && (tcp->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) &&
	       tcp->ack == record->top[!side] + 1;
}

/* From the last SYN to the ACK of its answer: a whole round trip, wherever between the two we
 * stand.
 */
static void time_handshake(struct flow_record *record, enum weir_side side,
			   const struct tracker_packet *packet)
{
	uint8_t flags = packet->layers->tcp.flags;
	uint64_t since_us = packet->time_ns > record->start_ns
				    ? (packet->time_ns - record->start_ns) / 1000
				    : 0;

	if (since_us > UINT32_MAX)
		since_us = UINT32_MAX;
	if (side == WEIR_RESPONDER) {
		if (flags & TCP_SYN)
			record->marks |= FLOW_ANSWERED_SYN;
	} else if (!(record->marks & FLOW_ANSWERED_SYN)) {
		if (flags & TCP_SYN)
			record->rtt_us = (uint32_t)since_us;
	} else if ((flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK) {
		record->marks &= (uint8_t)~FLOW_TIMES_SYN;
		record->rtt_us =
			since_us > record->rtt_us ? (uint32_t)since_us - record->rtt_us : 1;
	}
}

/* The flow has another time-out, which may be sooner. */
static void change_timeout(struct weir_tracker *tracker, uint32_t index, enum flow_timeout timeout)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);
	bool sooner = tracker->timeouts_ns[timeout] < tracker_timeout_ns(tracker, record);

	record->timeout = timeout & 15;
	if (!sooner)
		return;
	flow_timers_unset(&tracker->timers, index);
	tracker_set_timer(tracker, index);
}

/* What the segments that begin or end a connection change. */
static void take_state(struct weir_tracker *tracker, uint32_t index, enum weir_side side,
		       const struct tracker_packet *packet)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);

	if (record->marks & FLOW_TIMES_SYN)
		time_handshake(record, side, packet);
	if (record->list == FLOW_HALF_OPEN && side == WEIR_RESPONDER) {
		flow_table_move(&tracker->table, index, FLOW_ACTIVE);
		if (record->timeout == FLOW_TIMEOUT_OPENING)
			record->timeout = tracker_idle_timeout(record) & 15;
	}
	if (packet->layers->tcp.flags & TCP_FIN && record->timeout != FLOW_TIMEOUT_CLOSING)
		change_timeout(tracker, index, FLOW_TIMEOUT_CLOSING);
}

/* The usual segment, without streams: the next of its side, and the ACK is of what was sent. */
static bool count_next(struct flow_record *record, enum weir_side side,
		       const struct tracker_packet *packet)
{
	const struct layers_tcp *tcp = &packet->layers->tcp;
	uint8_t marks = record->marks & (uint8_t)(FLOW_KNOWS_NEXT * 15 | FLOW_TIMES_SYN);

	if ((tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK ||
	    marks != FLOW_KNOWS_NEXT * 3 || record->list != FLOW_ACTIVE ||
	    tcp->seq != record->next[side] ||
	    (uint32_t)seq_diff(tcp->ack, record->next[!side]) > HOLE_MAX)
		return false;
	record->next[side] += packet->layers->payload_len;
	record->ack[side] = tcp->ack;
	return true;
}

static __attribute__((noinline)) void take_other(struct weir_tracker *tracker, uint32_t index,
						 enum weir_side side,
						 const struct tracker_packet *packet)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);
	enum weir_flow_end end;

	end = tracker->streams ? push_segment(tracker, index, side, packet)
			       : count_segment(record, side, packet);
	if (record->list == FLOW_OVER)
		return;
	if (packet->layers->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
	    record->list == FLOW_HALF_OPEN || record->marks & FLOW_TIMES_SYN)
		take_state(tracker, index, side, packet);
	if (end != WEIR_END_NONE) {
		tracker_over(tracker, index, end);
		return;
	}
	if (tracker->streams && (tracker->streams[index].session.side[0].waiting |
				 tracker->streams[index].session.side[1].waiting)) {
		flow_timers_unset(&tracker->timers, index);
		tracker_set_timer(tracker, index);
	}
}

void tracker_tcp(struct weir_tracker *tracker, uint32_t index, enum weir_side side,
		 const struct tracker_packet *packet)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);

	record->tcp_flags[side] |= packet->layers->tcp.flags;
	if (tracker->streams || !count_next(record, side, packet))
		take_other(tracker, index, side, packet);
}
