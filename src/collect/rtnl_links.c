/* SPDX-License-Identifier: MIT */
#include "collect/rtnl_links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "collect/netlink.h"

/* What is listed can change while it is read: the dump is then begun again. */
#define MAX_TRIES 5
#define FIRST_ROOM 16

/* The counters up to tx_dropped; kernels since 2.6.35 have them all, newer ones more. */
#define STATS_NEEDED (offsetof(struct rtnl_link_stats64, tx_dropped) + sizeof(uint64_t))

struct rtnl_links {
	int fd;
	uint32_t seq;
	struct weir_link *links; /* gathered before any is told: a dump may have to be repeated */
	size_t n_links;
	size_t links_cap;
	struct rtnl_addr *addrs;
	size_t n_addrs;
	size_t addrs_cap;
	_Alignas(8) char buf[NETLINK_BUFFER];
};

DEFINE_CLEANUP(rtnl_links_close_p, struct rtnl_links *, rtnl_links_close)

/* Attributes by their type, up to max; those unknown to us are passed over. -EBADMSG: one reaches
 * beyond the message, or the message ends before its header_len bytes. */
static int find_attributes(const struct nlmsghdr *message, size_t header_len, uint16_t max,
			   const struct nlattr **attributes)
{
	const char *end = (const char *)message + message->nlmsg_len;
	const struct nlattr *attr;

	if (message->nlmsg_len < NLMSG_HDRLEN + NLMSG_ALIGN(header_len))
		return -EBADMSG;
	attr = mnl_nlmsg_get_payload_offset(message, header_len);
	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type <= max)
			attributes[type] = attr;
	}
	return (const char *)attr == end ? 0 : -EBADMSG;
}

static int decode_name(const struct nlattr *attr, char name[WEIR_LINK_NAME_MAX])
{
	size_t len = attr ? strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)) : 0;

	if (!len || len >= WEIR_LINK_NAME_MAX)
		return -EBADMSG;
	memcpy(name, mnl_attr_get_payload(attr), len);
	return 0;
}

static int decode_stats(const struct nlattr *attr, struct weir_link *link)
{
	struct rtnl_link_stats64 stats;

	if (!attr || mnl_attr_get_payload_len(attr) < STATS_NEEDED)
		return -EBADMSG;
	/* Not aligned to eight bytes in the message. */
	memcpy(&stats, mnl_attr_get_payload(attr), STATS_NEEDED);
	link->rx_bytes = stats.rx_bytes;
	link->tx_bytes = stats.tx_bytes;
	link->rx_packets = stats.rx_packets;
	link->tx_packets = stats.tx_packets;
	link->rx_dropped = stats.rx_dropped;
	link->tx_dropped = stats.tx_dropped;
	return 0;
}

int rtnl_link_decode(const struct nlmsghdr *message, struct weir_link *ret_link)
{
	const struct nlattr *attributes[IFLA_STATS64 + 1] = {NULL};
	struct weir_link link = {0};
	struct ifinfomsg header;
	int r = find_attributes(message, sizeof(header), IFLA_STATS64, attributes);

	if (r < 0)
		return r;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	if (header.ifi_index <= 0)
		return -EBADMSG;
	link.index = (uint32_t)header.ifi_index;
	link.is_up = header.ifi_flags & IFF_UP;
	link.is_loopback = header.ifi_flags & IFF_LOOPBACK;
	r = decode_name(attributes[IFLA_IFNAME], link.name);
	if (r == 0)
		r = decode_stats(attributes[IFLA_STATS64], &link);
	if (r == 0)
		*ret_link = link;
	return r;
}

/* IFA_LOCAL is ours; IFA_ADDRESS is the peer's on a point-to-point link, and ours where there is no
 * IFA_LOCAL (rtnetlink(7)). */
int rtnl_addr_decode(const struct nlmsghdr *message, struct rtnl_addr *ret_addr)
{
	const struct nlattr *attributes[IFA_LOCAL + 1] = {NULL};
	struct rtnl_addr addr = {0};
	struct ifaddrmsg header;
	const struct nlattr *ours;
	size_t len;
	int r = find_attributes(message, sizeof(header), IFA_LOCAL, attributes);

	if (r < 0)
		return r;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6)
		return -ENOENT;
	ours = attributes[attributes[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS];
	if (!ours)
		return -ENOENT;
	len = header.ifa_family == AF_INET ? 4 : sizeof(addr.addr.bytes);
	if (mnl_attr_get_payload_len(ours) != len)
		return -EBADMSG;
	if (header.ifa_family == AF_INET)
		addr.addr = weir_addr_from_v4(mnl_attr_get_payload(ours));
	else
		memcpy(addr.addr.bytes, mnl_attr_get_payload(ours), len);
	addr.if_index = header.ifa_index;
	*ret_addr = addr;
	return 0;
}

