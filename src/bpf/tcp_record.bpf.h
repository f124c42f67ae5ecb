/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Fills a record from the kernel's own counters of a TCP socket. */

#include "conn_maps.bpf.h"

static __always_inline u32 chrono_ticks(struct tcp_sock *tp, u32 which, u32 type, u32 now)
{
	u32 ticks = tp->chrono_stat[which - 1];

	return which == type ? ticks + now - tp->chrono_start : ticks;
}

/* net/ipv4/tcp.c tcp_get_info_chrono_stats: busy includes the two limited times. */
static __always_inline void fill_chrono(struct conn_record *r, struct tcp_sock *tp)
{
	u32 type = BPF_CORE_READ_BITFIELD(tp, chrono_type);
	u32 now = (u32)bpf_jiffies64();

	r->rwnd_limited_ticks = chrono_ticks(tp, CHRONO_RWND_LIMITED, type, now);
	r->sndbuf_limited_ticks = chrono_ticks(tp, CHRONO_SNDBUF_LIMITED, type, now);
	r->busy_ticks = chrono_ticks(tp, CHRONO_BUSY, type, now) + r->rwnd_limited_ticks +
			r->sndbuf_limited_ticks;
}

static __always_inline void fill_identity(struct conn_record *r, struct sock *sk,
					  struct tcp_sock *tp)
{
	struct sock_common *c = &sk->__sk_common;

	r->cookie = bpf_get_socket_cookie(sk);
	/* skc_num is already 0 at CLOSE for accepted and autobound sockets */
	r->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	r->remote_port = bpf_ntohs(c->skc_dport);
	if (c->skc_family == AF_INET) {
		map_v4(r->local, c->skc_rcv_saddr);
		map_v4(r->remote, c->skc_daddr);
	} else {
		copy_v6(r->local, &c->skc_v6_rcv_saddr);
		copy_v6(r->remote, &c->skc_v6_daddr);
	}
}

/* The FIN counts as a byte received, once a full socket has processed it: then SOCK_DONE is set.
 * A FIN that a TIME_WAIT minisock took is in neither. */
static __always_inline u64 payload_in(struct sock *sk, struct tcp_sock *tp)
{
	u64 received = READ_ONCE(tp->bytes_received);
	u64 done = (READ_ONCE(sk->__sk_common.skc_flags) >> SOCK_DONE_BIT) & 1;

	return received > done ? received - done : 0;
}

/* The FIN takes a sequence number too, so it is unread until the application has read to the end.
 */
static __always_inline u32 unread(struct sock *sk, struct tcp_sock *tp)
{
	u32 bytes = tp->rcv_nxt - tp->copied_seq;
	u32 done = (sk->__sk_common.skc_flags >> SOCK_DONE_BIT) & 1;

	return bytes > done ? bytes - done : 0;
}

/* What was sent is read first, so that a retransmission in between makes the difference too small,
 * which the next row mends, and never too large. */
static __always_inline void fill_sent(struct conn_record *r, struct tcp_sock *tp)
{
	u64 sent = READ_ONCE(tp->bytes_sent);

	r->retrans_bytes = READ_ONCE(tp->bytes_retrans);
	r->bytes_out = sent > r->retrans_bytes ? sent - r->retrans_bytes : 0;
}

/* Whether our FIN is among the sequence numbers sent. */
static __always_inline bool fin_is_sent(struct sock *sk, struct tcp_sock *tp)
{
	u8 state = sk->__sk_common.skc_state;

	if (state == TCP_FIN_WAIT2)
		return true;
	return (state == TCP_FIN_WAIT1 || state == TCP_CLOSING || state == TCP_LAST_ACK) &&
	       tp->snd_nxt == tp->write_seq;
}

/*
 * A segment that our own host drops before it is sent (a full queue of the interface) is counted in
 * bytes_sent, and counted again, as new, when it is tried again. It is not counted twice in the
 * sequence numbers: those acknowledged and those on their way, less SYN and FIN. What may have
 * changed meanwhile is read last, so the limit is too high for a moment rather than too low.
 */
static __always_inline void limit_sent(struct conn_record *r, struct sock *sk, struct tcp_sock *tp,
				       const struct tcp_storage *s)
{
	u32 una = READ_ONCE(tp->snd_una);
	u32 in_flight = READ_ONCE(tp->snd_nxt) - una;
	u64 limit = READ_ONCE(tp->bytes_acked) + in_flight;
	u64 no_payload = s->connected + fin_is_sent(sk, tp);

	limit = limit > no_payload ? limit - no_payload : 0;
	if (r->bytes_out > limit)
		r->bytes_out = limit;
}

static __always_inline void fill_counters(struct conn_record *r, struct sock *sk,
					  struct tcp_sock *tp)
{
	r->bytes_in = payload_in(sk, tp);
	fill_sent(r, tp);
	r->packets_in = tp->data_segs_in;
	r->packets_out = tp->data_segs_out;
	r->srtt_us = tp->srtt_us >> 3;
	r->rttvar_us = tp->mdev_us >> 2;
	r->cwnd = tp->snd_cwnd;
	r->retrans = tp->total_retrans;
	r->rate_delivered = tp->rate_delivered;
	r->rate_interval_us = tp->rate_interval_us;
	r->mss = tp->mss_cache;
	r->unsent_bytes = tp->write_seq - tp->snd_nxt;
	r->unacked_bytes = tp->snd_nxt - tp->snd_una;
	r->unread_bytes = unread(sk, tp);
	fill_chrono(r, tp);
}

static __always_inline void fill_socket(struct conn_record *r, struct sock *sk, struct tcp_sock *tp,
					const struct tcp_storage *s)
{
	fill_identity(r, sk, tp);
	fill_counters(r, sk, tp);
	limit_sent(r, sk, tp, s);
	r->time_ns = bpf_ktime_get_ns();
	r->uid = sk->sk_uid.val;
	r->rcvbuf_drops = 0;
}

static __always_inline void fill_storage(struct conn_record *r, struct sock *sk,
					 struct tcp_storage *s)
{
	r->owner = s->owner;
	r->opened_ns = s->opened_ns;
	r->cgroup_id = s->cgroup_id;
	r->netns = s->netns;
	r->generation = s->generation;
	r->flags = s->flags;
	if (BPF_CORE_READ_BITFIELD(sk, sk_kern_sock) || s->owner.kernel)
		r->flags |= RECORD_KERNEL;
}

/* Everything but kind and state, which come from the caller. */
static __always_inline void fill_tcp(struct conn_record *r, struct sock *sk, struct tcp_sock *tp,
				     struct tcp_storage *s)
{
	fill_socket(r, sk, tp, s);
	fill_storage(r, sk, s);
}
