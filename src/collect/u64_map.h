/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From the kernel's own numbers (socket cookies, inodes, pids) to a 32-bit value: open addressing
 * with linear probing, grown at three quarters, no tombstones. The keys are the kernel's counters
 * and not chosen from outside, so the hash needs no seed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct u64_map {
	struct u64_map_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t used;
};

void u64_map_done(struct u64_map *map);

/* Forgets every key and keeps the memory. */
void u64_map_clear(struct u64_map *map);

/* Sets key to value, replacing what was there. -ENOMEM. */
int u64_map_set(struct u64_map *map, uint64_t key, uint32_t value);

/* True, and *ret_value set, if the key is there. */
bool u64_map_get(const struct u64_map *map, uint64_t key, uint32_t *ret_value);

/* True if the key was there. */
bool u64_map_remove(struct u64_map *map, uint64_t key);