/* Room for one element more, of at most max of element_size bytes each. */
static int make_room(void **array, size_t n, size_t *cap, size_t element_size, size_t max)
{
	size_t want = *cap ? *cap * 2 : FIRST_ROOM;
	void *grown;

	if (n < *cap)
		return 0;
	if (n >= max)
		return -ENOBUFS;
	grown = realloc(*array, want * element_size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = want;
	return 0;
}

static int gather_link(void *user, const struct nlmsghdr *message)
{
	struct rtnl_links *links = user;
	void *array = links->links;
	struct weir_link link;
	int r = message->nlmsg_type == RTM_NEWLINK ? rtnl_link_decode(message, &link) : -EBADMSG;

	if (r < 0)
		return r;
	r = make_room(&array, links->n_links, &links->links_cap, sizeof(link), RTNL_LINKS_MAX);
	links->links = array;
	if (r == 0)
		links->links[links->n_links++] = link;
	return r;
}

static int gather_addr(void *user, const struct nlmsghdr *message)
{
	struct rtnl_links *links = user;
	void *array = links->addrs;
	struct rtnl_addr addr;
	int r = -ENOENT; /* families without a listing of their own answer with other things */

	if (message->nlmsg_type == RTM_NEWADDR)
		r = rtnl_addr_decode(message, &addr);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = make_room(&array, links->n_addrs, &links->addrs_cap, sizeof(addr), RTNL_ADDRS_MAX);
	links->addrs = array;
	if (r == 0)
		links->addrs[links->n_addrs++] = addr;
	return r;
}

static void put_request(struct rtnl_links *links, uint16_t type)
{
	size_t header_len =
		type == RTM_GETLINK ? sizeof(struct ifinfomsg) : sizeof(struct ifaddrmsg);
	struct nlmsghdr *request = mnl_nlmsg_put_header(links->buf);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++links->seq;
	/* Zeroed: AF_UNSPEC, every interface. */
	mnl_nlmsg_put_extra_header(request, header_len);
}

static int dump(struct rtnl_links *links, uint16_t type, netlink_message_fn gather)
{
	const struct netlink_sink sink = {.user = links, .message = gather};
	int r = -EINTR;

	for (int i = 0; i < MAX_TRIES && r == -EINTR; i++) {
		links->n_links = 0;
		links->n_addrs = 0;
		put_request(links, type);
		r = netlink_ask(links->fd, links->buf, &sink);
	}
	return r;
}

int rtnl_links_open(struct rtnl_links **ret_links)
{
	CLEANUP(rtnl_links_close_p) struct rtnl_links *links = calloc(1, sizeof(*links));
	int r;

	if (!links)
		return -ENOMEM;
	links->fd = -1;
	r = netlink_open(NETLINK_ROUTE, &links->fd);
	if (r < 0)
		return r;
	*ret_links = STEAL(links);
	return 0;
}

struct rtnl_links *rtnl_links_close(struct rtnl_links *links)
{
	if (!links)
		return NULL;
	close_fd_p(&links->fd);
	free(links->links);
	free(links->addrs);
	free(links);
	return NULL;
}

int rtnl_links_read(struct rtnl_links *links, weir_link_fn fn, void *user)
{
	int r = dump(links, RTM_GETLINK, gather_link);

	if (r < 0)
		return r;
	for (size_t i = 0; i < links->n_links; i++)
		fn(user, &links->links[i]);
	return (int)links->n_links;
}

int rtnl_addrs_read(struct rtnl_links *links, rtnl_addr_fn fn, void *user)
{
	int r = dump(links, RTM_GETADDR, gather_addr);

	if (r < 0)
		return r;
	for (size_t i = 0; i < links->n_addrs; i++)
		fn(user, links->addrs[i].if_index, &links->addrs[i].addr);
	return (int)links->n_addrs;
}
