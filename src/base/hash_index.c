/* SPDX-License-Identifier: MIT */
#include "base/hash_index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/siphash.h"

#define FIRST_ENTRIES 64U
#define MOST_ENTRIES (1U << 31)

void hash_key(uint8_t ret_key[16])
{
	/* The kernel gives each program 16 random bytes at exec (AT_RANDOM, getauxval(3)). They
	 * also guard the stack, so the key is made from them and is not they. */
	const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);
	uint64_t halves[2] = {0};

	if (random) {
		halves[0] = siphash24(random, "weir0", 5);
		halves[1] = siphash24(random, "weir1", 5);
	}
	memcpy(ret_key, halves, sizeof(halves));
}

void hash_index_done(struct hash_index *index)
{
	free(index->entries);
	*index = (struct hash_index){0};
}

/* The first place at or after the hash's own that is empty. */
static uint32_t find_empty(const struct hash_index *index, uint32_t tag)
{
	uint32_t mask = index->n_entries - 1;
	uint32_t at = tag & mask;

	while (index->entries[at].slot != HASH_INDEX_NONE)
		at = (at + 1) & mask;
	return at;
}

static int resize(struct hash_index *index, uint32_t n_entries)
{
	struct hash_index bigger = {.n_entries = n_entries, .used = index->used};

	bigger.entries = malloc(n_entries * sizeof(*bigger.entries));
	if (!bigger.entries)
		return -ENOMEM;
	memset(bigger.entries, 0xff, n_entries * sizeof(*bigger.entries));
	for (uint32_t i = 0; i < index->n_entries; i++) {
		const struct hash_index_entry *entry = &index->entries[i];

		if (entry->slot != HASH_INDEX_NONE)
			bigger.entries[find_empty(&bigger, entry->tag)] = *entry;
	}
	free(index->entries);
	*index = bigger;
	return 0;
}

int hash_index_reserve(struct hash_index *index)
{
	if (!index->n_entries)
		return resize(index, FIRST_ENTRIES);
	if (index->used < index->n_entries - index->n_entries / 4)
		return 0;
	if (index->n_entries >= MOST_ENTRIES)
		return -ENOBUFS;
	return resize(index, index->n_entries * 2);
}

void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t slot)
{
	struct hash_index_entry entry = {.tag = (uint32_t)hash, .slot = slot};

	assert(index->used < index->n_entries - index->n_entries / 4);
	index->entries[find_empty(index, entry.tag)] = entry;
	index->used++;
}

/* Closes the hole at hole: a follower moves into it unless that would put it before its place. */
static void shift_back(struct hash_index *index, uint32_t hole)
{
	uint32_t mask = index->n_entries - 1;

	for (uint32_t at = (hole + 1) & mask; index->entries[at].slot != HASH_INDEX_NONE;
	     at = (at + 1) & mask) {
		uint32_t home = index->entries[at].tag & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		index->entries[hole] = index->entries[at];
		hole = at;
	}
	index->entries[hole].slot = HASH_INDEX_NONE;
}

void hash_index_remove(struct hash_index *index, uint64_t hash, uint32_t slot)
{
	uint32_t at = 0;
	uint32_t found = hash_index_first(index, hash, &at);

	while (found != slot) {
		assert(found != HASH_INDEX_NONE); /* only what was added is removed */
		found = hash_index_next(index, hash, &at);
	}
	shift_back(index, at);
	index->used--;
}

static uint32_t find_tag(const struct hash_index *index, uint32_t tag, uint32_t *at)
{
	uint32_t mask = index->n_entries - 1;

	for (; index->entries[*at].slot != HASH_INDEX_NONE; *at = (*at + 1) & mask) {
		if (index->entries[*at].tag == tag)
			return index->entries[*at].slot;
	}
	return HASH_INDEX_NONE;
}

uint32_t hash_index_first(const struct hash_index *index, uint64_t hash, uint32_t *at)
{
	if (!index->n_entries)
		return HASH_INDEX_NONE;
	*at = (uint32_t)hash & (index->n_entries - 1);
	return find_tag(index, (uint32_t)hash, at);
}

uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, uint32_t *at)
{
	*at = (*at + 1) & (index->n_entries - 1);
	return find_tag(index, (uint32_t)hash, at);
}
