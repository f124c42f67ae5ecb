/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Inside of a tracker, and how its parts call each other:
 *
 *	tracker.c        packets in: decode, find the flow, count; time; the public functions
 *	tracker_flow.c   a flow begins, is over, ends; what the sink is told
 *	tracker_tcp.c    TCP: handshake, streams or what can be counted without, resets, FINs
 *
 * Two clocks. now_ns is the packets', and goes back if theirs does. wheel_ns goes on by as much as
 * now_ns goes forward, and never back: timers are set by it, and when one goes off the flow's own
 * times decide. Steps back of up to step_ns are packets out of order.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/flow.h>

#include "decode/fragments.h"
#include "decode/layers.h"
#include "model/flow_key.h"
#include "model/flow_memory.h"
#include "model/flow_table.h"
#include "model/flow_timers.h"
#include "model/tcp_session.h"

/* With streams, beside each record. By enum weir_side. */
struct flow_stream {
	struct tcp_session session;
	uint64_t stream_bytes[2];
	uint64_t gap_bytes[2];
	uint32_t gaps[2];
	uint32_t overlap_conflicts[2];
};

struct weir_tracker {
	struct flow_table table;
	struct flow_timers timers;
	struct flow_hash hash;
	struct weir_tracker_sink sink;
	struct weir_tracker_stats stats;
	uint64_t timeouts_ns[FLOW_TIMEOUTS];
	uint64_t step_ns;
	uint64_t now_ns;
	uint64_t wheel_ns;
	uint64_t last_id;
	uint64_t (*idle_ns)(void *user, const struct weir_flow_key *key);
	void *idle_user;
	struct fragments *fragments;
	struct flow_stream *streams; /* by index of the flow; NULL: without streams */
	struct flow_memory streams_memory;
	struct tcp_session_pool *pool;
	struct tcp_session_sink session_sink;
	uint32_t current; /* the flow whose session is being pushed */
	bool datagrams;
	struct weir_flow told; /* what the sink is shown */
};

/* What of a packet the flow counts, once the layers are known. */
struct tracker_packet {
	const struct layers *layers;
	uint64_t time_ns;
	uint64_t wire_bytes;
	uint32_t packets; /* frames: more than one, if it was a datagram in fragments */
	uint32_t hash;
	bool source_is_higher;
	struct flow_key key;
};

static inline bool layers_is_tcp(const struct layers *layers, uint8_t flags)
{
	return layers->proto == IPPROTO_TCP && (layers->tcp.flags & flags);
}

static inline uint64_t tracker_timeout_ns(const struct weir_tracker *tracker,
					  const struct flow_record *record)
{
	if (record->timeout == FLOW_TIMEOUT_OWN)
		return record->own_idle_ms * UINT64_C(1000000);
	return tracker->timeouts_ns[record->timeout];
}

/* Whether nothing came for the flow's time-out, as seen at now_ns. A clock that has been set back
 * by more than that is no better. */
static inline bool tracker_is_idle(const struct weir_tracker *tracker,
				   const struct flow_record *record, uint64_t now_ns)
{
	uint64_t away_ns =
		now_ns > record->last_ns ? now_ns - record->last_ns : record->last_ns - now_ns;

	return away_ns >= tracker_timeout_ns(tracker, record);
}

/* tracker_flow.c */

/* Makes the flow of a packet, of which nothing is counted; flags: of enum weir_flow_flag. */
uint32_t tracker_begin(struct weir_tracker *tracker, const struct tracker_packet *packet,
		       uint8_t flags);

/* TCP says that the flow has ended. What straggles is counted. */
void tracker_over(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end);

/* The flow ends and is forgotten; for `end`, unless it was over before. */
void tracker_end(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end);

/* Ends all, oldest first. */
void tracker_end_all(struct weir_tracker *tracker, enum weir_flow_end end);

/* The idle time-out of an open flow. */
enum flow_timeout tracker_idle_timeout(const struct flow_record *record);

/* Sets a flow's timer to when it will be idle, or its session wants to be called. */
void tracker_set_timer(struct weir_tracker *tracker, uint32_t index);

/* A timer went off: ends the flow if it is idle, sets it again otherwise. */
void tracker_timer(struct weir_tracker *tracker, uint32_t index);

/* The flow so far. Borrowed until the next call. */
const struct weir_flow *tracker_tell(struct weir_tracker *tracker, uint32_t index);

/* tracker_tcp.c */

/* A segment of a flow, which is counted already. */
void tracker_tcp(struct weir_tracker *tracker, uint32_t index, enum weir_side side,
		 const struct tracker_packet *packet);

/* The sink of sessions: user is the tracker. */
bool tracker_tcp_data(void *user, enum weir_side side, uint64_t offset, struct bytes data);
void tracker_tcp_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason);

/* Whether a SYN belongs to another connection than the flow of its 5-tuple: a SYN after the
 * end, or the answer to one that came before an end was seen. */
bool tracker_tcp_is_anew(const struct weir_tracker *tracker, uint32_t index, enum weir_side side,
			 const struct layers_tcp *tcp);
