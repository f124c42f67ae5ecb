/* SPDX-License-Identifier: MIT */

/* Ticks of a connection table that are kept as they were. */

#include <errno.h>
#include <stdlib.h>

#include "model/conn_table_state.h"

/* A snapshot takes over the array of its tick; the table goes on with that of one released, so
 * that in the long run nothing is allocated. */
struct conn_kept_tick {
	struct conn_snapshot snapshot; /* first, so that it stands for the whole */
	struct conn_keep keep;
	struct conn_tick_rows rows;
	struct conn_kept_tick *next; /* of the spare ones */
};

static struct conn_kept_tick *take_spare(struct conn_table *table)
{
	struct conn_kept_tick *kept = table->spare;

	if (!kept)
		return calloc(1, sizeof(*kept));
	table->spare = kept->next;
	return kept;
}

int conn_table_snapshot(struct conn_table *table, struct conn_snapshot **ret_snapshot)
{
	struct conn_kept_tick *kept;
	struct conn_tick_rows rows;

	if (!table->is_fresh)
		return -EINVAL;
	kept = take_spare(table);
	if (!kept)
		return -ENOMEM;
	rows = kept->rows;
	kept->rows = table->rows;
	table->rows = rows;
	kept->snapshot.tick = table->tick;
	conn_cells_keep(&table->store.cells, &kept->keep);
	table->is_fresh = false;
	*ret_snapshot = &kept->snapshot;
	return 0;
}

void conn_table_release(struct conn_table *table, struct conn_snapshot *snapshot)
{
	struct conn_kept_tick *kept = (struct conn_kept_tick *)snapshot;

	if (!snapshot)
		return;
	conn_cells_drop(&table->store.cells, &kept->keep);
	kept->next = table->spare;
	table->spare = kept;
}

void conn_table_free_spares(struct conn_table *table)
{
	struct conn_kept_tick *next;

	for (struct conn_kept_tick *kept = table->spare; kept; kept = next) {
		next = kept->next;
		free(kept->rows.rows);
		free(kept);
	}
	table->spare = NULL;
}
