/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * How many datagrams, of how many bytes, between each UDP socket and each of its peers? Counted
 * where packets pass the root of cgroup v2: after reassembly on the way in, before fragmentation
 * on the way out, so a datagram is a datagram. On the way in this is before the receive buffer is
 * checked: delivered = seen - drops (udp_drops counts those). On the way out also: who sends?
 */

#include "udp_account.bpf.h"
#include "udp_sender.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER 8
#define MAX_EXTENSIONS 6

struct ipv4_header {
	u8 version_ihl;
	u8 tos;
	u16 total_length;
	u16 id;
	u16 fragment;
	u8 ttl;
	u8 protocol;
	u16 checksum;
	u32 source;
	u32 destination;
};

struct ipv6_header {
	u32 version_class_flow;
	u16 payload_length;
	u8 next;
	u8 hop_limit;
	u32 source[4];
	u32 destination[4];
};

/* Skips IPv6 extension headers (RFC 8200 4). Returns UDP's offset, or 0 if there is none. */
static __always_inline u32 udp_offset_v6(struct __sk_buff *skb, u8 next)
{
	u32 offset = IPV6_HEADER;
	u8 header[2];

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (next == IPPROTO_UDP)
			return offset;
		/* hop-by-hop, routing, fragment, destination options; nothing else may precede */
		if (next != 0 && next != 43 && next != 44 && next != 60)
			return 0;
		if (bpf_skb_load_bytes(skb, offset, header, sizeof(header)))
			return 0;
		offset += next == 44 ? 8 : (header[1] + 1u) * 8;
		next = header[0];
	}
	return next == IPPROTO_UDP ? offset : 0;
}

static __always_inline u32 udp_offset(struct __sk_buff *skb, struct udp_datagrams *d)
{
	void *end = (void *)(long)skb->data_end;
	void *data = (void *)(long)skb->data;
	bool in = d->direction == UDP_IN;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct ipv4_header *ip = data;

		if ((void *)(ip + 1) > end || ip->protocol != IPPROTO_UDP)
			return 0;
		map_v4(d->key.remote, in ? ip->source : ip->destination);
		map_v4(d->local, in ? ip->destination : ip->source);
		return (ip->version_ihl & 15u) * 4;
	}
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6_header *ip = data;

		if ((void *)(ip + 1) > end || ip->next == IPPROTO_TCP)
			return 0;
		__builtin_memcpy(d->key.remote, in ? ip->source : ip->destination, 16);
		__builtin_memcpy(d->local, in ? ip->destination : ip->source, 16);
		return udp_offset_v6(skb, ip->next);
	}
	return 0;
}

/* Datagrams in a buffer: a GSO or GRO super-packet holds several, but gso_segs is not kept on all
 * ways in; then the segment size tells. */
static __always_inline u32 datagrams(struct __sk_buff *skb, u32 payload)
{
	if (skb->gso_segs > 1)
		return skb->gso_segs;
	if (skb->gso_size > 0 && payload > 0)
		return (payload + skb->gso_size - 1) / skb->gso_size;
	return 1;
}

/* Straight from the packet where the header lies in its linear part, as it nearly always does. */
static __always_inline int load_ports(struct __sk_buff *skb, u32 offset, u16 ports[2])
{
	void *end = (void *)(long)skb->data_end;
	u16 *header = (void *)(long)skb->data + (offset & 0xff);

	if (offset > 0xff || (void *)(header + 2) > end)
		return bpf_skb_load_bytes(skb, offset, ports, 2 * sizeof(u16));
	ports[0] = header[0];
	ports[1] = header[1];
	return 0;
}

/* NULL if it is none: a raw socket gets copies of other sockets' datagrams. */
static __always_inline struct bpf_sock *udp_socket_of(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	return sk && sk->protocol == IPPROTO_UDP && sk->type == SOCK_DGRAM ? sk : NULL;
}

/* Whether the senders are to be told here; false where the kernel refuses it. */
const volatile bool tell_senders __weak = true;

static __always_inline void meet(const struct udp_datagrams *d, struct udp_flow *flow,
				 struct bpf_sock *sk)
{
	if (tell_senders && d->direction == UDP_OUT) {
		meet_sender(d->key.cookie, flow, sk, sk->src_port == d->local_port);
	} else if (flow->sender == SENDER_SOCKET_NOT_MET) {
		meet_socket(d->key.cookie, address_of(sk));
		flow->sender = SENDER_NONE;
	}
}

static __always_inline void count(struct __sk_buff *skb, u16 direction)
{
	struct udp_datagrams d = {.direction = direction};
	u32 offset = udp_offset(skb, &d);
	struct bpf_sock *sk;
	struct udp_flow *flow;
	u16 ports[2];

	if (!offset)
		return;
	sk = udp_socket_of(skb);
	if (!sk || load_ports(skb, offset, ports))
		return;
	d.key.cookie = bpf_get_socket_cookie(skb);
	if (!d.key.cookie) /* forwarded, or the kernel's own without a socket */
		return;
	d.key.remote_port = bpf_ntohs(direction == UDP_IN ? ports[0] : ports[1]);
	d.local_port = bpf_ntohs(direction == UDP_IN ? ports[1] : ports[0]);
	d.bytes = skb->len > offset + UDP_HEADER ? skb->len - offset - UDP_HEADER : 0;
	d.packets = datagrams(skb, d.bytes);
	flow = account(&d);
	if (flow)
		meet(&d, flow, sk);
}

SEC("cgroup_skb/egress")
int udp_egress(struct __sk_buff *skb)
{
	count(skb, UDP_OUT);
	return 1;
}

SEC("cgroup_skb/ingress")
int udp_ingress(struct __sk_buff *skb)
{
	count(skb, UDP_IN);
	return 1;
}
