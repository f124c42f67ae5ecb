/* SPDX-License-Identifier: MIT */
#include "losses.h"

#include <inttypes.h>
#include <stddef.h>

void losses_tell(struct losses *losses, const struct weir_conn_source_stats *source,
		 const struct conn_table_stats *table, bool at_end, FILE *errors)
{
	const struct {
		uint64_t n;
		const char *what;
	} kinds[] = {
		{source->lost_finals,
		 losses->finals_at_least ? "closes not told: at least" : "closes not told:"},
		{source->lost_names, "late owners and names not told:"},
		{source->lost_sockets, "sockets not followed:"},
		{source->lost_flows, "datagrams beyond the table of UDP flows:"},
		{source->bad_records, "malformed records:"},
		{table->evicted, "connections forgotten (see --max-conns):"},
		{table->refused, "events without a place in the table:"},
	};
	uint64_t sum = 0;
	const char *separator = " ";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += kinds[i].n;
	if (at_end ? sum == 0 : sum <= losses->told)
		return;
	losses->told = sum;
	fprintf(errors, "tcptop: lost %s:", at_end ? "in all" : "so far");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].n)
			continue;
		fprintf(errors, "%s%s %" PRIu64, separator, kinds[i].what, kinds[i].n);
		separator = ", ";
	}
	fputc('\n', errors);
}
