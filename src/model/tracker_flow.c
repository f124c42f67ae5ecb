/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "model/tracker_state.h"

#define NS_PER_MS 1000000

static void tell_key(const struct flow_record *record, struct weir_flow_key *ret_key)
{
	flow_key_tell(&record->key, record->marks & FLOW_INITIATOR_IS_HIGHER,
		      record->flags >> FLOW_MPLS_SHIFT, ret_key);
	ret_key->tunnel_id = record->tunnel_id;
}

const struct weir_flow *tracker_tell(struct weir_tracker *tracker, uint32_t index)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);
	struct weir_flow *flow = &tracker->told;

	tell_key(record, &flow->key);
	flow->id = record->id;
	flow->start_ns = record->start_ns;
	flow->last_ns = record->last_ns;
	memcpy(flow->packets, record->packets, sizeof(flow->packets));
	memcpy(flow->bytes, record->bytes, sizeof(flow->bytes));
	memcpy(flow->payload, record->payload, sizeof(flow->payload));
	memcpy(flow->retransmits, record->retransmits, sizeof(flow->retransmits));
	memcpy(flow->out_of_order, record->out_of_order, sizeof(flow->out_of_order));
	memcpy(flow->tcp_flags, record->tcp_flags, sizeof(flow->tcp_flags));
	memcpy(flow->ttl, record->ttl, sizeof(flow->ttl));
	flow->handshake_rtt_us = record->marks & FLOW_TIMES_SYN ? 0 : record->rtt_us;
	flow->end = record->end;
	flow->flags = record->flags & FLOW_PUBLIC_FLAGS;
	if (record->list == FLOW_HALF_OPEN)
		flow->flags |= WEIR_FLOW_HALF_OPEN;
	if (tracker->streams) {
		const struct flow_stream *stream = &tracker->streams[index];

		memcpy(flow->stream_bytes, stream->stream_bytes, sizeof(flow->stream_bytes));
		memcpy(flow->gap_bytes, stream->gap_bytes, sizeof(flow->gap_bytes));
		memcpy(flow->gaps, stream->gaps, sizeof(flow->gaps));
		memcpy(flow->overlap_conflicts, stream->overlap_conflicts,
		       sizeof(flow->overlap_conflicts));
	}
	return flow;
}

enum flow_timeout tracker_idle_timeout(const struct flow_record *record)
{
	if (record->own_idle_ms)
		return FLOW_TIMEOUT_OWN;
	switch (flow_key_proto(&record->key)) {
	case IPPROTO_TCP:
		return FLOW_TIMEOUT_TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return FLOW_TIMEOUT_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return FLOW_TIMEOUT_ICMP;
	default:
		return FLOW_TIMEOUT_OTHER;
	}
}

void tracker_set_timer(struct weir_tracker *tracker, uint32_t index)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);
	uint64_t at_ns, due_ns = 0;

	/* Idle in now_ns's terms, which wheel_ns follows from here on. */
	at_ns = tracker->wheel_ns + record->last_ns + tracker_timeout_ns(tracker, record) -
		tracker->now_ns;
	if (tracker->streams && record->list != FLOW_OVER)
		due_ns = tcp_session_due_ns(tracker->pool, &tracker->streams[index].session);
	if (due_ns && due_ns < at_ns)
		at_ns = due_ns;
	flow_timers_set(&tracker->timers, index, at_ns);
}

void tracker_timer(struct weir_tracker *tracker, uint32_t index)
{
	const struct flow_record *record = flow_table_at(&tracker->table, index);
	uint64_t due_ns;

	if (tracker_is_idle(tracker, record, tracker->now_ns)) {
		/* Off the wheel already; tracker_end takes it off once more. */
		flow_timers_set(&tracker->timers, index, tracker->wheel_ns);
		tracker_end(tracker, index, WEIR_END_IDLE);
		return;
	}
	if (tracker->streams && record->list != FLOW_OVER) {
		struct tcp_session *session = &tracker->streams[index].session;

		due_ns = tcp_session_due_ns(tracker->pool, session);
		tracker->current = index;
		if (due_ns && due_ns <= tracker->wheel_ns)
			tcp_session_tick(tracker->pool, session, tracker->wheel_ns,
					 &tracker->session_sink);
	}
	tracker_set_timer(tracker, index);
}

/* A SYN's sender; of a SYN-ACK, whom it is for; else whose packet came first. */
static bool initiator_is_higher(const struct tracker_packet *packet)
{
	bool answers =
		layers_is_tcp(packet->layers, TCP_SYN) && (packet->layers->tcp.flags & TCP_ACK);

	return packet->source_is_higher != answers;
}

static enum flow_list first_list(const struct layers *layers)
{
	if (layers_is_tcp(layers, TCP_SYN) && !(layers->tcp.flags & (TCP_ACK | TCP_RST)))
		return FLOW_HALF_OPEN;
	return FLOW_ONE_PACKET;
}

