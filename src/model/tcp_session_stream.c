/* SPDX-License-Identifier: MIT */
#include "model/tcp_session_stream.h"

#include <errno.h>

#include "model/tcp_seq.h"

struct tcp_stream tcp_stream_of(struct tcp_session_pool *pool, struct tcp_session *session,
				const struct tcp_session_sink *sink, enum weir_side which)
{
	struct tcp_session_side *side = &session->side[which];

	return (struct tcp_stream){
		.pool = pool,
		.session = session,
		.sink = sink,
		.side = side,
		.waiting = side->waiting ? tcp_segments_at(pool->pages, side->waiting) : NULL,
		.which = which,
	};
}

static bool is_ignored(const struct tcp_stream *stream)
{
	return stream->session->side[0].flags & TCP_SESSION_IGNORED;
}

static bool has_pieces(const struct tcp_stream *stream)
{
	return stream->waiting && stream->waiting->n;
}

bool tcp_stream_waits(const struct tcp_stream *stream)
{
	return stream->waiting && (stream->waiting->n || stream->waiting->has_fin);
}

uint32_t tcp_stream_first(const struct tcp_stream *stream)
{
	return stream->waiting->n ? stream->waiting->pieces[0].start : stream->waiting->fin;
}

uint32_t tcp_stream_end(const struct tcp_stream *stream)
{
	const struct tcp_segments *waiting = stream->waiting;

	if (waiting && waiting->has_fin)
		return waiting->fin + 1;
	if (waiting && waiting->n)
		return waiting->pieces[waiting->n - 1].end;
	return stream->side->next + (tcp_side_is(stream->side, TCP_SIDE_FIN) ? 1 : 0);
}

bool tcp_stream_emit(struct tcp_stream *stream, struct bytes data)
{
	struct tcp_session_side *side = stream->side;
	bool heard = !is_ignored(stream);
	uint64_t offset = side->offset;

	side->offset += data.len;
	side->next += (uint32_t)data.len;
	if (!heard) {
		stream->pool->totals.shed += data.len;
		return false;
	}
	stream->pool->totals.delivered += data.len;
	if (!stream->sink->data(stream->sink->user, stream->which, offset, data))
		stream->session->side[0].flags |= TCP_SESSION_IGNORED;
	return true;
}

void tcp_stream_skip(struct tcp_stream *stream, uint32_t len, enum weir_gap_reason reason)
{
	struct tcp_session_side *side = stream->side;
	uint64_t offset = side->offset;

	side->offset += len;
	side->next += len;
	if (is_ignored(stream))
		return;
	stream->pool->totals.gap_bytes += len;
	stream->sink->gap(stream->sink->user, stream->which, offset, len, reason);
}

/* Nothing after the FIN waits, so that there is nothing else once it is reached. */
static void reach_fin(struct tcp_stream *stream)
{
	if (stream->waiting && stream->waiting->has_fin &&
	    stream->waiting->fin == stream->side->next) {
		stream->waiting->has_fin = false;
		stream->side->flags |= TCP_SIDE_FIN;
	}
}

/* Delivers what waits and is next, up to `until`. */
static void emit_waiting(struct tcp_stream *stream, uint32_t until)
{
	while (has_pieces(stream) && stream->waiting->pieces[0].start == stream->side->next &&
	       seq_before(stream->side->next, until)) {
		struct bytes front = tcp_segments_front(stream->waiting, until);

		stream->pool->totals.held -= front.len;
		tcp_stream_emit(stream, front);
		tcp_segments_drop_before(stream->waiting, stream->side->next);
	}
}

void tcp_stream_drain(struct tcp_stream *stream)
{
	while (has_pieces(stream) && stream->waiting->pieces[0].start == stream->side->next)
		emit_waiting(stream, stream->waiting->pieces[0].end);
	reach_fin(stream);
}

void tcp_stream_give_up(struct tcp_stream *stream, enum weir_gap_reason reason)
{
	tcp_stream_skip(stream, tcp_stream_first(stream) - stream->side->next, reason);
	tcp_stream_drain(stream);
}

void tcp_stream_start(struct tcp_stream *stream, uint32_t seq)
{
	stream->side->next = seq;
	stream->side->offset = 0;
	stream->side->flags |= TCP_SIDE_STARTED;
	tcp_stream_drain(stream);
}

struct tcp_segments *tcp_stream_waiting(struct tcp_stream *stream)
{
	const struct tcp_session_options *options = &stream->pool->options;

	if (!stream->waiting) {
		uint32_t page = tcp_segments_new(stream->pool->pages, options->policy,
						 options->max_side_bytes);

		if (!page)
			return NULL;
		stream->side->waiting = page;
		stream->waiting = tcp_segments_at(stream->pool->pages, page);
	}
	return stream->waiting;
}

void tcp_stream_drop(struct tcp_stream *stream)
{
	uint32_t n;

	if (!stream->waiting)
		return;
	n = tcp_segments_bytes(stream->waiting);
	stream->pool->totals.held -= n;
	stream->pool->totals.shed += n;
	tcp_segments_free(stream->waiting);
	stream->waiting = NULL;
	stream->side->waiting = STREAM_PAGE_NONE;
}

void tcp_stream_tidy(struct tcp_stream *stream)
{
	const struct tcp_segments *waiting = stream->waiting;

	if (waiting && !waiting->n && !waiting->has_fin && !waiting->n_outside)
		tcp_stream_drop(stream);
}

