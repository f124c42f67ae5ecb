/* SPDX-License-Identifier: MIT */
#pragma once

/* What could not be counted, told to the user when it rises and at the end. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/conn_source.h>

#include "model/conn_table.h"

struct losses {
	bool finals_at_least; /* the source hears that closes were lost, and not how many (diag) */
	uint64_t told;        /* the sum that has been told */
};

/* Says in one line what is lost so far, if it has grown since it was last said, or if it is the
 * end and there is anything at all. */
void losses_tell(struct losses *losses, const struct weir_conn_source_stats *source,
		 const struct conn_table_stats *table, bool at_end, FILE *errors);
