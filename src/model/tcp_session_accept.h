/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the receiver of a segment would make of it: is it in the window, does the SYN belong to the
 * connection, is the reset believed. `stream` is what its sender sends; the receiver's side has
 * the acknowledgments and windows for it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "decode/layers.h"
#include "model/tcp_session_stream.h"

/* How far the windows of `side` are shifted; with half of the handshake unseen, the most it can
 * be (RFC 7323 2.2: only if both offer it). */
unsigned int tcp_session_window_shift(const struct tcp_session_side *side,
				      const struct tcp_session_side *other);

/* Whether something at seq, which is not next, is nothing its receiver would take. The stream has
 * started. */
bool tcp_session_is_outside(const struct tcp_stream *stream,
			    const struct tcp_session_side *receiver, uint32_t seq);

/* Whether a SYN is the connection's own: its first, a repetition, or late. If so it is taken. */
bool tcp_session_take_syn(struct tcp_stream *stream, const struct tcp_session_side *receiver,
			  const struct layers_tcp *tcp);

/*
 * Whether a reset is believed (RFC 9293 3.5.2, 3.10.7.4): by one who waits for an answer to its
 * SYN, if that is acknowledged; later, if the sequence number is the next it expects. That may be
 * what we expect, or what it said last, or, where we missed something, the end of all we saw.
 */
bool tcp_session_believes_reset(const struct tcp_stream *stream, const struct tcp_stream *other,
				const struct layers_tcp *tcp);
