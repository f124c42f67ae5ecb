/* SPDX-License-Identifier: MIT */

/* Any bytes where the kernel's answers about interfaces are expected: taken or refused, never read
 * past their end, and what is made of them is sane. */

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "collect/netlink.h"
#include "collect/rtnl_links.h"

#define SEQ 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *user, const struct nlmsghdr *message)
{
	struct weir_link link;
	struct rtnl_addr addr;
	size_t len;

	(void)user;
	if (message->nlmsg_type == RTM_NEWADDR)
		return rtnl_addr_decode(message, &addr) == 0 ? (int)(addr.if_index & 1) : 0;
	if (rtnl_link_decode(message, &link) < 0)
		return 0;
	len = strnlen(link.name, sizeof(link.name));
	if (!link.index || !len || len == sizeof(link.name))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_sink sink = {.message = take};
	struct netlink_answer answer = {.seq = SEQ};

	netlink_take(&answer, data, size, &sink);
	if (answer.error > 0)
		abort();
	return 0;
}
