/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Loads and attaches the BPF programs, as much of them as this kernel and our privilege allow.
 * TCP is one path; UDP has a chain of fallbacks, each proved by loading and attaching it alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conns; /* the skeleton */

enum udp_calls {
	UDP_CALLS_NONE,
	UDP_CALLS_TRACEPOINT,
	UDP_CALLS_FEXIT,
	UDP_CALLS_KPROBE,
};

enum udp_drops {
	UDP_DROPS_NONE,
	UDP_DROPS_TRACEPOINT,
	UDP_DROPS_FEXIT,
};

struct bpf_load_options {
	uint64_t udp_timeout_ns;
	uint32_t ring_bytes;
	uint32_t netns;       /* inode of the only one wanted; 0: all */
	unsigned int without; /* enum conn_source_bpf_without */
};

struct bpf_loaded {
	struct conns *skel;
	bool udp_packets;         /* cgroup_skb counts datagrams … */
	bool udp_senders;         /* … and tells their senders */
	bool udp_creators;        /* and who made a socket that only receives is told, too */
	enum udp_calls udp_calls; /* who tells owners and counts where packets do not */
	enum udp_drops udp_drops;
	int udp_packets_error; /* why packets are not counted: a negative errno */
};

/* -EPERM; -EOPNOTSUPP when the kernel cannot even the TCP part. bpf_loaded_done frees. */
int bpf_load(const struct bpf_load_options *options, struct bpf_loaded *ret_loaded);
void bpf_loaded_done(struct bpf_loaded *loaded);
