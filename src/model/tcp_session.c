/* SPDX-License-Identifier: MIT */
#include "model/tcp_session.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/tcp_segments.h"
#include "model/tcp_seq.h"
#include "model/tcp_session_accept.h"
#include "model/tcp_session_stream.h"

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_SIDE_BYTES ((size_t)1 << 20)
#define MAX_SIDE_SEGMENTS 64u

/* Nothing is delivered any more. */
#define NOT_HEARD (TCP_SESSION_IGNORED | TCP_SESSION_RESET | TCP_SESSION_FINISHED)

DEFINE_CLEANUP(tcp_session_pool_free_p, struct tcp_session_pool *, tcp_session_pool_free)

/* A segment being pushed: what its sender sends, and what the acknowledgment in it is for. */
struct push {
	struct tcp_stream stream;
	struct tcp_stream other;
	const struct tcp_session_segment *segment;
	struct tcp_session_pushed *pushed;
};

int tcp_session_pool_new(const struct tcp_session_options *options,
			 struct tcp_session_pool **ret_pool)
{
	CLEANUP(tcp_session_pool_free_p)
	struct tcp_session_pool *pool = calloc(1, sizeof(*pool));
	int r;

	if (!pool)
		return -ENOMEM;
	if (options)
		pool->options = *options;
	if ((unsigned int)pool->options.policy > WEIR_OVERLAP_WINDOWS)
		return -EINVAL;
	if (!pool->options.max_bytes)
		pool->options.max_bytes = MAX_BYTES;
	if (!pool->options.max_side_bytes)
		pool->options.max_side_bytes = MAX_SIDE_BYTES;
	if (!pool->options.max_side_segments)
		pool->options.max_side_segments = MAX_SIDE_SEGMENTS;
	r = stream_pages_new(pool->options.max_bytes, &pool->pages);
	if (r < 0)
		return r;
	*ret_pool = STEAL(pool);
	return 0;
}

struct tcp_session_pool *tcp_session_pool_free(struct tcp_session_pool *pool)
{
	if (pool)
		stream_pages_free(pool->pages);
	free(pool);
	return NULL;
}

void tcp_session_pool_totals(const struct tcp_session_pool *pool,
			     struct tcp_session_totals *ret_totals)
{
	*ret_totals = pool->totals;
}

static uint8_t session_flags(const struct tcp_session *session)
{
	return session->side[0].flags;
}

static void shed(struct push *push, uint32_t n)
{
	push->pushed->shed += n;
	push->stream.pool->totals.shed += n;
}

static void repeat(struct push *push, uint32_t n)
{
	push->pushed->duplicate += n;
	push->stream.pool->totals.duplicate += n;
}

static uint64_t start_due_ns(const struct tcp_stream *stream)
{
	if (tcp_side_is(stream->side, TCP_SIDE_STARTED) || !tcp_stream_waits(stream))
		return UINT64_MAX;
	return stream->waiting->since_ns + TCP_SESSION_START_NS;
}

/* Streams of which the beginning was not seen start when they have waited long enough, the older
 * one first. */
static void start_due(struct tcp_stream *a, struct tcp_stream *b, uint64_t now_ns)
{
	struct tcp_stream *streams[2] = {a, b};

	if (start_due_ns(b) < start_due_ns(a)) {
		streams[0] = b;
		streams[1] = a;
	}
	for (size_t i = 0; i < 2; i++)
		if (start_due_ns(streams[i]) <= now_ns)
			tcp_stream_start(streams[i], tcp_stream_first(streams[i]));
}

/* Holes that nothing will fill: the receiver has acknowledged what is behind them. */
static void give_up_acked(struct tcp_stream *stream, uint32_t ack)
{
	if (!tcp_stream_waits(stream))
		return;
	if (!tcp_side_is(stream->side, TCP_SIDE_STARTED)) {
		if (seq_before(tcp_stream_first(stream), ack))
			tcp_stream_start(stream, tcp_stream_first(stream));
		else
			return;
	}
	while (stream->waiting->n && seq_until(tcp_stream_first(stream), ack))
		tcp_stream_give_up(stream, WEIR_GAP_LOST);
	if (!stream->waiting->n && stream->waiting->has_fin &&
	    seq_before(stream->waiting->fin, ack))
		tcp_stream_give_up(stream, WEIR_GAP_LOST);
}

