/* SPDX-License-Identifier: MIT */
#include "model/conn_cells.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define CHUNK_CELLS 128

/* The version of a row in a free cell; as an epoch it is never reached. */
#define FREE UINT32_MAX

/* Memory is given back after so many drops in a row that left half of this many cells or more free:
 * a burst that comes again does not allocate again. */
#define QUIET_DROPS 16
#define QUIET_CELLS (8 * CHUNK_CELLS)

struct conn_cell_chunk {
	struct conn_cell_chunk *next;
	struct conn_cell cells[CHUNK_CELLS];
};

void conn_cells_done(struct conn_cells *cells)
{
	struct conn_cell_chunk *next;

	for (struct conn_cell_chunk *chunk = cells->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*cells = (struct conn_cells){0};
}

static void push(struct conn_cell **list, struct conn_cell *cell)
{
	cell->next = *list;
	*list = cell;
}

static void set_free(struct conn_cells *cells, struct conn_cell *cell)
{
	cell->row.version = FREE;
	push(&cells->free, cell);
	cells->n_free++;
}

int conn_cells_reserve(struct conn_cells *cells, size_t n)
{
	while (cells->n_free < n) {
		struct conn_cell_chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk)
			return -ENOMEM;
		chunk->next = cells->chunks;
		cells->chunks = chunk;
		cells->n_cells += CHUNK_CELLS;
		for (size_t i = CHUNK_CELLS; i-- > 0;)
			set_free(cells, &chunk->cells[i]);
	}
	return 0;
}

void conn_cells_use(const struct conn_cells *cells, struct conn_cell *cell,
		    const struct conn_row *row)
{
	cell->row = *row;
	cell->row.version = cells->epoch;
}

struct conn_cell *conn_cells_take(struct conn_cells *cells)
{
	struct conn_cell *cell = cells->free;

	assert(cell);
	cells->free = cell->next;
	cells->n_free--;
	return cell;
}

void conn_cells_give(struct conn_cells *cells, struct conn_cell *cell)
{
	if (conn_cells_is_kept(cells, cell))
		push(&cells->newest->retired, cell);
	else
		set_free(cells, cell);
}

void conn_cells_keep(struct conn_cells *cells, struct conn_keep *keep)
{
	*keep = (struct conn_keep){.epoch = ++cells->epoch, .older = cells->newest};
	if (keep->older)
		keep->older->newer = keep;
	cells->newest = keep;
}

bool conn_cells_was_kept(const struct conn_cells *cells, const struct conn_cell *cell)
{
	for (const struct conn_keep *keep = cells->newest; keep; keep = keep->older) {
		if (cell->row.version < keep->epoch && keep->epoch <= cell->until_epoch)
			return true;
	}
	return false;
}

/* What was retired is in every snapshot from the version's own on, so the next older one may hold
 * it still. Newer ones do not: they were taken when it had been given back. */
static void drop_retired(struct conn_cells *cells, const struct conn_keep *keep)
{
	struct conn_cell *next;

	for (struct conn_cell *cell = keep->retired; cell; cell = next) {
		next = cell->next;
		if (keep->older && cell->row.version < keep->older->epoch)
			push(&keep->older->retired, cell);
		else
			set_free(cells, cell);
	}
}

static bool is_free(const struct conn_cell_chunk *chunk)
{
	for (size_t i = 0; i < CHUNK_CELLS; i++) {
		if (chunk->cells[i].row.version != FREE)
			return false;
	}
	return true;
}

/* Gives chunks back that are free as a whole, and lists the free cells of the others anew. */
static void trim(struct conn_cells *cells)
{
	struct conn_cell_chunk **at = &cells->chunks;

	cells->free = NULL;
	cells->n_free = 0;
	while (*at) {
		struct conn_cell_chunk *chunk = *at;

		if (is_free(chunk)) {
			*at = chunk->next;
			cells->n_cells -= CHUNK_CELLS;
			free(chunk);
			continue;
		}
		for (size_t i = CHUNK_CELLS; i-- > 0;) {
			if (chunk->cells[i].row.version == FREE)
				set_free(cells, &chunk->cells[i]);
		}
		at = &chunk->next;
	}
}

void conn_cells_drop(struct conn_cells *cells, struct conn_keep *keep)
{
	drop_retired(cells, keep);
	if (keep->older)
		keep->older->newer = keep->newer;
	if (keep->newer)
		keep->newer->older = keep->older;
	else
		cells->newest = keep->older;
	if (cells->n_cells < QUIET_CELLS || cells->n_free < cells->n_cells / 2)
		cells->n_quiet = 0;
	else if (++cells->n_quiet == QUIET_DROPS) {
		cells->n_quiet = 0;
		trim(cells);
	}
}
