/* SPDX-License-Identifier: MIT */
#ifndef WEIR_CONN_H
#define WEIR_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/addr.h>

/*
 * What is known of a connection, and the events that tell it. An event is made by a source
 * (weir/conn_source.h) and eaten by a connection table; neither knows the other.
 *
 * All times are nanoseconds of CLOCK_MONOTONIC (bpf_ktime_get_ns); 0 means unknown.
 */

enum weir_proto {
	WEIR_PROTO_TCP = 6,
	WEIR_PROTO_UDP = 17,
};

/* The kernel's TCP states (include/net/tcp_states.h), plus NONE for UDP. */
enum weir_tcp_state {
	WEIR_TCP_NONE = 0,
	WEIR_TCP_ESTABLISHED = 1,
	WEIR_TCP_SYN_SENT = 2,
	WEIR_TCP_SYN_RECV = 3,
	WEIR_TCP_FIN_WAIT1 = 4,
	WEIR_TCP_FIN_WAIT2 = 5,
	WEIR_TCP_TIME_WAIT = 6,
	WEIR_TCP_CLOSE = 7,
	WEIR_TCP_CLOSE_WAIT = 8,
	WEIR_TCP_LAST_ACK = 9,
	WEIR_TCP_LISTEN = 10,
	WEIR_TCP_CLOSING = 11,
	WEIR_TCP_NEW_SYN_RECV = 12,
};

/* "ESTABLISHED", "SYN_SENT", …; "UDP" for WEIR_TCP_NONE. Never NULL. */
const char *weir_tcp_state_name(enum weir_tcp_state state);

/*
 * How the owner of a connection became known, weakest first: a later, stronger piece of evidence
 * replaces a weaker one and never the other way round.
 */
enum weir_evidence {
	WEIR_EVIDENCE_NONE = 0,
	WEIR_EVIDENCE_LISTENER = 1,   /* a guess: the process that listens on the local port */
	WEIR_EVIDENCE_CREATE = 2,     /* who made the socket, and may have handed it on (UDP) */
	WEIR_EVIDENCE_DESTROY = 3,    /* who closed the socket after the peer had reset it */
	WEIR_EVIDENCE_FILE = 4,       /* a process holds a descriptor of the socket */
	WEIR_EVIDENCE_CALL = 5,       /* who sent on it, or received (UDP) */
	WEIR_EVIDENCE_TRANSITION = 6, /* who held the socket lock at a state change */
	WEIR_EVIDENCE_CONNECT = 7,    /* who called connect() */
};

/* Why an owner is not known. */
enum weir_unknown {
	WEIR_UNKNOWN_NOT = 0, /* it is known */
	WEIR_UNKNOWN_EXITED,  /* nobody held the socket when it was looked for */
	WEIR_UNKNOWN_OTHER_NETNS,
	WEIR_UNKNOWN_NO_CAP, /* we may not look into other users' processes */
	WEIR_UNKNOWN_KERNEL, /* the kernel itself owns it */
};

/* "exited", "other-netns", "no-cap", "kernel"; "" for NOT. */
const char *weir_unknown_name(enum weir_unknown unknown);

#define WEIR_COMM_MAX 16

/* A process is its pid and its start time together: a recycled pid is another process. */
struct weir_owner {
	uint32_t pid;             /* 0: not known, see unknown */
	uint32_t uid;             /* effective uid, UINT32_MAX: not known */
	uint64_t start_boot_ns;   /* since boot, CLOCK_BOOTTIME; 0: not known */
	char comm[WEIR_COMM_MAX]; /* NUL-terminated; bytes are the process's own, so untrusted */
	uint8_t evidence;         /* enum weir_evidence */
	uint8_t unknown;          /* enum weir_unknown */
};

/*
 * Identity. A TCP connection whose cookie is known is (cookie, generation): a socket can live
 * twice, and at SYN_SENT its local port is not chosen yet. Everything else, which is UDP and
 * events without a cookie, is (protocol, cookie, the 4-tuple).
 */
struct weir_conn_id {
	uint64_t cookie;     /* the kernel's socket cookie, as `ss -e` shows it; 0: not known */
	uint32_t generation; /* counts the lives of one socket, from 0 */
	uint32_t netns;      /* inode of the network namespace; 0: not known */
	struct weir_addr local;
	struct weir_addr remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t proto; /* enum weir_proto */
};

/* Payload bytes, and data segments (TCP) or datagrams (UDP). */
struct weir_conn_counters {
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t packets_in;
	uint64_t packets_out;
};

