/* SPDX-License-Identifier: MIT */
#include "own_netns.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static int loopback_up(void)
{
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

uint32_t own_netns_inode(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

int own_netns_enter(uint32_t *ret_inode)
{
	int r;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	r = loopback_up();
	if (r == 0)
		*ret_inode = own_netns_inode();
	return r;
}

struct nsid_request {
	struct nlmsghdr header;
	struct rtgenmsg family;
	uint8_t pad[NLMSG_ALIGN(sizeof(struct rtgenmsg)) - sizeof(struct rtgenmsg)];
	struct rtattr id_attr;
	int32_t id;
	struct rtattr pid_attr;
	uint32_t pid;
};
_Static_assert(sizeof(struct nsid_request) == 36, "the layout of RTM_NEWNSID");

/* What is awaited: others make and remove namespaces too. */
struct nsid_awaited {
	uint16_t type;
	uint32_t seq; /* of our request; 0: the kernel's own notice */
};

static bool nsid_of(const void *message, size_t len, struct nsid_awaited awaited, int32_t *ret_id)
{
	struct nsid_request reply;

	if (len < offsetof(struct nsid_request, pid_attr))
		return false;
	memcpy(&reply, message, len < sizeof(reply) ? len : sizeof(reply));
	if (reply.header.nlmsg_type != awaited.type || reply.header.nlmsg_seq != awaited.seq ||
	    reply.id_attr.rta_type != NETNSA_NSID)
		return false;
	*ret_id = reply.id;
	return true;
}

static int await_nsid(int fd, struct nsid_awaited awaited, int timeout_ms, int32_t *ret_id)
{
	char message[4096];
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	ssize_t n;
	int r = poll(&readable, 1, timeout_ms);

	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(fd, message, sizeof(message), 0);
	if (n < 0)
		return -errno;
	return nsid_of(message, (size_t)n, awaited, ret_id) ? 0 : -EAGAIN;
}

static int give_id(int fd, int pid)
{
	struct nsid_request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_NEWNSID,
			   .nlmsg_flags = NLM_F_REQUEST,
			   .nlmsg_seq = (uint32_t)getpid()},
		.family.rtgen_family = AF_UNSPEC,
		.id_attr = {.rta_len = RTA_LENGTH(4), .rta_type = NETNSA_NSID},
		.id = -1, /* the kernel chooses */
		.pid_attr = {.rta_len = RTA_LENGTH(4), .rta_type = NETNSA_PID},
		.pid = (uint32_t)pid,
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the awaited message comes; with id not -1 it must be of that id. */
static int await_message(int fd, struct nsid_awaited awaited, int timeout_ms, int32_t *id)
{
	int64_t end_ms = now_ms() + timeout_ms;

	for (int64_t left_ms; (left_ms = end_ms - now_ms()) > 0;) {
		int32_t got;
		int r = await_nsid(fd, awaited, (int)left_ms, &got);

		if (r < 0 && r != -EAGAIN)
			return r;
		if (r == 0 && (*id == -1 || got == *id)) {
			*id = got;
			return 0;
		}
	}
	return -ETIMEDOUT;
}

int own_netns_watch(int pid, int *ret_fd, int32_t *ret_id)
{
	CLEANUP(close_fd_p) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	struct nsid_awaited given = {.type = RTM_NEWNSID, .seq = (uint32_t)getpid()};
	int group = RTNLGRP_NSID;
	int32_t id = -1;
	int r;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	r = give_id(fd, pid);
	if (r == 0)
		r = await_message(fd, given, 5000, &id);
	if (r < 0)
		return r;
	*ret_id = id;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

int own_netns_await_gone(int fd, int32_t id, int timeout_ms)
{
	struct nsid_awaited gone = {.type = RTM_DELNSID};

	return await_message(fd, gone, timeout_ms, &id);
}
