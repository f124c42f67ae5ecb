/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What is known of a UDP socket, and when another process becomes its owner. */

#include "conn_maps.bpf.h"

/* A socket that several processes use goes to the one that uses it, but does not flip at each
 * call. */
#define OWNER_HOLD_NS 1000000000ull

/* The verifier lets nobody compute with a socket that comes with a packet. What is read back from
 * the stack is a number, and probe reads take that. */
static __always_inline struct sock *address_of(struct bpf_sock *sk)
{
	struct sock *address = NULL;

	bpf_probe_read_kernel(&address, sizeof(address), &sk);
	return address;
}

static __always_inline void describe_socket(struct udp_socket *to, struct sock *sk)
{
	to->netns = netns_of(sk);
	to->uid = BPF_CORE_READ(sk, sk_uid.val);
	to->cgroup_id = cgroup_of(sk);
	to->owner.kernel = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}

/* The socket's entry, made if there is none. NULL: there is no room. */
static __always_inline struct udp_socket *meet_socket(u64 cookie, struct sock *sk)
{
	struct udp_socket *known = bpf_map_lookup_elem(&udp_sockets, &cookie);
	struct udp_socket new = {};

	if (known)
		return known;
	describe_socket(&new, sk);
	bpf_map_update_elem(&udp_sockets, &cookie, &new, BPF_NOEXIST);
	return bpf_map_lookup_elem(&udp_sockets, &cookie);
}

/* Whether a user of the socket was judged so recently that no other one is now. */
static __always_inline bool is_held(const struct udp_socket *known, u64 now)
{
	return now - known->judged_ns < OWNER_HOLD_NS;
}
