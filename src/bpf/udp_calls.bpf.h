/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a send or a receive on a UDP socket tells: its owner, and, where packets cannot be counted
 * at the cgroup, how many bytes the application moved.
 */

#include "udp_account.bpf.h"
#include "udp_owner.bpf.h"

/* Set where udp_packets is not attached. Calls are then counted as datagrams. */
const volatile bool count_calls __weak = false;

static __always_inline void tell_owner(u64 cookie, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct udp_socket *known = meet_socket(cookie, sk);
	u64 now;

	if (!known || known->owner.kernel || task->flags & PF_KTHREAD ||
	    (known->owner.pid == (u32)task->tgid && known->owner.evidence == EVIDENCE_CALL))
		return;
	now = bpf_ktime_get_ns();
	if (is_held(known, now))
		return;
	owner_from_task(&known->owner, task, EVIDENCE_CALL);
	known->judged_ns = now;
}

/* The peer of a connected socket; an unconnected one's stays all zero unless name (in kernel
 * memory) tells. */
static __always_inline void fill_endpoints(struct udp_datagrams *d, struct sock *sk,
					   const void *name)
{
	struct in6_addr v6;
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	d->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	d->key.remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		map_v4(d->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_v4(d->key.remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_rcv_saddr);
		copy_v6(d->local, &v6);
		BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_daddr);
		copy_v6(d->key.remote, &v6);
	}
	if (!name || bpf_probe_read_kernel(&family, sizeof(family), name))
		return;
	if (family == AF_INET) {
		const struct sockaddr_in *in = name;

		map_v4(d->key.remote, BPF_CORE_READ(in, sin_addr.s_addr));
		d->key.remote_port = bpf_ntohs(BPF_CORE_READ(in, sin_port));
	} else if (family == AF_INET6) {
		const struct sockaddr_in6 *in6 = name;

		BPF_CORE_READ_INTO(&v6, in6, sin6_addr);
		copy_v6(d->key.remote, &v6);
		d->key.remote_port = bpf_ntohs(BPF_CORE_READ(in6, sin6_port));
	}
}

static __always_inline bool is_v4_mapped(const u8 addr[16])
{
	const u32 *words = (const u32 *)addr;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* One call is taken as one datagram: the closest there is without the packets. */
static __always_inline void count_call(u64 cookie, struct sock *sk, const void *name, int bytes,
				       u16 direction, bool through_v6)
{
	struct udp_datagrams d = {.direction = direction};

	if (!count_calls || bytes < 0)
		return;
	d.key.cookie = cookie;
	fill_endpoints(&d, sk, name);
	/* udpv6_sendmsg hands these on to udp_sendmsg, which counts them */
	if (through_v6 && is_v4_mapped(d.key.remote))
		return;
	d.bytes = (u32)bytes;
	d.packets = 1;
	account(&d);
}

static __always_inline void udp_call(struct sock *sk, const void *name, int bytes, u16 direction,
				     bool through_v6)
{
	u64 cookie = bpf_get_socket_cookie(sk);

	tell_owner(cookie, sk);
	count_call(cookie, sk, name, bytes, direction, through_v6);
}
