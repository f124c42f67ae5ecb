/* SPDX-License-Identifier: MIT */
#include "veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/netlink.h"

struct request {
	_Alignas(8) char buf[NETLINK_BUFFER];
};

static struct nlmsghdr *begin(struct request *request, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(request->buf);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	header->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	return header;
}

static int pass_over(void *user, const struct nlmsghdr *message)
{
	(void)user;
	(void)message;
	return 0;
}

static int ask(struct request *request)
{
	const struct netlink_sink sink = {.message = pass_over};
	CLEANUP(close_fd_p) int fd = -1;
	int r = netlink_open(NETLINK_ROUTE, &fd);

	return r < 0 ? r : netlink_ask(fd, request->buf, &sink);
}

int veth_make(const char *name, const char *peer)
{
	struct request request;
	struct nlmsghdr *header = begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *info_peer;

	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
	info_peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, peer);
	mnl_attr_nest_end(header, info_peer);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, info);
	return ask(&request);
}

int veth_remove(const char *name)
{
	struct request request;

	mnl_attr_put_strz(begin(&request, RTM_DELLINK, 0), IFLA_IFNAME, name);
	return ask(&request);
}

static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return request;
}

int veth_up(const char *name)
{
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_for(name);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int veth_set_address(const char *name, const char *address)
{
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_for(name);
	struct sockaddr_in addr = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, address, &addr.sin_addr) != 1)
		return -EINVAL;
	memcpy(&request.ifr_addr, &addr, sizeof(addr));
	return fd < 0 || ioctl(fd, SIOCSIFADDR, &request) < 0 ? -errno : 0;
}

void veth_without_ipv6(void)
{
	CLEANUP(close_fd_p)
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	/* A kernel without IPv6 has no such file and needs none. */
	if (fd >= 0 && write(fd, "1", 1) < 0)
		perror("disable_ipv6");
}
