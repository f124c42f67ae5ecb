/* SPDX-License-Identifier: MIT */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/addr.h>
#include <weir/packet.h>

/*
 * Flows: packets of one bidirectional 5-tuple put together, and, of TCP, the bytes of both sides in
 * order. In: packets, in the order of the wire. Out: calls to a sink. Time is the packets' own.
 */

/* Index of everything that is there once a side. */
enum weir_side {
	WEIR_INITIATOR = 0, /* who sent the SYN; without one, whose packet was seen first */
	WEIR_RESPONDER = 1,
};

enum weir_flow_end {
	WEIR_END_NONE = 0, /* it goes on */
	WEIR_END_FIN,      /* both sides closed, and all that came has been delivered */
	WEIR_END_RST,      /* a reset that its receiver would have accepted (RFC 9293 3.5.2) */
	WEIR_END_IDLE,     /* nothing came for the protocol's time-out */
	WEIR_END_EVICTED,  /* the table was full */
	WEIR_END_EOF,      /* the capture ended */
};

/* "fin", "rst", "idle", "evicted", "eof"; "" for NONE. Never NULL. */
const char *weir_flow_end_name(enum weir_flow_end end);

enum weir_flow_flag {
	WEIR_FLOW_MIDSTREAM = 1 << 0, /* TCP: its beginning was not seen */
	WEIR_FLOW_REUSED = 1 << 1,    /* TCP: the 5-tuple had a flow just before, which had ended */
	WEIR_FLOW_PARTIAL = 1 << 2, /* stream state was refused for want of memory: only counted */
	WEIR_FLOW_HALF_OPEN = 1 << 3, /* TCP: no answer to the SYN yet */
};

#define WEIR_FLOW_VLANS_MAX 2
#define WEIR_FLOW_TUNNELS_MAX 4

/* Layers between the outermost header and the flow's own. */
enum weir_tunnel {
	WEIR_TUNNEL_NONE = 0,
	WEIR_TUNNEL_GRE,
	WEIR_TUNNEL_IPIP, /* IP in IP, of any two versions */
	WEIR_TUNNEL_VXLAN,
	WEIR_TUNNEL_GENEVE,
	WEIR_TUNNEL_GTPU,
	WEIR_TUNNEL_PPPOE,
	WEIR_TUNNEL_MPLS,
};

/* "gre", "ipip", …; "" for NONE. Never NULL. */
const char *weir_tunnel_name(enum weir_tunnel tunnel);

/* What a flow is known by. Both directions of it have the same key. */
struct weir_flow_key {
	struct weir_addr addr[2]; /* by enum weir_side */
	uint16_t port[2];         /* ICMP: both are the identifier of an echo, or 0 */
	uint8_t proto;            /* IPPROTO_* */
	uint8_t n_vlans;
	uint16_t vlan[WEIR_FLOW_VLANS_MAX]; /* identifiers, outermost first */
	/* Of the innermost tunnel: VNI, key, session; TEID, label (the first packet's: the other
	 * direction has another); 0: none. */
	uint32_t tunnel_id;
	uint8_t tunnels[WEIR_FLOW_TUNNELS_MAX]; /* enum weir_tunnel, outermost first */
};

/* One flow, so far. Index 0 is the initiator's, 1 the responder's. */
struct weir_flow {
	uint64_t id; /* 1, 2, … in the order flows were first seen */
	struct weir_flow_key key;
	uint64_t start_ns; /* time of its first and of its last packet */
	uint64_t last_ns;
	uint64_t packets[2];
	uint64_t bytes[2];   /* frames on the wire */
	uint64_t payload[2]; /* what the transport carried, repetitions included */
	/* TCP, with streams: what became of the payload. payload = stream + duplicate + shed */
	uint64_t stream_bytes[2]; /* delivered in order, once */
	uint64_t gap_bytes[2];    /* never seen */
	uint32_t gaps[2];
	uint32_t retransmits[2];       /* segments of nothing new */
	uint32_t out_of_order[2];      /* segments that came before one they follow */
	uint32_t overlap_conflicts[2]; /* segments that told other bytes than were told before */
	uint32_t handshake_rtt_us;     /* SYN to ACK; 0: not seen */
	uint8_t tcp_flags[2];          /* all that were seen, or-ed */
	uint8_t ttl[2];                /* of the first packet of each side */
	uint8_t end;                   /* enum weir_flow_end */
	uint8_t flags;                 /* enum weir_flow_flag, or-ed */
};

/* Why stream bytes are missing. */
enum weir_gap_reason {
	WEIR_GAP_LOST = 0, /* the receiver acknowledged them, or went on without: not captured */
	WEIR_GAP_MEMORY,   /* no room to wait for them any longer */
	WEIR_GAP_END,      /* the flow ended before they came */
	WEIR_GAP_READER,   /* they came, but a conversation's reader was too slow */
};

/*
 * Where a tracker's findings go. Everything is borrowed for the call; NULL members are skipped. For
 * each flow: one flow_new, then data and gaps of both sides in the order they became deliverable,
 * each side's without holes, then one stream_end and one flow_end.
 */
