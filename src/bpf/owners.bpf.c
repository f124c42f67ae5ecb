/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Which process holds a socket? A walk over all open files, at start-up and while sockets without
 * an owner exist; and the names processes take later.
 */

#include "udp_owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__u32 walk_number; /* user space counts the walks, from 1 */

/*
 * A socket may have several holders; the first of a walk (the lowest pid) is taken, unless
 * stronger evidence exists. An owner that the walk before last no longer met holding the socket
 * has handed it on, and is replaced.
 */
static __always_inline void found_holder(struct tcp_storage *s, struct task_struct *task)
{
	bool first = s->walk != walk_number;
	bool handed_on = first && s->walk + 1 == walk_number && s->walk != s->holder_walk;

	if (s->closed)
		return;
	if (s->owner.evidence < EVIDENCE_FILE || handed_on)
		owner_from_task(&s->owner, task, EVIDENCE_FILE);
	if (handed_on)
		s->flags |= RECORD_OWNER_MOVED;
	if (s->owner.pid == (u32)task->tgid)
		s->holder_walk = walk_number;
	s->walk = walk_number;
}

/* A connection whose beginning was not told is begun here (see open_storage). */
static __always_inline struct tcp_storage *known_socket(struct sock *sk)
{
	struct tcp_storage new = {.flags = RECORD_PARTIAL};
	struct tcp_storage *s = bpf_sk_storage_get(&tcp_sockets, sk, NULL, 0);
	u8 state = sk->__sk_common.skc_state;

	if (s || state == TCP_SYN_SENT)
		return s;
	if (state == TCP_CLOSE) {
		if (walk_number != 1)
			return NULL;
		new.closed = 1; /* what ended before we were there is not ours to tell */
	}
	new.cgroup_id = cgroup_of(sk);
	new.netns = netns_of(sk);
	s = bpf_sk_storage_get(&tcp_sockets, sk, &new, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s)
		__sync_fetch_and_add(&stats.lost_sockets, 1);
	else if (!s->closed)
		life_begins(s);
	return s;
}

static __always_inline void found_listener(struct sock *sk, struct task_struct *task)
{
	struct listener_key key = {
		.netns = netns_of(sk),
		.port = sk->__sk_common.skc_num,
	};
	struct record_owner owner = {};

	owner_from_task(&owner, task, EVIDENCE_LISTENER);
	bpf_map_update_elem(&listeners, &key, &owner, BPF_NOEXIST);
}

static __always_inline void found_udp(struct sock *sk, struct task_struct *task)
{
	u64 cookie = bpf_get_socket_cookie(sk);
	struct udp_socket *known = bpf_map_lookup_elem(&udp_sockets, &cookie);
	struct udp_socket new = {};

	if (known) {
		if (known->owner.evidence < EVIDENCE_FILE)
			owner_from_task(&known->owner, task, EVIDENCE_FILE);
		return;
	}
	describe_socket(&new, sk);
	owner_from_task(&new.owner, task, EVIDENCE_FILE);
	bpf_map_update_elem(&udp_sockets, &cookie, &new, BPF_NOEXIST);
}

SEC("iter/task_file")
int owner_walk(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct tcp_storage *s;
	struct socket *socket;
	struct sock *sk;
	u16 family;

	if (!file || !task)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (sk->sk_protocol == IPPROTO_UDP) {
		found_udp(sk, task);
	} else if (sk->sk_protocol == IPPROTO_TCP) {
		if (sk->__sk_common.skc_state == TCP_LISTEN) {
			found_listener(sk, task);
			return 0;
		}
		s = known_socket(sk);
		if (s)
			found_holder(s, task);
	}
	return 0;
}

/* exec and prctl(PR_SET_NAME); threads' own names are theirs alone. The tracepoint comes before
 * the new name is stored. */
SEC("tp_btf/task_rename")
int BPF_PROG(task_renamed, struct task_struct *task, const char *comm)
{
	struct conn_record *r;

	if (task->pid != task->tgid)
		return 0;
	r = reserve(&stats.lost_names, 1);
	if (!r)
		return 0;
	owner_from_task(&r->owner, task, EVIDENCE_NONE);
	bpf_probe_read_kernel_str(r->owner.comm, sizeof(r->owner.comm), comm);
	r->time_ns = bpf_ktime_get_ns();
	r->kind = RECORD_RENAME;
	submit(r);
	return 0;
}
