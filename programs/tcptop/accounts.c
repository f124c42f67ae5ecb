/* SPDX-License-Identifier: MIT */
#include "accounts.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collect/ip_forwarded.h"
#include "collect/netns.h"
#include "collect/rtnl_links.h"
#include "model/balance.h"

struct accounts {
	struct balance_book *book;
	struct rtnl_links *links;
	uint32_t own_netns;
};

int accounts_new(const char *interface, struct accounts **ret_accounts)
{
	struct accounts *accounts = calloc(1, sizeof(*accounts));
	int r;

	if (!accounts)
		return -ENOMEM;
	r = netns_self(&accounts->own_netns);
	if (r >= 0)
		r = rtnl_links_open(&accounts->links);
	if (r >= 0)
		r = balance_book_new(interface, &accounts->book);
	if (r < 0) {
		accounts_free(accounts);
		return r;
	}
	*ret_accounts = accounts;
	return 0;
}

struct accounts *accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return NULL;
	rtnl_links_close(accounts->links);
	balance_book_free(accounts->book);
	free(accounts);
	return NULL;
}

static void on_link(void *user, const struct weir_link *link)
{
	balance_link(user, link);
}

static void on_addr(void *user, uint32_t if_index, const struct weir_addr *addr)
{
	balance_addr(user, if_index, addr);
}

int accounts_close(struct accounts *accounts, struct conn_frame *frame)
{
	const struct weir_conn_source_stats *lost = &frame->source_stats;
	uint64_t forwarded;
	int r;

	balance_begin(accounts->book);
	r = rtnl_links_read(accounts->links, on_link, accounts->book);
	if (r >= 0)
		r = rtnl_addrs_read(accounts->links, on_addr, accounts->book);
	if (ip_forwarded_read(NULL, &forwarded) >= 0)
		balance_forwarded(accounts->book, forwarded);
	balance_close(accounts->book, &frame->tick, accounts->own_netns,
		      lost->lost_finals + lost->lost_sockets + lost->lost_flows, &frame->balance);
	if (r < 0)
		return r;
	return balance_refused(accounts->book) > 0 ? -ENOBUFS : 0;
}
