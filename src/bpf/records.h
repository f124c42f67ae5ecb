/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#pragma once

/*
 * What the BPF programs hand to user space, and what both sides must agree on. One record type
 * serves the ring (closes, late owners, renames) and the rows of a pass (samples, datagram
 * deltas). Fields are in host order; addresses are 16 bytes in network order, IPv4 as v4-mapped.
 */

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

enum record_kind {
	RECORD_NONE = 0,
	RECORD_TCP_SAMPLE, /* totals of a live connection */
	RECORD_TCP_FINAL,  /* totals at CLOSE */
	RECORD_TCP_OWNER,  /* only identity and owner, after the FINAL */
	RECORD_UDP_DELTA,  /* datagrams since the flow's last record */
	RECORD_RENAME,     /* only owner: its comm is new */
};

enum record_flag {
	RECORD_PARTIAL = 1 << 0,        /* opened before we were attached */
	RECORD_KERNEL = 1 << 1,         /* a socket, or a task, of the kernel's own */
	RECORD_CONNECT_FAILED = 1 << 2, /* SYN_SENT to CLOSE */
	RECORD_LAST = 1 << 3,           /* UDP: the flow is idle; user space deletes its key */
	RECORD_LATE = 1 << 5,           /* FINAL: read after the close */
	RECORD_OWNER_MOVED = 1 << 4,    /* the owner before has handed the socket on */
};

#define RECORD_COMM_MAX 16

/* Who a socket belongs to. evidence is enum weir_evidence. */
struct record_owner {
	__u64 start_boot_ns;
	__u32 pid;
	__u8 evidence;
	__u8 kernel;
	__u8 pad[2];
	char comm[RECORD_COMM_MAX];
};
_Static_assert(sizeof(struct record_owner) == 32, "record_owner is shared with the kernel side");

struct conn_record {
	__u64 cookie;
	__u64 time_ns;   /* CLOCK_MONOTONIC */
	__u64 opened_ns; /* 0: before us */
	__u64 cgroup_id;
	__u64 bytes_in; /* payload */
	__u64 bytes_out;
	__u64 retrans_bytes;
	struct record_owner owner;
	__u8 local[16];
	__u8 remote[16];
	__u16 local_port;
	__u16 remote_port;
	__u32 netns;
	__u32 generation;
	__u32 packets_in; /* TCP: the kernel's own wrapping totals */
	__u32 packets_out;
	__u32 uid;
	__u32 srtt_us;
	__u32 rttvar_us;
	__u32 cwnd;
	__u32 retrans;
	__u32 rate_delivered;   /* segments … */
	__u32 rate_interval_us; /* … in this time */
	__u32 mss;
	__u32 busy_ticks; /* kernel ticks, 1/HZ s */
	__u32 rwnd_limited_ticks;
	__u32 sndbuf_limited_ticks;
	__u32 unsent_bytes;
	__u32 unacked_bytes;
	__u32 unread_bytes;
	__u32 rcvbuf_drops;
	__u8 kind;  /* enum record_kind */
	__u8 state; /* the kernel's TCP state */
	__u8 flags; /* enum record_flag */
	__u8 pad[5];
};
_Static_assert(sizeof(struct conn_record) == 208, "conn_record is shared with the kernel side");

/* Key of a UDP flow: one socket and one peer. */
struct udp_flow_key {
	__u64 cookie;
	__u8 remote[16];
	__u16 remote_port;
	__u16 pad[3];
};
_Static_assert(sizeof(struct udp_flow_key) == 32, "udp_flow_key has no holes");

/* Of udp_flow.sender: no process has these, but the idle task is 0. */
#define SENDER_SOCKET_NOT_MET 0u
#define SENDER_NONE (~0u)

/*
 * A UDP flow. The packet programs add to the first four with atomics and touch nothing else after
 * its creation but the sender; the pass compares them with what it last told. An idle flow is first
 * marked dying: from then on late datagrams go by the ring, so that user space can delete the key a
 * pass later without losing one.
 */
struct udp_flow {
	__u64 bytes_in;
	__u64 bytes_out;
	__u64 packets_in;
	__u64 packets_out;
	__u64 told_bytes_in;
	__u64 told_bytes_out;
	__u64 told_packets_in;
	__u64 told_packets_out;
	__u64 opened_ns;
	__u64 active_ns; /* the pass that last saw it move */
	/* of its socket, as the last pass knew it: the table of sockets may forget sooner */
	struct record_owner owner;
	__u64 cgroup_id;
	__u32 netns; /* 0: not known yet */
	__u32 uid;
	__u8 local[16];
	__u16 local_port;
	__u8 untold; /* there was news, but no row for it */
	__u8 pad;
	__u32 dying;
	__u32 told_drops;
	__u32 sender; /* the process whose datagrams need no look at the socket; or SENDER_… */
};
_Static_assert(sizeof(struct udp_flow) == 160, "udp_flow has no holes");

/* What is known of a UDP socket, by its cookie. */
struct udp_socket {
	struct record_owner owner;
	__u64 cgroup_id;
	__u64 drops;     /* datagrams its receive buffer had no room for */
	__u64 judged_ns; /* when a user of the socket was last taken, or refused, as its owner */
	__u32 netns;
	__u32 uid;
};

/* Counters the programs keep, read by user space from their .bss. */
struct conn_stats {
	__u64 lost_finals;    /* the ring was full: closes … */
	__u64 lost_names;     /* … and late owners and renames */
	__u64 lost_sockets;   /* socket storage was refused (optmem, memory) */
	__u64 lost_packets;   /* the flow table, or the ring for late ones, was full */
	__u64 ownerless;      /* rows of this pass whose owner is unknown or a guess */
	__u64 missed_rows;    /* rows this pass had no room for; they come again */
	__u64 sockets_found;  /* connections older than we are */
	__u64 guesses;        /* sockets met, ever, whose owner is a guess: a walk may find it */
	__u64 lives_begun;    /* TCP connections followed, ever … */
	__u64 lives_ended;    /* … and those whose end has been seen; all others must be … */
	__u64 live;           /* … what this pass met */
	__u64 udp_flows_made; /* ever; user space knows how many it has deleted */
};
