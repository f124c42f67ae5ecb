/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* udp_calls for programs with typed arguments (tp_btf, fexit): these may use socket storage, so a
 * call on a socket whose owner is known costs one look. */

#include "udp_calls.bpf.h"
#include "udp_tag.bpf.h"

static __always_inline struct udp_tag *tell_owner(struct sock *sk)
{
	struct udp_tag *tag = bpf_sk_storage_get(&udp_tags, sk, NULL, 0);
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 now;

	if (tag && tag->pid == pid)
		return tag;
	now = bpf_ktime_get_ns();
	if (tag && now - tag->told_ns < OWNER_HOLD_NS)
		return tag;
	if (!tag)
		tag = new_tag(sk);
	if (!tag)
		return NULL;
	tag->pid = pid;
	tag->told_ns = now;
	set_owner(bpf_get_socket_cookie(sk), sk);
	return tag;
}

static __always_inline void tell_drops(struct sock *sk, struct udp_tag *tag)
{
	u32 drops = drops_of(sk) - tag->first_drops;
	struct udp_socket *known;
	u64 cookie;

	if (drops == tag->told_drops)
		return;
	tag->told_drops = drops;
	cookie = bpf_get_socket_cookie(sk);
	known = bpf_map_lookup_elem(&udp_sockets, &cookie);
	if (known && known->drops < drops)
		known->drops = drops;
}

static __always_inline void udp_call(struct sock *sk, const void *name, int bytes, u16 direction,
				     bool through_v6)
{
	struct udp_tag *tag = tell_owner(sk);

	if (tag && direction == UDP_IN)
		tell_drops(sk, tag);
	if (count_calls)
		count_call(bpf_get_socket_cookie(sk), sk, name, bytes, direction, through_v6);
}
