/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Plays one line of steps to a session and writes down what is heard.
 *
 *   step     SIDE word…   a segment of I or R; steps are parted by commas
 *            N            where its payload begins, from the side's first byte; else where the last
 *                         one ended
 *            'text        payload
 *            ack=N win=N  an acknowledgment, N counted from the other side's first byte
 *            scale=N cut=N ms=N syn fin rst      cut: bytes more than were captured
 *   heard    I0'text      bytes, with their offset; what is contiguous is written together
 *            I4-9lost     a gap, and why: lost, memory, end
 *            |            what follows came at the end of the flow
 *            fin rst      the connection is over
 *            !…           something that must not be: bytes do not add up, memory is left
 */

#include <stdint.h>

#include "base/str_buf.h"
#include "model/tcp_session.h"

struct tcp_play_counts {
	uint64_t duplicate; /* bytes, as the totals have them at the end */
	uint64_t shed;
	unsigned int retransmits; /* segments */
	unsigned int early;
	unsigned int conflicts;
	unsigned int stray_syns;
	unsigned int bad_resets;
	unsigned int keepalives;
};

/* base: the sequence number of the initiator's first byte; the responder's is another. */
void tcp_play(const struct tcp_session_options *options, const char *steps, uint32_t base,
	      struct str_buf *heard, struct tcp_play_counts *ret_counts);
