/* SPDX-License-Identifier: GPL-2.0-only */

/* Who sends and receives on a UDP socket, by function exits: for kernels without the tracepoints
 * of udp_calls.bpf.c. Here the peer of an unconnected call is known as well. */

#include "udp_calls.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("fexit/udp_sendmsg")
int BPF_PROG(udp4_sent_fexit, struct sock *sk, struct msghdr *msg, size_t len, int ret)
{
	udp_call(sk, msg->msg_name, ret, UDP_OUT, false);
	return 0;
}

SEC("fexit/udpv6_sendmsg")
int BPF_PROG(udp6_sent_fexit, struct sock *sk, struct msghdr *msg, size_t len, int ret)
{
	udp_call(sk, msg->msg_name, ret, UDP_OUT, true);
	return 0;
}

/* recvmsg lost an argument in 5.19 (ec095263a965), so flags and the result are counted from the
 * end. */
static __always_inline void received(void *ctx, struct sock *sk, struct msghdr *msg)
{
	u64 args = bpf_get_func_arg_cnt(ctx);
	u64 flags = 0, ret = 0;

	if (args < 2 || bpf_get_func_arg(ctx, args - 2, &flags) || bpf_get_func_ret(ctx, &ret))
		return;
	if (!(flags & MSG_PEEK))
		udp_call(sk, msg->msg_name, (int)ret, UDP_IN, false);
}

SEC("fexit/udp_recvmsg")
int BPF_PROG(udp4_received_fexit, struct sock *sk, struct msghdr *msg)
{
	received(ctx, sk, msg);
	return 0;
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(udp6_received_fexit, struct sock *sk, struct msghdr *msg)
{
	received(ctx, sk, msg);
	return 0;
}
