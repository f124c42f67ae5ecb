/* SPDX-License-Identifier: MIT */
#include "udp_cases.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic_uring.h"

#define COUNT 100
#define SIZE 500

#define GSO_CALLS 10
#define GSO_CALL_BYTES 12000
#define GSO_SEGMENT 1200
#define GSO_DATAGRAMS (GSO_CALLS * GSO_CALL_BYTES / GSO_SEGMENT)

static const char zeros[GSO_CALL_BYTES];

static void count_sent(struct traffic_peer *peer, uint64_t datagrams, uint64_t size)
{
	peer->end->sent_packets += datagrams;
	peer->end->sent += datagrams * size;
}

static void count_received(struct traffic_peer *peer, uint64_t datagrams, uint64_t size)
{
	peer->end->received_packets += datagrams;
	peer->end->received += datagrams * size;
}

/* --- ways to send --- */

static int send_plain(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, COUNT, SIZE);
}

static int send_empty(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, 10, 0);
}

static int send_large(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, 3, 65000);
}

static int send_to(struct traffic_peer *peer, int fd)
{
	struct sockaddr_storage remote;
	socklen_t len = traffic_udp_remote(peer, &remote);

	for (int i = 0; i < COUNT; i++) {
		if (sendto(fd, zeros, SIZE, 0, (struct sockaddr *)&remote, len) != SIZE)
			return -errno;
		count_sent(peer, 1, SIZE);
	}
	return 0;
}

static int send_mmsg(struct traffic_peer *peer, int fd)
{
	char data[SIZE] = "";
	struct iovec iov = {.iov_base = data, .iov_len = SIZE};
	struct mmsghdr messages[COUNT] = {0};
	int done = 0;

	for (int i = 0; i < COUNT; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	while (done < COUNT) {
		int n = sendmmsg(fd, messages + done, (unsigned int)(COUNT - done), 0);

		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		done += n;
	}
	count_sent(peer, COUNT, SIZE);
	return 0;
}

static int send_by_write(struct traffic_peer *peer, int fd)
{
	for (int i = 0; i < COUNT; i++) {
		if (write(fd, zeros, SIZE) != SIZE)
			return -errno;
		count_sent(peer, 1, SIZE);
	}
	return 0;
}

/* One call, many datagrams. */
static int send_gso(struct traffic_peer *peer, int fd)
{
	int segment = GSO_SEGMENT;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0)
		return -errno;
	for (int i = 0; i < GSO_CALLS; i++) {
		if (send(fd, zeros, GSO_CALL_BYTES, 0) != GSO_CALL_BYTES)
			return -errno;
		count_sent(peer, GSO_CALL_BYTES / GSO_SEGMENT, GSO_SEGMENT);
	}
	return 0;
}

/* Two calls, one datagram. */
static int send_corked(struct traffic_peer *peer, int fd)
{
	for (int i = 0; i < COUNT; i++) {
		if (send(fd, zeros, SIZE / 2, MSG_MORE) != SIZE / 2 ||
		    send(fd, zeros, SIZE / 2, 0) != SIZE / 2)
			return -errno;
		count_sent(peer, 1, SIZE);
	}
	return 0;
}

static int send_uring(struct traffic_peer *peer, int fd)
{
	for (int i = 0; i < COUNT; i++) {
		ssize_t n = traffic_uring_send(fd, zeros, SIZE);

		if (n != SIZE)
			return n < 0 ? (int)n : -EPROTO;
		count_sent(peer, 1, SIZE);
	}
	return 0;
}

static int send_too_much(struct traffic_peer *peer, int fd)
{
	int r = traffic_await(peer);

	if (r == 0)
		r = traffic_udp_send(peer, fd, 5 * COUNT, SIZE);
	return r < 0 ? r : traffic_tell(peer);
}

/* --- ways to receive --- */

static int receive_plain(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, COUNT, SIZE);
}

static int receive_empty(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, 10, 0);
}

static int receive_large(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, 3, 65000);
}

static int receive_from(struct traffic_peer *peer, int fd)
{
	char buffer[SIZE];

	for (int i = 0; i < COUNT; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);

		if (recvfrom(fd, buffer, SIZE, 0, (struct sockaddr *)&from, &len) != SIZE)
			return -errno;
		count_received(peer, 1, SIZE);
	}
	return 0;
}

