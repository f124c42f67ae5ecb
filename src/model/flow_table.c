/* SPDX-License-Identifier: MIT */
#include "model/flow_table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define FIRST_BUCKETS 64u
#define OVERFLOW_MANY 255
/* A bucket is three quarters full on the average, at most. */
#define BUCKET_FLOWS (FLOW_BUCKET_SLOTS * 3 / 4)

_Static_assert(sizeof(struct flow_bucket) == 64, "one line of the cache");

/* The tags of a bucket and the four bytes behind them, compared at once. */
typedef uint8_t tag_vector __attribute__((vector_size(16), may_alias));
#ifndef __SSE2__
typedef uint64_t half_vector __attribute__((vector_size(16)));
#endif

/* Never 0. Of the bits that do not choose the bucket, but for tables of 16 million. */
static uint8_t tag_of(uint32_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 24);

	return tag ? tag : 1;
}

/* The slots that have a tag, a bit each. */
static uint32_t slots_with(const struct flow_bucket *bucket, uint8_t tag)
{
	tag_vector equal = (tag_vector)(*(const tag_vector *)bucket->tags == tag);
#ifdef __SSE2__
	uint32_t slots = (uint32_t)_mm_movemask_epi8((__m128i)equal);
#else
	/* One bit of each byte, gathered by a multiplication. */
	half_vector halves = (half_vector)equal & UINT64_C(0x0102040810204080);
	uint32_t slots = (uint32_t)((halves[0] * UINT64_C(0x0101010101010101)) >> 56 |
				    (halves[1] * UINT64_C(0x0101010101010101)) >> 56 << 8);
#endif

	return slots & ((1u << FLOW_BUCKET_SLOTS) - 1);
}

/* A power of two. */
static uint32_t buckets_for(size_t n_flows)
{
	uint32_t n = FIRST_BUCKETS;

	while ((size_t)n * BUCKET_FLOWS < n_flows)
		n *= 2;
	return n;
}

void flow_table_clear(struct flow_table *table)
{
	table->mask = table->max_mask < FIRST_BUCKETS - 1 ? table->max_mask : FIRST_BUCKETS - 1;
	memset(table->buckets, 0, (table->mask + 1) * sizeof(*table->buckets));
	table->n_flows = 0;
	table->n_fresh = 0;
	table->free = FLOW_NONE;
	for (uint32_t end = table->max_flows; end < table->max_flows + FLOW_LISTS; end++)
		table->links[end] = (struct flow_links){end, end};
}

int flow_table_init(struct flow_table *table, size_t max_flows)
{
	*table = (struct flow_table){0};
	if (max_flows < 1 || max_flows > FLOW_TABLE_MAX)
		return -EINVAL;
	table->max_flows = (uint32_t)max_flows;
	table->max_mask = buckets_for(max_flows) - 1;
	if (flow_memory_init(&table->memory[0], max_flows, sizeof(*table->records)) < 0 ||
	    flow_memory_init(&table->memory[1], max_flows + FLOW_LISTS, sizeof(*table->links)) <
		    0 ||
	    flow_memory_init(&table->memory[2], table->max_mask + 1, sizeof(*table->buckets)) < 0) {
		flow_table_done(table);
		return -ENOMEM;
	}
	table->records = table->memory[0].at;
	table->links = table->memory[1].at;
	table->buckets = table->memory[2].at;
	flow_table_clear(table);
	return 0;
}

void flow_table_done(struct flow_table *table)
{
	for (size_t i = 0; i < 3; i++)
		flow_memory_done(&table->memory[i]);
	*table = (struct flow_table){0};
}

uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint32_t hash)
{
	uint8_t tag = tag_of(hash);

	for (uint32_t at = hash & table->mask;; at = (at + 1) & table->mask) {
		const struct flow_bucket *bucket = &table->buckets[at];

		for (uint32_t slots = slots_with(bucket, tag); slots; slots &= slots - 1) {
			uint32_t index = bucket->indices[__builtin_ctz(slots)];

			if (flow_key_equal(&table->records[index].key, key))
				return index;
		}
		if (!bucket->overflow)
			return FLOW_NONE;
	}
}

