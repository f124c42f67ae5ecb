/* SPDX-License-Identifier: MIT */
#ifndef WEIR_CAPTURE_H
#define WEIR_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/packet.h>

/*
 * Where packets come from: an AF_PACKET ring, an AF_XDP socket, a file. Each is one of these, and
 * whoever takes packets cannot tell which. One thread uses a capture at a time; several captures
 * may share an interface's packets (fanout).
 */

/* Never reset; 64 bits wide. */
struct weir_capture_stats {
	uint64_t received;  /* packets handed out */
	uint64_t bytes;     /* of them, on the wire */
	uint64_t dropped;   /* packets that passed the filter and that the kernel had no room for */
	uint64_t freezes;   /* times the ring was found full */
	uint64_t cut;       /* packets handed out whose cap_len is below wire_len */
	uint64_t malformed; /* records of a file, frames of a ring, that could not be read */
};

struct weir_capture;

struct weir_capture_ops {
	/* "af_packet", "af_xdp", "file". */
	const char *name;

	/*
	 * The next packets, waiting up to timeout_ms (0: not at all; -1: until some come). Returns
	 * 1: *ret_batch holds at least one, and must be released; 0: none came in time, or wake()
	 * was called. -ENODATA: the file is at its end (nothing more will come). -EBADMSG: it is
	 * damaged from here on; what came before is all there is. -ENETDOWN: the interface went
	 * down (it may come back); -ENODEV: it is gone. -EBUSY: as many batches are held as the
	 * source can lend.
	 */
	int (*next)(struct weir_capture *capture, int timeout_ms,
		    struct weir_packet_batch *ret_batch);

	/* Gives a batch's memory back. Any order. */
	void (*release)(struct weir_capture *capture, const struct weir_packet_batch *batch);

	/* Readable when next(0) has something; -1: always (a file). Borrowed. */
	int (*fd)(const struct weir_capture *capture);

	/* Makes a waiting next() return 0. From any thread, also from a signal handler. */
	void (*wake)(struct weir_capture *capture);

	/* Replaces the filter (pcap-filter(7)); NULL: none. From the next packet on that the kernel
	 * takes; those in the ring already are as they are. -EINVAL: *error (borrowed until the
	 * next call; may be NULL) says what is wrong with it. */
	int (*set_filter)(struct weir_capture *capture, const char *filter, const char **ret_error);

	void (*stats)(struct weir_capture *capture, struct weir_capture_stats *ret_stats);

	/* What is in use, for people: "af_packet v3 eth0, 64 blocks of 1024 KiB, 4 ms". Borrowed.
	 */
	const char *(*describe)(const struct weir_capture *capture);

	/* Releases everything and frees the capture. */
	void (*close)(struct weir_capture *capture);
};

/* Each kind of capture embeds this as its first member. */
struct weir_capture {
	const struct weir_capture_ops *ops;
};

/* How a worker's share of an interface's packets is chosen (PACKET_FANOUT_*, packet(7)). */
enum weir_fanout {
	WEIR_FANOUT_NONE = 0,
	WEIR_FANOUT_HASH, /* by flow, both directions together, fragments put together first */
	WEIR_FANOUT_CPU,
	WEIR_FANOUT_LB,
	WEIR_FANOUT_ROLLOVER,
	WEIR_FANOUT_RANDOM,
	WEIR_FANOUT_QUEUE,
	WEIR_FANOUT_CBPF,
	WEIR_FANOUT_EBPF,
};

enum weir_capture_profile {
	WEIR_PROFILE_BALANCED = 0, /* TPACKET_V3, 64 blocks of 1 MiB, 4 ms */
	WEIR_PROFILE_LOW_LATENCY,  /* TPACKET_V2: each packet at once */
	WEIR_PROFILE_THROUGHPUT,   /* 128 blocks of 4 MiB, 20 ms */
	WEIR_PROFILE_LOW_MEMORY,   /* 8 blocks of 256 KiB */
};

struct weir_live_options {
	size_t size;           /* sizeof(struct weir_live_options) */
	const char *interface; /* a name; "any": all of them */
	const char *filter;    /* pcap-filter(7); NULL: none. In force before the first packet */
	const char *netns;     /* a name under /run/netns or a path; NULL: our own */
	enum weir_capture_profile profile;
	uint32_t block_bytes; /* 0: the profile's; a power of two, at least a page */
	uint32_t n_blocks;
	uint32_t block_timeout_ms;
	uint32_t snap_len;     /* bytes of a packet kept at most; 0: 262144 */
	uint32_t busy_poll_us; /* SO_BUSY_POLL; 0: none */
	bool promiscuous;
	int ignore_outgoing; /* 1: yes; 0: no; -1: on loopback, where each packet is seen twice */
	bool hardware_time;  /* ask the card for its time stamps; each packet says what it got */
	enum weir_fanout fanout;
	uint16_t fanout_group; /* 0: one of our own, not in use by others */
	int fanout_program_fd; /* WEIR_FANOUT_EBPF: a socket-filter program; else -1 */
};

/*
 * Opens an AF_PACKET ring. No packet the filter would refuse is ever seen. Where memory is short it
 * is tried again with fewer blocks, down to a quarter; describe() says so. -ENODEV: no such
 * interface. -EPERM: CAP_NET_RAW is missing. -EINVAL: the filter or an option; *ret_error (may be
 * NULL; borrowed, static) says which.
 */
int weir_capture_open_live(const struct weir_live_options *options,
			   struct weir_capture **ret_capture, const char **ret_error);

struct weir_file_options {
	size_t size;        /* sizeof(struct weir_file_options) */
	const char *path;   /* "-": standard input */
	const char *filter; /* pcap-filter(7), compiled for each interface's link type */
};

/*
 * Opens a capture file: pcap (both byte orders, micro- and nanoseconds, the modified format too) or
 * pcapng (any number of sections and interfaces), plain, gzip or zstd. -EBADMSG: it is none of
 * these; *ret_error says what it seems to be. -EINVAL: the filter. -EOPNOTSUPP: zstd in a build
 * without it. -EISDIR; others as open(2) says. A pipe is waited for until its first bytes come.
 *
 * Packets of a plain file point into a mapping of it: who shortens it meanwhile ends us (SIGBUS).
 */
int weir_capture_open_file(const struct weir_file_options *options,
			   struct weir_capture **ret_capture, const char **ret_error);

/* One interface of a file. Names are untrusted text. */
struct weir_file_interface {
	uint16_t link_type;
	uint32_t snap_len; /* 0: no limit */
	const char *name;  /* "" if it has none; borrowed from the capture */
};

/* Interfaces of a file known so far: more may be declared later in it. NULL: no such number, or not
 * a file. */
const struct weir_file_interface *weir_capture_file_interface(const struct weir_capture *capture,
							      uint32_t number);

/* The same operations as functions. */
static inline int weir_capture_next(struct weir_capture *capture, int timeout_ms,
				    struct weir_packet_batch *ret_batch)
{
	return capture->ops->next(capture, timeout_ms, ret_batch);
}

static inline void weir_capture_release(struct weir_capture *capture,
					const struct weir_packet_batch *batch)
{
	capture->ops->release(capture, batch);
}

static inline void weir_capture_stats(struct weir_capture *capture,
				      struct weir_capture_stats *ret_stats)
{
	capture->ops->stats(capture, ret_stats);
}

static inline void weir_capture_close(struct weir_capture *capture)
{
	if (capture)
		capture->ops->close(capture);
}

#endif
