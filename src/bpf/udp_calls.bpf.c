/* SPDX-License-Identifier: GPL-2.0-only */

/* Who sends and receives on a UDP socket, from the socket layer's tracepoints (6.3)? */

#include "udp_calls.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sock_send_length")
int BPF_PROG(udp_sent, struct sock *sk, int ret, int flags)
{
	if (sk->sk_protocol == IPPROTO_UDP)
		udp_call(sk, NULL, ret, UDP_OUT, false);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(udp_received, struct sock *sk, int ret, int flags)
{
	if (sk->sk_protocol == IPPROTO_UDP && !(flags & MSG_PEEK))
		udp_call(sk, NULL, ret, UDP_IN, false);
	return 0;
}
