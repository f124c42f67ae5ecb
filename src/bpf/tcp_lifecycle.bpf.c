/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * When does a TCP connection begin and end, and whose is it? Nothing here runs per packet or per
 * call: only at changes of state.
 */

#include "tcp_record.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__u32 walker; /* the thread of ours that walks over all open files now; 0: none does */

/*
 * The current task owns what happens only if it holds the socket lock: otherwise this may be
 * softirq on the stack of any task, often the peer's. And not if it is our own walk: that holds
 * each file for a moment, and if the owner closes it just then, the last to let go is we.
 */
static __always_inline bool current_is_owner(struct sock *sk)
{
	return sk->sk_lock.owned && (u32)bpf_get_current_pid_tgid() != walker;
}

/* A thread of the kernel acts for somebody (it finishes a close, say) more often than for itself:
 * it is an owner only for want of one, and then without a pid. */
static __always_inline void take_owner(struct tcp_storage *s, u8 evidence)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (s->owner.evidence >= evidence)
		return;
	if (!(task->flags & PF_KTHREAD))
		owner_from_task(&s->owner, task, evidence);
	else if (s->owner.evidence == EVIDENCE_NONE)
		s->owner.kernel = 1;
}

static __always_inline void listener_changed(struct sock *sk, int new)
{
	struct listener_key key = {
		.netns = netns_of(sk),
		.port = sk->__sk_common.skc_num,
	};
	struct record_owner owner = {};
	struct record_owner *known;

	if (new == TCP_CLOSE) {
		/* skc_num is 0 by now unless it was bound by hand; a guess that outlives its
		 * listener is overwritten by the next one. Others may listen on the same port. */
		known = bpf_map_lookup_elem(&listeners, &key);
		if (known && known->pid == bpf_get_current_pid_tgid() >> 32)
			bpf_map_delete_elem(&listeners, &key);
		return;
	}
	if (!current_is_owner(sk))
		return;
	owner_from_task(&owner, bpf_get_current_task_btf(), EVIDENCE_LISTENER);
	bpf_map_update_elem(&listeners, &key, &owner, BPF_ANY);
}

static __always_inline void guess_owner(struct tcp_storage *s, struct sock *sk)
{
	struct listener_key key = {
		.netns = s->netns,
		.port = sk->__sk_common.skc_num,
	};
	struct record_owner *owner = bpf_map_lookup_elem(&listeners, &key);

	__sync_fetch_and_add(&stats.guesses, 1);
	if (owner)
		s->owner = *owner;
}

/*
 * A socket begins a life: the first, or another one after AF_UNSPEC. It may also be met in the
 * middle of one, if the change that began it was not told (see tcp_state).
 */
static __always_inline struct tcp_storage *open_storage(struct sock *sk, struct tcp_storage *s,
							int old, int new)
{
	bool begins = new == TCP_SYN_SENT || new == TCP_ESTABLISHED || old == TCP_SYN_RECV;

	if (s && (!s->closed || !begins))
		return s;
	if (!s) {
		s = bpf_sk_storage_get(&tcp_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
		if (!s) {
			__sync_fetch_and_add(&stats.lost_sockets, 1);
			return NULL;
		}
	} else {
		s->generation++;
		s->closed = 0;
		s->told = 0;
		s->owner.evidence = EVIDENCE_NONE;
		s->owner.kernel = 0;
		s->owner.pid = 0;
	}
	s->flags = begins ? 0 : RECORD_PARTIAL;
	s->opened_ns = begins ? bpf_ktime_get_ns() : 0;
	s->cgroup_id = cgroup_of(sk);
	s->netns = netns_of(sk);
	s->connected = new == TCP_SYN_SENT || old == TCP_SYN_SENT;
	life_begins(s);
	if (new != TCP_SYN_SENT && old != TCP_SYN_SENT)
		guess_owner(s, sk);
	return s;
}

static __always_inline void send_final(struct sock *sk, struct tcp_storage *s, u8 flags)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct conn_record *r;

	if (!tp || (only_netns && s->netns != only_netns))
		return;
	r = reserve(&stats.lost_finals, 1);
	if (!r)
		return;
	fill_tcp(r, sk, tp, s);
	r->flags |= flags;
	r->kind = RECORD_TCP_FINAL;
	r->state = TCP_CLOSE;
	submit(r);
}

