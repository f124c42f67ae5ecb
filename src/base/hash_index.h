/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From a hash to the slots of a table that keeps its rows elsewhere. Open addressing with linear
 * probing; a removal shifts its followers back, so there are no tombstones. 8 bytes an entry, at
 * most three quarters full, grown by doubling. A zeroed struct is an empty index.
 *
 * Equal hashes are all kept. The caller compares keys:
 *
 *	for (slot = hash_index_first(ix, hash, &at); slot != HASH_INDEX_NONE;
 *	     slot = hash_index_next(ix, hash, &at))
 *		if (key_equal(rows + slot, key))
 *			return slot;
 */

#include <stddef.h>
#include <stdint.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_index_entry {
	uint32_t tag;  /* the low half of the hash: it also gives the place */
	uint32_t slot; /* HASH_INDEX_NONE: empty */
};

struct hash_index {
	struct hash_index_entry *entries;
	uint32_t n_entries; /* 0 or a power of two */
	uint32_t used;
};

/* A key for siphash24 that other processes cannot guess; the same for the life of this process. */
void hash_key(uint8_t ret_key[16]);

void hash_index_done(struct hash_index *index);

/* Makes sure that one hash_index_add can be done. -ENOMEM (the index is then as before), -ENOBUFS
 * (2^31 entries). */
int hash_index_reserve(struct hash_index *index);

/* Adds a slot. hash_index_reserve has made room for it. */
void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t slot);

/* Removes a slot that was added under hash. */
void hash_index_remove(struct hash_index *index, uint64_t hash, uint32_t slot);

/* The first and the following slots under a hash, HASH_INDEX_NONE after the last. *at is the
 * caller's cursor, good until the next add or remove. */
uint32_t hash_index_first(const struct hash_index *index, uint64_t hash, uint32_t *at);
uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, uint32_t *at);
