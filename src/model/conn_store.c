/* SPDX-License-Identifier: MIT */
#include "model/conn_store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/conn_id.h"

#define CHUNK_SHIFT 7
#define CHUNK_ROWS (1U << CHUNK_SHIFT)
#define NO_SLOT HASH_INDEX_NONE
#define MOST_SLOTS (1U << 31)

/* Links stand apart from the rows: moving one row then touches 8 bytes of each neighbour, and
 * neighbours' links share cache lines. */
struct conn_chunk {
	struct conn_entry rows[CHUNK_ROWS];
	struct conn_links links[CHUNK_ROWS];
};

_Static_assert(sizeof(struct conn_entry) <= 344, "a connection costs at most 400 bytes in all");

uint64_t conn_store_hash(const struct conn_store *store, const struct weir_conn_id *id)
{
	return conn_id_hash(store->key, id);
}

void conn_store_init(struct conn_store *store)
{
	*store = (struct conn_store){0};
	for (int i = 0; i < CONN_STAGES; i++)
		store->lists[i] = (struct conn_list){.first = NO_SLOT, .last = NO_SLOT};
	hash_key(store->key);
}

void conn_store_done(struct conn_store *store)
{
	for (size_t i = 0; i < store->n_chunks; i++)
		free(store->chunks[i]);
	free(store->chunks);
	hash_index_done(&store->index);
	conn_cells_done(&store->cells);
	conn_store_init(store);
}

struct conn_entry *conn_store_at(const struct conn_store *store, uint32_t slot)
{
	return &store->chunks[slot >> CHUNK_SHIFT]->rows[slot & (CHUNK_ROWS - 1)];
}

static struct conn_links *links_at(const struct conn_store *store, uint32_t slot)
{
	return &store->chunks[slot >> CHUNK_SHIFT]->links[slot & (CHUNK_ROWS - 1)];
}

static void list_append(struct conn_store *store, enum conn_stage stage, uint32_t slot)
{
	struct conn_list *list = &store->lists[stage];
	struct conn_links *links = links_at(store, slot);

	*links = (struct conn_links){.previous = list->last, .next = NO_SLOT};
	if (list->last == NO_SLOT)
		list->first = slot;
	else
		links_at(store, list->last)->next = slot;
	list->last = slot;
	list->n++;
}

static void list_remove(struct conn_store *store, enum conn_stage stage, uint32_t slot)
{
	struct conn_list *list = &store->lists[stage];
	const struct conn_links *links = links_at(store, slot);

	if (links->previous == NO_SLOT)
		list->first = links->next;
	else
		links_at(store, links->previous)->next = links->next;
	if (links->next == NO_SLOT)
		list->last = links->previous;
	else
		links_at(store, links->next)->previous = links->previous;
	list->n--;
}

void conn_store_move(struct conn_store *store, struct conn_entry *entry, enum conn_stage stage)
{
	if (entry->stage == stage && store->lists[stage].last == entry->slot)
		return;
	list_remove(store, (enum conn_stage)entry->stage, entry->slot);
	list_append(store, stage, entry->slot);
	entry->stage = (uint8_t)stage;
}

struct conn_entry *conn_store_find(const struct conn_store *store, const struct weir_conn_id *id)
{
	uint64_t hash = conn_store_hash(store, id);
	uint32_t at;

	for (uint32_t slot = hash_index_first(&store->index, hash, &at); slot != NO_SLOT;
	     slot = hash_index_next(&store->index, hash, &at)) {
		struct conn_entry *entry = conn_store_at(store, slot);

		if (conn_id_equal(&conn_store_row(entry)->id, id))
			return entry;
	}
	return NULL;
}

static int add_chunk(struct conn_store *store)
{
	size_t more = store->max_chunks ? store->max_chunks * 2 : 8;
	struct conn_chunk **chunks;
	struct conn_chunk *chunk;

	if (store->n_slots >= MOST_SLOTS)
		return -ENOBUFS;
	if (store->n_chunks == store->max_chunks) {
		chunks = realloc(store->chunks, more * sizeof(struct conn_chunk *));
		if (!chunks)
			return -ENOMEM;
		store->chunks = chunks;
		store->max_chunks = more;
	}
	chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	store->chunks[store->n_chunks++] = chunk;
	return 0;
}

static bool is_home_free(const struct conn_store *store, const struct conn_entry *entry)
{
	return entry->cell != &entry->home && !conn_cells_was_kept(&store->cells, &entry->home);
}

