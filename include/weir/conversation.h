/* SPDX-License-Identifier: MIT */
#ifndef WEIR_CONVERSATION_H
#define WEIR_CONVERSATION_H

#include <stddef.h>
#include <stdint.h>

#include <weir/capture.h>
#include <weir/flow.h>

/*
 * Conversations: each flow of a capture as one sequence of chunks, both sides in the order of the
 * wire, to be pulled by whoever wants them, also from several threads. Built on a tracker; the sink
 * (weir/flow.h) is the faster way for those who can be called.
 *
 *	weir_conversations_open(capture, NULL, &convs);
 *	while (weir_conversations_next(convs, -1, &conv) == 1) {
 *		while (weir_conversation_next(conv, -1, &chunk) == 1)
 *			… chunk.kind, chunk.data, chunk.len
 *		weir_conversation_close(conv);
 *	}
 *
 * Whoever asks for a chunk that has not come drives the capture himself when nobody else does, so a
 * single thread can do both and cannot wait for itself.
 */

enum weir_chunk_kind {
	WEIR_CHUNK_INITIATOR, /* bytes of the initiator */
	WEIR_CHUNK_RESPONDER,
	WEIR_CHUNK_GAP,    /* len bytes of `side` are missing, for `reason` */
	WEIR_CHUNK_CLOSED, /* the last one, once: flow.end says why */
};

struct weir_chunk {
	enum weir_chunk_kind kind;
	enum weir_side side;
	enum weir_gap_reason reason;
	const uint8_t *data; /* borrowed until the next call on this conversation */
	uint64_t len;
	uint64_t offset;  /* in its side's stream */
	uint64_t time_ns; /* of the packet that completed it */
};

/* What happens when a reader does not keep up with a live capture. */
enum weir_slow_reader {
	WEIR_SLOW_AUTO = 0, /* a file waits; live, the conversation loses */
	WEIR_SLOW_WAIT,     /* the capture waits, so the kernel may drop packets of all */
	WEIR_SLOW_LOSE,     /* the conversation's oldest chunks become a gap (WEIR_GAP_READER) */
};

struct weir_conversations_options {
	size_t size;                         /* sizeof(struct weir_conversations_options) */
	struct weir_tracker_options tracker; /* streams is implied */
	uint32_t max_chunks;                 /* waiting in one conversation; 0: 64 */
	size_t max_bytes;                    /* likewise; 0: 1 MiB */
	size_t max_all_bytes;                /* waiting in all of them; 0: 256 MiB */
	enum weir_slow_reader slow_reader;
	bool udp; /* UDP flows too: each datagram is a chunk */
};

struct weir_conversations;
struct weir_conversation;

/* Takes the capture over (closed with it), also on failure. options NULL: all defaults. */
int weir_conversations_open(struct weir_capture *capture,
			    const struct weir_conversations_options *options,
			    struct weir_conversations **ret_conversations);

/* The next flow that began, waiting up to timeout_ms (-1: for ever). 1: *ret_conversation is the
 * caller's, to be closed; 0: none in time; -ENODATA: the capture is over and all have been given;
 * others as the capture says. One thread at a time. */
int weir_conversations_next(struct weir_conversations *conversations, int timeout_ms,
			    struct weir_conversation **ret_conversation);

void weir_conversations_stats(struct weir_conversations *conversations,
			      struct weir_tracker_stats *ret_stats);

/* Conversations still held by readers stay readable: what they have waits, then CLOSED. */
void weir_conversations_close(struct weir_conversations *conversations);

/* The next chunk of one conversation, waiting up to timeout_ms. 1; 0: none in time; -ENODATA:
 * CLOSED has been given. One thread at a time for each conversation. */
int weir_conversation_next(struct weir_conversation *conversation, int timeout_ms,
			   struct weir_chunk *ret_chunk);

/* The flow as it was when the last chunk given was made. Borrowed until the next call. */
const struct weir_flow *weir_conversation_flow(const struct weir_conversation *conversation);

/* No more interest: what comes is only counted. */
void weir_conversation_close(struct weir_conversation *conversation);

#endif