/* Holes behind which enough has come. */
static void give_up_late(struct tcp_stream *stream)
{
	if (!tcp_stream_waits(stream))
		return;
	if (!tcp_side_is(stream->side, TCP_SIDE_STARTED)) {
		if (stream->waiting->n_seen < TCP_SESSION_START_SEGMENTS)
			return;
		tcp_stream_start(stream, tcp_stream_first(stream));
	}
	while (stream->waiting->n &&
	       stream->waiting->n_segments >= stream->pool->options.max_side_segments)
		tcp_stream_give_up(stream, WEIR_GAP_LOST);
}

/* So much outside the window that the window must be what is wrong: the receiver's segments do
 * not reach us any more. */
static void count_outside(struct push *push)
{
	struct tcp_segments *waiting;

	if (!tcp_side_is(push->other.side, TCP_SIDE_ACKED))
		return;
	waiting = tcp_stream_waiting(&push->stream);
	if (waiting && ++waiting->n_outside >= push->stream.pool->options.max_side_segments) {
		waiting->n_outside = 0;
		push->other.side->flags |= TCP_SIDE_STALE;
	}
}

/* RFC 9293 3.10.7.4: an acknowledgment of what was sent, and not an older one. */
static void take_ack(struct push *push)
{
	const struct layers_tcp *tcp = push->segment->tcp;
	struct tcp_session_side *receiver = push->stream.side;
	struct tcp_stream *acked = &push->other;
	unsigned int shift = tcp_session_window_shift(receiver, acked->side);

	if (tcp_side_is(acked->side, TCP_SIDE_STARTED) &&
	    seq_diff(acked->side->next, tcp->ack) >= TCP_STREAM_REACH)
		return;
	if (tcp_side_is(receiver, TCP_SIDE_ACKED) && seq_before(tcp->ack, receiver->ack))
		return;
	if (!tcp_side_is(receiver, TCP_SIDE_ACKED) || tcp->ack != receiver->ack) {
		receiver->flags &= (uint8_t)~TCP_SIDE_STALE;
		if (acked->waiting)
			acked->waiting->n_outside = 0;
	}
	receiver->flags |= TCP_SIDE_ACKED;
	receiver->ack = tcp->ack;
	receiver->window = tcp->window;
	/* That of a SYN is as it stands (RFC 7323 2.2). */
	if (tcp->flags & TCP_SYN)
		receiver->window = (uint16_t)((tcp->window + (1u << shift) - 1) >> shift);
	give_up_acked(acked, tcp->ack);
}

static void take_reset(struct push *push)
{
	shed(push, push->segment->payload_len);
	if (tcp_session_believes_reset(&push->stream, &push->other, push->segment->tcp))
		push->stream.session->side[0].flags |= TCP_SESSION_RESET;
	else
		push->pushed->flags |= TCP_PUSHED_BAD_RESET;
}

/* Cuts off what lies behind a FIN that was seen. */
static void cut_at_fin(struct push *push, uint32_t seq, struct bytes *data)
{
	const struct tcp_stream *stream = &push->stream;
	uint32_t fin = stream->side->next;
	int32_t room;

	if (stream->waiting && stream->waiting->has_fin)
		fin = stream->waiting->fin;
	else if (!tcp_side_is(stream->side, TCP_SIDE_FIN))
		return;
	room = seq_diff(seq, fin);
	if (room < 0)
		room = 0;
	if ((uint32_t)room < data->len) {
		shed(push, (uint32_t)data->len - (uint32_t)room);
		data->len = (uint32_t)room;
	}
}

/* Payload of a stream of which the beginning was not seen. */
static void hold_payload(struct push *push, uint32_t seq, struct bytes data)
{
	struct tcp_stream *stream = &push->stream;
	const struct tcp_session_side *receiver = push->other.side;
	int32_t away = tcp_stream_waits(stream) ? seq_diff(tcp_stream_first(stream), seq) : 0;
	uint32_t first = seq;

	/* A byte that was acknowledged before: somebody asks whether the other is there. */
	if (data.len == 1 && tcp_side_is(receiver, TCP_SIDE_ACKED) && receiver->ack == seq + 1) {
		push->pushed->flags |= TCP_PUSHED_KEEPALIVE;
		repeat(push, 1);
		return;
	}
	if (away >= TCP_STREAM_REACH / 2 || away <= -TCP_STREAM_REACH / 2) {
		shed(push, (uint32_t)data.len);
		return;
	}
	if (!tcp_stream_waits(stream) && tcp_stream_waiting(stream))
		stream->waiting->since_ns = push->segment->time_ns;
	if (tcp_stream_hold(stream, seq, data, push->pushed) == 0) {
		stream->waiting->n_seen++;
		return;
	}
	if (tcp_stream_waits(stream))
		first = seq_min(seq, tcp_stream_first(stream));
	tcp_stream_start(stream, first);
	tcp_stream_put(stream, seq, data, push->pushed);
}

