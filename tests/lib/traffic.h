/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Known traffic: two processes, a client and a server, that talk over loopback and write down what
 * they did by their own count: pid, addresses, bytes. Every child is bounded by an alarm and dies
 * with the test.
 *
 *     test ──fork── client ═══ the connection under test ═══ server ──fork── test
 *                      └────── peer->sync, a socketpair ───────┘
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* What end->error is until the end has a result, and stays if it was killed. */
#define TRAFFIC_AT_WORK (-ECHILD)

/* Seconds a child may live; far above what any case needs, also under emulation. */
#define TRAFFIC_CHILD_SECONDS 120

struct traffic_endpoint {
	uint8_t addr[16]; /* IPv4 v4-mapped */
	uint16_t port;
};

/* What one end says of itself. Lives in memory shared with the test. */
struct traffic_end {
	struct traffic_endpoint local;
	struct traffic_endpoint remote;
	uint64_t sent; /* payload bytes */
	uint64_t received;
	uint64_t sent_packets; /* datagrams; not counted for TCP */
	uint64_t received_packets;
	uint64_t dropped_packets; /* datagrams sent to it that it could not read */
	pid_t pid;
	int error; /* 0, or the negative errno that ended it early */
	bool udp;
};

struct traffic_pair {
	struct traffic_end client;
	struct traffic_end server;
};

enum traffic_family {
	TRAFFIC_V4,
	TRAFFIC_V6,
	TRAFFIC_V4_MAPPED, /* an IPv6 socket that connects to ::ffff:127.0.0.1 */
};

/* Keeps ends alive until the test has seen what it wants of them. */
struct traffic_gate {
	int fd; /* an eventfd: readable, for all, once the gate is open */
};

/* An end at work, inside its process. */
struct traffic_peer {
	struct traffic_end *end;
	int sync;                        /* to the other end's sync */
	const struct traffic_gate *gate; /* what holds it at its end; NULL: nothing */
	enum traffic_family family;
	const void *arg; /* of the case */
};

/* Memory shared with children made afterwards, zeroed; never NULL: aborts without memory. */
void *traffic_shared(size_t size);
void traffic_shared_free(void *shared, size_t size);

/* Runs fn(arg) in a child, which exits 0 if it returns 0, else 1. Returns its pid. */
pid_t traffic_fork(int (*fn)(void *arg), void *arg);

/* Waits for a child. Returns its waitpid status, or a negative errno. */
int traffic_wait(pid_t pid);

/* Two processes at work. */
struct traffic_run {
	pid_t client;
	pid_t server;
};

typedef int (*traffic_peer_fn)(struct traffic_peer *peer);

/* How to run two ends. */
struct traffic_plan {
	traffic_peer_fn client;
	traffic_peer_fn server;
	enum traffic_family family;
	const void *arg;
	const struct traffic_gate *gate; /* given on to both peers; may be NULL */
};

/* Starts both ends. Each fills its own part of *pair, which must be shared memory; what it returns
 * goes to end->error. */
int traffic_start(const struct traffic_plan *plan, struct traffic_pair *pair,
		  struct traffic_run *ret_run);

/* Waits, bounded, until the kernel has done with every TCP connection from or to this local port: a
 * process is done with close() before the last segments of the connection have gone both ways.
 * Listening sockets and TIME_WAIT, which is after the close, do not count. -ETIMEDOUT. */
int traffic_settle(uint16_t port);

/* Waits until both have ended, and their connection too. 0, or the first error. */
int traffic_finish(struct traffic_run *run, const struct traffic_pair *pair);

/* Both of the above. */
int traffic_run(const struct traffic_plan *plan, struct traffic_pair *pair);

/* One step in agreement with the other end. -EPIPE: it is gone. */
int traffic_tell(const struct traffic_peer *peer);
int traffic_await(const struct traffic_peer *peer);
int traffic_tell_data(const struct traffic_peer *peer, const void *data, size_t len);
int traffic_await_data(const struct traffic_peer *peer, void *data, size_t len);

int traffic_gate_make(struct traffic_gate *ret_gate);

/* Lets all who wait at the gate, now or later, go on. */
void traffic_gate_open(const struct traffic_gate *gate);
void traffic_gate_await(const struct traffic_gate *gate);

/* In an end: sets its result, so that the test may look at it, and waits at the gate if there is
 * one. Returns the result. */
int traffic_rest(const struct traffic_peer *peer, int result);

/* Waits, bounded, until both ends rest at the gate (or have ended). The first error of the two. */
int traffic_await_rest(const struct traffic_pair *pair);

/* The loopback address of a family and a port, as the server (true) or the client uses it. */
socklen_t traffic_loopback(enum traffic_family family, bool server, uint16_t port,
			   struct sockaddr_storage *ret_addr);

void traffic_endpoint_from(const struct sockaddr_storage *addr,
			   struct traffic_endpoint *ret_endpoint);
bool traffic_endpoint_equal(const struct traffic_endpoint *a, const struct traffic_endpoint *b);
/* Reads "127.0.0.1" or "::1". -EINVAL. */
int traffic_endpoint_parse(const char *addr, uint16_t port, struct traffic_endpoint *ret_endpoint);

/* Writes down who we are and both addresses of a connected socket. */
int traffic_note_socket(struct traffic_end *end, int fd);
