/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * What are the counters of every live TCP connection, of all network namespaces, now? One walk
 * over the socket storage, without socket locks; a row only for what has changed.
 */

#include "tcp_record.bpf.h"

char LICENSE[] SEC("license") = "GPL";

__u32 retell; /* user space sets it for a pass that is to tell every connection */

/*
 * Would a row say anything new? Most sockets of a large host are idle, and this is what each of
 * them costs, so it looks at as few cache lines as it can: the sequence numbers, which lie
 * together, stand for all counters. While data is on its way a row is always worth it
 * (retransmissions and the round trip move without them). They are read by probe, because to ask
 * for a typed tcp_sock is to touch the line of sk_protocol: a sixth of an idle pass. Only TCP
 * sockets have this storage.
 */
static __always_inline bool is_news(struct sock *sk, struct tcp_storage *s)
{
	struct tcp_sock *tp = (void *)sk;

	return !s->told || s->told_busy || retell ||
	       BPF_CORE_READ(tp, rcv_nxt) != s->told_rcv_nxt ||
	       BPF_CORE_READ(tp, snd_nxt) != s->told_snd_nxt ||
	       sk->__sk_common.skc_state != s->told_state || s->told_state == TCP_CLOSE ||
	       s->owner.pid != s->told_pid || s->owner.evidence != s->told_evidence;
}

static __always_inline void remember(struct tcp_storage *s, const struct conn_record *r)
{
	s->told = 1;
	s->told_busy = r->unacked_bytes || r->unsent_bytes || r->unread_bytes;
	s->told_state = r->state;
	s->told_pid = s->owner.pid;
	s->told_evidence = s->owner.evidence;
}

SEC("iter/bpf_sk_storage_map")
int tcp_rows(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct tcp_storage *s = ctx->value;
	struct sock *sk = ctx->sk;
	struct tcp_sock *tp;
	struct conn_record *r;

	if (!sk || !s || s->closed)
		return 0;
	stats.live++;
	if (s->owner.evidence <= EVIDENCE_LISTENER)
		stats.ownerless++;
	if (!is_news(sk, s))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	r = next_row();
	if (!r)
		return 0;
	/* before the counters: what moves meanwhile is news for the next pass */
	s->told_rcv_nxt = tp->rcv_nxt;
	s->told_snd_nxt = tp->snd_nxt;
	r->state = sk->__sk_common.skc_state;
	fill_tcp(r, sk, tp, s);
	r->kind = RECORD_TCP_SAMPLE;
	/* The program that tells closes was skipped. But the tracepoint of a state comes before the
	 * state is stored, so a connection that just begins looks closed as well: once. */
	if (r->state == TCP_CLOSE && s->told && s->told_state == TCP_CLOSE) {
		life_ends(s);
		r->kind = RECORD_TCP_FINAL;
		r->flags |= RECORD_LATE;
	}
	remember(s, r);
	return 0;
}

/* At start-up, once in each network namespace: sockets that are older than we are. */
SEC("iter/tcp")
int tcp_existing(struct bpf_iter__tcp *ctx)
{
	struct sock_common *c = ctx->sk_common;
	struct tcp_storage new = {.flags = RECORD_PARTIAL};
	struct tcp_storage *s;
	struct tcp_sock *tp;

	if (!c || c->skc_state == TCP_TIME_WAIT || c->skc_state == TCP_NEW_SYN_RECV ||
	    c->skc_state == TCP_LISTEN || c->skc_state == TCP_CLOSE)
		return 0;
	tp = bpf_skc_to_tcp_sock(c);
	if (!tp || bpf_sk_storage_get(&tcp_sockets, tp, NULL, 0))
		return 0;
	new.cgroup_id = cgroup_of((struct sock *)tp);
	new.netns = netns_of((struct sock *)tp);
	stats.sockets_found++;
	s = bpf_sk_storage_get(&tcp_sockets, tp, &new, BPF_SK_STORAGE_GET_F_CREATE);
	if (s)
		life_begins(s);
	else
		__sync_fetch_and_add(&stats.lost_sockets, 1);
	return 0;
}
