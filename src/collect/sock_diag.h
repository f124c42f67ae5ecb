/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The kernel's socket listing (sock_diag(7), NETLINK_SOCK_DIAG) as bytes and as rows: dumps, exact
 * look-ups, and the multicast of destroyed sockets. Nothing here needs a privilege.
 */

#include <linux/netlink.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

/* A dump's message is at most 32 KiB (net/netlink/af_netlink.c, netlink_dump). */
#define SOCK_DIAG_BUFFER 65536

/* One socket. Ports and queues in host order. */
struct sock_diag_row {
	struct weir_conn_id id; /* generation and netns are 0 */
	uint64_t cgroup_id;     /* 0: not told */
	struct tcp_info info;   /* what the kernel does not know of is 0 */
	uint32_t info_len;      /* bytes of info that are the kernel's; 0: none */
	uint32_t inode;         /* 0: no file, or not told (destroyed sockets) */
	uint32_t uid;           /* UINT32_MAX: not told (no file, destroyed sockets) */
	uint32_t rqueue_bytes;
	uint32_t wqueue_bytes;
	uint8_t state; /* enum weir_tcp_state */
};

/* Takes a row; borrowed for the call. A negative return ends the dump with that error. */
typedef int (*sock_diag_row_fn)(void *user, const struct sock_diag_row *row);

struct sock_diag_sink {
	void *user;
	sock_diag_row_fn row;
	uint64_t *bad_records; /* counts messages that are not what they say they are */
};

struct sock_diag_query {
	uint8_t family;  /* AF_INET or AF_INET6 */
	uint8_t proto;   /* enum weir_proto */
	bool info;       /* with struct tcp_info */
	uint32_t states; /* 1 << enum weir_tcp_state, or-ed */
};

/* The message at the start of left bytes, or NULL if it does not lie within them whole. As libmnl's
 * mnl_nlmsg_ok(), which takes a length of 2 GiB and more for a negative one. */
const struct nlmsghdr *sock_diag_message(const void *data, size_t left);

/* Decodes one message (nlmsg_type SOCK_DIAG_BY_FAMILY), whose whole length lies in memory.
 * -EBADMSG: too short, an attribute out of bounds, a family that is not IP. */
int sock_diag_decode(const struct nlmsghdr *message, uint8_t proto, struct sock_diag_row *ret_row);

/*
 * Decodes what one recv() gave. Messages of another sequence number are passed over. Returns 1:
 * more to come; 2: more to come, and sockets may be missing; 0: the dump is over; -EINTR: it is
 * over, and sockets may be missing; else the error that the kernel reports in it, or the sink's.
 */
int sock_diag_parse(const void *data, size_t len, uint32_t seq, uint8_t proto,
		    const struct sock_diag_sink *sink);

/* A socket for dumps and look-ups in the thread's network namespace. */
int sock_diag_open(int *ret_fd);

/*
 * One dump. 0; -EINTR: whole but not consistent, repeat it; -EOPNOTSUPP: the kernel has no
 * tcp_diag (udp_diag) and cannot load it; else the errno of the socket or of the sink; fd
 * must then be closed, for the kernel may not be done with the dump.
 * buf: SOCK_DIAG_BUFFER bytes, aligned for any type.
 */
int sock_diag_dump(int fd, uint32_t seq, const struct sock_diag_query *query, void *buf,
		   const struct sock_diag_sink *sink);

/* The look-up of one 4-tuple: which socket, TIME_WAIT ones included, stands there now. */
struct sock_diag_lookup {
	struct weir_conn_id id;
	uint8_t state; /* out: enum weir_tcp_state, LISTEN if only a listener; 0: none */
	bool answered; /* out */
};

/* At most this many at once, so that the answers fit any receive buffer. */
#define SOCK_DIAG_LOOKUPS 32

/* Answers n look-ups of TCP sockets, with sequence numbers from seq on. What the kernel does not
 * answer stays so. Errors of the socket. */
int sock_diag_look_up(int fd, uint32_t seq, struct sock_diag_lookup *lookups, size_t n);
