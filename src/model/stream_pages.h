/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory for bytes that wait: pages of one size, from one pool with a hard cap. A page is known by
 * its index, and one that holds stream bytes also by (owner, number), so that a stream needs no
 * list of its pages. Memory is taken from the heap as it is needed, and kept.
 */

#include <stddef.h>
#include <stdint.h>

#define STREAM_PAGE 2048u /* divides 2^32, so that sequence numbers fall into whole pages */

/* Index of no page: the pool is full, or there is no such page. */
#define STREAM_PAGE_NONE 0u

struct stream_pages;

/* -ENOMEM. A max_bytes of less than a page gives a pool that is always full. */
int stream_pages_new(size_t max_bytes, struct stream_pages **ret_pages);
struct stream_pages *stream_pages_free(struct stream_pages *pages);

/* A page under (owner, number), which has none yet; its bytes are not set. */
uint32_t stream_pages_add(struct stream_pages *pages, uint32_t owner, uint32_t number);
uint32_t stream_pages_find(const struct stream_pages *pages, uint32_t owner, uint32_t number);

/* A page that only its index leads to. */
uint32_t stream_pages_take(struct stream_pages *pages);

/* Gives a page back, however it was got. */
void stream_pages_give(struct stream_pages *pages, uint32_t index);

/* The bytes of a page, aligned for anything. */
void *stream_pages_at(const struct stream_pages *pages, uint32_t index);

/* Pages in use. */
size_t stream_pages_used(const struct stream_pages *pages);
