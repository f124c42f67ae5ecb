/* SPDX-License-Identifier: MIT */

/* Interfaces and addresses read with each allocation failing once: -ENOMEM, nothing told, nothing
 * left, and the same socket good for the next try. */

#include <errno.h>
#include <stddef.h>

#include "collect/rtnl_links.h"
#include "fault_alloc.h"
#include "tap.h"

#define MOST_ALLOCATIONS 50

static void count_link(void *user, const struct weir_link *link)
{
	size_t *told = user;

	*told += link->index > 0;
}

static void count_addr(void *user, uint32_t if_index, const struct weir_addr *addr)
{
	size_t *told = user;

	(void)addr;
	*told += if_index > 0;
}

/* Counts -ENOMEM; -1 if something else went wrong. */
static int note(int r, size_t told, int refused)
{
	if (refused < 0 || (r < 0 && (r != -ENOMEM || told)))
		return -1;
	return refused + (r == -ENOMEM);
}

static int read_all(struct rtnl_links *links, int refused)
{
	size_t told = 0;

	refused = note(rtnl_links_read(links, count_link, &told), told, refused);
	told = 0;
	return note(rtnl_addrs_read(links, count_addr, &told), told, refused);
}

static int story(size_t nth)
{
	struct rtnl_links *links = NULL;
	int refused;

	fault_alloc_fail_at(nth);
	refused = note(rtnl_links_open(&links), 0, 0);
	if (!links)
		return refused;
	refused = read_all(links, refused);
	if (refused > 0 && read_all(links, 0) != 0)
		refused = -1;
	rtnl_links_close(links);
	return refused;
}

int main(void)
{
	bool failed = true;
	size_t nth;

	for (nth = 1; failed && nth <= MOST_ALLOCATIONS; nth++) {
		int refused = story(nth);

		failed = fault_alloc_failed();
		if (refused != failed || fault_alloc_live_bytes())
			break;
	}
	ok(!failed, "each of %zu allocations may fail", nth - 2);
	ok(nth > 3, "there are some");
	if (failed)
		tap_note("at allocation %zu, with %zu bytes left", nth, fault_alloc_live_bytes());
	return tap_done();
}
