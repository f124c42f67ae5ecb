/* SPDX-License-Identifier: MIT */
#include "collect/iface_addrs.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* An interface can change its addresses while it is read: the dump is then begun again. */
#define MAX_TRIES 5

DEFINE_CLEANUP(mnl_socket_close_p, struct mnl_socket *, mnl_socket_close)

struct gathered {
	unsigned int if_index;
	struct weir_addr *addrs;
	size_t n;
	size_t cap;
	int error;
};

static int add(struct gathered *g, struct weir_addr addr)
{
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 8;
		struct weir_addr *addrs = realloc(g->addrs, cap * sizeof(*addrs));

		if (!addrs)
			return -ENOMEM;
		g->addrs = addrs;
		g->cap = cap;
	}
	g->addrs[g->n++] = addr;
	return 0;
}

/* IFA_LOCAL is ours; IFA_ADDRESS is the peer's on a point-to-point link (rtnetlink(7)). */
static int on_address(const struct nlmsghdr *message, void *user)
{
	struct gathered *g = user;
	struct ifaddrmsg header;
	const char *end = mnl_nlmsg_get_payload_tail(message);
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(message, sizeof(header));
	struct weir_addr addr = {{0}};
	uint16_t best = 0;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(header))
		return MNL_CB_OK;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	if (message->nlmsg_type != RTM_NEWADDR || header.ifa_index != g->if_index)
		return MNL_CB_OK;
	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		uint16_t type = mnl_attr_get_type(attr);
		const uint8_t *payload = mnl_attr_get_payload(attr);

		if (type != IFA_LOCAL && (type != IFA_ADDRESS || best == IFA_LOCAL))
			continue;
		if (header.ifa_family == AF_INET && mnl_attr_get_payload_len(attr) == 4)
			addr = weir_addr_from_v4(payload);
		else if (header.ifa_family == AF_INET6 && mnl_attr_get_payload_len(attr) == 16)
			memcpy(addr.bytes, payload, sizeof(addr.bytes));
		else
			continue;
		best = type;
	}
	if (best)
		g->error = add(g, addr);
	return g->error ? MNL_CB_ERROR : MNL_CB_OK;
}

static int dump_once(struct mnl_socket *nl, uint32_t seq, struct gathered *g)
{
	char buf[32768];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *header;
	int more = MNL_CB_OK;

	g->n = 0;
	request->nlmsg_type = RTM_GETADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = seq;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifa_family = AF_UNSPEC;
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		ssize_t len = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (len < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(nl), on_address, g);
		if (more < 0)
			return g->error ? g->error : -errno;
	}
	return 0;
}

int iface_addrs_get(const char *name, struct weir_addr **ret_addrs, size_t *ret_n)
{
	CLEANUP(mnl_socket_close_p) struct mnl_socket *nl = NULL;
	struct gathered g = {.if_index = if_nametoindex(name)};
	int r = -EINTR;

	if (!g.if_index)
		return -ENODEV;
	for (uint32_t seq = 1; seq <= MAX_TRIES && r == -EINTR; seq++) {
		if (nl)
			mnl_socket_close(nl); /* what an interrupted dump left unread */
		nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
		if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
			r = -errno;
		else
			r = dump_once(nl, seq, &g);
	}
	if (!r && !g.n)
		r = -ENOENT;
	if (r < 0) {
		free(g.addrs);
		return r;
	}
	*ret_addrs = g.addrs;
	*ret_n = g.n;
	return 0;
}