static __always_inline int state_changed(struct sock *sk, int old, int new)
{
	struct tcp_storage *s;

	if (sk->sk_protocol != IPPROTO_TCP || new == old || new == TCP_SYN_RECV)
		return 0;
	if (new == TCP_LISTEN || (old == TCP_LISTEN && new == TCP_CLOSE)) {
		listener_changed(sk, new);
		return 0;
	}
	s = bpf_sk_storage_get(&tcp_sockets, sk, NULL, 0);
	if (s && s->state == new)
		return 0; /* the other of the two programs was first */
	if (new != TCP_CLOSE)
		s = open_storage(sk, s, old, new);
	if (!s)
		return 0; /* never connected, or refused a storage: then tcp_destroy tells the end
			   */
	s->state = (u8) new;
	if (current_is_owner(sk))
		take_owner(s, new == TCP_SYN_SENT ? EVIDENCE_CONNECT : EVIDENCE_TRANSITION);
	if (new == TCP_CLOSE && !s->closed) {
		life_ends(s);
		send_final(sk, s, old == TCP_SYN_SENT ? RECORD_CONNECT_FAILED : 0);
	}
	return 0;
}

/*
 * The kernel skips a program that is already running on this CPU. A change of state in softirq may
 * interrupt another one, and since about 6.18 a task may even be scheduled out in the middle, which
 * would hide every change on this CPU until it is back. So the program is attached twice: while one
 * is held up the other runs, and where both run the second finds the work done. What both miss,
 * open_storage, tcp_destroy and the owner walk make good for.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, struct sock *sk, int old, int new)
{
	return state_changed(sk, old, new);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state_again, struct sock *sk, int old, int new)
{
	return state_changed(sk, old, new);
}

/* A connection without storage: the kernel refused it one, so nothing but the end is known. */
static __always_inline void send_bare_final(struct sock *sk)
{
	struct tcp_storage s = {.flags = RECORD_PARTIAL, .netns = netns_of(sk)};

	if (current_is_owner(sk))
		take_owner(&s, EVIDENCE_DESTROY);
	send_final(sk, &s, RECORD_LATE);
}

/* Whether a socket without storage was a connection: it had a handshake. One that never connected
 * has no peer, and tcp_disconnect, after which all has been told, takes both away. */
static __always_inline bool was_connected(struct tcp_sock *tp)
{
	return tp->inet_conn.icsk_inet.sk.__sk_common.skc_dport && tp->srtt_us;
}

/*
 * The socket goes away. Its close has been told, unless the program was skipped then. Otherwise
 * this may bring the owner: if the peer reset the connection while the application still held it,
 * CLOSE came from softirq, and this is the application's own close(). tcp_disconnect may have
 * zeroed the counters by now, so then only the owner is told.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroy, struct sock *sk)
{
	struct tcp_storage *s = bpf_sk_storage_get(&tcp_sockets, sk, NULL, 0);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct conn_record *r;

	if (!tp)
		return 0;
	if (!s) {
		if (was_connected(tp))
			send_bare_final(sk);
		return 0;
	}
	if (!s->closed) {
		life_ends(s);
		send_final(sk, s, RECORD_LATE);
		return 0;
	}
	if (s->owner.evidence >= EVIDENCE_DESTROY || !current_is_owner(sk) ||
	    (only_netns && s->netns != only_netns))
		return 0;
	take_owner(s, EVIDENCE_DESTROY);
	r = reserve(&stats.lost_names, 1);
	if (!r)
		return 0;
	fill_tcp(r, sk, tp, s);
	r->kind = RECORD_TCP_OWNER;
	r->state = TCP_CLOSE;
	submit(r);
	return 0;
}
