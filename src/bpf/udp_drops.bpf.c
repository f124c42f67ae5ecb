/* SPDX-License-Identifier: GPL-2.0-only */

/* Which datagrams found no room in their socket's receive buffer? */

#include "udp_owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline void count_drop(struct sock *sk)
{
	struct udp_socket *known = meet_socket(bpf_get_socket_cookie(sk), sk);

	if (known)
		__sync_fetch_and_add(&known->drops, 1);
}

SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_dropped, int rc, struct sock *sk)
{
	count_drop(sk);
	return 0;
}

/* Before 6.5 the tracepoint does not tell those of IPv6; but this runs for all that arrives. */
SEC("fexit/__udp_enqueue_schedule_skb")
int BPF_PROG(udp_dropped_fexit, struct sock *sk, struct sk_buff *skb, int ret)
{
	if (ret < 0)
		count_drop(sk);
	return 0;
}