static int receive_by_read(struct traffic_peer *peer, int fd)
{
	char buffer[SIZE];

	for (int i = 0; i < COUNT; i++) {
		if (read(fd, buffer, SIZE) != SIZE)
			return -errno;
		count_received(peer, 1, SIZE);
	}
	return 0;
}

static int receive_segments(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, GSO_DATAGRAMS, GSO_SEGMENT);
}

/* Several datagrams come glued together in one call. */
static int receive_gro(struct traffic_peer *peer, int fd)
{
	size_t left = (size_t)GSO_CALLS * GSO_CALL_BYTES;
	char buffer[65536];
	int on = 1;

	if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) < 0)
		return -errno;
	if (traffic_tell(peer) < 0)
		return -EPIPE;
	while (left) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n <= 0 || (size_t)n > left || n % GSO_SEGMENT)
			return n < 0 ? -errno : -EPROTO;
		count_received(peer, (uint64_t)n / GSO_SEGMENT, GSO_SEGMENT);
		left -= (size_t)n;
	}
	return 0;
}

/* The receiver must have said UDP_GRO before the first datagram comes. */
static int send_gso_to_gro(struct traffic_peer *peer, int fd)
{
	int r = traffic_await(peer);

	return r < 0 ? r : send_gso(peer, fd);
}

static int receive_peek(struct traffic_peer *peer, int fd)
{
	char buffer[SIZE];

	for (int i = 0; i < 20; i++) {
		if (recv(fd, buffer, SIZE, MSG_PEEK) != SIZE)
			return -errno;
	}
	return receive_plain(peer, fd);
}

/* Takes a part of each datagram; what came over the wire is the whole. */
static int receive_truncated(struct traffic_peer *peer, int fd)
{
	char buffer[SIZE / 5];

	for (int i = 0; i < COUNT; i++) {
		if (recv(fd, buffer, sizeof(buffer), 0) != (ssize_t)sizeof(buffer))
			return -errno;
		count_received(peer, 1, SIZE);
	}
	return 0;
}

static int receive_uring(struct traffic_peer *peer, int fd)
{
	char buffer[SIZE];

	for (int i = 0; i < COUNT; i++) {
		ssize_t n = traffic_uring_receive(fd, buffer, SIZE);

		if (n != SIZE)
			return n < 0 ? (int)n : -EPROTO;
		count_received(peer, 1, SIZE);
	}
	return 0;
}

/* Datagrams this socket had no room for, by the kernel's own count. */
static int kernel_drops(int fd, uint64_t *ret_drops)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return -errno;
	*ret_drops = info[SK_MEMINFO_DROPS];
	return 0;
}

/* Reads what there was room for, only after all has been sent, and until all is accounted for. */
static int receive_too_much(struct traffic_peer *peer, int fd)
{
	struct traffic_end *end = peer->end;
	uint64_t read_packets = 0, drops = 0;
	char buffer[SIZE];
	int room = 4096;
	int r = setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) < 0 ? -errno : 0;

	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_await(peer);
	while (r == 0 && read_packets + drops < 5 * COUNT) {
		read_packets += recv(fd, buffer, SIZE, MSG_DONTWAIT) == SIZE;
		r = kernel_drops(fd, &drops);
	}
	count_received(peer, 5 * COUNT, SIZE);
	end->dropped_packets = drops;
	return r == 0 && (!drops || !read_packets) ? -EPROTO : r;
}

const struct traffic_udp_case udp_cases[] = {
	{"connected", send_plain, receive_plain, false},
	{"unconnected", send_to, receive_from, true},
	{"unconnected, recv without address", send_to, receive_plain, true},
	{"sendmmsg", send_mmsg, receive_plain, false},
	{"write and read", send_by_write, receive_by_read, false},
	{"GSO", send_gso, receive_segments, false},
	{"GSO to GRO", send_gso_to_gro, receive_gro, false},
	{"MSG_MORE", send_corked, receive_plain, false},
	{"MSG_PEEK", send_plain, receive_peek, false},
	{"truncated", send_plain, receive_truncated, false},
	{"overflow", send_too_much, receive_too_much, false},
	{"zero-length", send_empty, receive_empty, false},
	{"65000 bytes", send_large, receive_large, false},
	{NULL, NULL, NULL, false},
};

const struct traffic_udp_case udp_case_uring = {"io_uring", send_uring, receive_uring, false};
