/* SPDX-License-Identifier: MIT */
#pragma once

/* The steps TCP cases are made of. All count into peer->end. Every one returns 0 or a negative
 * errno. */

#include <stddef.h>

#include "traffic.h"

/* What each end of a case does with its connected socket, and how it is called. */
struct traffic_tcp_case {
	const char *name;
	int (*client)(struct traffic_peer *peer, int fd);
	int (*server)(struct traffic_peer *peer, int fd);
	/* Neither end is reset: every segment is acknowledged, so both count the same segments. */
	bool orderly;
};

/* Runs a case: the server listens and accepts, the client connects, both note the socket, then the
 * case's functions do the rest and close it. */
int traffic_tcp_run(const struct traffic_tcp_case *tcp, enum traffic_family family,
		    struct traffic_pair *pair);

/* As a plan, for those who hold or keep them running. */
struct traffic_plan traffic_tcp_plan(const struct traffic_tcp_case *tcp,
				     enum traffic_family family);

/* A listener on a port of the kernel's choice. */
int traffic_tcp_listen(enum traffic_family family, int *ret_fd, uint16_t *ret_port);

/* Connects to it; the socket is noted in peer->end. */
int traffic_tcp_connect(struct traffic_peer *peer, uint16_t port, int *ret_fd);

int traffic_tcp_accept(struct traffic_peer *peer, int listener, int *ret_fd);

/* Sends or receives exactly len bytes. -EPIPE: the connection ended before. */
int traffic_tcp_send(struct traffic_peer *peer, int fd, size_t len);
int traffic_tcp_receive(struct traffic_peer *peer, int fd, size_t len);

/* Receives until the other end closes. */
int traffic_tcp_receive_all(struct traffic_peer *peer, int fd);

/* Receives until the other end resets the connection; any other end is -EPROTO. */
int traffic_tcp_await_reset(struct traffic_peer *peer, int fd);

/* Waits until len bytes have arrived, reads none of them, and counts them as received. */
int traffic_tcp_await_unread(struct traffic_peer *peer, int fd, size_t len);

/* close() that sends RST. */
int traffic_tcp_close_reset(int fd);

/* close() that reports what close() reports. */
int traffic_tcp_close(int fd);
