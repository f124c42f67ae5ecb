/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bytes of one direction that came before those they follow, by their sequence numbers, and which
 * of them count where segments overlap. All of it lies in pages of a pool: this struct in one, the
 * bytes in others, byte s at s % STREAM_PAGE of page s / STREAM_PAGE.
 *
 *	      piece 0          piece 1    piece 2
 *	next … [=======] … … … [====][=========] …   each: start, end, how many segments made it
 *
 * The number of pieces is bounded, so that the array can be kept in order by moving it, and a
 * segment costs no more than its bytes and that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/flow.h>

#include "base/bytes.h"
#include "model/stream_pages.h"

#define TCP_SEGMENTS_PIECES_MAX 120

/* Bytes start … end - 1, all there. Pieces do not overlap. With the policies "first" and "last"
 * they do not touch either; with the others each is what a segment told and kept. */
struct tcp_piece {
	uint32_t start;
	uint32_t end;
	uint32_t origin;     /* where the segment began that told it */
	uint32_t n_segments; /* that brought something new to it */
};

struct tcp_segments {
	struct stream_pages *pages;
	uint64_t since_ns; /* the caller's */
	uint32_t index;    /* of the page this is in */
	uint32_t max_pages;
	uint32_t n_pages;    /* with bytes */
	uint32_t n_segments; /* sum over the pieces */
	uint32_t n_seen;     /* the caller's */
	uint32_t n_outside;  /* the caller's */
	uint32_t fin;        /* sequence number of the FIN, if there is one: the caller's */
	bool has_fin;
	uint8_t policy; /* enum weir_overlap_policy */
	uint16_t n;
	struct tcp_piece pieces[TCP_SEGMENTS_PIECES_MAX];
};

_Static_assert(sizeof(struct tcp_segments) <= STREAM_PAGE, "it is kept in a page");

/* What hold() found. */
struct tcp_segments_held {
	uint32_t fresh; /* bytes that were not there; the others are duplicates, whoever won */
	bool appended;  /* nothing that waits is beyond it, nothing is missing right before it */
	bool conflict;  /* it told other bytes than were there */
};

/* An empty set that takes up to max_bytes of memory beside this page. Its index, to be kept in 32
 * bits; STREAM_PAGE_NONE: the pool is full. */
uint32_t tcp_segments_new(struct stream_pages *pages, enum weir_overlap_policy policy,
			  size_t max_bytes);
/* Gives all pages back. */
void tcp_segments_free(struct tcp_segments *segments);

/* Borrowed until freed. */
struct tcp_segments *tcp_segments_at(const struct stream_pages *pages, uint32_t index);

/* Bytes that wait. */
uint32_t tcp_segments_bytes(const struct tcp_segments *segments);

/* Copies a segment of at least one byte in; where it overlaps, the policy says whose bytes stay.
 * All sequence numbers must be within 2^30 of each other. -ENOBUFS: no room; nothing was done. */
int tcp_segments_hold(struct tcp_segments *segments, uint32_t seq, struct bytes data,
		      struct tcp_segments_held *ret_held);

/* Whether a segment tells other bytes than wait. */
bool tcp_segments_conflict(const struct tcp_segments *segments, uint32_t seq, struct bytes data);

/* Whether a segment of start … end - 1 that comes now wins where it overlaps the first piece. */
bool tcp_segments_wins(const struct tcp_segments *segments, uint32_t start, uint32_t end);

/* The first bytes that wait, as many as lie together, but none at or after `until`. Borrowed until
 * the next change. There is a piece, and `until` is after its start. */
struct bytes tcp_segments_front(const struct tcp_segments *segments, uint32_t until);

/* Drops what is before seq, or what is not; returns how many bytes that were. */
uint32_t tcp_segments_drop_before(struct tcp_segments *segments, uint32_t seq);
uint32_t tcp_segments_drop_from(struct tcp_segments *segments, uint32_t seq);
