/* SPDX-License-Identifier: MIT */
#include "collect/sock_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

static struct weir_addr addr_of(uint8_t family, const __be32 words[4])
{
	struct weir_addr addr;
	uint8_t bytes[16];

	memcpy(bytes, words, sizeof(bytes));
	if (family == AF_INET)
		return weir_addr_from_v4(bytes);
	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	return addr;
}

static void decode_fixed(const struct inet_diag_msg *msg, struct sock_diag_row *row)
{
	row->id.cookie = msg->id.idiag_cookie[0] | (uint64_t)msg->id.idiag_cookie[1] << 32;
	row->id.local = addr_of(msg->idiag_family, msg->id.idiag_src);
	row->id.remote = addr_of(msg->idiag_family, msg->id.idiag_dst);
	row->id.local_port = ntohs(msg->id.idiag_sport);
	row->id.remote_port = ntohs(msg->id.idiag_dport);
	row->inode = msg->idiag_inode;
	/* Without a file the kernel gives uid 0, which is root and not the socket's user. */
	row->uid = msg->idiag_inode ? msg->idiag_uid : UINT32_MAX;
	row->rqueue_bytes = msg->idiag_rqueue;
	row->wqueue_bytes = msg->idiag_wqueue;
	row->state = msg->idiag_state;
}

static int decode_attributes(const struct nlmsghdr *message, struct sock_diag_row *row)
{
	const char *end = mnl_nlmsg_get_payload_tail(message);
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(message, sizeof(struct inet_diag_msg));

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		uint16_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case INET_DIAG_INFO:
			/* Older kernels tell less and newer ones more than our header knows. */
			row->info_len = len < sizeof(row->info) ? len : sizeof(row->info);
			memcpy(&row->info, mnl_attr_get_payload(attr), row->info_len);
			break;
		case INET_DIAG_CGROUP_ID:
			if (len != sizeof(row->cgroup_id))
				return -EBADMSG;
			memcpy(&row->cgroup_id, mnl_attr_get_payload(attr), len);
			break;
		default:
			break;
		}
	}
	/* The loop ends early at an attribute that reaches beyond the message. */
	return (const char *)attr == end ? 0 : -EBADMSG;
}

int sock_diag_decode(const struct nlmsghdr *message, uint8_t proto, struct sock_diag_row *ret_row)
{
	struct sock_diag_row row = {.id.proto = proto};
	struct inet_diag_msg msg;
	int r;

	/* Attributes are padded (netlink(7)), so a length that is not aligned is wrong; libmnl
	 * would round it up and read past the end. */
	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(msg) || message->nlmsg_len % NLMSG_ALIGNTO)
		return -EBADMSG;
	memcpy(&msg, mnl_nlmsg_get_payload(message), sizeof(msg));
	if (msg.idiag_family != AF_INET && msg.idiag_family != AF_INET6)
		return -EBADMSG;
	decode_fixed(&msg, &row);
	r = decode_attributes(message, &row);
	if (r < 0)
		return r;
	*ret_row = row;
	return 0;
}

const struct nlmsghdr *sock_diag_message(const void *data, size_t left)
{
	const struct nlmsghdr *message = data;

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > left)
		return NULL;
	return message;
}

/* The one after message, which lies within *left bytes; NULL if there is none, and *left is what
 * remains. */
static const struct nlmsghdr *next_message(const struct nlmsghdr *message, size_t *left)
{
	size_t len = NLMSG_ALIGN((size_t)message->nlmsg_len);

	len = len < *left ? len : *left;
	*left -= len;
	return sock_diag_message((const char *)message + len, *left);
}

static int error_of(const struct nlmsghdr *message)
{
	struct nlmsgerr err;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(err.error))
		return -EBADMSG;
	memcpy(&err.error, mnl_nlmsg_get_payload(message), sizeof(err.error));
	if (err.error == -ENOENT)
		return -EOPNOTSUPP; /* no handler for this family and protocol */
	return err.error < 0 ? err.error : 0;
}

/* NLMSG_DONE carries the error that ended a dump, if one did. */
static int parse_message(const struct nlmsghdr *message, uint8_t proto,
			 const struct sock_diag_sink *sink)
{
	struct sock_diag_row row;
	int r;

	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		return mnl_nlmsg_get_payload_len(message) >= sizeof(int) ? error_of(message) : 0;
	case NLMSG_ERROR:
		r = error_of(message);
		return r < 0 ? r : 1;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	case SOCK_DIAG_BY_FAMILY:
		if (sock_diag_decode(message, proto, &row) == 0) {
			r = sink->row(sink->user, &row);
			return r < 0 ? r : 1;
		}
		break;
	default:
		break;
	}
	if (message->nlmsg_type != NLMSG_NOOP)
		++*sink->bad_records;
	return 1;
}

int sock_diag_parse(const void *data, size_t len, uint32_t seq, uint8_t proto,
		    const struct sock_diag_sink *sink)
{
	const struct nlmsghdr *message = sock_diag_message(data, len);
	bool interrupted = false;
	size_t left = len;

	for (; message; message = next_message(message, &left)) {
		if (message->nlmsg_seq == seq) {
			int r = parse_message(message, proto, sink);

			interrupted = interrupted || message->nlmsg_flags & NLM_F_DUMP_INTR;
			if (r < 0)
				return r;
			if (r == 0)
				return interrupted ? -EINTR : 0;
		}
	}
	if (left)
		++*sink->bad_records;
	return interrupted ? 2 : 1;
}