/* What the kernel's TCP knows of a connection besides its counters. */
struct weir_tcp_info {
	uint32_t srtt_us;
	uint32_t rttvar_us;
	uint32_t cwnd;    /* segments */
	uint32_t retrans; /* segments retransmitted in the connection's life */
	uint64_t retrans_bytes;
	uint64_t delivery_rate; /* bytes per second, 0: no sample yet */
	uint64_t busy_us;       /* time with data in flight or queued */
	uint64_t rwnd_limited_us;
	uint64_t sndbuf_limited_us;
	uint32_t unsent_bytes;  /* written, not yet sent */
	uint32_t unacked_bytes; /* sent, not yet acknowledged */
	uint32_t unread_bytes;  /* received, not yet read by the application */
};

/*
 * What holds a TCP connection back: what it spent the last interval waiting for. Told by the
 * kernel's own clocks (tcp_info's busy, rwnd_limited, sndbuf_limited) and by what is queued.
 */
enum weir_limit {
	WEIR_LIMIT_UNKNOWN = 0, /* no two observations yet, or a source that cannot tell */
	WEIR_LIMIT_NONE,        /* idle: nothing sent, nothing received, nothing unread */
	WEIR_LIMIT_APP,         /* the application does not give it more to send */
	WEIR_LIMIT_SNDBUF,      /* our send buffer is too small */
	WEIR_LIMIT_RWND,        /* the peer's window is full, and it does take data */
	WEIR_LIMIT_CWND,        /* the network: congestion window in full use */
	WEIR_LIMIT_LOSS,        /* the network: segments had to be sent again */
	WEIR_LIMIT_PEER,        /* the peer does not read at all: its window stays closed */
	WEIR_LIMIT_READER,      /* our own application does not read what has come */
	WEIR_LIMIT_RECEIVING,   /* it only receives: the sender knows what limits it */
	WEIR_LIMITS,
};

/* "-" (idle), "app", "sndbuf", "rwnd", "cwnd", "loss", "peer-not-reading", "not-reading",
 * "receiving"; "" for UNKNOWN. Never NULL. */
const char *weir_limit_name(enum weir_limit limit);

enum weir_conn_event_kind {
	WEIR_CONN_SEND,   /* counters.*_out are deltas */
	WEIR_CONN_RECV,   /* counters.*_in are deltas */
	WEIR_CONN_SAMPLE, /* counters are totals of this life so far */
	WEIR_CONN_STATE,  /* only state (and owner, where known) */
	WEIR_CONN_FINAL,  /* counters are the exact last totals; the connection is over */
	WEIR_CONN_OWNER,  /* only owner, maybe after the FINAL */
	WEIR_CONN_RESYNC, /* no connection: ends were lost; until the next tick every live TCP
			     connection is told, and one that is not told has ended */
	WEIR_CONN_RENAME, /* no connection: the process in owner has taken the name in owner.comm */
};

enum weir_conn_flag {
	WEIR_CONN_PARTIAL = 1 << 0,        /* existed before we looked: its beginning is unknown */
	WEIR_CONN_PACKETS_32 = 1 << 1,     /* packet counts are the kernel's wrapping u32 */
	WEIR_CONN_NO_COUNTERS = 1 << 2,    /* this source cannot count: n/a, never 0 */
	WEIR_CONN_CONNECT_FAILED = 1 << 3, /* FINAL: went from SYN_SENT to CLOSE */
	WEIR_CONN_AT_LEAST = 1 << 4,       /* FINAL: the end escaped us; the last totals seen */
	WEIR_CONN_OWNER_MOVED = 1 << 5,    /* the owner told before handed the socket on: this one
					      replaces it, whatever its evidence */
	WEIR_CONN_LATE = 1 << 6, /* FINAL: read after the close, when the counters may have been
				    reset: they only raise what is known */
};

struct weir_conn_event {
	struct weir_conn_id id;
	uint64_t time_ns;   /* when the kernel saw it */
	uint64_t opened_ns; /* when the connection began; 0: before we looked */
	uint64_t cgroup_id; /* cgroup v2 id (inode); 0: not known */
	struct weir_conn_counters counters;
	struct weir_tcp_info tcp;
	struct weir_owner owner;
	uint32_t rcvbuf_drops; /* UDP: datagrams the socket had no room for, all peers together */
	uint8_t kind;          /* enum weir_conn_event_kind */
	uint8_t state;         /* enum weir_tcp_state */
	uint8_t flags;         /* enum weir_conn_flag, or-ed */
};

/* Eats one event. The event is borrowed for the call. */
typedef void (*weir_conn_event_fn)(void *user, const struct weir_conn_event *event);

#endif
