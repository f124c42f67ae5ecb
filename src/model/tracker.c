/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/tracker_state.h"

#define MAX_FLOWS 1000000
#define SECOND_NS UINT64_C(1000000000)

/* Packets are decoded and looked for so many at a time, so that the misses of one are met while
 * others are worked on. */
#define BATCH 16
/* A table of fewer flows stays in the near caches: nothing to fetch ahead. */
#define FAR_FLOWS 4096

DEFINE_CLEANUP(tracker_free_p, struct weir_tracker *, weir_tracker_free)

struct batch {
	struct layers layers[BATCH];
	struct tracker_packet packets[BATCH];
	enum layers_result results[BATCH];
};

static uint64_t or_default(uint64_t value, uint64_t if_zero)
{
	return value ? value : if_zero;
}

static void set_timeouts(struct weir_tracker *tracker, const struct weir_tracker_options *options)
{
	uint64_t *timeouts = tracker->timeouts_ns;

	timeouts[FLOW_TIMEOUT_OPENING] = or_default(options->tcp_opening_ns, 30 * SECOND_NS);
	timeouts[FLOW_TIMEOUT_CLOSING] = or_default(options->tcp_closing_ns, 10 * SECOND_NS);
	timeouts[FLOW_TIMEOUT_TCP] = or_default(options->tcp_idle_ns, 300 * SECOND_NS);
	timeouts[FLOW_TIMEOUT_UDP] = or_default(options->udp_idle_ns, 60 * SECOND_NS);
	timeouts[FLOW_TIMEOUT_ICMP] = or_default(options->icmp_idle_ns, 10 * SECOND_NS);
	timeouts[FLOW_TIMEOUT_OTHER] = or_default(options->other_idle_ns, 60 * SECOND_NS);
	for (int i = 0; i < FLOW_TIMEOUTS; i++)
		if (timeouts[i] > tracker->step_ns)
			tracker->step_ns = timeouts[i];
	tracker->idle_ns = options->idle_ns;
	tracker->idle_user = options->idle_user;
}

static int add_streams(struct weir_tracker *tracker, const struct weir_tracker_options *options)
{
	const struct tcp_session_options sessions = {
		.max_bytes = options->max_stream_bytes,
		.max_side_bytes = options->max_side_bytes,
		.max_side_segments = options->max_side_segments,
		.policy = options->policy,
	};
	int r;

	r = tcp_session_pool_new(&sessions, &tracker->pool);
	if (r < 0)
		return r;
	r = flow_memory_init(&tracker->streams_memory, tracker->table.max_flows,
			     sizeof(*tracker->streams));
	if (r < 0)
		return r;
	tracker->streams = tracker->streams_memory.at;
	tracker->session_sink = (struct tcp_session_sink){
		.user = tracker, .data = tracker_tcp_data, .gap = tracker_tcp_gap};
	return 0;
}

/* Options of an older build are shorter; what they do not say is the default. */
static int take_options(const struct weir_tracker_options *given,
			struct weir_tracker_options *ret_options)
{
	*ret_options = (struct weir_tracker_options){0};
	if (!given)
		return 0;
	if (given->size < sizeof(given->size) || given->size > sizeof(*given))
		return -EINVAL;
	memcpy(ret_options, given, given->size);
	return 0;
}

int weir_tracker_new(const struct weir_tracker_options *given, const struct weir_tracker_sink *sink,
		     struct weir_tracker **ret_tracker)
{
	CLEANUP(tracker_free_p) struct weir_tracker *tracker = NULL;
	struct weir_tracker_options options;
	int r;