int sock_diag_open(int *ret_fd)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	CLEANUP(close_fd_p) int fd = -1;
	int one = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return -errno;
	/* Shorter error messages; a kernel without it just sends longer ones. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int send_to_kernel(int fd, const void *data, size_t len)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	do
		n = sendto(fd, data, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Returns the length, 0 for a message that is not the kernel's, or a negative errno. */
static ssize_t receive(int fd, void *buf, int flags)
{
	struct sockaddr_nl from;
	struct iovec room = {.iov_base = buf, .iov_len = SOCK_DIAG_BUFFER};
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &room,
		.msg_iovlen = 1,
	};
	ssize_t n;

	do
		n = recvmsg(fd, &header, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (header.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	return from.nl_pid == 0 ? n : 0;
}

static struct inet_diag_req_v2 *put_request(void *at, uint32_t seq, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(at);

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = seq;
	return mnl_nlmsg_put_extra_header(header, sizeof(struct inet_diag_req_v2));
}

int sock_diag_dump(int fd, uint32_t seq, const struct sock_diag_query *query, void *buf,
		   const struct sock_diag_sink *sink)
{
	struct inet_diag_req_v2 *request = put_request(buf, seq, NLM_F_DUMP);
	struct nlmsghdr *header = buf;
	bool interrupted = false;
	int r;

	request->sdiag_family = query->family;
	request->sdiag_protocol = query->proto;
	request->idiag_states = query->states;
	request->idiag_ext = query->info ? 1 << (INET_DIAG_INFO - 1) : 0;
	r = send_to_kernel(fd, buf, header->nlmsg_len);
	if (r < 0)
		return r;
	do {
		ssize_t n = receive(fd, buf, 0);

		if (n < 0)
			return (int)n;
		r = n ? sock_diag_parse(buf, (size_t)n, seq, query->proto, sink) : 1;
		interrupted = interrupted || r == 2;
	} while (r > 0);
	return r == 0 && interrupted ? -EINTR : r;
}

static void fill_tuple(const struct weir_conn_id *id, struct inet_diag_req_v2 *request)
{
	bool v4 = weir_addr_is_v4(&id->local) && weir_addr_is_v4(&id->remote);
	size_t skip = v4 ? 12 : 0; /* of the mapped form only the last four bytes */

	request->sdiag_family = v4 ? AF_INET : AF_INET6;
	request->sdiag_protocol = id->proto;
	request->idiag_states = UINT32_MAX;
	request->id.idiag_sport = htons(id->local_port);
	request->id.idiag_dport = htons(id->remote_port);
	memcpy(request->id.idiag_src, id->local.bytes + skip, sizeof(id->local.bytes) - skip);
	memcpy(request->id.idiag_dst, id->remote.bytes + skip, sizeof(id->remote.bytes) - skip);
	request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

/* Takes one answer. Returns 1 if it was to one of ours. */
static int take_answer(const struct nlmsghdr *message, uint32_t seq,
		       struct sock_diag_lookup *lookups, size_t n)
{
	uint32_t at = message->nlmsg_seq - seq;
	struct sock_diag_row row;

	if (at >= n || lookups[at].answered)
		return 0;
	if (message->nlmsg_type == NLMSG_ERROR && error_of(message) == -EOPNOTSUPP) {
		lookups[at].answered = true; /* -ENOENT: nobody is there */
		return 1;
	}
	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    sock_diag_decode(message, lookups[at].id.proto, &row) < 0)
		return 1; /* refused or garbled: it stays unanswered */
	lookups[at].state = row.state;
	lookups[at].answered = true;
	return 1;
}

int sock_diag_look_up(int fd, uint32_t seq, struct sock_diag_lookup *lookups, size_t n)
{
	_Alignas(8) char buf[SOCK_DIAG_BUFFER];
	size_t len = 0;
	size_t left = n;
	int r;

	if (!n || n > SOCK_DIAG_LOOKUPS)
		return n ? -EINVAL : 0;
	for (size_t i = 0; i < n; i++) {
		struct nlmsghdr *header = (struct nlmsghdr *)(buf + len);

		fill_tuple(&lookups[i].id, put_request(header, seq + (uint32_t)i, 0));
		lookups[i].state = 0;
		lookups[i].answered = false;
		len += NLMSG_ALIGN(header->nlmsg_len);
	}
	r = send_to_kernel(fd, buf, len);
	/* The kernel answers within the send: what is not there now will not come. */
	while (r == 0 && left) {
		ssize_t got = receive(fd, buf, MSG_DONTWAIT);
		const struct nlmsghdr *message;
		size_t rest;

		if (got == -EAGAIN || got == -ENOBUFS)
			return 0;
		if (got < 0)
			return (int)got;
		rest = (size_t)got;
		message = sock_diag_message(buf, rest);
		for (; message; message = next_message(message, &rest))
			left -= (size_t)take_answer(message, seq, lookups, n);
	}
	return r;
}
