/* SPDX-License-Identifier: MIT */
#pragma once

/* Connections whose socket passes through several hands. Whoever is to be its owner in the log is
 * the one that writes itself into the end. */

#include "traffic.h"

#define OWNER_WORKERS 3
#define OWNER_WORKER_CONNS 2
#define OWNER_CONNS (OWNER_WORKERS * OWNER_WORKER_CONNS)

/* What the name of a process is after owner_exec_client() has become another program. */
#define OWNER_EXEC_NAME "weir-renamed"

/* In shared memory; the arg of every plan with these ends. */
struct owner_case {
	const char *name;
	traffic_peer_fn client;
	traffic_peer_fn server;
	size_t n; /* connections made */
	struct traffic_pair whole;
	struct traffic_pair pairs[OWNER_CONNS]; /* client and server of [i] are of one connection
						 * only if n is 1 */
	size_t n_accepted;
	const struct traffic_gate *exec_gate; /* the client becomes another program after it */
	const char *dir;                      /* where it may make a link to itself */
};

/* Ends with an entry whose name is NULL. */
extern const struct owner_case owner_cases[];

/* Sends, waits at the exec gate, becomes OWNER_EXEC_NAME, which waits at the peer's gate, sends
 * again, and closes. */
int owner_exec_client(struct traffic_peer *peer);

/* The plain server: accepts one connection, reads it to its end, and closes. */
int owner_plain_server(struct traffic_peer *peer);

/* main() of OWNER_EXEC_NAME: argv holds the socket and the gate. Returns the exit status. */
int owner_after_exec(char **argv);
