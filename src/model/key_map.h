/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From 64-bit keys, which are hashes already, to values; filled anew again and again. Open
 * addressing with linear probing, at most half full, grown by doubling. Zeroed, it is empty.
 */

#include <stddef.h>
#include <stdint.h>

#define KEY_MAP_NONE UINT64_MAX /* never a value */

struct key_slot {
	uint64_t key;
	uint64_t value;
};

struct key_map {
	struct key_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t used;
};

void key_map_done(struct key_map *map);

/* Forgets all keys, and keeps the memory. */
void key_map_clear(struct key_map *map);

/* The value of a key, to be read and set; KEY_MAP_NONE if it was not there and must now be set.
 * Good until the next call. -ENOMEM: the map is as before. */
int key_map_put(struct key_map *map, uint64_t key, uint64_t **ret_value);