void tcp_stream_fin(struct tcp_stream *stream, uint32_t seq)
{
	struct tcp_segments *waiting = stream->waiting;
	uint32_t n = waiting ? tcp_segments_drop_from(waiting, seq) : 0;

	stream->pool->totals.held -= n;
	stream->pool->totals.shed += n;
	if ((stream->side->flags & TCP_SIDE_STARTED) && seq == stream->side->next) {
		stream->side->flags |= TCP_SIDE_FIN;
		return;
	}
	if (!waiting)
		waiting = tcp_stream_waiting(stream);
	if (waiting) {
		waiting->has_fin = true;
		waiting->fin = seq;
		return;
	}
	/* No page even for that. Nothing waits, so nothing else is missing up to the FIN. */
	if (stream->side->flags & TCP_SIDE_STARTED)
		tcp_stream_skip(stream, seq - stream->side->next, WEIR_GAP_MEMORY);
	else
		tcp_stream_start(stream, seq);
	stream->side->flags |= TCP_SIDE_FIN;
}

/* The next n bytes, which wait as well, were sent again. */
static void count_overlap(struct tcp_stream *stream, uint32_t n, struct tcp_session_pushed *pushed)
{
	pushed->duplicate += n;
	stream->pool->totals.duplicate += n;
}

static void emit_new(struct tcp_stream *stream, struct bytes data,
		     struct tcp_session_pushed *pushed)
{
	if (tcp_stream_emit(stream, data))
		pushed->taken += (uint32_t)data.len;
	else
		pushed->shed += (uint32_t)data.len;
}

/* The next bytes, of a segment that began at `start`, where others of them wait. */
static void emit_overlap(struct tcp_stream *stream, uint32_t start, struct bytes *data,
			 struct tcp_session_pushed *pushed)
{
	uint32_t next = stream->side->next;
	uint32_t end = next + (uint32_t)data->len;
	uint32_t until = seq_min(stream->waiting->pieces[0].end, end);
	uint32_t n = until - next;

	count_overlap(stream, n, pushed);
	if (!tcp_segments_wins(stream->waiting, start, end)) {
		bytes_take(data, n);
		emit_waiting(stream, until);
		return;
	}
	stream->pool->totals.held -= tcp_segments_drop_before(stream->waiting, until);
	tcp_stream_emit(stream, (struct bytes){bytes_take(data, n), n});
}

/* Payload that is next, of which some waits with other bytes. */
static void emit_conflict(struct tcp_stream *stream, uint32_t start, struct bytes data,
			  struct tcp_session_pushed *pushed)
{
	pushed->flags |= TCP_PUSHED_CONFLICT;
	while (data.len) {
		uint32_t next = stream->side->next;
		size_t n = data.len;

		if (has_pieces(stream)) {
			uint32_t until = seq_min(stream->waiting->pieces[0].start,
						 next + (uint32_t)data.len);

			n = until - next;
		}
		if (n)
			emit_new(stream, (struct bytes){bytes_take(&data, n), n}, pushed);
		else
			emit_overlap(stream, start, &data, pushed);
	}
}

/* Payload that is next. Where what waits is the same, one piece of the caller's memory goes out. */
static void emit_next(struct tcp_stream *stream, uint32_t start, struct bytes data,
		      struct tcp_session_pushed *pushed)
{
	uint32_t next = stream->side->next;
	uint32_t n = 0;

	if (has_pieces(stream)) {
		if (tcp_segments_conflict(stream->waiting, next, data)) {
			emit_conflict(stream, start, data, pushed);
			return;
		}
		n = tcp_segments_drop_before(stream->waiting, next + (uint32_t)data.len);
		stream->pool->totals.held -= n;
		count_overlap(stream, n, pushed);
	}
	if (tcp_stream_emit(stream, data))
		pushed->taken += (uint32_t)data.len - n;
	else
		pushed->shed += (uint32_t)data.len - n;
}

int tcp_stream_hold(struct tcp_stream *stream, uint32_t seq, struct bytes data,
		    struct tcp_session_pushed *pushed)
{
	struct tcp_segments *waiting = tcp_stream_waiting(stream);
	struct tcp_segments_held held;
	bool started = stream->side->flags & TCP_SIDE_STARTED;

	if (!waiting || tcp_segments_hold(waiting, seq, data, &held) < 0)
		return -ENOBUFS;
	pushed->taken += held.fresh;
	stream->pool->totals.held += held.fresh;
	count_overlap(stream, (uint32_t)data.len - held.fresh, pushed);
	if (held.fresh && (started || !held.appended))
		pushed->flags |= TCP_PUSHED_OUT_OF_ORDER;
	if (held.conflict)
		pushed->flags |= TCP_PUSHED_CONFLICT;
	return 0;
}

/* Gives up what is missing before this segment, or before what waits if that is first. */
static void make_room(struct tcp_stream *stream, uint32_t seq)
{
	if (has_pieces(stream) && seq_before(tcp_stream_first(stream), seq))
		tcp_stream_give_up(stream, WEIR_GAP_MEMORY);
	else
		tcp_stream_skip(stream, seq - stream->side->next, WEIR_GAP_MEMORY);
}

void tcp_stream_put(struct tcp_stream *stream, uint32_t seq, struct bytes data,
		    struct tcp_session_pushed *pushed)
{
	const uint32_t start = seq;

	for (;;) {
		if (seq_before(seq, stream->side->next)) {
			uint32_t old = stream->side->next - seq;

			if (old > data.len)
				old = (uint32_t)data.len;
			bytes_take(&data, old);
			seq += old;
			count_overlap(stream, old, pushed);
		}
		if (!data.len)
			return;
		if (seq == stream->side->next) {
			emit_next(stream, start, data, pushed);
			tcp_stream_drain(stream);
			return;
		}
		if (tcp_stream_hold(stream, seq, data, pushed) == 0)
			return;
		make_room(stream, seq);
	}
}
