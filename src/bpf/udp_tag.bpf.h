/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What is remembered on a UDP socket itself, so that a call on a known one costs one look. */

#include "conn_maps.bpf.h"

struct udp_tag {
	u32 pid;
	u32 first_drops; /* those of before we were there */
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
 * udp_drops does not tell those of IPv6. From 6.18 on UDP keeps it elsewhere, and this stays 0. */
static __always_inline u32 drops_of(struct sock *sk)
{
	return bpf_core_field_exists(sk->sk_drops) ? (u32)sk->sk_drops.counter : 0;
}

static __always_inline struct udp_tag *new_tag(struct sock *sk)
{
	struct udp_tag *tag = bpf_sk_storage_get(&udp_tags, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!tag)
		__sync_fetch_and_add(&stats.lost_sockets, 1);
	return tag;
}
