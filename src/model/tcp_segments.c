/* SPDX-License-Identifier: MIT */
#include "model/tcp_segments.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/tcp_seq.h"

/* A segment on its way in. */
struct incoming {
	uint32_t start;
	uint32_t end;
	const uint8_t *data;
};

static uint32_t page_number(uint32_t seq)
{
	return seq / STREAM_PAGE;
}

/* Pages that hold at least one byte of start … end - 1. */
static uint32_t page_count(uint32_t start, uint32_t end)
{
	return (start % STREAM_PAGE + (end - start) + STREAM_PAGE - 1) / STREAM_PAGE;
}

/* Bytes from seq to the end of its page, but none at or after end. */
static uint32_t page_room(uint32_t seq, uint32_t end)
{
	uint32_t room = STREAM_PAGE - seq % STREAM_PAGE;

	return room < end - seq ? room : end - seq;
}

static uint8_t *byte_at(const struct tcp_segments *segments, uint32_t seq)
{
	uint32_t page = stream_pages_find(segments->pages, segments->index, page_number(seq));

	assert(page);
	return (uint8_t *)stream_pages_at(segments->pages, page) + seq % STREAM_PAGE;
}

/* The first piece that ends after seq; n: none does. */
static size_t first_ending_after(const struct tcp_segments *segments, uint32_t seq)
{
	size_t low = 0;
	size_t high = segments->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (seq_before(seq, segments->pieces[middle].end))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint32_t tcp_segments_new(struct stream_pages *pages, enum weir_overlap_policy policy,
			  size_t max_bytes)
{
	uint32_t index = stream_pages_take(pages);
	size_t max_pages = max_bytes / STREAM_PAGE;
	struct tcp_segments *segments;

	if (!index)
		return STREAM_PAGE_NONE;
	segments = stream_pages_at(pages, index);
	/* The pieces, which are the most of it, need not be set. */
	memset(segments, 0, offsetof(struct tcp_segments, pieces));
	segments->pages = pages;
	segments->index = index;
	segments->max_pages = max_pages < UINT32_MAX ? (uint32_t)max_pages : UINT32_MAX;
	segments->policy = (uint8_t)policy;
	return index;
}

struct tcp_segments *tcp_segments_at(const struct stream_pages *pages, uint32_t index)
{
	return stream_pages_at(pages, index);
}

uint32_t tcp_segments_bytes(const struct tcp_segments *segments)
{
	uint32_t n = 0;

	for (size_t i = 0; i < segments->n; i++)
		n += segments->pieces[i].end - segments->pieces[i].start;
	return n;
}

/* Whether a piece has bytes in the page. */
static bool page_is_wanted(const struct tcp_segments *segments, uint32_t number)
{
	uint32_t start = number * STREAM_PAGE;
	size_t i = first_ending_after(segments, start);

	return i < segments->n && seq_before(segments->pieces[i].start, start + STREAM_PAGE);
}

/* Gives back what pages of start … end - 1 are there and hold nothing any more. */
static void release_pages(struct tcp_segments *segments, uint32_t start, uint32_t end)
{
	uint32_t n = page_count(start, end);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = page_number(start + i * STREAM_PAGE);
		uint32_t page;

		if (page_is_wanted(segments, number))
			continue;
		page = stream_pages_find(segments->pages, segments->index, number);
		if (!page)
			continue;
		stream_pages_give(segments->pages, page);
		segments->n_pages--;
	}
}

/* Makes sure of a page for each byte. -ENOBUFS: there are no more pages than before. */
static int reserve_pages(struct tcp_segments *segments, uint32_t start, uint32_t end)
{
	uint32_t n = page_count(start, end);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = page_number(start + i * STREAM_PAGE);

		if (stream_pages_find(segments->pages, segments->index, number))
			continue;
		if (segments->n_pages >= segments->max_pages ||
		    !stream_pages_add(segments->pages, segments->index, number)) {
			release_pages(segments, start, end);
			return -ENOBUFS;
		}
		segments->n_pages++;
	}
	return 0;
}

static void write_bytes(struct tcp_segments *segments, const struct incoming *in, uint32_t start,
			uint32_t end)
{
	while (start != end) {
		uint32_t len = page_room(start, end);

		memcpy(byte_at(segments, start), in->data + (start - in->start), len);
		start += len;
	}
}

static bool bytes_differ(const struct tcp_segments *segments, const struct incoming *in,
			 uint32_t start, uint32_t end)
{
	while (start != end) {
		uint32_t len = page_room(start, end);

		if (memcmp(byte_at(segments, start), in->data + (start - in->start), len) != 0)
			return true;
		start += len;
	}
	return false;
}

