/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One request to the kernel by netlink(7) and all of its answer: a dump that ends with NLMSG_DONE,
 * or a command that ends with its acknowledgement. What the messages mean is the sink's to know.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message of a dump is shorter than 32 KiB (net/netlink/af_netlink.c, netlink_dump()), if the
 * request does not ask for the virtual functions of interfaces. */
#define NETLINK_BUFFER 32768

/* Takes one message, whose whole length lies in memory and is a multiple of four, as attributes
 * need it. Borrowed for the call. After a negative return it is not called again. */
typedef int (*netlink_message_fn)(void *user, const struct nlmsghdr *message);

struct netlink_sink {
	void *user;
	netlink_message_fn message;
};

/* How far an answer has come. Zeroed before its first part. */
struct netlink_answer {
	uint32_t seq;     /* of the request; messages of others are passed over */
	bool over;        /* nothing more will come */
	bool interrupted; /* what was listed changed meanwhile: some may be missing, or there twice
			   */
	int error;        /* the first one: the kernel's, the sink's, or -EBADMSG */
};

/* Takes what one recv() gave. Pure: data may come from anywhere. */
void netlink_take(struct netlink_answer *answer, const void *data, size_t len,
		  const struct netlink_sink *sink);

/* A socket of the protocol (NETLINK_ROUTE, …) in the thread's network namespace, which hears the
 * kernel alone. -EOPNOTSUPP: this kernel has no such protocol; or the errno of socket(). */
int netlink_open(int protocol, int *ret_fd);

/*
 * Sends the request at the beginning of buf (NETLINK_BUFFER bytes, aligned for any type) and hands
 * the answer to the sink. It is read to its end whatever the sink says, so the socket stays good
 * for another request. 0; -EINTR: whole but not consistent, ask again; -EBADMSG: garbled; the
 * error the kernel answered or the sink returned; or an errno of the socket, which then must not
 * be used any more.
 */
int netlink_ask(int fd, void *buf, const struct netlink_sink *sink);
