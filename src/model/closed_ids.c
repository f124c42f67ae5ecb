/* SPDX-License-Identifier: MIT */
#include "model/closed_ids.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A bucket is a cache line; the newest stands first, and the oldest falls out. */
#define BUCKET_HASHES 8U
#define N_BUCKETS 2048U

/* The upper half chooses the place: the lower is the row index's. */
static uint64_t *bucket_of(const struct closed_ids *ids, uint64_t hash)
{
	return &ids->hashes[(hash >> 32) % N_BUCKETS * BUCKET_HASHES];
}

void closed_ids_done(struct closed_ids *ids)
{
	free(ids->hashes);
	ids->hashes = NULL;
}

int closed_ids_reserve(struct closed_ids *ids)
{
	if (!ids->hashes)
		ids->hashes = calloc(N_BUCKETS * BUCKET_HASHES, sizeof(*ids->hashes));
	return ids->hashes ? 0 : -ENOMEM;
}

void closed_ids_add(struct closed_ids *ids, uint64_t hash)
{
	uint64_t *bucket;

	assert(ids->hashes);
	bucket = bucket_of(ids, hash);
	memmove(bucket + 1, bucket, (BUCKET_HASHES - 1) * sizeof(*bucket));
	bucket[0] = hash;
}

bool closed_ids_has(const struct closed_ids *ids, uint64_t hash)
{
	const uint64_t *bucket;

	if (!ids->hashes)
		return false;
	bucket = bucket_of(ids, hash);
	for (unsigned i = 0; i < BUCKET_HASHES; i++) {
		if (bucket[i] == hash)
			return true;
	}
	return false;
}