bool conn_store_needs_cell(const struct conn_store *store, const struct conn_entry *entry)
{
	return conn_cells_is_kept(&store->cells, entry->cell) && !is_home_free(store, entry);
}

/* Where the next version of a row may stand, as reserved. */
static struct conn_cell *next_cell(struct conn_store *store, struct conn_entry *entry)
{
	return is_home_free(store, entry) ? &entry->home : conn_cells_take(&store->cells);
}

/* The cell of a version that is past. */
static void leave_cell(struct conn_store *store, struct conn_cell *home, struct conn_cell *cell)
{
	if (cell == home)
		home->until_epoch = store->cells.epoch;
	else
		conn_cells_give(&store->cells, cell);
}

static void move_row(struct conn_store *store, struct conn_entry *entry, struct conn_cell *to)
{
	conn_cells_use(&store->cells, to, &entry->cell->row);
	leave_cell(store, &entry->home, entry->cell);
	entry->cell = to;
}

void conn_store_renew(struct conn_store *store, struct conn_entry *entry)
{
	move_row(store, entry, next_cell(store, entry));
}

bool conn_store_settle(struct conn_store *store, struct conn_entry *entry)
{
	if (is_home_free(store, entry))
		move_row(store, entry, &entry->home);
	return entry->cell == &entry->home;
}

/* Takes a free slot off its list, or the next that was never used; with a cell for its row. */
static int take_slot(struct conn_store *store, uint32_t *ret_slot)
{
	uint32_t slot = store->lists[CONN_FREE].first;
	struct conn_entry *entry;
	int r;

	if (slot == NO_SLOT) {
		if (store->n_slots == store->n_chunks * CHUNK_ROWS) {
			r = add_chunk(store);
			if (r < 0)
				return r;
		}
		slot = store->n_slots++;
		entry = conn_store_at(store, slot);
		entry->cell = &entry->home;
	} else {
		entry = conn_store_at(store, slot);
		if (!entry->cell) {
			r = conn_store_reserve(store, 1);
			if (r < 0)
				return r;
			entry->cell = next_cell(store, entry);
		}
		list_remove(store, CONN_FREE, slot);
	}
	*ret_slot = slot;
	return 0;
}

int conn_store_add(struct conn_store *store, const struct weir_conn_id *id,
		   struct conn_entry **ret_entry)
{
	const struct conn_row row = {.id = *id};
	struct conn_entry *entry;
	uint32_t slot;
	int r;

	r = hash_index_reserve(&store->index);
	if (r < 0)
		return r;
	r = take_slot(store, &slot);
	if (r < 0)
		return r;
	entry = conn_store_at(store, slot);
	entry->base_ns = 0;
	entry->seen_ns = 0;
	entry->base = (struct conn_limit_base){0};
	entry->slot = slot & 0x7ffffff;
	entry->marks = 0;
	entry->stage = CONN_OPEN;
	entry->proto = id->proto;
	conn_cells_use(&store->cells, entry->cell, &row);
	hash_index_add(&store->index, conn_store_hash(store, id), slot);
	list_append(store, CONN_OPEN, slot);
	*ret_entry = entry;
	return 0;
}

void conn_store_remove(struct conn_store *store, struct conn_entry *entry)
{
	assert(entry->stage != CONN_FREE);
	hash_index_remove(&store->index, conn_store_hash(store, &conn_store_row(entry)->id),
			  entry->slot);
	/* Its own cell waits for the next row, unless it is kept. */
	if (entry->cell != &entry->home || conn_cells_is_kept(&store->cells, entry->cell)) {
		leave_cell(store, &entry->home, entry->cell);
		entry->cell = NULL;
	}
	conn_store_move(store, entry, CONN_FREE);
}

static struct conn_entry *entry_or_null(const struct conn_store *store, uint32_t slot)
{
	return slot == NO_SLOT ? NULL : conn_store_at(store, slot);
}

struct conn_entry *conn_store_first(const struct conn_store *store, enum conn_stage stage)
{
	return entry_or_null(store, store->lists[stage].first);
}

struct conn_entry *conn_store_next(const struct conn_store *store, const struct conn_entry *entry)
{
	return entry_or_null(store, links_at(store, entry->slot)->next);
}

size_t conn_store_live(const struct conn_store *store)
{
	return store->n_slots - store->lists[CONN_FREE].n;
}
