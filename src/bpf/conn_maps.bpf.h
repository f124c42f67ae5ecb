/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The maps and counters that the programs of one object share, and the small functions that every
 * record needs. Definitions are weak: bpftool links the objects into one.
 */

#include "kernel_types.bpf.h"
#include "records.h"

/* enum weir_evidence of include/weir/conn.h; user space asserts that they agree. */
enum {
	EVIDENCE_NONE = 0,
	EVIDENCE_LISTENER = 1,
	EVIDENCE_CREATE = 2,
	EVIDENCE_DESTROY = 3,
	EVIDENCE_FILE = 4,
	EVIDENCE_CALL = 5,
	EVIDENCE_TRANSITION = 6,
	EVIDENCE_CONNECT = 7,
};

/* Lives with the socket and dies with it. Charged to optmem, so kept small. */
struct tcp_storage {
	struct record_owner owner;
	u64 opened_ns;
	u64 cgroup_id;
	u32 netns;
	/* what the last row was made from, to leave out rows that would say the same */
	u32 told_rcv_nxt;
	u32 told_snd_nxt;
	u32 told_pid;
	u32 generation;
	u32 counted;     /* among the lives begun */
	u32 walk;        /* the last owner walk that met this socket … */
	u32 holder_walk; /* … and the last one that met its owner holding it */
	u8 flags;        /* enum record_flag */
	u8 state;        /* the last change of state that was handled */
	u8 closed;       /* the FINAL has gone out */
	u8 told;         /* there has been a row */
	u8 told_state;
	u8 told_evidence;
	u8 told_busy; /* bytes were unread, unsent or unacknowledged then */
	u8 connected; /* this life began with our SYN */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tcp_storage);
} tcp_sockets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events __weak SEC(".maps");

/* Who listens on a port: the first guess for an accepted socket. */
struct listener_key {
	u32 netns;
	u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct listener_key);
	__type(value, struct record_owner);
} listeners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64); /* socket cookie */
	__type(value, struct udp_socket);
} udp_sockets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, struct udp_flow_key);
	__type(value, struct udp_flow);
} udp_flows __weak SEC(".maps");

/*
 * The rows of a pass. User space maps the inner array and replaces it by a larger one when a pass
 * did not fit; so a quiet host pays for a small one.
 */
struct rows_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32)); /* the static linker cannot resolve types in here */
	__uint(value_size, sizeof(struct conn_record));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct rows_array);
} rows __weak SEC(".maps");

/* The only network namespace wanted; 0: all. */
const volatile __u32 only_netns __weak = 0;

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))

struct conn_stats stats __weak;
__u32 n_rows __weak; /* rows of the running pass; user space resets it */

/* Lives are counted, so that one whose end nothing told is missed in the sum. Two CPUs may meet a
 * new one at once. */
static __always_inline void life_begins(struct tcp_storage *s)
{
	if (!__sync_lock_test_and_set(&s->counted, 1))
		__sync_fetch_and_add(&stats.lives_begun, 1);
}

static __always_inline void life_ends(struct tcp_storage *s)
{
	s->closed = 1;
	if (__sync_lock_test_and_set(&s->counted, 0))
		__sync_fetch_and_add(&stats.lives_ended, 1);
}

/* The next free row of the pass, or NULL (counted) when there is none. */
static __always_inline struct conn_record *next_row(void)
{
	u32 zero = 0;
	u32 at = n_rows;
	void *array = bpf_map_lookup_elem(&rows, &zero);
	struct conn_record *row = array ? bpf_map_lookup_elem(array, &at) : NULL;

	if (!row) {
		stats.missed_rows++;
		return NULL;
	}
	n_rows = at + 1;
	return row;
}

/* A wake-up costs microseconds, so the reader is woken only when this much waits in the ring; it
 * reads the rest at its tick. User space sets it to a quarter of the ring. */
const volatile __u64 wakeup_bytes __weak = 1 << 20;

static __always_inline void submit(struct conn_record *record)
{
	bool full = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= wakeup_bytes;

	bpf_ringbuf_submit(record, full ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* NULL when the ring is full: then lost grows by what the record stands for. */
static __always_inline struct conn_record *reserve(__u64 *lost, u32 n)
{
	struct conn_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record)
		__sync_fetch_and_add(lost, n);
	return record;
}

static __always_inline void map_v4(u8 to[16], u32 v4)
{
	u32 *words = (u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = v4;
}

static __always_inline void copy_v6(u8 to[16], const struct in6_addr *v6)
{
	u32 *words = (u32 *)to;

	words[0] = v6->in6_u.u6_addr32[0];
	words[1] = v6->in6_u.u6_addr32[1];
	words[2] = v6->in6_u.u6_addr32[2];
	words[3] = v6->in6_u.u6_addr32[3];
}

/*
 * Pointers are followed by probe reads, although typed ones could be followed directly: to prove
 * the latter safe, newer kernels search their whole BTF by name, a millisecond for each.
 */

static __always_inline void read_leader(struct record_owner *owner, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	BPF_CORE_READ_STR_INTO(&owner->comm, leader, comm);
	owner->start_boot_ns = BPF_CORE_READ(leader, start_boottime);
}

/* What a task says of itself needs no probe. */
static __always_inline void read_self(struct record_owner *owner, struct task_struct *task)
{
	const u64 *comm = (const u64 *)task->comm;
	u64 *to = (u64 *)owner->comm;

	to[0] = comm[0];
	to[1] = comm[1];
	owner->start_boot_ns = task->start_boottime;
}

/* The current task's process as an owner. Only where the current task is known to be the one. */
static __always_inline void owner_from_task(struct record_owner *owner, struct task_struct *task,
					    u8 evidence)
{
	if (task->pid == task->tgid)
		read_self(owner, task);
	else
		read_leader(owner, task);
	owner->kernel = !!(task->flags & PF_KTHREAD);
	owner->evidence = evidence;
	owner->pid = task->tgid;
}

static __always_inline u32 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

static __always_inline u64 cgroup_of(struct sock *sk)
{
	if (!bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) /* before 5.15 it was a tagged word */
		return 0;
	return BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
}
