/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory for rows that can be kept as they were. A cell holds one version of one row. While a
 * snapshot keeps it, it is not written: whoever wants to takes another cell and gives this one
 * back, which then stays as it is until the last snapshot that holds it is dropped.
 *
 *	          take                  give, not kept
 *	free ------------> in use ---------------------------> free
 *	                      |  give, kept            drop      ^
 *	                      +-------------> retired -----------+
 *
 * No locks: readers in other threads only read rows, and nothing here writes one that is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn_row.h"

struct conn_cell {
	struct conn_row row;
	union {
		struct conn_cell *next; /* of those that are free, or of those retired */
		uint32_t until_epoch;   /* the caller's own: see conn_cells_was_kept */
	};
};

/* One live snapshot, embedded in whatever it is a part of. */
struct conn_keep {
	uint32_t epoch;
	struct conn_keep *older;
	struct conn_keep *newer;
	struct conn_cell *retired; /* given back while this was the newest */
};

struct conn_cell_chunk;

struct conn_cells {
	struct conn_cell_chunk *chunks;
	struct conn_cell *free;
	size_t n_free;
	size_t n_cells;
	unsigned n_quiet; /* drops in a row that left most cells free */
	struct conn_keep *newest;
	uint32_t epoch; /* counts snapshots */
};

void conn_cells_done(struct conn_cells *cells);

/* Makes sure that n cells can be taken, until the next drop. -ENOMEM. */
int conn_cells_reserve(struct conn_cells *cells, size_t n);

/* A cell, as reserved, for conn_cells_use. Its row is whatever it was. */
struct conn_cell *conn_cells_take(struct conn_cells *cells);

/* A row comes into use: in a cell that was taken, or in one of the caller's own. */
void conn_cells_use(const struct conn_cells *cells, struct conn_cell *cell,
		    const struct conn_row *row);

/* A cell that was taken is used no more. */
void conn_cells_give(struct conn_cells *cells, struct conn_cell *cell);

/* Whether a cell in use must not be written: it is older than a snapshot. */
static inline bool conn_cells_is_kept(const struct conn_cells *cells, const struct conn_cell *cell)
{
	return cells->newest && cell->row.version < cells->newest->epoch;
}

/* Whether a cell of the caller's own that was in use until until_epoch must not be written yet. */
bool conn_cells_was_kept(const struct conn_cells *cells, const struct conn_cell *cell);

/* Keeps all cells in use as they are, until the drop. A drop gives memory back, if for some time
 * most of it was not used. */
void conn_cells_keep(struct conn_cells *cells, struct conn_keep *keep);
void conn_cells_drop(struct conn_cells *cells, struct conn_keep *keep);
