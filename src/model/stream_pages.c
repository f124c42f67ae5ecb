/* SPDX-License-Identifier: MIT */
#include "model/stream_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash_index.h"

#define CHUNK_PAGES 32u

struct page_place {
	uint32_t owner; /* 0: taken without one, or free */
	uint32_t number;
	uint32_t next; /* in its bucket, or among the free */
};

struct chunk {
	_Alignas(16) uint8_t bytes[CHUNK_PAGES][STREAM_PAGE];
	struct page_place places[CHUNK_PAGES];
};

struct stream_pages {
	struct chunk **chunks;
	uint32_t *buckets; /* the first page of each */
	uint32_t max_pages;
	uint32_t
		n_pages; /* in chunks that are there and were given out once; indices 1 … n_pages */
	uint32_t free;   /* the first of those given back */
	uint32_t used;
	unsigned int shift;      /* 64 - log2 of the number of buckets */
	uint64_t multipliers[2]; /* odd, and unknown to who chooses sequence numbers */
};

DEFINE_CLEANUP(stream_pages_free_p, struct stream_pages *, stream_pages_free)

static struct page_place *place_of(const struct stream_pages *pages, uint32_t index)
{
	return &pages->chunks[(index - 1) / CHUNK_PAGES]->places[(index - 1) % CHUNK_PAGES];
}

/* Multiply-shift hashing with a secret multiplier (Dietzfelbinger et al. 1997): for whoever does
 * not know it, two given pages share a bucket with a chance of at most 2 in the number of them. */
static uint32_t *bucket_of(const struct stream_pages *pages, uint32_t owner, uint32_t number)
{
	uint64_t hash = owner * pages->multipliers[0] + number * pages->multipliers[1];

	return &pages->buckets[hash >> pages->shift];
}

int stream_pages_new(size_t max_bytes, struct stream_pages **ret_pages)
{
	CLEANUP(stream_pages_free_p) struct stream_pages *pages = calloc(1, sizeof(*pages));
	size_t max_pages = max_bytes / STREAM_PAGE;
	unsigned int bits = 4;
	uint8_t key[16];

	if (!pages)
		return -ENOMEM;
	if (max_pages > UINT32_MAX / 2)
		max_pages = UINT32_MAX / 2;
	while (bits < 31 && (UINT64_C(1) << bits) < max_pages)
		bits++;
	pages->max_pages = (uint32_t)max_pages;
	pages->shift = 64 - bits;
	pages->buckets = calloc(UINT64_C(1) << bits, sizeof(*pages->buckets));
	pages->chunks = calloc(max_pages / CHUNK_PAGES + 1, sizeof(*pages->chunks));
	if (!pages->buckets || !pages->chunks)
		return -ENOMEM;
	hash_key(key);
	memcpy(pages->multipliers, key, sizeof(pages->multipliers));
	pages->multipliers[0] |= 1;
	pages->multipliers[1] |= 1;
	*ret_pages = STEAL(pages);
	return 0;
}

struct stream_pages *stream_pages_free(struct stream_pages *pages)
{
	if (!pages)
		return NULL;
	for (uint32_t i = 0; pages->chunks && i * CHUNK_PAGES < pages->n_pages; i++)
		free(pages->chunks[i]);
	free(pages->chunks);
	free(pages->buckets);
	free(pages);
	return NULL;
}

/* A page that was never given out. */
static uint32_t take_fresh(struct stream_pages *pages)
{
	if (pages->n_pages == pages->max_pages)
		return STREAM_PAGE_NONE;
	if (pages->n_pages % CHUNK_PAGES == 0) {
		struct chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk)
			return STREAM_PAGE_NONE;
		pages->chunks[pages->n_pages / CHUNK_PAGES] = chunk;
	}
	return ++pages->n_pages;
}

uint32_t stream_pages_take(struct stream_pages *pages)
{
	uint32_t index = pages->free;

	if (index)
		pages->free = place_of(pages, index)->next;
	else
		index = take_fresh(pages);
	if (!index)
		return STREAM_PAGE_NONE;
	*place_of(pages, index) = (struct page_place){0};
	pages->used++;
	return index;
}

uint32_t stream_pages_add(struct stream_pages *pages, uint32_t owner, uint32_t number)
{
	uint32_t index = stream_pages_take(pages);
	uint32_t *bucket;

	if (!index)
		return STREAM_PAGE_NONE;
	bucket = bucket_of(pages, owner, number);
	*place_of(pages, index) =
		(struct page_place){.owner = owner, .number = number, .next = *bucket};
	*bucket = index;
	return index;
}

uint32_t stream_pages_find(const struct stream_pages *pages, uint32_t owner, uint32_t number)
{
	uint32_t index = *bucket_of(pages, owner, number);

	while (index) {
		const struct page_place *place = place_of(pages, index);

		if (place->owner == owner && place->number == number)
			return index;
		index = place->next;
	}
	return STREAM_PAGE_NONE;
}

static void leave_bucket(struct stream_pages *pages, uint32_t index)
{
	const struct page_place *place = place_of(pages, index);
	uint32_t *link = bucket_of(pages, place->owner, place->number);

	while (*link != index)
		link = &place_of(pages, *link)->next;
	*link = place->next;
}

void stream_pages_give(struct stream_pages *pages, uint32_t index)
{
	struct page_place *place = place_of(pages, index);

	if (place->owner)
		leave_bucket(pages, index);
	*place = (struct page_place){.next = pages->free};
	pages->free = index;
	pages->used--;
}

void *stream_pages_at(const struct stream_pages *pages, uint32_t index)
{
	return pages->chunks[(index - 1) / CHUNK_PAGES]->bytes[(index - 1) % CHUNK_PAGES];
}

size_t stream_pages_used(const struct stream_pages *pages)
{
	return pages->used;
}
