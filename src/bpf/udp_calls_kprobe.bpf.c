/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Who sends and receives on a UDP socket, by kprobes: the last resort before no counters at all.
 * A kprobe may use neither socket storage nor the cookie helper: a socket that has no cookie yet
 * goes by its address in memory, which is unique while it lives.
 */

#include "udp_calls.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct running_call {
	struct sock *sk;
	const void *name;
	u32 flags;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64); /* pid and tgid: a thread is in one call at a time */
	__type(value, struct running_call);
} running_calls SEC(".maps");

static __always_inline int enter(struct sock *sk, struct msghdr *msg, u32 flags)
{
	struct running_call call = {
		.sk = sk,
		.name = BPF_CORE_READ(msg, msg_name),
		.flags = flags,
	};
	u64 thread = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&running_calls, &thread, &call, BPF_ANY))
		__sync_fetch_and_add(&stats.lost_packets, 1);
	return 0;
}

static __always_inline int leave(int ret, u16 direction)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct running_call *call = bpf_map_lookup_elem(&running_calls, &thread);
	struct sock *sk;
	u64 cookie;

	if (!call)
		return 0;
	sk = call->sk;
	cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if (!cookie)
		cookie = (u64)sk;
	if (!(call->flags & MSG_PEEK)) {
		tell_owner(cookie, sk);
		count_call(cookie, sk, call->name, ret, direction, false);
	}
	bpf_map_delete_elem(&running_calls, &thread);
	return 0;
}

SEC("kprobe/udp_sendmsg")
int BPF_KPROBE(udp4_send_enter, struct sock *sk, struct msghdr *msg)
{
	return enter(sk, msg, 0);
}

SEC("kprobe/udpv6_sendmsg")
int BPF_KPROBE(udp6_send_enter, struct sock *sk, struct msghdr *msg)
{
	return enter(sk, msg, 0);
}

/* Before 5.19 (ec095263a965) there was one more argument before the flags. */
const volatile bool recvmsg_has_noblock = false;

SEC("kprobe/udp_recvmsg")
int BPF_KPROBE(udp4_receive_enter, struct sock *sk, struct msghdr *msg, size_t len, int fourth,
	       int fifth)
{
	return enter(sk, msg, (u32)(recvmsg_has_noblock ? fifth : fourth));
}

SEC("kprobe/udpv6_recvmsg")
int BPF_KPROBE(udp6_receive_enter, struct sock *sk, struct msghdr *msg, size_t len, int fourth,
	       int fifth)
{
	return enter(sk, msg, (u32)(recvmsg_has_noblock ? fifth : fourth));
}

SEC("kretprobe/udp_sendmsg")
int BPF_KRETPROBE(udp4_send_leave, int ret)
{
	return leave(ret, UDP_OUT);
}

SEC("kretprobe/udpv6_sendmsg")
int BPF_KRETPROBE(udp6_send_leave, int ret)
{
	return leave(ret, UDP_OUT);
}

SEC("kretprobe/udp_recvmsg")
int BPF_KRETPROBE(udp4_receive_leave, int ret)
{
	return leave(ret, UDP_IN);
}

SEC("kretprobe/udpv6_recvmsg")
int BPF_KRETPROBE(udp6_receive_leave, int ret)
{
	return leave(ret, UDP_IN);
}
