/* SPDX-License-Identifier: MIT */
#include "collect/sock_destroyed.h"

#include <errno.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define GROUP_BIT(group) (1U << ((group)-1))

int sock_destroyed_open(size_t buffer_bytes, int *ret_fd)
{
	struct sockaddr_nl self = {
		.nl_family = AF_NETLINK,
		.nl_groups =
			GROUP_BIT(SKNLGRP_INET_TCP_DESTROY) | GROUP_BIT(SKNLGRP_INET6_TCP_DESTROY),
	};
	/* The kernel doubles what it is told (socket(7)). */
	int size = buffer_bytes / 2 > INT_MAX ? INT_MAX : (int)(buffer_bytes / 2);
	CLEANUP(close_fd_p) int fd = -1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return -errno;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static void take(struct sock_destroyed_batch *batch, const char *data, size_t len)
{
	const struct nlmsghdr *message = sock_diag_message(data, len);

	if (!message || message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    sock_diag_decode(message, WEIR_PROTO_TCP, &batch->rows[batch->n_rows]) < 0)
		batch->n_bad++;
	else
		batch->n_rows++;
}

int sock_destroyed_receive(int fd, struct sock_destroyed_batch *batch)
{
	struct mmsghdr headers[SOCK_DESTROYED_BATCH] = {0};
	struct sockaddr_nl from[SOCK_DESTROYED_BATCH];
	struct iovec rooms[SOCK_DESTROYED_BATCH];
	int n;

	for (size_t i = 0; i < SOCK_DESTROYED_BATCH; i++) {
		rooms[i].iov_base = batch->room[i];
		rooms[i].iov_len = sizeof(batch->room[i]);
		headers[i].msg_hdr.msg_iov = &rooms[i];
		headers[i].msg_hdr.msg_iovlen = 1;
		headers[i].msg_hdr.msg_name = &from[i];
		headers[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	batch->n_rows = 0;
	batch->n_bad = 0;
	do
		n = recvmmsg(fd, headers, SOCK_DESTROYED_BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (from[i].nl_pid != 0)
			continue; /* not the kernel's */
		if (headers[i].msg_hdr.msg_flags & MSG_TRUNC)
			batch->n_bad++;
		else
			take(batch, batch->room[i], headers[i].msg_len);
	}
	return n;
}
