/* SPDX-License-Identifier: GPL-2.0-only */

/* Which UDP flows have moved since the last pass, by how much, and which are idle? */

#include "conn_maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 udp_idle_ns = 5000000000ull;
__u64 pass_ns; /* when this pass began; user space sets it */

static __always_inline void fill_socket(struct conn_record *r, struct udp_socket *socket)
{
	if (!socket) {
		__builtin_memset(&r->owner, 0, sizeof(r->owner));
		r->cgroup_id = 0;
		r->netns = 0;
		r->uid = (u32)-1;
		r->rcvbuf_drops = 0;
		return;
	}
	r->owner = socket->owner;
	r->cgroup_id = socket->cgroup_id;
	r->netns = socket->netns;
	r->uid = socket->uid;
	r->rcvbuf_drops = (u32)socket->drops;
	if (socket->owner.kernel)
		r->flags |= RECORD_KERNEL;
}

static __always_inline void fill_deltas(struct conn_record *r, struct udp_flow *f)
{
	/* one read each: what is told is exactly what is remembered as told */
	u64 bytes_in = f->bytes_in, bytes_out = f->bytes_out;
	u64 packets_in = f->packets_in, packets_out = f->packets_out;

	r->bytes_in = bytes_in - f->told_bytes_in;
	r->bytes_out = bytes_out - f->told_bytes_out;
	r->packets_in = (u32)(packets_in - f->told_packets_in);
	r->packets_out = (u32)(packets_out - f->told_packets_out);
	f->told_bytes_in = bytes_in;
	f->told_bytes_out = bytes_out;
	f->told_packets_in = packets_in;
	f->told_packets_out = packets_out;
}

SEC("iter/bpf_map_elem")
int udp_rows(struct bpf_iter__bpf_map_elem *ctx)
{
	struct udp_flow_key *key = ctx->key;
	struct udp_flow *f = ctx->value;
	struct udp_socket *socket;
	struct conn_record *r;
	bool moved, last, news;
	u64 cookie;

	if (!key || !f)
		return 0;
	cookie = key->cookie;
	socket = bpf_map_lookup_elem(&udp_sockets, &cookie);
	moved = f->packets_in != f->told_packets_in || f->packets_out != f->told_packets_out;
	last = f->dying;
	news = socket && (socket->owner.pid != f->told_pid || (u32)socket->drops != f->told_drops);
	if (!socket || !socket->owner.pid)
		stats.ownerless++;
	if (moved)
		f->active_ns = pass_ns;
	else if (!last && pass_ns > f->active_ns && pass_ns - f->active_ns >= udp_idle_ns)
		f->dying = 1;
	if (!moved && !last && !news)
		return 0;
	r = next_row();
	if (!r)
		return 0;
	r->kind = RECORD_UDP_DELTA;
	r->state = 0;
	r->flags = last ? RECORD_LAST : 0;
	r->cookie = cookie;
	r->generation = 0;
	r->time_ns = bpf_ktime_get_ns();
	r->opened_ns = f->opened_ns;
	__builtin_memcpy(r->remote, key->remote, sizeof(r->remote));
	__builtin_memcpy(r->local, f->local, sizeof(r->local));
	r->remote_port = key->remote_port;
	r->local_port = f->local_port;
	fill_deltas(r, f);
	fill_socket(r, socket);
	f->told_pid = socket ? socket->owner.pid : 0;
	f->told_drops = socket ? (u32)socket->drops : 0;
	return 0;
}
