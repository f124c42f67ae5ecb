/* SPDX-License-Identifier: MIT */
#include "traffic_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define DATAGRAM_MAX 65536
#define ROOM (8 << 20)

static const char zeros[DATAGRAM_MAX];

int traffic_udp_socket(enum traffic_family family, int *ret_fd, struct traffic_endpoint *ret_local)
{
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(family, true, 0, &addr);
	CLEANUP(close_fd_p) int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int room = ROOM;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		return -errno;
	traffic_endpoint_from(&addr, ret_local);
	*ret_fd = STEAL_FD(fd);
	return 0;
}

socklen_t traffic_udp_remote(const struct traffic_peer *peer, struct sockaddr_storage *ret_addr)
{
	return traffic_loopback(peer->family, true, peer->end->remote.port, ret_addr);
}

/* Opens the socket and trades addresses with the other end. */
static int open_end(struct traffic_peer *peer, const struct traffic_udp_case *udp, int *ret_fd)
{
	struct traffic_end *end = peer->end;
	CLEANUP(close_fd_p) int fd = -1;
	struct sockaddr_storage remote;
	socklen_t len;
	int r = traffic_udp_socket(peer->family, &fd, &end->local);

	end->udp = true;
	if (r == 0)
		r = traffic_tell_data(peer, &end->local, sizeof(end->local));
	if (r == 0)
		r = traffic_await_data(peer, &end->remote, sizeof(end->remote));
	if (r < 0)
		return r;
	len = traffic_udp_remote(peer, &remote);
	if (!udp->unconnected && connect(fd, (struct sockaddr *)&remote, len) < 0)
		return -errno;
	/* Nothing may be sent to a socket that is not connected yet: it would be refused. */
	r = traffic_tell(peer);
	if (r == 0)
		r = traffic_await(peer);
	if (r < 0)
		return r;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int run_end(struct traffic_peer *peer, int (*work)(struct traffic_peer *peer, int fd),
		   const struct traffic_udp_case *udp)
{
	CLEANUP(close_fd_p) int fd = -1;
	int r = open_end(peer, udp, &fd);

	if (r == 0)
		r = work(peer, fd);
	/* Neither closes its socket while the other still sends to it. */
	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_await(peer);
	return traffic_rest(peer, r);
}

static int run_sender(struct traffic_peer *peer)
{
	const struct traffic_udp_case *udp = peer->arg;

	return run_end(peer, udp->sender, udp);
}

static int run_receiver(struct traffic_peer *peer)
{
	const struct traffic_udp_case *udp = peer->arg;

	return run_end(peer, udp->receiver, udp);
}

struct traffic_plan traffic_udp_plan(const struct traffic_udp_case *udp, enum traffic_family family,
				     const struct traffic_gate *gate)
{
	return (struct traffic_plan){.client = run_sender,
				     .server = run_receiver,
				     .family = family,
				     .arg = udp,
				     .gate = gate};
}

int traffic_udp_send(struct traffic_peer *peer, int fd, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (send(fd, zeros, len, MSG_NOSIGNAL) != (ssize_t)len)
			return -errno;
		peer->end->sent += len;
		peer->end->sent_packets++;
	}
	return 0;
}

int traffic_udp_receive(struct traffic_peer *peer, int fd, size_t n, size_t len)
{
	char buffer[DATAGRAM_MAX];

	for (size_t i = 0; i < n; i++) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

		if (got != (ssize_t)len)
			return got < 0 ? -errno : -EPROTO;
		peer->end->received += len;
		peer->end->received_packets++;
	}
	return 0;
}