/*
 * Whose bytes stay, by what the systems do (Novak and Sturges, "Target-Based TCP Stream
 * Reassembly", 2007; ours are the cases in which the new segment wins):
 *   BSD      it begins before what is there now, of which the front is then cut off
 *            (tcp_reass: trimmed at its own front by the one before, it trims those after).
 *   Windows  likewise.
 *   Linux    it begins before the other segment began, or with it and ends after it
 *            (tcp_data_queue_ofo: segments stay whole, and the first in the queue is read first).
 */
static bool incoming_wins(enum weir_overlap_policy policy, uint32_t start, uint32_t end,
			  const struct tcp_piece *piece)
{
	switch (policy) {
	case WEIR_OVERLAP_LAST:
		return true;
	case WEIR_OVERLAP_BSD:
	case WEIR_OVERLAP_WINDOWS:
		return seq_before(start, piece->start);
	case WEIR_OVERLAP_LINUX:
		return seq_before(start, piece->origin) ||
		       (start == piece->origin && seq_before(piece->end, end));
	case WEIR_OVERLAP_FIRST:
		break;
	}
	return false;
}

/* Only their bytes matter: pieces that touch are one. */
static bool pieces_merge(const struct tcp_segments *segments)
{
	return segments->policy == WEIR_OVERLAP_FIRST || segments->policy == WEIR_OVERLAP_LAST;
}

/* Puts n pieces in the place of those from `from` up to `to`. There is room. */
static void replace_pieces(struct tcp_segments *segments, size_t from, size_t to,
			   const struct tcp_piece *with, size_t n)
{
	memmove(&segments->pieces[from + n], &segments->pieces[to],
		(segments->n - to) * sizeof(*with));
	memcpy(&segments->pieces[from], with, n * sizeof(*with));
	segments->n = (uint16_t)(segments->n - (to - from) + n);
}

/* The segment's bytes into the pages; pieces are left as they are. */
static void settle_bytes(struct tcp_segments *segments, const struct incoming *in, size_t from,
			 struct tcp_segments_held *ret_held)
{
	uint32_t at = in->start;

	for (size_t i = from; i < segments->n; i++) {
		const struct tcp_piece *piece = &segments->pieces[i];
		uint32_t start = seq_max(in->start, piece->start);
		uint32_t end = seq_min(in->end, piece->end);

		if (!seq_before(start, end))
			break;
		write_bytes(segments, in, at, start);
		ret_held->fresh += start - at;
		at = end;
		if (!bytes_differ(segments, in, start, end))
			continue;
		ret_held->conflict = true;
		if (incoming_wins(segments->policy, in->start, in->end, piece))
			write_bytes(segments, in, start, end);
	}
	write_bytes(segments, in, at, in->end);
	ret_held->fresh += in->end - at;
}

/* One piece of the segment and all that it overlaps or touches. */
static void merge_pieces(struct tcp_segments *segments, const struct incoming *in, bool is_new)
{
	struct tcp_piece whole = {.start = in->start, .end = in->end, .n_segments = is_new};
	size_t from = first_ending_after(segments, in->start - 1);
	size_t to = from;

	for (; to < segments->n && seq_until(segments->pieces[to].start, in->end); to++) {
		whole.start = seq_min(whole.start, segments->pieces[to].start);
		whole.end = seq_max(whole.end, segments->pieces[to].end);
		whole.n_segments += segments->pieces[to].n_segments;
	}
	whole.origin = whole.start;
	replace_pieces(segments, from, to, &whole, 1);
}

/* The segment as pieces of its own, where it fills holes or wins. Pieces it covers are gone; the
 * segments they were count with it, for they came after the hole as well. */
static void lay_pieces(struct tcp_segments *segments, const struct incoming *in, size_t from,
		       bool is_new)
{
	struct tcp_piece laid[2 * TCP_SEGMENTS_PIECES_MAX + 1];
	struct tcp_piece part = {.start = in->start, .origin = in->start, .n_segments = is_new};
	size_t n = 0;
	size_t to = from;

	for (; to < segments->n && seq_before(segments->pieces[to].start, in->end); to++) {
		struct tcp_piece piece = segments->pieces[to];

		if (incoming_wins(segments->policy, in->start, in->end, &piece)) {
			if (seq_until(piece.end, in->end)) {
				part.n_segments += piece.n_segments;
				continue;
			}
			part.end = piece.start = in->end;
		} else {
			part.end = piece.start;
		}
		if (seq_before(part.start, part.end)) {
			laid[n++] = part;
			part.n_segments = 0;
		}
		part.start = piece.end;
		laid[n++] = piece;
	}
	part.end = in->end;
	if (seq_before(part.start, part.end)) {
		laid[n++] = part;
		part.n_segments = 0;
	}
	if (n)
		laid[0].n_segments += part.n_segments;
	replace_pieces(segments, from, to, laid, n);
}

