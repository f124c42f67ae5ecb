/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections from the kernel by BPF: TCP's own counters read from the sockets, closes told by
 * tracepoints, UDP counted at the cgroup root. Every network namespace at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn_source.h>

/* Parts of the chain to leave out, as a kernel without them would: for tests. */
enum conn_source_bpf_without {
	WITHOUT_UDP_PACKETS = 1 << 0, /* cgroup_skb */
	WITHOUT_UDP_CALLS = 1 << 1,   /* tracepoints sock_send_length, sock_recv_length */
	WITHOUT_UDP_FEXIT = 1 << 2,
	WITHOUT_UDP_KPROBE = 1 << 3,
	WITHOUT_UDP_SENDERS = 1 << 4, /* the senders that cgroup_skb tells */
};

struct conn_source_bpf_options {
	size_t size;             /* sizeof(struct conn_source_bpf_options) */
	uint64_t udp_timeout_ns; /* idle flows leave the kernel's table after it; 0: 5 s */
	size_t ring_bytes;       /* closes waiting to be read, a power of two; 0: 4 MiB */
	uint32_t netns;          /* inode of the only network namespace wanted; 0: all */
	unsigned int without;    /* enum conn_source_bpf_without, or-ed */
};

/*
 * Loads, attaches and tags what exists already. -EPERM: CAP_BPF or CAP_PERFMON is missing;
 * -EOPNOTSUPP: this kernel cannot (no BTF, or too old). Whatever of UDP cannot be had is left out
 * and told by describe().
 */
int conn_source_bpf_open(const struct conn_source_bpf_options *options,
			 struct weir_conn_source **ret_source);