/* Sheds what lies before the start of the stream, which is not data that came again. */
static void cut_at_start(struct push *push, uint32_t *seq, struct bytes *data)
{
	const struct tcp_session_side *side = push->stream.side;
	uint64_t behind = (uint32_t)seq_diff(*seq, side->next);
	uint32_t n;

	if (!seq_before(*seq, side->next) || behind <= side->offset)
		return;
	n = (uint32_t)(behind - side->offset);
	if (n > data->len)
		n = (uint32_t)data->len;
	bytes_take(data, n);
	*seq += n;
	shed(push, n);
}

/* What the capture cut off of a segment that is next cannot come any more: a repetition would be
 * cut as well. */
static void skip_cut(struct push *push, uint32_t seq)
{
	struct tcp_stream *stream = &push->stream;
	const struct tcp_session_segment *segment = push->segment;
	uint32_t captured = seq + (uint32_t)segment->payload.len;
	uint32_t end = seq + segment->payload_len;

	if (tcp_side_is(stream->side, TCP_SIDE_FIN) ||
	    !tcp_side_is(stream->side, TCP_SIDE_STARTED) ||
	    !seq_until(captured, stream->side->next))
		return;
	while (seq_before(stream->side->next, end)) {
		if (tcp_stream_waits(stream))
			end = seq_min(end, tcp_stream_first(stream));
		tcp_stream_skip(stream, end - stream->side->next, WEIR_GAP_LOST);
		tcp_stream_drain(stream);
		end = seq + segment->payload_len;
		if (tcp_side_is(stream->side, TCP_SIDE_FIN))
			break;
	}
}

static bool is_keepalive(const struct push *push)
{
	const struct tcp_session_segment *segment = push->segment;
	const struct tcp_session_side *side = push->stream.side;

	return tcp_side_is(side, TCP_SIDE_STARTED) &&
	       !(segment->tcp->flags & (TCP_SYN | TCP_FIN)) && segment->payload_len <= 1 &&
	       segment->tcp->seq == side->next - 1;
}

static void take_payload(struct push *push, uint32_t seq)
{
	struct tcp_stream *stream = &push->stream;
	struct bytes data = push->segment->payload;
	uint32_t cut = push->segment->payload_len - (uint32_t)data.len;

	shed(push, cut);
	if (is_keepalive(push)) {
		push->pushed->flags |= TCP_PUSHED_KEEPALIVE;
		repeat(push, (uint32_t)data.len);
		return;
	}
	cut_at_fin(push, seq, &data);
	if (tcp_side_is(stream->side, TCP_SIDE_STARTED)) {
		if (stream->side->next != seq &&
		    tcp_session_is_outside(stream, push->other.side, seq)) {
			shed(push, (uint32_t)data.len);
			if (data.len)
				count_outside(push);
			return;
		}
		cut_at_start(push, &seq, &data);
	}
	if (data.len && tcp_side_is(stream->side, TCP_SIDE_STARTED))
		tcp_stream_put(stream, seq, data, push->pushed);
	else if (data.len)
		hold_payload(push, seq, data);
	if (cut)
		skip_cut(push, seq);
}

static void take_fin(struct push *push, uint32_t seq)
{
	struct tcp_stream *stream = &push->stream;
	bool started = tcp_side_is(stream->side, TCP_SIDE_STARTED);

	if (tcp_side_is(stream->side, TCP_SIDE_FIN) ||
	    (stream->waiting && stream->waiting->has_fin))
		return;
	if (started && seq != stream->side->next &&
	    (seq_before(seq, stream->side->next) ||
	     tcp_session_is_outside(stream, push->other.side, seq)))
		return;
	if (!started && !tcp_stream_waits(stream) && tcp_stream_waiting(stream))
		stream->waiting->since_ns = push->segment->time_ns;
	tcp_stream_fin(stream, seq);
	if (!started && stream->waiting && !push->segment->payload_len)
		stream->waiting->n_seen++;
}

