/* SPDX-License-Identifier: MIT */
#include "model/group_folds.h"

#include <stdlib.h>

#define MOST_EXCEPTIONS 4096

void group_folds_done(struct group_folds *folds)
{
	free(folds->exceptions);
	hash_index_done(&folds->index);
	*folds = (struct group_folds){0};
}

/* Its place, HASH_INDEX_NONE if it is no exception. */
static uint32_t find(const struct group_folds *folds, uint64_t key)
{
	uint32_t at;
	uint32_t slot = HASH_INDEX_NONE;

	if (!folds->n)
		return slot;
	slot = hash_index_first(&folds->index, key, &at);
	while (slot != HASH_INDEX_NONE && folds->exceptions[slot] != key)
		slot = hash_index_next(&folds->index, key, &at);
	return slot;
}

bool group_folds_has(const struct group_folds *folds, uint64_t key)
{
	return folds->folded != (find(folds, key) != HASH_INDEX_NONE);
}

static void add(struct group_folds *folds, uint64_t key)
{
	uint32_t slot = folds->n;

	if (!folds->exceptions)
		folds->exceptions = malloc(MOST_EXCEPTIONS * sizeof(*folds->exceptions));
	if (!folds->exceptions || hash_index_reserve(&folds->index) < 0)
		return;
	if (slot == MOST_EXCEPTIONS) {
		slot = folds->oldest;
		folds->oldest = (slot + 1) % MOST_EXCEPTIONS;
		hash_index_remove(&folds->index, folds->exceptions[slot], slot);
	} else {
		folds->n++;
	}
	folds->exceptions[slot] = key;
	hash_index_add(&folds->index, key, slot);
}

/* The last one fills the gap. */
static void take_out(struct group_folds *folds, uint32_t slot)
{
	uint32_t last = --folds->n;
	uint64_t moved = folds->exceptions[last];

	hash_index_remove(&folds->index, folds->exceptions[slot], slot);
	folds->oldest = 0;
	if (slot == last)
		return;
	hash_index_remove(&folds->index, moved, last);
	hash_index_add(&folds->index, moved, slot);
	folds->exceptions[slot] = moved;
}

void group_folds_set(struct group_folds *folds, uint64_t key, bool folded)
{
	uint32_t slot = find(folds, key);

	if ((slot != HASH_INDEX_NONE) == (folded != folds->folded))
		return;
	if (slot == HASH_INDEX_NONE)
		add(folds, key);
	else
		take_out(folds, slot);
}

void group_folds_set_all(struct group_folds *folds, bool folded)
{
	group_folds_done(folds);
	folds->folded = folded;
}
