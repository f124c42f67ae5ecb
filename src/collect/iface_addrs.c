/* SPDX-License-Identifier: MIT */
#include "collect/iface_addrs.h"

#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collect/rtnl_links.h"

DEFINE_CLEANUP(rtnl_links_close_p, struct rtnl_links *, rtnl_links_close)

struct gathered {
	uint32_t if_index;
	struct weir_addr *addrs;
	size_t n;
	size_t cap;
	int error;
};

static int add(struct gathered *g, const struct weir_addr *addr)
{
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 8;
		struct weir_addr *addrs = realloc(g->addrs, cap * sizeof(*addrs));

		if (!addrs)
			return -ENOMEM;
		g->addrs = addrs;
		g->cap = cap;
	}
	g->addrs[g->n++] = *addr;
	return 0;
}

static void on_addr(void *user, uint32_t if_index, const struct weir_addr *addr)
{
	struct gathered *g = user;

	if (if_index == g->if_index && !g->error)
		g->error = add(g, addr);
}

static int read_addrs(struct gathered *g)
{
	CLEANUP(rtnl_links_close_p) struct rtnl_links *links = NULL;
	int r = rtnl_links_open(&links);

	if (r == 0)
		r = rtnl_addrs_read(links, on_addr, g);
	if (r < 0)
		return r;
	if (!g->error && !g->n)
		return -ENOENT;
	return g->error;
}

int iface_addrs_get(const char *name, struct weir_addr **ret_addrs, size_t *ret_n)
{
	struct gathered g = {.if_index = if_nametoindex(name)};
	int r;

	if (!g.if_index)
		return -ENODEV;
	r = read_addrs(&g);
	if (r < 0) {
		free(g.addrs);
		return r;
	}
	*ret_addrs = g.addrs;
	*ret_n = g.n;
	return 0;
}
