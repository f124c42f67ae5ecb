/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/hash_index.h"
#include "tap.h"

#define N_SLOTS 600

static bool has(const struct hash_index *index, uint64_t hash, uint32_t slot)
{
	uint32_t at;

	for (uint32_t found = hash_index_first(index, hash, &at); found != HASH_INDEX_NONE;
	     found = hash_index_next(index, hash, &at)) {
		if (found == slot)
			return true;
	}
	return false;
}

static void test_empty(void)
{
	struct hash_index index = {0};
	uint32_t at;

	ok(hash_index_first(&index, 1, &at) == HASH_INDEX_NONE, "nothing in an empty index");
	is_int(hash_index_reserve(&index), 0, "reserve");
	ok(hash_index_first(&index, 1, &at) == HASH_INDEX_NONE, "nor in a reserved one");
	hash_index_done(&index);
}

/* hash_of: how slots share hashes. All present are found and no absent one is, through adds and
 * removes in an order of a small generator. */
static void test_churn(const char *name, uint64_t (*hash_of)(uint32_t slot))
{
	struct hash_index index = {0};
	bool there[N_SLOTS] = {false};
	uint32_t random = 12345;
	uint32_t n_there = 0;
	bool right = true;

	for (int step = 0; step < 4000 && right; step++) {
		uint32_t slot;

		random = random * 1664525 + 1013904223;
		slot = (random >> 8) % N_SLOTS;
		if (there[slot]) {
			hash_index_remove(&index, hash_of(slot), slot);
			n_there--;
		} else {
			right = hash_index_reserve(&index) == 0;
			hash_index_add(&index, hash_of(slot), slot);
			n_there++;
		}
		there[slot] = !there[slot];
		right = right && index.used == n_there;
		for (uint32_t i = 0; step % 50 == 0 && i < N_SLOTS; i++)
			right = right && has(&index, hash_of(i), i) == there[i];
	}
	ok(right, "%s: found exactly what is there", name);
	ok(index.n_entries >= n_there * 4 / 3 && index.n_entries <= 1024,
	   "%s: at most three quarters full, at most doubled", name);
	hash_index_done(&index);
}

static uint64_t spread(uint32_t slot)
{
	return slot * 0x9e3779b97f4a7c15ULL >> 16;
}

/* Every chain wraps round the end of the array. */
static uint64_t at_the_end(uint32_t slot)
{
	return 0xfffffff0U + slot % 16;
}

static uint64_t pairs(uint32_t slot)
{
	return slot / 2;
}

static uint64_t few(uint32_t slot)
{
	return slot % 7;
}

static void test_key(void)
{
	static const uint8_t zeros[16];
	uint8_t a[16];
	uint8_t b[16];

	hash_key(a);
	hash_key(b);
	ok(memcmp(a, b, sizeof(a)) == 0, "the key stays the same in a process");
	ok(memcmp(a, zeros, sizeof(a)) != 0, "and is not empty");
}

int main(void)
{
	test_empty();
	test_churn("spread hashes", spread);
	test_churn("hashes at the end", at_the_end);
	test_churn("equal pairs", pairs);
	test_churn("seven hashes", few);
	test_key();
	return tap_done();
}
