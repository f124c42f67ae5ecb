/* SPDX-License-Identifier: MIT */
#include "collect/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* libmnl's mnl_nlmsg_ok() takes a length of 2 GiB and more for a negative one. */
static const struct nlmsghdr *message_at(const void *data, size_t left)
{
	const struct nlmsghdr *message = data;

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > left)
		return NULL;
	return message;
}

/* NLMSG_DONE and NLMSG_ERROR begin with an errno or 0; NLMSG_DONE of old kernels has nothing. */
static int end_of(const struct nlmsghdr *message)
{
	int error;

	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(error))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
	return error < 0 ? error : 0;
}

static void fail(struct netlink_answer *answer, int error)
{
	if (!answer->error && error < 0)
		answer->error = error;
}

static void take_message(struct netlink_answer *answer, const struct nlmsghdr *message,
			 const struct netlink_sink *sink)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		answer->over = true;
		fail(answer, end_of(message));
		break;
	case NLMSG_OVERRUN:
		fail(answer, -ENOBUFS);
		break;
	default:
		if (message->nlmsg_len % NLMSG_ALIGNTO)
			fail(answer, -EBADMSG);
		else if (!answer->error)
			fail(answer, sink->message(sink->user, message));
	}
}

void netlink_take(struct netlink_answer *answer, const void *data, size_t len,
		  const struct netlink_sink *sink)
{
	const char *at = data;

	while (len && !answer->over) {
		const struct nlmsghdr *message = message_at(at, len);
		size_t step;

		if (!message) {
			fail(answer, -EBADMSG);
			answer->over = true; /* its end may be in what cannot be read */
			return;
		}
		step = NLMSG_ALIGN((size_t)message->nlmsg_len);
		step = step < len ? step : len;
		if (message->nlmsg_seq == answer->seq)
			take_message(answer, message, sink);
		at += step;
		len -= step;
	}
}

int netlink_open(int protocol, int *ret_fd)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	CLEANUP(close_fd_p) int fd = -1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	/* A connected one takes messages from its peer alone (af_netlink.c,
	 * netlink_getsockbyportid()). */
	if (connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int send_request(int fd, const struct nlmsghdr *request)
{
	ssize_t n;

	do
		n = send(fd, request, request->nlmsg_len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* MSG_TRUNC makes recv() tell the whole length of a message that does not fit. */
static ssize_t receive(int fd, void *buf)
{
	ssize_t n;

	do
		n = recv(fd, buf, NETLINK_BUFFER, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n > NETLINK_BUFFER ? -EMSGSIZE : n;
}

int netlink_ask(int fd, void *buf, const struct netlink_sink *sink)
{
	const struct nlmsghdr *request = buf;
	struct netlink_answer answer = {.seq = request->nlmsg_seq};
	int r = send_request(fd, request);

	if (r < 0)
		return r;
	while (!answer.over) {
		ssize_t n = receive(fd, buf);

		if (n < 0)
			return (int)n;
		netlink_take(&answer, buf, (size_t)n, sink);
	}
	if (answer.error)
		return answer.error;
	return answer.interrupted ? -EINTR : 0;
}