void flow_table_prefetch_record(const struct flow_table *table, uint32_t hash)
{
	const struct flow_bucket *bucket = &table->buckets[hash & table->mask];

	for (uint32_t slots = slots_with(bucket, tag_of(hash)); slots; slots &= slots - 1) {
		uint32_t index = bucket->indices[__builtin_ctz(slots)];
		const char *record = (const char *)&table->records[index];

		__builtin_prefetch(record, 1);
		__builtin_prefetch(record + 64, 1);
		__builtin_prefetch(&table->links[index], 1);
	}
}

static void insert(struct flow_table *table, uint32_t hash, uint32_t index)
{
	for (uint32_t at = hash & table->mask;; at = (at + 1) & table->mask) {
		struct flow_bucket *bucket = &table->buckets[at];
		uint32_t empty = slots_with(bucket, 0);

		if (empty) {
			int slot = __builtin_ctz(empty);

			bucket->tags[slot] = tag_of(hash);
			bucket->indices[slot] = index;
			return;
		}
		if (bucket->overflow != OVERFLOW_MANY)
			bucket->overflow++;
	}
}

static void erase(struct flow_table *table, uint32_t hash, uint32_t index)
{
	for (uint32_t at = hash & table->mask;; at = (at + 1) & table->mask) {
		struct flow_bucket *bucket = &table->buckets[at];

		for (uint32_t slots = slots_with(bucket, tag_of(hash)); slots; slots &= slots - 1) {
			if (bucket->indices[__builtin_ctz(slots)] == index) {
				bucket->tags[__builtin_ctz(slots)] = 0;
				return;
			}
		}
		assert(bucket->overflow); /* only what was inserted is erased */
		if (bucket->overflow != OVERFLOW_MANY)
			bucket->overflow--;
	}
}

/* Twice as many buckets, filled anew. */
static void grow(struct flow_table *table)
{
	table->mask = table->mask * 2 + 1;
	memset(table->buckets, 0, ((size_t)table->mask + 1) * sizeof(*table->buckets));
	for (uint32_t index = 0; index < table->n_fresh; index++)
		if (table->records[index].list != FLOW_LISTS)
			insert(table, table->records[index].hash, index);
}

uint32_t flow_table_add(struct flow_table *table, const struct flow_key *key, uint32_t hash,
			enum flow_list list)
{
	uint32_t index = table->free;

	assert(!flow_table_is_full(table));
	if (table->n_flows >= ((size_t)table->mask + 1) * BUCKET_FLOWS &&
	    table->mask != table->max_mask)
		grow(table);
	if (index == FLOW_NONE)
		index = table->n_fresh++;
	else
		table->free = table->links[index].next;
	table->records[index] = (struct flow_record){.key = *key, .hash = hash};
	table->links[index] = (struct flow_links){index, index};
	flow_table_move(table, index, list);
	insert(table, hash, index);
	table->n_flows++;
	return index;
}

void flow_table_remove(struct flow_table *table, uint32_t index)
{
	struct flow_record *record = &table->records[index];
	struct flow_links links = table->links[index];

	assert(record->list != FLOW_LISTS);
	erase(table, record->hash, index);
	table->links[links.previous].next = links.next;
	table->links[links.next].previous = links.previous;
	record->list = FLOW_LISTS;
	table->links[index].next = table->free;
	table->free = index;
	table->n_flows--;
}

uint32_t flow_table_victim(const struct flow_table *table)
{
	for (uint32_t end = table->max_flows; end < table->max_flows + FLOW_LISTS; end++)
		if (table->links[end].next != end)
			return table->links[end].next;
	return FLOW_NONE;
}
