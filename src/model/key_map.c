/* SPDX-License-Identifier: MIT */
#include "model/key_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256

void key_map_done(struct key_map *map)
{
	free(map->slots);
	*map = (struct key_map){0};
}

/* All bits set is KEY_MAP_NONE. */
static void empty(struct key_slot *slots, size_t n_slots)
{
	memset(slots, 0xff, n_slots * sizeof(*slots));
}

void key_map_clear(struct key_map *map)
{
	if (map->used)
		empty(map->slots, map->n_slots);
	map->used = 0;
}

/* The slot that has the key, or the empty one where it belongs. */
static struct key_slot *find_slot(struct key_slot *slots, size_t n_slots, uint64_t key)
{
	size_t at = key & (n_slots - 1);

	while (slots[at].value != KEY_MAP_NONE && slots[at].key != key)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static int grow(struct key_map *map)
{
	size_t n_slots = map->n_slots ? map->n_slots * 2 : FIRST_SLOTS;
	struct key_slot *slots = malloc(n_slots * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	empty(slots, n_slots);
	for (size_t i = 0; i < map->n_slots; i++) {
		const struct key_slot *slot = &map->slots[i];

		if (slot->value != KEY_MAP_NONE)
			*find_slot(slots, n_slots, slot->key) = *slot;
	}
	free(map->slots);
	map->slots = slots;
	map->n_slots = n_slots;
	return 0;
}

int key_map_put(struct key_map *map, uint64_t key, uint64_t **ret_value)
{
	struct key_slot *slot;
	int r;

	if (2 * map->used >= map->n_slots) {
		r = grow(map);
		if (r < 0)
			return r;
	}
	slot = find_slot(map->slots, map->n_slots, key);
	if (slot->value == KEY_MAP_NONE) {
		slot->key = key;
		map->used++;
	}
	*ret_value = &slot->value;
	return 0;
}