	r = take_options(given, &options);
	if (r < 0)
		return r;
	tracker = calloc(1, sizeof(*tracker));
	if (!tracker)
		return -ENOMEM;
	if (sink)
		tracker->sink = *sink;
	tracker->datagrams = options.datagrams;
	set_timeouts(tracker, &options);
	flow_hash_init(&tracker->hash);
	r = flow_table_init(&tracker->table, or_default(options.max_flows, MAX_FLOWS));
	if (r < 0)
		return r;
	r = flow_timers_init(&tracker->timers, tracker->table.max_flows);
	if (r < 0)
		return r;
	r = fragments_new(&tracker->fragments);
	if (r < 0)
		return r;
	r = options.streams ? add_streams(tracker, &options) : 0;
	if (r < 0)
		return r;
	*ret_tracker = STEAL(tracker);
	return 0;
}

struct weir_tracker *weir_tracker_free(struct weir_tracker *tracker)
{
	if (!tracker)
		return NULL;
	flow_table_done(&tracker->table);
	flow_timers_done(&tracker->timers);
	flow_memory_done(&tracker->streams_memory);
	fragments_free(tracker->fragments);
	tcp_session_pool_free(tracker->pool);
	free(tracker);
	return NULL;
}

/* Here and below: what most packets do not need stands apart, so that they do not pay for it. */
#define APART __attribute__((noinline))

static APART void turn_wheel(struct weir_tracker *tracker)
{
	uint32_t index;

	flow_timers_turn(&tracker->timers, tracker->wheel_ns);
	while ((index = flow_timers_take(&tracker->timers)) != FLOW_TIMERS_NONE)
		tracker_timer(tracker, index);
}

static inline void turn_to(struct weir_tracker *tracker, uint64_t now_ns)
{
	if (now_ns > tracker->now_ns) {
		tracker->wheel_ns += now_ns - tracker->now_ns;
		tracker->now_ns = now_ns;
	} else if (tracker->now_ns - now_ns > tracker->step_ns) {
		tracker->now_ns = now_ns;
	}
	if (flow_timers_turns(&tracker->timers, tracker->wheel_ns))
		turn_wheel(tracker);
}

static inline enum weir_side side_of(const struct flow_record *record,
				     const struct tracker_packet *packet)
{
	return (enum weir_side)(packet->source_is_higher ^
				(record->marks & FLOW_INITIATOR_IS_HIGHER));
}

/* The flow of a SYN's 5-tuple, unless it is another connection's: then that is over. */
static APART uint32_t find_for_syn(struct weir_tracker *tracker, uint32_t index,
				   const struct tracker_packet *packet)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);

	if (!tracker_tcp_is_anew(tracker, index, side_of(record, packet), &packet->layers->tcp))
		return index;
	/* Of one that went unseen a FIN is the most there is to know. */
	tracker_end(tracker, index,
		    (record->tcp_flags[0] | record->tcp_flags[1]) & TCP_FIN ? WEIR_END_FIN
									    : WEIR_END_IDLE);
	return FLOW_NONE;
}

static inline enum weir_side count_packet(struct flow_record *record,
					  const struct tracker_packet *packet)
{
	enum weir_side side = side_of(record, packet);

	if (!record->packets[side])
		record->ttl[side] = packet->layers->ttl;
	record->packets[side] += packet->packets;
	record->bytes[side] += packet->wire_bytes;
	record->payload[side] += packet->layers->payload_len;
	if (packet->time_ns > record->last_ns)
		record->last_ns = packet->time_ns;
	return side;
}

/* UDP as a stream: what the capture cut off is a gap. */
static APART void tell_datagram(struct weir_tracker *tracker, uint32_t index, enum weir_side side,
				const struct layers *layers)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);
	const struct weir_tracker_sink *sink = &tracker->sink;
	uint64_t offset = record->payload[side] - layers->payload_len;
	uint64_t cut = layers->payload_len - layers->payload.len;

	if (record->marks & FLOW_DEAF)
		return;
	if (sink->stream_data &&
	    !sink->stream_data(sink->user, tracker_tell(tracker, index), side, offset,
			       layers->payload.data, layers->payload.len)) {
		record->marks |= FLOW_DEAF;
		return;
	}
	if (cut && sink->stream_gap)
		sink->stream_gap(sink->user, tracker_tell(tracker, index), side,
				 offset + layers->payload.len, cut, WEIR_GAP_LOST);
}

