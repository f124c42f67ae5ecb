/* SPDX-License-Identifier: GPL-2.0-only */

/* Which UDP flows have moved since the last pass, by how much, and which are idle? */

#include "udp_account.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 udp_idle_ns = 5000000000ull;
__u64 pass_ns; /* when this pass began; user space sets it */

/* Returns whether there is news of the owner. A socket that was forgotten and met anew may know
 * less of it than the flow does. */
static __always_inline bool update_owner(struct udp_flow *f, const struct record_owner *owner)
{
	bool news = owner->pid != f->owner.pid || owner->evidence != f->owner.evidence;

	if (owner->evidence < f->owner.evidence)
		return false;
	f->owner = *owner;
	return news;
}

static __always_inline bool is_guess(const struct record_owner *owner)
{
	return owner->evidence <= EVIDENCE_CREATE && !owner->kernel;
}

/* Returns whether there is news of the socket. */
static __always_inline bool update_socket(struct udp_flow *f, const struct udp_socket *socket)
{
	bool news;

	if (!socket) {
		f->sender = SENDER_SOCKET_NOT_MET;
		return false;
	}
	if (!f->netns && is_guess(&socket->owner))
		__sync_fetch_and_add(&stats.guesses, 1);
	news = (u32)socket->drops != f->told_drops || socket->netns != f->netns;
	news |= update_owner(f, &socket->owner);
	f->cgroup_id = socket->cgroup_id;
	f->netns = socket->netns;
	f->uid = socket->uid;
	f->told_drops = (u32)socket->drops;
	/* whoever else sends may become the owner */
	if (f->sender != SENDER_SOCKET_NOT_MET && f->sender != f->owner.pid)
		f->sender = SENDER_NONE;
	return news;
}

static __always_inline bool has_moved(const struct udp_flow *f)
{
	return f->packets_in != f->told_packets_in || f->packets_out != f->told_packets_out ||
	       f->bytes_in != f->told_bytes_in || f->bytes_out != f->told_bytes_out;
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
	struct conn_record *r;
	bool moved, last, news;
	u64 cookie;

	if (!key || !f)
		return 0;
	cookie = key->cookie;
	news = update_socket(f, bpf_map_lookup_elem(&udp_sockets, &cookie));
	moved = has_moved(f);
	last = f->dying;
	if (is_guess(&f->owner))
		stats.ownerless++;
	if (moved)
		f->active_ns = pass_ns;
	else if (!last && pass_ns > f->active_ns && pass_ns - f->active_ns >= udp_idle_ns)
		f->dying = 1;
	if (!moved && !last && !news && !f->untold)
		return 0;
	/* whether it is of the namespace wanted will be known when its socket is */
	if (only_netns && !f->netns && !last)
		return 0;
	f->untold = 1;
	r = next_row();
	if (!r)
		return 0;
	f->untold = 0;
	r->kind = RECORD_UDP_DELTA;
	r->state = 0;
	r->flags = last ? RECORD_LAST : 0;
	r->cookie = cookie;
	r->generation = 0;
	r->time_ns = bpf_ktime_get_ns();
	__builtin_memcpy(r->remote, key->remote, sizeof(r->remote));
	__builtin_memcpy(r->local, f->local, sizeof(r->local));
	r->remote_port = key->remote_port;
	r->local_port = f->local_port;
	fill_flow(r, f);
	fill_deltas(r, f);
	return 0;
}
