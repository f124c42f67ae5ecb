/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Adds datagrams to their flow: one socket, one peer. */

#include "conn_maps.bpf.h"

enum udp_direction {
	UDP_IN,
	UDP_OUT,
};

struct udp_datagrams {
	struct udp_flow_key key;
	u8 local[16];
	u16 local_port;
	u16 direction;
	u32 bytes; /* payload */
	u32 packets;
};

/* What the flow knows of its socket. */
static __always_inline void fill_flow(struct conn_record *r, const struct udp_flow *f)
{
	r->opened_ns = f->opened_ns;
	r->owner = f->owner;
	r->cgroup_id = f->cgroup_id;
	r->netns = f->netns;
	r->uid = f->netns ? f->uid : (u32)-1;
	r->rcvbuf_drops = f->told_drops;
	if (f->owner.kernel)
		r->flags |= RECORD_KERNEL;
}

/* The flow is being forgotten: tell the datagrams directly. */
static __always_inline void tell_late(const struct udp_datagrams *d, struct udp_flow *flow)
{
	struct conn_record *r = reserve(&stats.lost_packets, d->packets);
	bool in = d->direction == UDP_IN;

	if (!r)
		return;
	__builtin_memset(r, 0, sizeof(*r));
	r->kind = RECORD_UDP_DELTA;
	r->time_ns = bpf_ktime_get_ns();
	fill_flow(r, flow);
	r->cookie = d->key.cookie;
	__builtin_memcpy(r->remote, d->key.remote, sizeof(r->remote));
	__builtin_memcpy(r->local, d->local, sizeof(r->local));
	r->remote_port = d->key.remote_port;
	r->local_port = d->local_port;
	r->bytes_in = in ? d->bytes : 0;
	r->packets_in = in ? d->packets : 0;
	r->bytes_out = in ? 0 : d->bytes;
	r->packets_out = in ? 0 : d->packets;
	submit(r);
}

static __always_inline struct udp_flow *new_flow(const struct udp_datagrams *d)
{
	struct udp_flow new = {
		.opened_ns = bpf_ktime_get_ns(),
		.local_port = d->local_port,
	};
	struct udp_flow *flow;

	new.active_ns = new.opened_ns;
	__builtin_memcpy(new.local, d->local, sizeof(new.local));
	/* another CPU may have been first: then its flow is the one */
	if (!bpf_map_update_elem(&udp_flows, &d->key, &new, BPF_NOEXIST))
		__sync_fetch_and_add(&stats.udp_flows_made, 1);
	flow = bpf_map_lookup_elem(&udp_flows, &d->key);
	if (!flow)
		__sync_fetch_and_add(&stats.lost_packets, d->packets);
	return flow;
}

/* Returns the flow; NULL when the table is full. */
static __always_inline struct udp_flow *account(const struct udp_datagrams *d)
{
	struct udp_flow *flow = bpf_map_lookup_elem(&udp_flows, &d->key);

	if (!flow) {
		flow = new_flow(d);
		if (!flow)
			return NULL;
	}
	if (flow->dying) {
		tell_late(d, flow);
	} else if (d->direction == UDP_IN) {
		__sync_fetch_and_add(&flow->bytes_in, d->bytes);
		__sync_fetch_and_add(&flow->packets_in, d->packets);
	} else {
		__sync_fetch_and_add(&flow->bytes_out, d->bytes);
		__sync_fetch_and_add(&flow->packets_out, d->packets);
	}
	return flow;
}
