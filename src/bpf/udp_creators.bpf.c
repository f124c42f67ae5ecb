/* SPDX-License-Identifier: GPL-2.0-only */

/* Who makes a UDP socket? The owner of one that only receives, until the walk over open files finds
 * who holds it; and the sender that need not be searched for. The kernel's own are not told. */

#include "udp_owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/sock_create")
int udp_created(struct bpf_sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct udp_socket new = {};
	u64 cookie;

	if (sk->protocol != IPPROTO_UDP || sk->type != SOCK_DGRAM || task->flags & PF_KTHREAD)
		return 1;
	cookie = bpf_get_socket_cookie(sk);
	describe_socket(&new, address_of(sk));
	owner_from_task(&new.owner, task, EVIDENCE_CREATE);
	bpf_map_update_elem(&udp_sockets, &cookie, &new, BPF_NOEXIST);
	return 1;
}
