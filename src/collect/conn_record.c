/* SPDX-License-Identifier: MIT */
#include "collect/conn_record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bpf/records.h"

static void decode_owner(const struct conn_record *r, struct weir_owner *owner)
{
	*owner = (struct weir_owner){
		.pid = r->owner.pid,
		.uid = r->uid,
		.start_boot_ns = r->owner.start_boot_ns,
		.evidence = r->owner.evidence <= WEIR_EVIDENCE_CONNECT ? r->owner.evidence
								       : WEIR_EVIDENCE_NONE,
	};
	memcpy(owner->comm, r->owner.comm, sizeof(owner->comm));
	owner->comm[sizeof(owner->comm) - 1] = '\0';
	if (owner->pid == 0) {
		owner->evidence = WEIR_EVIDENCE_NONE;
		owner->unknown =
			r->flags & RECORD_KERNEL ? WEIR_UNKNOWN_KERNEL : WEIR_UNKNOWN_EXITED;
	}
}

static void decode_tcp(const struct conn_record *r, uint64_t kernel_tick_ns,
		       struct weir_tcp_info *tcp)
{
	uint64_t delivered_bytes = (uint64_t)r->rate_delivered * r->mss;

	*tcp = (struct weir_tcp_info){
		.srtt_us = r->srtt_us,
		.rttvar_us = r->rttvar_us,
		.cwnd = r->cwnd,
		.retrans = r->retrans,
		.retrans_bytes = r->retrans_bytes,
		.busy_us = r->busy_ticks * kernel_tick_ns / 1000,
		.rwnd_limited_us = r->rwnd_limited_ticks * kernel_tick_ns / 1000,
		.sndbuf_limited_us = r->sndbuf_limited_ticks * kernel_tick_ns / 1000,
		.unsent_bytes = r->unsent_bytes,
		.unacked_bytes = r->unacked_bytes,
		.unread_bytes = r->unread_bytes,
	};
	if (r->rate_interval_us)
		tcp->delivery_rate = delivered_bytes * 1000000 / r->rate_interval_us;
}

static void decode_common(const struct conn_record *r, struct weir_conn_event *e)
{
	*e = (struct weir_conn_event){
		.id =
			{
				.cookie = r->cookie,
				.generation = r->generation,
				.netns = r->netns,
				.local_port = r->local_port,
				.remote_port = r->remote_port,
			},
		.time_ns = r->time_ns,
		.opened_ns = r->opened_ns,
		.cgroup_id = r->cgroup_id,
		.state = r->state,
	};
	memcpy(e->id.local.bytes, r->local, sizeof(r->local));
	memcpy(e->id.remote.bytes, r->remote, sizeof(r->remote));
	decode_owner(r, &e->owner);
	if (r->flags & RECORD_PARTIAL)
		e->flags |= WEIR_CONN_PARTIAL;
	if (r->flags & RECORD_LATE)
		e->flags |= WEIR_CONN_LATE;
	if (r->flags & RECORD_OWNER_MOVED)
		e->flags |= WEIR_CONN_OWNER_MOVED;
}

static int decode_tcp_record(const struct conn_record *r, uint64_t kernel_tick_ns, uint8_t kind,
			     weir_conn_event_fn fn, void *user)
{
	struct weir_conn_event e;

	decode_common(r, &e);
	e.kind = kind;
	e.id.proto = WEIR_PROTO_TCP;
	if (kind != WEIR_CONN_OWNER) {
		e.flags |= WEIR_CONN_PACKETS_32;
		e.counters = (struct weir_conn_counters){
			.bytes_in = r->bytes_in,
			.bytes_out = r->bytes_out,
			.packets_in = r->packets_in,
			.packets_out = r->packets_out,
		};
		decode_tcp(r, kernel_tick_ns, &e.tcp);
	}
	if (r->flags & RECORD_CONNECT_FAILED)
		e.flags |= WEIR_CONN_CONNECT_FAILED;
	fn(user, &e);
	return 1;
}

static int decode_udp_record(const struct conn_record *r, weir_conn_event_fn fn, void *user)
{
	struct weir_conn_event e;
	bool in = r->bytes_in || r->packets_in;
	bool out = r->bytes_out || r->packets_out;
	int events = 0;

	decode_common(r, &e);
	e.id.proto = WEIR_PROTO_UDP;
	e.rcvbuf_drops = r->rcvbuf_drops;
	if (out) {
		e.kind = WEIR_CONN_SEND;
		e.counters = (struct weir_conn_counters){
			.bytes_out = r->bytes_out,
			.packets_out = r->packets_out,
		};
		fn(user, &e);
		events++;
	}
	/* a record without datagrams brings news of the owner or of drops, but the last one of a
	 * forgotten flow brings none */
	if (in || (!out && !(r->flags & RECORD_LAST))) {
		e.kind = WEIR_CONN_RECV;
		e.counters = (struct weir_conn_counters){
			.bytes_in = r->bytes_in,
			.packets_in = r->packets_in,
		};
		fn(user, &e);
		events++;
	}
	return events;
}

static int decode_rename(const struct conn_record *r, weir_conn_event_fn fn, void *user)
{
	struct weir_conn_event e = {.kind = WEIR_CONN_RENAME, .time_ns = r->time_ns};

	decode_owner(r, &e.owner);
	fn(user, &e);
	return 1;
}

int conn_record_decode(const void *data, size_t len, uint64_t kernel_tick_ns, weir_conn_event_fn fn,
		       void *user)
{
	const struct conn_record *r = data;

	if (len < sizeof(*r)) /* the ring rounds up to 8 bytes */
		return -EBADMSG;
	switch (r->kind) {
	case RECORD_TCP_SAMPLE:
		return decode_tcp_record(r, kernel_tick_ns, WEIR_CONN_SAMPLE, fn, user);
	case RECORD_TCP_FINAL:
		return decode_tcp_record(r, kernel_tick_ns, WEIR_CONN_FINAL, fn, user);
	case RECORD_TCP_OWNER:
		return decode_tcp_record(r, kernel_tick_ns, WEIR_CONN_OWNER, fn, user);
	case RECORD_UDP_DELTA:
		return decode_udp_record(r, fn, user);
	case RECORD_RENAME:
		return decode_rename(r, fn, user);
	default:
		return -EBADMSG;
	}
}