/* What the user says of flows like this; 0: nothing. */
static uint32_t own_idle_ms(struct weir_tracker *tracker, const struct flow_record *record)
{
	struct weir_flow_key key;
	uint64_t idle_ns, idle_ms;

	if (!tracker->idle_ns)
		return 0;
	tell_key(record, &key);
	idle_ns = tracker->idle_ns(tracker->idle_user, &key);
	idle_ms = idle_ns / NS_PER_MS + (idle_ns % NS_PER_MS != 0);
	return idle_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)idle_ms;
}

uint32_t tracker_begin(struct weir_tracker *tracker, const struct tracker_packet *packet,
		       uint8_t flags)
{
	const struct layers *layers = packet->layers;
	struct flow_record *record;
	uint32_t index;

	if (flow_table_is_full(&tracker->table))
		tracker_end(tracker, flow_table_victim(&tracker->table), WEIR_END_EVICTED);
	index = flow_table_add(&tracker->table, &packet->key, packet->hash, first_list(layers));
	record = flow_table_at(&tracker->table, index);
	record->id = ++tracker->last_id;
	record->start_ns = packet->time_ns;
	record->last_ns = packet->time_ns;
	record->tunnel_id = layers->tunnel_id;
	record->flags = (uint8_t)(flags | flow_key_mpls(layers) << FLOW_MPLS_SHIFT);
	if (initiator_is_higher(packet))
		record->marks |= FLOW_INITIATOR_IS_HIGHER;
	if (layers->proto == IPPROTO_TCP && !(layers->tcp.flags & TCP_SYN))
		record->flags |= WEIR_FLOW_MIDSTREAM;
	record->own_idle_ms = own_idle_ms(tracker, record);
	record->timeout = tracker_idle_timeout(record) & 15;
	if (record->list == FLOW_HALF_OPEN) {
		record->timeout = FLOW_TIMEOUT_OPENING;
		record->marks |= FLOW_TIMES_SYN;
	}
	if (tracker->streams)
		tracker->streams[index] = (struct flow_stream){0};
	tracker_set_timer(tracker, index);
	return index;
}

/* Its streams end, and the sink hears why. */
static void tell_over(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);

	if (record->end != WEIR_END_NONE)
		return;
	if (tracker->streams) {
		tracker->current = index;
		tcp_session_finish(tracker->pool, &tracker->streams[index].session,
				   &tracker->session_sink);
	}
	/* What the second FIN waited for has come now, or never will. */
	if (end != WEIR_END_RST && record->tcp_flags[0] & record->tcp_flags[1] & TCP_FIN)
		end = WEIR_END_FIN;
	record->end = (uint8_t)end;
	tracker->stats.evicted += end == WEIR_END_EVICTED;
	if (tracker->sink.stream_end)
		tracker->sink.stream_end(tracker->sink.user, tracker_tell(tracker, index));
}

static void tell_end(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end)
{
	tell_over(tracker, index, end);
	if (tracker->sink.flow_end)
		tracker->sink.flow_end(tracker->sink.user, tracker_tell(tracker, index));
}

void tracker_over(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end)
{
	struct flow_record *record = flow_table_at(&tracker->table, index);

	tell_over(tracker, index, end);
	record->timeout = FLOW_TIMEOUT_CLOSING;
	flow_table_move(&tracker->table, index, FLOW_OVER);
	flow_timers_unset(&tracker->timers, index);
	tracker_set_timer(tracker, index);
}

void tracker_end(struct weir_tracker *tracker, uint32_t index, enum weir_flow_end end)
{
	tell_end(tracker, index, end);
	flow_timers_unset(&tracker->timers, index);
	flow_table_remove(&tracker->table, index);
}

/* Of a flow: its age, counted from the oldest, above its index. */
static int compare_orders(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* In the memory of the timers, which are not needed any more: 8 bytes for each flow there can be.
 */
static uint64_t *order_by_age(struct weir_tracker *tracker)
{
	const struct flow_table *table = &tracker->table;
	uint64_t *orders = tracker->timers.memory.at;
	uint64_t oldest = UINT64_MAX;
	unsigned int shift = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < table->n_fresh; i++)
		if (table->records[i].list != FLOW_LISTS && table->records[i].id < oldest)
			oldest = table->records[i].id;
	while ((tracker->last_id - oldest) >> shift > UINT32_MAX)
		shift++;
	for (uint32_t i = 0; i < table->n_fresh; i++)
		if (table->records[i].list != FLOW_LISTS)
			orders[n++] = (table->records[i].id - oldest) >> shift << 32 | i;
	qsort(orders, n, sizeof(*orders), compare_orders);
	return orders;
}

_Static_assert(sizeof(struct flow_timer) == sizeof(uint64_t), "orders fit in");

void tracker_end_all(struct weir_tracker *tracker, enum weir_flow_end end)
{
	const uint64_t *orders;

	if (!tracker->table.n_flows)
		return;
	orders = order_by_age(tracker);
	for (uint32_t i = 0; i < tracker->table.n_flows; i++)
		tell_end(tracker, (uint32_t)orders[i], end);
	flow_table_clear(&tracker->table);
	flow_timers_clear(&tracker->timers, tracker->wheel_ns);
}
