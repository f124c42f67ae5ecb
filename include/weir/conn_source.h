/* SPDX-License-Identifier: MIT */
#ifndef WEIR_CONN_SOURCE_H
#define WEIR_CONN_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

/*
 * Where connection events come from. The kernel by BPF, the kernel by sock_diag, a recording, a
 * test: each is one of these, and whoever consumes events cannot tell which.
 */

/* What a source has seen and what it lost. Losses are never silent: a user is shown them. */
struct weir_conn_source_stats {
	uint64_t passes;       /* sample() calls */
	uint64_t rows;         /* records made by them */
	uint64_t finals;       /* closes delivered */
	uint64_t lost_finals;  /* closes the ring (or the netlink buffer) had no room for */
	uint64_t lost_names;   /* late owners and renames it had no room for */
	uint64_t lost_sockets; /* sockets that could not be followed (socket storage refused) */
	uint64_t lost_flows;   /* datagrams not counted because the flow table was full */
	uint64_t bad_records;  /* records of a wrong size or kind */
	uint64_t pass_ns;      /* what the kernel took for the last pass */
};

struct weir_conn_source;

struct weir_conn_source_ops {
	/* "bpf", "diag", … */
	const char *name;

	/* A descriptor that is readable when drain() has work; -1 if there is none. Borrowed. */
	int (*fd)(struct weir_conn_source *source);

	/* Delivers what happened since the last call: closes and late owners. Never blocks.
	 * Returns the number of events or a negative errno. */
	int (*drain)(struct weir_conn_source *source, weir_conn_event_fn fn, void *user);

	/* One pass: drains, then delivers a SAMPLE for each connection that changed since the last
	 * pass (a source may deliver unchanged ones too). *ret_now_ns is the time the pass began,
	 * for the consumer's tick. Returns the number of events or a negative errno. */
	int (*sample)(struct weir_conn_source *source, weir_conn_event_fn fn, void *user,
		      uint64_t *ret_now_ns);

	void (*stats)(struct weir_conn_source *source, struct weir_conn_source_stats *ret_stats);

	/* What the numbers are made from, for people: "bpf: tcp sk_storage, udp cgroup_skb".
	 * Borrowed from the source. */
	const char *(*describe)(struct weir_conn_source *source);

	/* Detaches everything and frees the source. */
	void (*close)(struct weir_conn_source *source);
};

/* Each kind of source embeds this as its first member. */
struct weir_conn_source {
	const struct weir_conn_source_ops *ops;
	/* sample() may enter other network namespaces, and needs the privilege for it */
	bool enters_netns;
};

#endif
