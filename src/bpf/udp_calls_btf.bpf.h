/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* udp_calls for programs with typed arguments (tp_btf, fexit): these may use socket storage, so a
 * call on a socket whose owner is known costs one look. */

#include "udp_calls.bpf.h"

struct udp_tag {
	u32 pid;
	u32 pad;
	u64 told_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct udp_tag);
} udp_tags __weak SEC(".maps");

static __always_inline void tell_owner(struct sock *sk)
{
	struct udp_tag *tag = bpf_sk_storage_get(&udp_tags, sk, NULL, 0);
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 now;

	if (tag && tag->pid == pid)
		return;
	now = bpf_ktime_get_ns();
	if (tag && now - tag->told_ns < OWNER_HOLD_NS)
		return;
	if (!tag)
		tag = bpf_sk_storage_get(&udp_tags, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tag) {
		__sync_fetch_and_add(&stats.lost_sockets, 1);
		return;
	}
	tag->pid = pid;
	tag->told_ns = now;
	set_owner(bpf_get_socket_cookie(sk), sk);
}

static __always_inline void udp_call(struct sock *sk, const void *name, int bytes, u16 direction)
{
	tell_owner(sk);
	if (count_calls)
		count_call(bpf_get_socket_cookie(sk), sk, name, bytes, direction);
}