struct weir_tracker_sink {
	void *user;
	void (*flow_new)(void *user, const struct weir_flow *flow);
	/* offset: bytes of this side before these (gaps count). Returns false to hear no more data
	 * of this flow (counters go on). */
	bool (*stream_data)(void *user, const struct weir_flow *flow, enum weir_side side,
			    uint64_t offset, const uint8_t *data, size_t len);
	void (*stream_gap)(void *user, const struct weir_flow *flow, enum weir_side side,
			   uint64_t offset, uint64_t len, enum weir_gap_reason reason);
	/* It is over, and flow->end says why: no more data, no more gaps. The flow's end follows:
	 * at once, or, of a TCP flow that ended by FIN or RST, after the packets that straggle (the
	 * last ACK, repetitions), for tcp_closing_ns. */
	void (*stream_end)(void *user, const struct weir_flow *flow);
	void (*flow_end)(void *user, const struct weir_flow *flow);
};

/* Whose bytes win where two segments overlap with different ones. */
enum weir_overlap_policy {
	WEIR_OVERLAP_FIRST = 0, /* those that came first */
	WEIR_OVERLAP_LAST,
	WEIR_OVERLAP_BSD,
	WEIR_OVERLAP_LINUX,
	WEIR_OVERLAP_WINDOWS,
};

/* "first", …; NULL for a number that is none. */
const char *weir_overlap_policy_name(enum weir_overlap_policy policy);

struct weir_tracker_options {
	size_t size;             /* sizeof(struct weir_tracker_options) */
	size_t max_flows;        /* 0: 1,000,000 */
	bool streams;            /* put TCP's bytes in order; otherwise packets are only counted */
	bool datagrams;          /* the payload of UDP, too, is told as stream data, as it comes */
	size_t max_stream_bytes; /* out-of-order bytes kept, of all flows; 0: 256 MiB */
	size_t max_side_bytes;   /* of one side of one flow; 0: 1 MiB */
	uint32_t max_side_segments; /* later segments after which a hole is given up; 0: 64 */
	enum weir_overlap_policy policy;
	uint64_t tcp_idle_ns;    /* 0: 300 s */
	uint64_t tcp_closing_ns; /* after a FIN of either side; 0: 10 s */
	uint64_t tcp_opening_ns; /* until the SYN is answered; 0: 30 s */
	uint64_t udp_idle_ns;    /* 0: 60 s */
	uint64_t icmp_idle_ns;   /* 0: 10 s */
	uint64_t other_idle_ns;  /* 0: 60 s */
	/* Overrides a flow's idle time-out, in ms, rounded up; returning 0 leaves it. Asked once,
	 * when the flow begins. NULL: none. */
	uint64_t (*idle_ns)(void *user, const struct weir_flow_key *key);
	void *idle_user;
};

/* Layers at which a packet can be wrong, and why. */
enum weir_malformed {
	WEIR_MALFORMED_LINK = 0,
	WEIR_MALFORMED_VLAN,
	WEIR_MALFORMED_MPLS,
	WEIR_MALFORMED_PPPOE,
	WEIR_MALFORMED_IPV4,
	WEIR_MALFORMED_IPV6,
	WEIR_MALFORMED_EXTENSION, /* IPv6 extension headers */
	WEIR_MALFORMED_FRAGMENT,
	WEIR_MALFORMED_TUNNEL,
	WEIR_MALFORMED_TCP,
	WEIR_MALFORMED_UDP,
	WEIR_MALFORMED_ICMP,
	WEIR_MALFORMED_SCTP,
	WEIR_MALFORMED_DEPTH, /* more layers in each other than are followed */
	WEIR_MALFORMEDS,
};

/* "link", "vlan", …; NULL for a number that is none. */
const char *weir_malformed_name(enum weir_malformed what);

/*
 * Everything that came, and what became of it. packets = those of all flows + not_ip + cut + all
 * malformed + fragments_dropped + fragments_waiting. What was a datagram in fragments counts with
 * all of them.
 */
struct weir_tracker_stats {
	uint64_t packets;
	uint64_t bytes;  /* on the wire */
	uint64_t not_ip; /* packets of no flow: ARP, spanning tree … */
	uint64_t cut;    /* the capture was too short for a header */
	uint64_t malformed[WEIR_MALFORMEDS];
	uint64_t fragments;         /* IP fragments seen */
	uint64_t fragments_dropped; /* refused: overlapping, too many, too old */
	uint64_t fragments_waiting; /* for the rest of their datagrams */
	uint64_t flows;             /* ever */
	uint64_t open_flows;        /* now */
	uint64_t evicted;
	uint64_t stream_held; /* out-of-order bytes kept now */
	/* TCP payload, all flows. payload = delivered + duplicate + shed + held; without streams
	 * all of it is shed. */
	uint64_t payload;
	uint64_t delivered;
	uint64_t duplicate; /* came again, or overlapped */
	uint64_t shed; /* outside the window, on a reset, after the FIN, of ignored flows … */
};

struct weir_tracker;

/* The sink is copied. -ENOMEM, -EINVAL (a size this build does not know). */
int weir_tracker_new(const struct weir_tracker_options *options,
		     const struct weir_tracker_sink *sink, struct weir_tracker **ret_tracker);
/* Flows still open are dropped without a word: call weir_tracker_finish before. NULL is fine. */
struct weir_tracker *weir_tracker_free(struct weir_tracker *tracker);

/* Takes in packets, oldest first. No packet is an error: what cannot be read is counted. */
void weir_tracker_push(struct weir_tracker *tracker, const struct weir_packet *packets, size_t n);

/* Time goes on without packets (live): flows may end idle. now_ns is of the packets' clock. */
void weir_tracker_tick(struct weir_tracker *tracker, uint64_t now_ns);

/* The capture is over: every open flow ends (EOF), oldest first. */
void weir_tracker_finish(struct weir_tracker *tracker);

void weir_tracker_stats(const struct weir_tracker *tracker, struct weir_tracker_stats *ret_stats);

#endif
