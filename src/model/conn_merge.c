/* SPDX-License-Identifier: MIT */
#include "model/conn_merge.h"

#include <string.h>

/* Facts of the whole life, whichever event tells them. */
#define STICKY_FLAGS (WEIR_CONN_PARTIAL | WEIR_CONN_CONNECT_FAILED)

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* A process is its pid and start time; a time that is not known is no difference. */
static bool same_process(const struct weir_owner *a, const struct weir_owner *b)
{
	if (a->pid != b->pid)
		return false;
	return !a->start_boot_ns || !b->start_boot_ns || a->start_boot_ns == b->start_boot_ns;
}

static void refresh_owner(struct weir_owner *owner, const struct weir_owner *news)
{
	if (news->comm[0])
		memcpy(owner->comm, news->comm, sizeof(owner->comm));
	if (news->start_boot_ns)
		owner->start_boot_ns = news->start_boot_ns;
	if (news->uid != UINT32_MAX)
		owner->uid = news->uid;
	if (news->evidence > owner->evidence)
		owner->evidence = news->evidence;
}

void conn_merge_owner(struct weir_owner *owner, const struct weir_owner *news)
{
	if (!news->pid) {
		if (owner->pid || news->unknown == WEIR_UNKNOWN_NOT)
			return;
		owner->unknown = news->unknown;
		if (news->uid != UINT32_MAX)
			owner->uid = news->uid;
		return;
	}
	if (owner->pid && same_process(owner, news)) {
		refresh_owner(owner, news);
	} else if (!owner->pid || news->evidence > owner->evidence) {
		*owner = *news;
		owner->unknown = WEIR_UNKNOWN_NOT;
	}
	owner->comm[sizeof(owner->comm) - 1] = '\0';
}

/* At SYN_SENT the local port is not chosen yet, and at CLOSE the kernel has forgotten parts. */
static void merge_tuple(struct weir_conn_id *id, const struct weir_conn_id *news)
{
	if (!weir_addr_is_any(&news->local))
		id->local = news->local;
	if (!weir_addr_is_any(&news->remote))
		id->remote = news->remote;
	if (news->local_port)
		id->local_port = news->local_port;
	if (news->remote_port)
		id->remote_port = news->remote_port;
}

void conn_merge_facts(struct conn_row *row, const struct weir_conn_event *event)
{
	/* For the others the tuple is the identity, and equal already. */
	if (row->id.proto == WEIR_PROTO_TCP && row->id.cookie)
		merge_tuple(&row->id, &event->id);
	if (event->id.netns)
		row->id.netns = event->id.netns;
	if (event->cgroup_id)
		row->cgroup_id = event->cgroup_id;
	if (!row->opened_ns)
		row->opened_ns = event->opened_ns;
	row->rcvbuf_drops = max_u32(row->rcvbuf_drops, event->rcvbuf_drops);
	row->flags |= event->flags & STICKY_FLAGS;
}

void conn_merge_tcp(struct conn_row *row, const struct weir_conn_event *event)
{
	struct weir_tcp_info known = row->tcp;

	if (row->id.proto != WEIR_PROTO_TCP)
		return;
	if (event->state != WEIR_TCP_NONE && event->state != WEIR_TCP_CLOSE)
		row->state = event->state;
	row->tcp = event->tcp;
	/* A socket that was reset or disconnected has lost these. */
	if (!row->tcp.srtt_us) {
		row->tcp.srtt_us = known.srtt_us;
		row->tcp.rttvar_us = known.rttvar_us;
	}
	row->tcp.retrans = max_u32(row->tcp.retrans, known.retrans);
	if (row->tcp.retrans_bytes < known.retrans_bytes)
		row->tcp.retrans_bytes = known.retrans_bytes;
}

unsigned conn_merge_deltas(struct conn_row *row, const struct weir_conn_event *event)
{
	struct weir_conn_counters *to = &row->counters;
	const struct weir_conn_counters *delta = &event->counters;

	if (event->tcp.srtt_us) {
		row->tcp.srtt_us = event->tcp.srtt_us;
		row->tcp.rttvar_us = event->tcp.rttvar_us;
	}
	if (event->flags & WEIR_CONN_NO_COUNTERS)
		return 0;
	if (event->kind == WEIR_CONN_SEND) {
		to->bytes_out += delta->bytes_out;
		to->packets_out += delta->packets_out;
		return delta->bytes_out || delta->packets_out ? CONN_MOVED : 0;
	}
	to->bytes_in += delta->bytes_in;
	to->packets_in += delta->packets_in;
	return delta->bytes_in || delta->packets_in ? CONN_MOVED : 0;
}

/* Raises *known to got; a counter that wrapped past u32 is taken as the nearest value ahead. */
static unsigned raise_counter(uint64_t *known, uint64_t got, bool is_u32)
{
	uint32_t step;

	if (is_u32) {
		step = (uint32_t)got - (uint32_t)*known;
		if (step > 1U << 31)
			return CONN_BACKWARDS;
		got = *known + step;
	}
	if (got < *known)
		return CONN_BACKWARDS;
	if (got == *known)
		return 0;
	*known = got;
	return CONN_MOVED;
}

/* The end is exact, and a sample taken in the middle of things may have been a byte too high. */
static unsigned settle_counter(uint64_t *known, uint64_t got)
{
	unsigned moved = got < *known ? CONN_BACKWARDS : got > *known ? CONN_MOVED : 0;

	*known = got;
	return moved;
}

unsigned conn_merge_totals(struct conn_row *row, const struct weir_conn_event *event,
			   enum conn_totals how)
{
	struct weir_conn_counters *known = &row->counters;
	const struct weir_conn_counters *got = &event->counters;
	bool is_u32 = event->flags & WEIR_CONN_PACKETS_32;
	unsigned moved;

	if (event->flags & WEIR_CONN_NO_COUNTERS)
		return 0;
	if (how == CONN_TOTALS_FIRST) {
		*known = *got;
		return CONN_MOVED;
	}
	if (how == CONN_TOTALS_SETTLE) {
		moved = settle_counter(&known->bytes_in, got->bytes_in);
		moved |= settle_counter(&known->bytes_out, got->bytes_out);
	} else {
		moved = raise_counter(&known->bytes_in, got->bytes_in, false);
		moved |= raise_counter(&known->bytes_out, got->bytes_out, false);
	}
	moved |= raise_counter(&known->packets_in, got->packets_in, is_u32);
	moved |= raise_counter(&known->packets_out, got->packets_out, is_u32);
	return moved;
}
