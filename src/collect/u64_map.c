/* SPDX-License-Identifier: MIT */
#include "collect/u64_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct u64_map_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

/* The finalizer of MurmurHash3 (public domain): consecutive keys land far apart. */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	return key ^ key >> 33;
}

static size_t home_of(const struct u64_map *map, uint64_t key)
{
	return (size_t)mix(key) & (map->n_slots - 1);
}

/* The slot of key, or the free slot where it would go. There is always a free one. */
static size_t slot_of(const struct u64_map *map, uint64_t key)
{
	size_t at = home_of(map, key);

	while (map->slots[at].used && map->slots[at].key != key)
		at = (at + 1) & (map->n_slots - 1);
	return at;
}

static int grow(struct u64_map *map)
{
	struct u64_map wider = {.n_slots = map->n_slots ? map->n_slots * 2 : 64};

	wider.slots = calloc(wider.n_slots, sizeof(*wider.slots));
	if (!wider.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->n_slots; i++)
		if (map->slots[i].used)
			wider.slots[slot_of(&wider, map->slots[i].key)] = map->slots[i];
	wider.used = map->used;
	free(map->slots);
	*map = wider;
	return 0;
}

void u64_map_done(struct u64_map *map)
{
	free(map->slots);
	*map = (struct u64_map){0};
}

void u64_map_clear(struct u64_map *map)
{
	if (map->used)
		memset(map->slots, 0, map->n_slots * sizeof(*map->slots));
	map->used = 0;
}

int u64_map_set(struct u64_map *map, uint64_t key, uint32_t value)
{
	struct u64_map_slot *slot;

	if (map->used >= map->n_slots / 4 * 3) {
		int r = grow(map);

		if (r < 0)
			return r;
	}
	slot = &map->slots[slot_of(map, key)];
	if (!slot->used)
		map->used++;
	*slot = (struct u64_map_slot){.key = key, .value = value, .used = 1};
	return 0;
}

bool u64_map_get(const struct u64_map *map, uint64_t key, uint32_t *ret_value)
{
	const struct u64_map_slot *slot;

	if (!map->n_slots)
		return false;
	slot = &map->slots[slot_of(map, key)];
	if (!slot->used)
		return false;
	*ret_value = slot->value;
	return true;
}

bool u64_map_remove(struct u64_map *map, uint64_t key)
{
	size_t mask = map->n_slots - 1;
	size_t hole;

	if (!map->n_slots)
		return false;
	hole = slot_of(map, key);
	if (!map->slots[hole].used)
		return false;
	/* Close the gap: a later slot moves back if its probe sequence passes over the hole. */
	for (size_t at = (hole + 1) & mask; map->slots[at].used; at = (at + 1) & mask) {
		size_t home = home_of(map, map->slots[at].key);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			map->slots[hole] = map->slots[at];
			hole = at;
		}
	}
	map->slots[hole].used = 0;
	map->used--;
	return true;
}
