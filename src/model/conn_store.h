/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where a connection table keeps its rows: chunks that never move, an index by identity, and one
 * list for each stage of a row's life. It knows nothing of time, counters or events.
 *
 *	                 conn_store_add              conn_store_remove
 *	FREE --------------------------> OPEN ... ----------------------> FREE
 *
 * A row is read through its entry, and written through conn_store_write() only, which leaves the
 * version that a snapshot keeps alone: the next one stands at home, beside the entry, or in a cell
 * of the pool, by turns. A row costs 344 bytes, 8 for its links, and 11 to 21 in the index; in the
 * pool, while it changes under snapshots, 296 more.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_index.h"
#include "model/conn_cells.h"
#include "model/conn_limit.h"
#include "model/conn_row.h"

enum conn_stage {
	CONN_FREE,
	CONN_OPEN,     /* the least recently active first */
	CONN_CLOSING,  /* over, not reported yet; in the order of closing */
	CONN_REPORTED, /* reported, still held; in the order of reporting */
	CONN_STAGES,
};

enum conn_mark {
	CONN_HAS_BASE = 1 << 0, /* base_ns, base and the deltas are a point to count from */
	CONN_SEEN = 1 << 1,     /* a counter came since the last tick; until the next one the row's
				   deltas hold the totals of the last */
	CONN_SEEN_NOW = 1 << 2, /* and it holds as of the tick, not as of seen_ns */
	CONN_EXACT = 1 << 3,    /* a FINAL came */
	CONN_RATED = 1 << 4,    /* closed, and its last rate has been computed */
	CONN_HELD = 1 << 5,     /* has been held back once */
	CONN_UNSURE = 1 << 6,   /* closed by a SAMPLE: the FINAL may be a moment behind */
	CONN_DOUBTED = 1 << 7,  /* not told since a RESYNC */
	CONN_SMOOTH = 1 << 8,   /* there is a smooth rate to go on from */
	CONN_SETTLED = 1 << 9,  /* without an event, the next tick changes nothing in the row */
};

#define CONN_SILENCE_US 100000

struct conn_entry {
	struct conn_cell *cell; /* the row as it is; NULL: a free entry that had to leave it */
	uint64_t base_ns;       /* CONN_REPORTED: when it was reported */
	uint64_t seen_ns;       /* time of the last counters; 0: not known */
	struct conn_limit_base base;
	uint32_t slot : 27;    /* the store's */
	uint32_t silence : 5;  /* the next interval's silent_us, in CONN_SILENCE_US */
	uint16_t marks;        /* enum conn_mark, or-ed */
	uint8_t stage;         /* the store's: enum conn_stage */
	uint8_t proto;         /* of the row, at hand */
	struct conn_cell home; /* where the row stands unless a snapshot has kept it there */
};

struct conn_links {
	uint32_t previous;
	uint32_t next;
};

struct conn_list {
	uint32_t first;
	uint32_t last;
	uint32_t n;
};

struct conn_chunk;

struct conn_store {
	struct conn_chunk **chunks;
	size_t n_chunks;
	size_t max_chunks; /* room in chunks[] */
	uint32_t n_slots;  /* slots ever used: all at or beyond are untouched */
	struct hash_index index;
	struct conn_cells cells;
	struct conn_list lists[CONN_STAGES];
	uint8_t key[16]; /* of the hash */
};

void conn_store_init(struct conn_store *store);
void conn_store_done(struct conn_store *store);

/* 64 bits that stand for an identity in this process. */
uint64_t conn_store_hash(const struct conn_store *store, const struct weir_conn_id *id);

/* NULL: no such row. */
struct conn_entry *conn_store_find(const struct conn_store *store, const struct weir_conn_id *id);

/* The row as it is, to be read. */
static inline const struct conn_row *conn_store_row(const struct conn_entry *entry)
{
	return &entry->cell->row;
}

/* Makes sure that conn_store_write can be called for n rows that are kept. -ENOMEM. */
static inline int conn_store_reserve(struct conn_store *store, size_t n)
{
	return store->cells.newest ? conn_cells_reserve(&store->cells, n) : 0;
}

/* Gives a row that is kept its next version. */
void conn_store_renew(struct conn_store *store, struct conn_entry *entry);

/* The row, to be changed: if it is kept as it is, its next version. Valid until a snapshot. */
static inline struct conn_row *conn_store_write(struct conn_store *store, struct conn_entry *entry)
{
	if (conn_cells_is_kept(&store->cells, entry->cell))
		conn_store_renew(store, entry);
	return &entry->cell->row;
}

/* Whether the next conn_store_write of this row takes one of the cells reserved. */
bool conn_store_needs_cell(const struct conn_store *store, const struct conn_entry *entry);

/* Whether the row stands at home, where it needs no other memory; takes it there if it can. For
 * rows that are about to rest: each is copied once for that. */
bool conn_store_settle(struct conn_store *store, struct conn_entry *entry);

/* Makes a zeroed row of this identity, last of the open ones. -ENOMEM, -ENOBUFS (2^31 rows); the
 * store is then as before. The identity must not be there. */
int conn_store_add(struct conn_store *store, const struct weir_conn_id *id,
		   struct conn_entry **ret_entry);

void conn_store_remove(struct conn_store *store, struct conn_entry *entry);

/* Puts a row last in a list; also to make an open row the most recent. */
void conn_store_move(struct conn_store *store, struct conn_entry *entry, enum conn_stage stage);

/* By slot: 0 to n_slots - 1, free ones too. */
struct conn_entry *conn_store_at(const struct conn_store *store, uint32_t slot);

/* The first of a list, and the one that follows; NULL at the end. */
struct conn_entry *conn_store_first(const struct conn_store *store, enum conn_stage stage);
struct conn_entry *conn_store_next(const struct conn_store *store, const struct conn_entry *entry);

/* Rows that are not free. */
size_t conn_store_live(const struct conn_store *store);
