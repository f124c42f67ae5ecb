/* SPDX-License-Identifier: MIT */
#include "tcp_endings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "traffic_uring.h"

/* Odd sizes, so that no rounding to segments or pages can hide. */
#define REQUEST 100003
#define REPLY 4999
#define BULK 1000003

/* --- the usual two ends, which the cases vary --- */

static int client_reads_reply_then_closes(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REPLY);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_replies_then_reads_to_end(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REPLY);

	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_reads_to_end(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int client_send(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REQUEST);

	return r < 0 ? r : client_reads_reply_then_closes(peer, fd);
}

static int server_receive(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REQUEST);

	return r < 0 ? r : server_replies_then_reads_to_end(peer, fd);
}

/* --- ways to send --- */

static int file_of_zeros(size_t len, int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = memfd_create("zeros", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		return -errno;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int client_sendfile(struct traffic_peer *peer, int fd)
{
	CLEANUP(close_fd_p) int file = -1;
	size_t left = REQUEST;
	int r = file_of_zeros(left, &file);

	while (r == 0 && left) {
		ssize_t n = sendfile(fd, file, NULL, left);

		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		peer->end->sent += (uint64_t)n;
		left -= (size_t)n;
	}
	return r < 0 ? r : client_reads_reply_then_closes(peer, fd);
}

/* from → pipe → to, at most left bytes. Returns how many went through, 0 at the end of from. */
static ssize_t splice_some(int from, const int pipe_fds[2], int to, size_t left)
{
	ssize_t in = splice(from, NULL, pipe_fds[1], NULL, left, SPLICE_F_MOVE);

	for (ssize_t out = 0, n; out < in; out += n) {
		n = splice(pipe_fds[0], NULL, to, NULL, (size_t)(in - out), SPLICE_F_MOVE);
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
	}
	return in < 0 ? -errno : in;
}

static int splice_exactly(int from, int to, size_t len, uint64_t *ret_moved)
{
	int pipe_fds[2];
	int r = 0;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	while (r == 0 && len) {
		ssize_t n = splice_some(from, pipe_fds, to, len);

		if (n <= 0) {
			r = n < 0 ? (int)n : -EPIPE;
			break;
		}
		*ret_moved += (uint64_t)n;
		len -= (size_t)n;
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return r;
}

static int client_splice(struct traffic_peer *peer, int fd)
{
	CLEANUP(close_fd_p) int file = -1;
	int r = file_of_zeros(REQUEST, &file);

	if (r == 0)
		r = splice_exactly(file, fd, REQUEST, &peer->end->sent);
	return r < 0 ? r : client_reads_reply_then_closes(peer, fd);
}

static int server_splice(struct traffic_peer *peer, int fd)
{
	CLEANUP(close_fd_p) int file = -1;
	int r = file_of_zeros(0, &file);

	if (r == 0)
		r = splice_exactly(fd, file, REQUEST, &peer->end->received);
	return r < 0 ? r : server_replies_then_reads_to_end(peer, fd);
}

/* Reads completions from the error queue until all calls up to n_calls are done with. */
static int await_zerocopy(int fd, uint32_t n_calls)
{
	uint32_t n_done = 0;

	while (n_done < n_calls) {
		struct pollfd errors = {.fd = fd, .events = 0};
		char control[256];
		struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};
		struct sock_extended_err done;

		if (poll(&errors, 1, -1) < 0)
			return -errno;
		if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
			return -errno;
		memcpy(&done, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(done));
		if (done.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
			return -EPROTO;
		n_done += done.ee_data - done.ee_info + 1;
	}
	return 0;
}

static int client_zerocopy(struct traffic_peer *peer, int fd)
{
	static const char data[REQUEST];
	size_t sent = 0;
	uint32_t n_calls = 0;
	int on = 1;
	int r;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) < 0)
		return -errno;
	while (sent < REQUEST) {
		ssize_t n = send(fd, data + sent, REQUEST - sent, MSG_ZEROCOPY | MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		sent += (size_t)n;
		n_calls++;
	}
	peer->end->sent += sent;
	r = await_zerocopy(fd, n_calls);
	return r < 0 ? r : client_reads_reply_then_closes(peer, fd);
}

static int client_uring(struct traffic_peer *peer, int fd)
{
	static const char data[REQUEST];
	size_t sent = 0;

	while (sent < REQUEST) {
		ssize_t n = traffic_uring_send(fd, data + sent, REQUEST - sent);

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		sent += (size_t)n;
	}
	peer->end->sent += sent;
	return client_reads_reply_then_closes(peer, fd);
}

/* --- ways to receive --- */

static int server_uring(struct traffic_peer *peer, int fd)
{
	char buffer[16384];
	size_t left = REQUEST;

	while (left) {
		ssize_t n = traffic_uring_receive(fd, buffer,
						  left < sizeof(buffer) ? left : sizeof(buffer));

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		peer->end->received += (uint64_t)n;
		left -= (size_t)n;
	}
	return server_replies_then_reads_to_end(peer, fd);
}

/* Looks at the same bytes many times; they arrived once. */
static int server_peek(struct traffic_peer *peer, int fd)
{
	char buffer[4096];

	for (int i = 0; i < 20; i++) {
		if (recv(fd, buffer, sizeof(buffer), MSG_PEEK) <= 0)
			return -EPIPE;
	}
	return server_receive(peer, fd);
}

/* --- ways to end --- */

/* The client has said all it has to say, and the answer comes after its FIN. */
static int client_half_close(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REQUEST);

	if (r == 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_half_close(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, BULK);
	return r < 0 ? r : traffic_tcp_close(fd);
}

/* Both have everything the other sent before one of them resets. */
static int client_exchange(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REQUEST);

	if (r == 0)
		r = traffic_tcp_receive(peer, fd, REPLY);
	return r < 0 ? r : traffic_await(peer);
}

static int client_linger_reset(struct traffic_peer *peer, int fd)
{
	int r = client_exchange(peer, fd);

	return r < 0 ? r : traffic_tcp_close_reset(fd);
}

static int client_disconnect(struct traffic_peer *peer, int fd)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	int r = client_exchange(peer, fd);

	if (r == 0 && connect(fd, &nowhere, sizeof(nowhere)) < 0)
		r = -errno;
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_is_reset(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REQUEST);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, REPLY);
	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_tcp_await_reset(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

/* Closing with data unread makes the kernel send RST. What arrived counts as received. */
static int client_closes_unread(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_await_unread(peer, fd, REPLY);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_is_not_read(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REPLY);

	if (r == 0)
		r = traffic_tcp_await_reset(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int client_closes_last(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REQUEST);

	return r < 0 ? r : server_reads_to_end(peer, fd);
}

static int server_closes_first(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REQUEST);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, REPLY);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int client_empty(struct traffic_peer *peer, int fd)
{
	(void)peer;
	return traffic_tcp_close(fd);
}

/* The process may be gone long before its data has all been sent. */
static int client_closes_in_flight(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, BULK);

	return r < 0 ? r : traffic_tcp_close(fd);
}

const struct traffic_tcp_case tcp_endings[] = {
	{"send", client_send, server_receive, true},
	{"sendfile", client_sendfile, server_receive, true},
	{"splice", client_splice, server_splice, true},
	{"MSG_ZEROCOPY", client_zerocopy, server_receive, true},
	{"MSG_PEEK", client_send, server_peek, true},
	{"half-close", client_half_close, server_half_close, true},
	{"linger-0 reset", client_linger_reset, server_is_reset, false},
	{"reset with unread data", client_closes_unread, server_is_not_read, false},
	{"passive close first", client_closes_last, server_closes_first, true},
	{"AF_UNSPEC disconnect", client_disconnect, server_is_reset, false},
	{"empty connection", client_empty, server_reads_to_end, true},
	{"close with data in flight", client_closes_in_flight, server_reads_to_end, true},
	{NULL, NULL, NULL, false},
};

const struct traffic_tcp_case tcp_ending_uring = {"io_uring", client_uring, server_uring, true};
