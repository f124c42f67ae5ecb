/* SPDX-License-Identifier: MIT */

/* What is said of losses, and when. */

#include <stdlib.h>

#include "base/cleanup.h"
#include "losses.h"
#include "tap.h"

static const struct weir_conn_source_stats no_source_losses;
static const struct conn_table_stats no_table_losses;

/* What is said; the caller frees it. */
static char *tell(struct losses *losses, const struct weir_conn_source_stats *source,
		  const struct conn_table_stats *table, bool at_end)
{
	char *text = NULL;
	size_t size;
	FILE *errors = open_memstream(&text, &size);

	if (!errors)
		return NULL;
	losses_tell(losses, source, table, at_end, errors);
	fclose(errors);
	return text;
}

static void test_kinds(void)
{
	const struct weir_conn_source_stats source = {.lost_finals = 1,
						      .lost_names = 2,
						      .lost_sockets = 3,
						      .lost_flows = 4,
						      .bad_records = 5};
	const struct conn_table_stats table = {.evicted = 6, .refused = 7};
	struct losses losses = {0};
	CLEANUP(free_p) char *all = tell(&losses, &source, &table, false);

	is_str(all,
	       "tcptop: lost so far: closes not told: 1, late owners and names not told: 2, "
	       "sockets "
	       "not followed: 3, datagrams beyond the table of UDP flows: 4, malformed records: 5, "
	       "connections forgotten (see --max-conns): 6, events without a place in the table: "
	       "7\n",
	       "each kind, with its number");
}

static void test_when(void)
{
	struct weir_conn_source_stats source = {.lost_flows = 1};
	struct losses losses = {0};
	CLEANUP(free_p) char *none = tell(&losses, &no_source_losses, &no_table_losses, true);
	CLEANUP(free_p) char *first = tell(&losses, &source, &no_table_losses, false);
	CLEANUP(free_p) char *again = tell(&losses, &source, &no_table_losses, false);
	CLEANUP(free_p) char *end = tell(&losses, &source, &no_table_losses, true);

	is_str(none, "", "nothing lost, nothing said");
	is_str(first, "tcptop: lost so far: datagrams beyond the table of UDP flows: 1\n",
	       "the first loss is said");
	is_str(again, "", "once");
	is_str(end, "tcptop: lost in all: datagrams beyond the table of UDP flows: 1\n",
	       "and again at the end");
}

/* Of an overrun netlink says that something was lost, not how much (netlink(7), ENOBUFS). */
static void test_at_least(void)
{
	const struct weir_conn_source_stats source = {.lost_finals = 1, .bad_records = 2};
	struct losses losses = {.finals_at_least = true};
	CLEANUP(free_p) char *text = tell(&losses, &source, &no_table_losses, true);

	is_str(text, "tcptop: lost in all: closes not told: at least 1, malformed records: 2\n",
	       "a lower bound says so");
}

int main(void)
{
	test_kinds();
	test_when();
	test_at_least();
	return tap_done();
}