static inline void take_payload(struct weir_tracker *tracker, uint32_t index, enum weir_side side,
				const struct tracker_packet *packet)
{
	const struct layers *layers = packet->layers;

	if (layers->proto == IPPROTO_TCP) {
		if (!tracker->streams)
			tracker->stats.payload += layers->payload_len;
		tracker_tcp(tracker, index, side, packet);
	} else if (tracker->datagrams && layers->proto == IPPROTO_UDP) {
		tell_datagram(tracker, index, side, layers);
	}
}

static APART void take_first(struct weir_tracker *tracker, const struct tracker_packet *packet,
			     uint8_t flags)
{
	uint32_t index = tracker_begin(tracker, packet, flags);
	enum weir_side side = count_packet(flow_table_at(&tracker->table, index), packet);

	if (tracker->sink.flow_new)
		tracker->sink.flow_new(tracker->sink.user, tracker_tell(tracker, index));
	take_payload(tracker, index, side, packet);
}

static void take_flow(struct weir_tracker *tracker, const struct tracker_packet *packet)
{
	uint32_t index = flow_table_find(&tracker->table, &packet->key, packet->hash);
	struct flow_record *record;
	enum weir_side side;

	if (index == FLOW_NONE) {
		take_first(tracker, packet, 0);
		return;
	}
	record = flow_table_at(&tracker->table, index);
	if (tracker_is_idle(tracker, record, packet->time_ns)) {
		tracker_end(tracker, index, WEIR_END_IDLE);
		take_first(tracker, packet, 0);
		return;
	}
	if (layers_is_tcp(packet->layers, TCP_SYN) &&
	    find_for_syn(tracker, index, packet) == FLOW_NONE) {
		take_first(tracker, packet, WEIR_FLOW_REUSED);
		return;
	}
	side = count_packet(record, packet);
	if (record->list == FLOW_ONE_PACKET)
		flow_table_move(&tracker->table, index, FLOW_ACTIVE);
	else if (record->list != FLOW_OVER)
		flow_table_touch(&tracker->table, index);
	take_payload(tracker, index, side, packet);
}

static void find_key(const struct weir_tracker *tracker, struct tracker_packet *packet)
{
	packet->source_is_higher = flow_key_make(packet->layers, &packet->key);
	packet->hash = flow_key_hash(&tracker->hash, &packet->key);
}

static APART void take_result(struct weir_tracker *tracker, enum layers_result result,
			      const struct tracker_packet *packet)
{
	switch (result) {
	case LAYERS_FLOW:
		take_flow(tracker, packet);
		break;
	case LAYERS_FRAGMENT: /* within one, within one … */
		tracker->stats.malformed[WEIR_MALFORMED_DEPTH] += packet->packets;
		break;
	case LAYERS_NOT_IP:
		tracker->stats.not_ip += packet->packets;
		break;
	case LAYERS_CUT:
		tracker->stats.cut += packet->packets;
		break;
	case LAYERS_MALFORMED:
		tracker->stats.malformed[packet->layers->malformed] += packet->packets;
		break;
	}
}

static APART void take_fragment(struct weir_tracker *tracker, const struct weir_packet *frame,
				struct layers *layers, struct tracker_packet *packet)
{
	struct fragments_datagram datagram;
	enum layers_result result;

	if (fragments_add(tracker->fragments, layers, frame, tracker->wheel_ns, &datagram) != 1)
		return;
	result = layers_decode_datagram(layers, datagram.data);
	for (int depth = 0; result == LAYERS_FRAGMENT && depth < WEIR_FLOW_TUNNELS_MAX; depth++) {
		if (fragments_add_inner(tracker->fragments, layers, tracker->wheel_ns, &datagram) !=
		    1)
			return;
		result = layers_decode_datagram(layers, datagram.data);
	}
	packet->packets = datagram.packets;
	packet->wire_bytes = datagram.wire_bytes;
	if (result == LAYERS_FLOW)
		find_key(tracker, packet);
	take_result(tracker, result, packet);
}

