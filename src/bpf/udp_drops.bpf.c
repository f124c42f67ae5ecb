/* SPDX-License-Identifier: GPL-2.0-only */

/* Which datagrams found no room in their socket's receive buffer? */

#include "udp_calls.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_dropped, int rc, struct sock *sk)
{
	u64 cookie = bpf_get_socket_cookie(sk);
	struct udp_socket *known = bpf_map_lookup_elem(&udp_sockets, &cookie);
	struct udp_socket new = {.drops = 1};

	if (known) {
		__sync_fetch_and_add(&known->drops, 1);
		return 0;
	}
	describe_socket(&new, sk);
	bpf_map_update_elem(&udp_sockets, &cookie, &new, BPF_NOEXIST);
	return 0;
}
