/* SPDX-License-Identifier: MIT */
#include "storm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"
#include "traffic_tcp.h"

#define AT_ONCE_MAX 256
/* Several addresses of the server, so that no 4-tuple comes twice while the old one lingers. */
#define SERVER_ADDRS 8

static int open_one(struct traffic_peer *peer, struct traffic_end *end, size_t i, uint16_t port,
		    int *ret_fd)
{
	struct traffic_peer one = {.end = end, .sync = peer->sync};
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons(port),
				   .sin_addr.s_addr =
					   htonl(INADDR_LOOPBACK + (uint32_t)(i % SERVER_ADDRS))};
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	r = traffic_note_socket(end, fd);
	if (r == 0)
		r = traffic_tcp_send(&one, fd, STORM_BYTES);
	if (r < 0)
		return r;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* The client does not run further ahead than this: a host with little memory resets orphans beyond
 * a few thousand, and then it would not be the storm it should be. */
#define MAX_AHEAD 512

static void await_server(const struct storm *storm, size_t i)
{
	while (i >= MAX_AHEAD &&
	       !__atomic_load_n(&storm->pairs[i - MAX_AHEAD].server.pid, __ATOMIC_ACQUIRE))
		sched_yield();
}

static int run_client(struct traffic_peer *peer)
{
	const struct storm *storm = peer->arg;
	int fds[AT_ONCE_MAX];
	uint16_t port;
	int r = traffic_await_data(peer, &port, sizeof(port));

	for (size_t i = 0; i < storm->n && r == 0;) {
		size_t n_open = 0;

		for (; n_open < storm->at_once && i < storm->n && r == 0; i++) {
			await_server(storm, i);
			r = open_one(peer, &storm->pairs[i].client, i, port, &fds[n_open]);
			n_open += r == 0;
		}
		while (n_open)
			close(fds[--n_open]);
	}
	return r;
}

static int serve_one(struct traffic_peer *peer, struct traffic_end *end, int listener)
{
	struct traffic_peer one = {.end = end, .sync = peer->sync};
	CLEANUP(close_fd_p) int fd = -1;
	int r = traffic_tcp_accept(&one, listener, &fd);

	return r < 0 ? r : traffic_tcp_receive_all(&one, fd);
}

static int listen_everywhere(int *ret_fd, uint16_t *ret_port)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t len = sizeof(any);
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, len) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&any, &len) < 0)
		return -errno;
	*ret_port = ntohs(any.sin_port);
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int run_server(struct traffic_peer *peer)
{
	const struct storm *storm = peer->arg;
	CLEANUP(close_fd_p) int listener = -1;
	uint16_t port;
	int r = listen_everywhere(&listener, &port);

	peer->end->local.port = port;
	if (r == 0)
		r = traffic_tell_data(peer, &port, sizeof(port));
	for (size_t i = 0; i < storm->n && r == 0; i++)
		r = serve_one(peer, &storm->pairs[i].server, listener);
	return r;
}

int storm_run(struct storm *storm, size_t n, size_t at_once)
{
	struct traffic_pair *whole = traffic_shared(sizeof(*whole));
	struct traffic_plan plan = {.client = run_client, .server = run_server, .arg = storm};
	int r;

	*storm = (struct storm){.n = n, .at_once = at_once < AT_ONCE_MAX ? at_once : AT_ONCE_MAX};
	storm->pairs = traffic_shared(n * sizeof(*storm->pairs));
	r = traffic_run(&plan, whole);
	if (r < 0)
		tap_note("client: error %d, server: error %d", whole->client.error,
			 whole->server.error);
	storm->port = whole->server.local.port; /* traffic_run() has waited for its connections */
	traffic_shared_free(whole, sizeof(*whole));
	return r;
}

void storm_done(struct storm *storm)
{
	traffic_shared_free(storm->pairs, storm->n * sizeof(*storm->pairs));
	storm->pairs = NULL;
}