static uint64_t wire_bytes_of(const struct weir_packet *frame)
{
	return frame->wire_len > frame->cap_len ? frame->wire_len : frame->cap_len;
}

static void decode_batch(struct weir_tracker *tracker, struct batch *batch,
			 const struct weir_packet *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tracker_packet *packet = &batch->packets[i];

		packet->layers = &batch->layers[i];
		packet->time_ns = frames[i].time_ns;
		packet->wire_bytes = wire_bytes_of(&frames[i]);
		packet->packets = 1;
		packet->hash = 0;
		batch->results[i] = layers_decode(&frames[i], &batch->layers[i]);
	}
	/* Apart from decoding, whose stores are too small to be forwarded to the key's loads. */
	for (size_t i = 0; i < n; i++) {
		if (batch->results[i] != LAYERS_FLOW)
			continue;
		find_key(tracker, &batch->packets[i]);
		flow_table_prefetch(&tracker->table, batch->packets[i].hash);
	}
	if (tracker->table.n_flows < FAR_FLOWS)
		return;
	for (size_t i = 0; i < n; i++)
		if (batch->results[i] == LAYERS_FLOW)
			flow_table_prefetch_record(&tracker->table, batch->packets[i].hash);
}

static void push_batch(struct weir_tracker *tracker, const struct weir_packet *frames, size_t n)
{
	struct batch batch;

	decode_batch(tracker, &batch, frames, n);
	tracker->stats.packets += n;
	for (size_t i = 0; i < n; i++) {
		struct tracker_packet *packet = &batch.packets[i];

		tracker->stats.bytes += packet->wire_bytes;
		/* One without a time came when the one before it did. */
		if (packet->time_ns)
			turn_to(tracker, packet->time_ns);
		else
			packet->time_ns = tracker->now_ns;
		if (batch.results[i] == LAYERS_FLOW)
			take_flow(tracker, packet);
		else if (batch.results[i] == LAYERS_FRAGMENT)
			take_fragment(tracker, &frames[i], &batch.layers[i], packet);
		else
			take_result(tracker, batch.results[i], packet);
	}
}

void weir_tracker_push(struct weir_tracker *tracker, const struct weir_packet *packets, size_t n)
{
	while (n) {
		size_t now = n < BATCH ? n : BATCH;

		push_batch(tracker, packets, now);
		packets += now;
		n -= now;
	}
}

void weir_tracker_tick(struct weir_tracker *tracker, uint64_t now_ns)
{
	if (now_ns > tracker->now_ns)
		turn_to(tracker, now_ns);
}

void weir_tracker_finish(struct weir_tracker *tracker)
{
	tracker_end_all(tracker, WEIR_END_EOF);
}

void weir_tracker_stats(const struct weir_tracker *tracker, struct weir_tracker_stats *ret_stats)
{
	struct weir_tracker_stats *stats = ret_stats;
	struct fragments_stats fragments;
	struct tcp_session_totals totals;

	*stats = tracker->stats;
	stats->flows = tracker->last_id;
	stats->open_flows = tracker->table.n_flows;
	fragments_stats(tracker->fragments, &fragments);
	stats->fragments = fragments.seen;
	stats->fragments_dropped = fragments.dropped;
	stats->fragments_waiting = fragments.waiting;
	stats->shed = stats->payload;
	if (!tracker->pool)
		return;
	tcp_session_pool_totals(tracker->pool, &totals);
	stats->payload = totals.payload;
	stats->delivered = totals.delivered;
	stats->duplicate = totals.duplicate;
	stats->shed = totals.shed;
	stats->stream_held = totals.held;
}
