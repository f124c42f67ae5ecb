/* SPDX-License-Identifier: MIT */
#pragma once

/* The steps UDP cases are made of. Both sockets are bound to the loopback address and know each
 * other's before a case begins. Counts are datagrams as they pass on the wire. */

#include <stdbool.h>
#include <stddef.h>

#include "traffic.h"

struct traffic_udp_case {
	const char *name;
	int (*sender)(struct traffic_peer *peer, int fd);
	int (*receiver)(struct traffic_peer *peer, int fd);
	bool unconnected; /* neither end calls connect() */
};

/* The sender is pair->client. With a gate the sockets stay open until it is opened. */
struct traffic_plan traffic_udp_plan(const struct traffic_udp_case *udp, enum traffic_family family,
				     const struct traffic_gate *gate);

/* A bound socket with room for whatever a case sends. */
int traffic_udp_socket(enum traffic_family family, int *ret_fd, struct traffic_endpoint *ret_local);

/* The socket address of the other end. */
socklen_t traffic_udp_remote(const struct traffic_peer *peer, struct sockaddr_storage *ret_addr);

/* n datagrams of len bytes, by send(). */
int traffic_udp_send(struct traffic_peer *peer, int fd, size_t n, size_t len);

/* Receives exactly n datagrams of len bytes each. */
int traffic_udp_receive(struct traffic_peer *peer, int fd, size_t n, size_t len);