/* Nobody listens: payload is only counted, but the end is still told. */
static void follow_only(struct push *push, uint32_t seq)
{
	struct tcp_session_side *side = push->stream.side;
	uint32_t end = seq + push->segment->payload_len;

	shed(push, push->segment->payload_len);
	if (tcp_side_is(side, TCP_SIDE_FIN))
		return;
	if (!tcp_side_is(side, TCP_SIDE_STARTED)) {
		side->next = seq;
		side->flags |= TCP_SIDE_STARTED;
	}
	if (seq_before(side->next, end)) {
		side->offset += end - side->next;
		side->next = end;
	}
	if ((push->segment->tcp->flags & TCP_FIN) && end == side->next)
		side->flags |= TCP_SIDE_FIN;
}

static void take_segment(struct push *push)
{
	const struct layers_tcp *tcp = push->segment->tcp;
	uint32_t seq = tcp->seq;

	start_due(&push->stream, &push->other, push->segment->time_ns);
	if (tcp->flags & TCP_RST) {
		take_reset(push);
		return;
	}
	if (tcp->flags & TCP_SYN) {
		if (!tcp_session_take_syn(&push->stream, push->other.side, tcp)) {
			push->pushed->flags |= TCP_PUSHED_STRAY_SYN;
			shed(push, push->segment->payload_len);
			return;
		}
		seq++;
	}
	if (tcp->flags & TCP_ACK)
		take_ack(push);
	if (session_flags(push->stream.session) & TCP_SESSION_IGNORED) {
		follow_only(push, seq);
		return;
	}
	take_payload(push, seq);
	if (tcp->flags & TCP_FIN)
		take_fin(push, seq + push->segment->payload_len);
	if (tcp_side_is(push->other.side, TCP_SIDE_ACKED))
		give_up_acked(&push->stream, push->other.side->ack);
	give_up_late(&push->stream);
}

static enum weir_flow_end session_end(const struct tcp_session *session)
{
	if (session->side[0].flags & session->side[1].flags & TCP_SIDE_FIN)
		return WEIR_END_FIN;
	if (session_flags(session) & TCP_SESSION_RESET)
		return WEIR_END_RST;
	return WEIR_END_NONE;
}

static void tidy(struct tcp_stream *a, struct tcp_stream *b)
{
	if (session_flags(a->session) & TCP_SESSION_IGNORED) {
		tcp_stream_drop(a);
		tcp_stream_drop(b);
	}
	tcp_stream_tidy(a);
	tcp_stream_tidy(b);
}

/* The usual segment: nothing waits, and it is the next. */
static inline bool push_next(struct tcp_session_pool *pool, struct tcp_session *session,
			     const struct tcp_session_segment *segment,
			     const struct tcp_session_sink *sink,
			     struct tcp_session_pushed *ret_pushed)
{
	struct tcp_session_side *side = &session->side[segment->side];
	const struct tcp_session_side *other = &session->side[!segment->side];
	const struct layers_tcp *tcp = segment->tcp;
	uint32_t len = segment->payload_len;
	uint64_t offset = side->offset;

	if ((tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK ||
	    (side->flags & (TCP_SIDE_STARTED | TCP_SIDE_FIN | TCP_SIDE_ACKED)) !=
		    (TCP_SIDE_STARTED | TCP_SIDE_ACKED) ||
	    tcp->seq != side->next || segment->payload.len != len ||
	    (side->waiting | other->waiting) || (session_flags(session) & NOT_HEARD))
		return false;
	if (seq_until(side->ack, tcp->ack) &&
	    (!tcp_side_is(other, TCP_SIDE_STARTED) ||
	     seq_diff(other->next, tcp->ack) < TCP_STREAM_REACH)) {
		if (tcp->ack != side->ack)
			side->flags &= (uint8_t)~TCP_SIDE_STALE;
		side->ack = tcp->ack;
		side->window = tcp->window;
	}
	if (!len)
		return true;
	side->offset = offset + len;
	side->next += len;
	pool->totals.delivered += len;
	ret_pushed->taken = len;
	if (!sink->data(sink->user, segment->side, offset, segment->payload))
		session->side[0].flags |= TCP_SESSION_IGNORED;
	return true;
}

/* Any other. Apart, so that the usual one does not set up its stack for it. */
static __attribute__((noinline)) void push_any(struct tcp_session_pool *pool,
					       struct tcp_session *session,
					       const struct tcp_session_segment *segment,
					       const struct tcp_session_sink *sink,
					       struct tcp_session_pushed *ret_pushed)
{
	struct push push = {
		.stream = tcp_stream_of(pool, session, sink, segment->side),
		.other = tcp_stream_of(pool, session, sink, !segment->side),
		.segment = segment,
		.pushed = ret_pushed,
	};