/* Pieces there will be once the segment has been merged or laid in. */
static size_t pieces_after(const struct tcp_segments *segments, const struct incoming *in,
			   size_t from)
{
	size_t n = segments->n;
	uint32_t at = in->start;

	if (pieces_merge(segments))
		return n + 1;
	for (size_t i = from; i < segments->n; i++) {
		const struct tcp_piece *piece = &segments->pieces[i];
		bool wins = incoming_wins(segments->policy, in->start, in->end, piece);

		if (!seq_before(piece->start, in->end))
			break;
		if (wins && seq_until(piece->end, in->end)) {
			n--;
			continue;
		}
		n += seq_before(at, wins ? in->end : piece->start);
		at = piece->end;
	}
	return n + seq_before(at, in->end);
}

int tcp_segments_hold(struct tcp_segments *segments, uint32_t seq, struct bytes data,
		      struct tcp_segments_held *ret_held)
{
	const struct incoming in = {seq, seq + (uint32_t)data.len, data.data};
	size_t from = first_ending_after(segments, seq);
	struct tcp_segments_held held = {0};

	if (pieces_after(segments, &in, from) > TCP_SEGMENTS_PIECES_MAX ||
	    reserve_pages(segments, in.start, in.end) < 0)
		return -ENOBUFS;
	held.appended = !segments->n || segments->pieces[segments->n - 1].end == in.start;
	settle_bytes(segments, &in, from, &held);
	if (pieces_merge(segments))
		merge_pieces(segments, &in, held.fresh > 0);
	else
		lay_pieces(segments, &in, from, held.fresh > 0);
	segments->n_segments += held.fresh > 0;
	*ret_held = held;
	return 0;
}

bool tcp_segments_conflict(const struct tcp_segments *segments, uint32_t seq, struct bytes data)
{
	const struct incoming in = {seq, seq + (uint32_t)data.len, data.data};

	for (size_t i = first_ending_after(segments, seq); i < segments->n; i++) {
		const struct tcp_piece *piece = &segments->pieces[i];
		uint32_t start = seq_max(in.start, piece->start);
		uint32_t end = seq_min(in.end, piece->end);

		if (!seq_before(start, end))
			break;
		if (bytes_differ(segments, &in, start, end))
			return true;
	}
	return false;
}

bool tcp_segments_wins(const struct tcp_segments *segments, uint32_t start, uint32_t end)
{
	return incoming_wins(segments->policy, start, end, &segments->pieces[0]);
}

struct bytes tcp_segments_front(const struct tcp_segments *segments, uint32_t until)
{
	const struct tcp_piece *piece = &segments->pieces[0];
	uint32_t len = page_room(piece->start, seq_min(piece->end, until));

	return (struct bytes){byte_at(segments, piece->start), len};
}

uint32_t tcp_segments_drop_before(struct tcp_segments *segments, uint32_t seq)
{
	uint32_t n_bytes = 0;

	while (segments->n && seq_before(segments->pieces[0].start, seq)) {
		const struct tcp_piece piece = segments->pieces[0];
		uint32_t end = seq_min(piece.end, seq);

		if (end == piece.end) {
			segments->n_segments -= piece.n_segments;
			replace_pieces(segments, 0, 1, &piece, 0);
		} else {
			segments->pieces[0].start = end;
		}
		release_pages(segments, piece.start, end);
		n_bytes += end - piece.start;
	}
	return n_bytes;
}

uint32_t tcp_segments_drop_from(struct tcp_segments *segments, uint32_t seq)
{
	uint32_t n_bytes = 0;

	while (segments->n && seq_before(seq, segments->pieces[segments->n - 1].end)) {
		const struct tcp_piece piece = segments->pieces[segments->n - 1];
		uint32_t start = seq_max(piece.start, seq);

		if (start == piece.start) {
			segments->n_segments -= piece.n_segments;
			segments->n--;
		} else {
			segments->pieces[segments->n - 1].end = start;
		}
		release_pages(segments, start, piece.end);
		n_bytes += piece.end - start;
	}
	return n_bytes;
}

void tcp_segments_free(struct tcp_segments *segments)
{
	if (segments->n)
		tcp_segments_drop_from(segments, segments->pieces[0].start);
	stream_pages_give(segments->pages, segments->index);
}
