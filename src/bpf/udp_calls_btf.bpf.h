/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* udp_calls for programs with typed arguments (tp_btf, fexit): these may use socket storage, so a
 * call on a socket whose owner is known costs one look. */

#include "udp_calls.bpf.h"

struct udp_tag {
	u32 pid;
	u32 first_drops; /* the socket's drops when it was first met */
	u32 told_drops;
	u32 pad;
	u64 told_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct udp_tag);
} udp_tags __weak SEC(".maps");

/* Where the kernel keeps it, the socket's own count of drops: before 6.5 the tracepoint of
 * udp_drops does not tell those of IPv6. From 6.18 on UDP keeps it elsewhere, and this one stays 0.
 */
static __always_inline u32 drops_of(struct sock *sk)
{
	return bpf_core_field_exists(sk->sk_drops) ? (u32)sk->sk_drops.counter : 0;
}

static __always_inline struct udp_tag *new_tag(struct sock *sk)
{
	struct udp_tag *tag = bpf_sk_storage_get(&udp_tags, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!tag) {
		__sync_fetch_and_add(&stats.lost_sockets, 1);
		return NULL;
	}
	tag->first_drops = drops_of(sk);
	return tag;
}

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

static __always_inline void udp_call(struct sock *sk, const void *name, int bytes, u16 direction)
{
	struct udp_tag *tag = tell_owner(sk);

	if (tag && direction == UDP_IN)
		tell_drops(sk, tag);
	if (count_calls)
		count_call(bpf_get_socket_cookie(sk), sk, name, bytes, direction);
}
