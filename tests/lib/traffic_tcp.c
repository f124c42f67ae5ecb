/* SPDX-License-Identifier: MIT */
#include "traffic_tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CHUNK 65536

static const char zeros[CHUNK];

int traffic_tcp_listen(enum traffic_family family, int *ret_fd, uint16_t *ret_port)
{
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(family, true, 0, &addr);
	CLEANUP(close_fd_p) int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct traffic_endpoint endpoint;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	traffic_endpoint_from(&addr, &endpoint);
	*ret_port = endpoint.port;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

int traffic_tcp_connect(struct traffic_peer *peer, uint16_t port, int *ret_fd)
{
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(peer->family, false, port, &addr);
	CLEANUP(close_fd_p) int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, len) < 0)
		return -errno;
	r = traffic_note_socket(peer->end, fd);
	if (r < 0)
		return r;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

int traffic_tcp_accept(struct traffic_peer *peer, int listener, int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = traffic_note_socket(peer->end, fd);
	if (r < 0)
		return r;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int run_client(struct traffic_peer *peer)
{
	const struct traffic_tcp_case *tcp = peer->arg;
	uint16_t port;
	int fd;
	int r = traffic_await_data(peer, &port, sizeof(port));

	if (r == 0)
		r = traffic_tcp_connect(peer, port, &fd);
	return r < 0 ? r : tcp->client(peer, fd);
}

static int run_server(struct traffic_peer *peer)
{
	const struct traffic_tcp_case *tcp = peer->arg;
	CLEANUP(close_fd_p) int listener = -1;
	uint16_t port;
	int fd;
	int r = traffic_tcp_listen(peer->family, &listener, &port);

	if (r == 0)
		r = traffic_tell_data(peer, &port, sizeof(port));
	if (r == 0)
		r = traffic_tcp_accept(peer, listener, &fd);
	return r < 0 ? r : tcp->server(peer, fd);
}

struct traffic_plan traffic_tcp_plan(const struct traffic_tcp_case *tcp, enum traffic_family family)
{
	return (struct traffic_plan){
		.client = run_client, .server = run_server, .family = family, .arg = tcp};
}

int traffic_tcp_run(const struct traffic_tcp_case *tcp, enum traffic_family family,
		    struct traffic_pair *pair)
{
	struct traffic_plan plan = traffic_tcp_plan(tcp, family);

	return traffic_run(&plan, pair);
}

int traffic_tcp_send(struct traffic_peer *peer, int fd, size_t len)
{
	while (len) {
		ssize_t n = send(fd, zeros, len < CHUNK ? len : CHUNK, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		peer->end->sent += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int traffic_tcp_receive(struct traffic_peer *peer, int fd, size_t len)
{
	char buffer[CHUNK];

	while (len) {
		ssize_t n = recv(fd, buffer, len < CHUNK ? len : CHUNK, 0);

		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		peer->end->received += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int traffic_tcp_receive_all(struct traffic_peer *peer, int fd)
{
	int r;

	do
		r = traffic_tcp_receive(peer, fd, CHUNK);
	while (r == 0);
	return r == -EPIPE ? 0 : r;
}

int traffic_tcp_await_reset(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	if (r == 0)
		return -EPROTO;
	return r == -ECONNRESET ? 0 : r;
}

int traffic_tcp_await_unread(struct traffic_peer *peer, int fd, size_t len)
{
	int unread = 0;

	/* Ends: the child's alarm bounds it. */
	while (ioctl(fd, FIONREAD, &unread) == 0) {
		if ((size_t)unread > len)
			return -EPROTO;
		if ((size_t)unread == len) {
			peer->end->received += len;
			return 0;
		}
		poll(NULL, 0, 1);
	}
	return -errno;
}

int traffic_tcp_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

int traffic_tcp_close_reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		return -errno;
	return traffic_tcp_close(fd);
}
