/* SPDX-License-Identifier: MIT */
#include "collect/sock_kill.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/netlink.h"
#include "collect/netns.h"

/* A socket as the kernel's look-up wants it, and where it is asked. */
struct target {
	const struct weir_conn_id *id;
	uint8_t family;
	struct inet_diag_sockid sockid;
	bool found; /* in a listing, by its cookie */
};

struct asking {
	int fd;
	uint32_t seq;
	_Alignas(8) char buf[NETLINK_BUFFER];
};

static void put_cookie(uint64_t cookie, struct inet_diag_sockid *sockid)
{
	sockid->idiag_cookie[0] = (uint32_t)cookie;
	sockid->idiag_cookie[1] = (uint32_t)(cookie >> 32);
}

static uint64_t cookie_of(const struct inet_diag_sockid *sockid)
{
	return sockid->idiag_cookie[0] | (uint64_t)sockid->idiag_cookie[1] << 32;
}

/* By what is known of it: its addresses, and no interface. */
static void aim_by_tuple(struct target *target)
{
	const struct weir_conn_id *id = target->id;
	bool v4 = weir_addr_is_v4(&id->local) && weir_addr_is_v4(&id->remote);
	size_t skip = v4 ? 12 : 0; /* of the mapped form only the last four bytes */

	target->family = v4 ? AF_INET : AF_INET6;
	target->sockid.idiag_sport = htons(id->local_port);
	target->sockid.idiag_dport = htons(id->remote_port);
	memcpy(target->sockid.idiag_src, id->local.bytes + skip, sizeof(id->local.bytes) - skip);
	memcpy(target->sockid.idiag_dst, id->remote.bytes + skip, sizeof(id->remote.bytes) - skip);
	put_cookie(id->cookie, &target->sockid);
}

static struct inet_diag_req_v2 *put_request(struct asking *asking, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(asking->buf);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = ++asking->seq;
	return mnl_nlmsg_put_extra_header(header, sizeof(struct inet_diag_req_v2));
}

static int pass_over(void *user, const struct nlmsghdr *message)
{
	(void)user;
	(void)message;
	return 0;
}

/* -ENOENT: nobody is there. -ESTALE: somebody else is, with another cookie. */
static int destroy(struct asking *asking, const struct target *target)
{
	const struct netlink_sink sink = {.message = pass_over};
	struct inet_diag_req_v2 *request = put_request(asking, SOCK_DESTROY, NLM_F_ACK);

	request->sdiag_family = target->family;
	request->sdiag_protocol = target->id->proto;
	request->idiag_states = UINT32_MAX;
	request->id = target->sockid;
	return netlink_ask(asking->fd, asking->buf, &sink);
}

static int look_for_cookie(void *user, const struct nlmsghdr *message)
{
	struct target *target = user;
	struct inet_diag_msg msg;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    message->nlmsg_len < NLMSG_HDRLEN + sizeof(msg))
		return -EBADMSG;
	memcpy(&msg, mnl_nlmsg_get_payload(message), sizeof(msg));
	if (cookie_of(&msg.id) == target->id->cookie) {
		target->family = msg.idiag_family;
		target->sockid = msg.id;
		target->found = true;
	}
	return 0;
}

/* A listing that was interrupted may still have it. */
static int list(struct asking *asking, uint8_t family, struct target *target)
{
	const struct netlink_sink sink = {.user = target, .message = look_for_cookie};
	struct inet_diag_req_v2 *request = put_request(asking, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	int r;

	request->sdiag_family = family;
	request->sdiag_protocol = target->id->proto;
	request->idiag_states = UINT32_MAX;
	request->id.idiag_sport = htons(target->id->local_port);
	/* A UDP socket can have many peers, and then lists none. */
	if (target->id->proto == WEIR_PROTO_TCP)
		request->id.idiag_dport = htons(target->id->remote_port);
	r = netlink_ask(asking->fd, asking->buf, &sink);
	if (r == -ENOENT)
		return -EOPNOTSUPP; /* no handler for this family and protocol */
	return r == -EINTR ? 0 : r;
}

/* By the kernel's own word: it has the interface that a socket is bound to (link-local addresses,
 * VRFs), and the family, which an address that is v4-mapped does not tell. */
static int aim_by_cookie(struct asking *asking, struct target *target)
{
	int r = list(asking, AF_INET, target);

	if (r == 0 && !target->found)
		r = list(asking, AF_INET6, target);
	if (r < 0)
		return r;
	return target->found ? 0 : -ESRCH;
}

static int kill_with(struct asking *asking, const struct weir_conn_id *id)
{
	struct target target = {.id = id};
	int r;

	aim_by_tuple(&target);
	r = destroy(asking, &target);
	if (r != -ENOENT && r != -ESTALE)
		return r;
	r = aim_by_cookie(asking, &target);
	if (r == 0)
		r = destroy(asking, &target);
	return r == -ENOENT || r == -ESTALE ? -ESRCH : r;
}

/* Runs inside the namespace. */
static int kill_here(void *user)
{
	CLEANUP(free_p) struct asking *asking = calloc(1, sizeof(*asking));
	int r;

	if (!asking)
		return -ENOMEM;
	r = netlink_open(NETLINK_SOCK_DIAG, &asking->fd);
	if (r < 0)
		return r;
	r = kill_with(asking, user);
	close(asking->fd);
	return r;
}

static const struct netns *find_netns(const struct netns *list, size_t n, uint32_t inode)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].inode == inode)
			return &list[i];
	return NULL;
}

static int kill_there(struct weir_conn_id *id)
{
	CLEANUP(free_p) struct netns *list = NULL;
	const struct netns *there;
	size_t n = 0, hidden = 0;
	int r = netns_list(NULL, &list, &n, &hidden);

	if (r < 0)
		return r;
	there = find_netns(list, n, id->netns);
	if (!there)
		return hidden ? -EPERM : -ESRCH;
	r = netns_call(there->path, kill_here, id);
	return r == -ENOENT ? -ESRCH : r;
}

int sock_kill(const struct weir_conn_id *id)
{
	struct weir_conn_id copy = *id;
	uint32_t self = 0;
	int r;

	if ((id->proto != WEIR_PROTO_TCP && id->proto != WEIR_PROTO_UDP) || !id->cookie)
		return -EINVAL;
	if (!id->netns)
		return kill_here(&copy);
	r = netns_self(&self);
	if (r < 0)
		return r;
	return id->netns == self ? kill_here(&copy) : kill_there(&copy);
}