	if (session_flags(session) & (TCP_SESSION_RESET | TCP_SESSION_FINISHED)) {
		shed(&push, segment->payload_len);
	} else {
		take_segment(&push);
		tidy(&push.stream, &push.other);
	}
	if (segment->payload_len && ret_pushed->duplicate == segment->payload_len &&
	    !(ret_pushed->flags & TCP_PUSHED_KEEPALIVE))
		ret_pushed->flags |= TCP_PUSHED_RETRANSMIT;
	ret_pushed->end = session_end(session);
}

void tcp_session_push(struct tcp_session_pool *pool, struct tcp_session *session,
		      const struct tcp_session_segment *segment,
		      const struct tcp_session_sink *sink, struct tcp_session_pushed *ret_pushed)
{
	*ret_pushed = (struct tcp_session_pushed){0};
	pool->totals.payload += segment->payload_len;
	if (!push_next(pool, session, segment, sink, ret_pushed))
		push_any(pool, session, segment, sink, ret_pushed);
}

uint64_t tcp_session_due_ns(const struct tcp_session_pool *pool, const struct tcp_session *session)
{
	uint64_t due_ns = UINT64_MAX;

	for (size_t i = 0; i < 2; i++) {
		const struct tcp_session_side *side = &session->side[i];
		const struct tcp_segments *waiting;

		if (!side->waiting || tcp_side_is(side, TCP_SIDE_STARTED))
			continue;
		waiting = tcp_segments_at(pool->pages, side->waiting);
		if (waiting->since_ns + TCP_SESSION_START_NS < due_ns)
			due_ns = waiting->since_ns + TCP_SESSION_START_NS;
	}
	return due_ns == UINT64_MAX ? 0 : due_ns;
}

void tcp_session_tick(struct tcp_session_pool *pool, struct tcp_session *session, uint64_t now_ns,
		      const struct tcp_session_sink *sink)
{
	struct tcp_stream a = tcp_stream_of(pool, session, sink, WEIR_INITIATOR);
	struct tcp_stream b = tcp_stream_of(pool, session, sink, WEIR_RESPONDER);

	start_due(&a, &b, now_ns);
	tidy(&a, &b);
}

/* What waits goes out, and what was acknowledged without having been seen is told. */
static void finish_stream(struct tcp_stream *stream, const struct tcp_session_side *receiver)
{
	bool acked = tcp_side_is(receiver, TCP_SIDE_ACKED);
	int32_t unseen;

	if (tcp_stream_waits(stream) && !tcp_side_is(stream->side, TCP_SIDE_STARTED))
		tcp_stream_start(stream, tcp_stream_first(stream));
	if (acked)
		give_up_acked(stream, receiver->ack);
	while (tcp_stream_waits(stream))
		tcp_stream_give_up(stream, WEIR_GAP_END);
	if (!acked || !tcp_side_is(stream->side, TCP_SIDE_STARTED) ||
	    tcp_side_is(stream->side, TCP_SIDE_FIN))
		return;
	unseen = seq_diff(stream->side->next, receiver->ack);
	/* A single one was more likely its FIN. */
	if (unseen > 1)
		tcp_stream_skip(stream, (uint32_t)unseen, WEIR_GAP_LOST);
}

void tcp_session_finish(struct tcp_session_pool *pool, struct tcp_session *session,
			const struct tcp_session_sink *sink)
{
	struct tcp_stream a = tcp_stream_of(pool, session, sink, WEIR_INITIATOR);
	struct tcp_stream b = tcp_stream_of(pool, session, sink, WEIR_RESPONDER);

	if (session_flags(session) & TCP_SESSION_FINISHED)
		return;
	if (sink && !(session_flags(session) & TCP_SESSION_IGNORED)) {
		start_due(&a, &b, UINT64_MAX - 1);
		finish_stream(&a, b.side);
		finish_stream(&b, a.side);
	}
	tcp_stream_drop(&a);
	tcp_stream_drop(&b);
	session->side[0].flags |= TCP_SESSION_FINISHED;
}
