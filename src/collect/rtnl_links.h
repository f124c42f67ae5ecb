/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The interfaces of a network namespace with their counters, and their addresses, as rtnetlink(7)
 * lists them. Needs no privilege. One socket is kept; it stays in the namespace it was opened in.
 */

#include <linux/netlink.h>
#include <stdint.h>

#include <weir/addr.h>
#include <weir/link.h>

/* More than these are refused, for a part of them would look like the whole. */
#define RTNL_LINKS_MAX 65536
#define RTNL_ADDRS_MAX 1048576

struct rtnl_links;

/* In the thread's network namespace. -ENOMEM, -EOPNOTSUPP, or the errno of socket(). */
int rtnl_links_open(struct rtnl_links **ret_links);
struct rtnl_links *rtnl_links_close(struct rtnl_links *links);

/*
 * Calls fn for every interface, each once, in the kernel's order: nothing at all, or all that there
 * were at one moment. Returns how many. is_up is what the administrator wants (IFF_UP), whether a
 * cable is in or not. -EINTR: interfaces came and went each of five times; try later. -ENOBUFS:
 * more than RTNL_LINKS_MAX. -ENOMEM; -EBADMSG: the kernel's answer is not one; or an errno of the
 * socket: then close.
 */
int rtnl_links_read(struct rtnl_links *links, weir_link_fn fn, void *user);

/* Takes an address that is local to the interface if_index. Borrowed for the call. */
typedef void (*rtnl_addr_fn)(void *user, uint32_t if_index, const struct weir_addr *addr);

/* The same of every IPv4 and IPv6 address, aliases included. More than RTNL_ADDRS_MAX: -ENOBUFS. */
int rtnl_addrs_read(struct rtnl_links *links, rtnl_addr_fn fn, void *user);

/* One RTM_NEWLINK. -EBADMSG: too short, an attribute out of bounds, no name, no counters. The
 * message's length is a multiple of four and lies in memory whole. */
int rtnl_link_decode(const struct nlmsghdr *message, struct weir_link *ret_link);

struct rtnl_addr {
	uint32_t if_index;
	struct weir_addr addr;
};

/* One RTM_NEWADDR. -ENOENT: it is of another family, or tells no address. -EBADMSG as above. */
int rtnl_addr_decode(const struct nlmsghdr *message, struct rtnl_addr *ret_addr);
