/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Who sends the datagram that passes the cgroup root? Nearly always the current task; but the
 * kernel sends by sockets of its own, or of a process, in whatever task it finds itself, and a
 * datagram that waited in a netfilter queue goes on in the task that judged it. So a process is
 * believed only if it is known as the owner, or holds a descriptor of the socket.
 */

#include "udp_owner.bpf.h"

/* How far a process' table of descriptors is searched: once for a socket and a process, at some
 * 20 ns each. What is beyond is left to the walk over open files. */
#define SEARCHED_FDS 512

struct fd_search {
	struct file **files;
	struct socket *socket;
	bool found;
};

static long look_at_fd(u32 fd, struct fd_search *search)
{
	struct file *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), &search->files[fd]);
	search->found = file && BPF_CORE_READ(file, private_data) == search->socket;
	return search->found;
}

static __always_inline bool holds_socket(struct task_struct *task, struct sock *sk)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	u32 n = BPF_CORE_READ(table, max_fds);
	struct fd_search search = {
		.files = BPF_CORE_READ(table, fd),
		.socket = BPF_CORE_READ(sk, sk_socket),
	};

	if (search.socket)
		bpf_loop(n < SEARCHED_FDS ? n : SEARCHED_FDS, look_at_fd, &search, 0);
	return search.found;
}

static __always_inline bool is_same_process(const struct record_owner *a,
					    const struct record_owner *b)
{
	return a->pid == b->pid && a->start_boot_ns == b->start_boot_ns;
}

static __always_inline void take_sender(struct udp_socket *known, struct task_struct *task,
					struct sock *sk)
{
	struct record_owner sender = {};
	u64 now = bpf_ktime_get_ns();

	if (known->owner.pid != (u32)task->tgid && is_held(known, now))
		return;
	known->judged_ns = now;
	owner_from_task(&sender, task, EVIDENCE_CALL);
	if (is_same_process(&sender, &known->owner) || holds_socket(task, sk))
		known->owner = sender;
}

/* is_own: the datagram bears the port of its socket, so it is not another one's that only travels
 * inside (ESP in UDP). The answer stays in the flow, so that nearly all cost one comparison. */
static __always_inline void meet_sender(u64 cookie, struct udp_flow *flow, struct bpf_sock *sk,
					bool is_own)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct udp_socket *known;

	/* the idle task, in whose time the kernel itself may send, has the number of none */
	if (flow->sender == (u32)task->tgid && flow->sender != SENDER_SOCKET_NOT_MET)
		return;
	flow->sender = task->tgid;
	known = meet_socket(cookie, address_of(sk));
	if (!known ||
	    (known->owner.pid == (u32)task->tgid && known->owner.evidence == EVIDENCE_CALL))
		return;
	if (is_own && !known->owner.kernel && !(task->flags & PF_KTHREAD))
		take_sender(known, task, address_of(sk));
}
