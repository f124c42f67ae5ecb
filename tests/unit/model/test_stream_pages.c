/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "model/stream_pages.h"
#include "tap.h"

#define MAX_PAGES 1000

/* Of each owner, the pages 0, step, 2 step …; returns how many there was room for. */
static uint32_t fill(struct stream_pages *pages, uint32_t n_owners, uint32_t step)
{
	for (uint32_t i = 0;; i++) {
		uint32_t page = stream_pages_add(pages, 1 + i % n_owners, i / n_owners * step);

		if (!page)
			return i;
		memset(stream_pages_at(pages, page), (int)(i & 0xff), STREAM_PAGE);
	}
}

static bool all_there(struct stream_pages *pages, uint32_t n, uint32_t n_owners, uint32_t step)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t page = stream_pages_find(pages, 1 + i % n_owners, i / n_owners * step);
		const uint8_t *bytes;

		if (!page)
			return false;
		bytes = stream_pages_at(pages, page);
		if (bytes[0] != (i & 0xff) || bytes[STREAM_PAGE - 1] != (i & 0xff))
			return false;
	}
	return true;
}

static void give_all(struct stream_pages *pages, uint32_t n, uint32_t n_owners, uint32_t step)
{
	for (uint32_t i = 0; i < n; i++)
		stream_pages_give(pages,
				  stream_pages_find(pages, 1 + i % n_owners, i / n_owners * step));
}

static void test_fill(struct stream_pages *pages, uint32_t n_owners, uint32_t step)
{
	uint32_t n = fill(pages, n_owners, step);

	is_int(n, MAX_PAGES, "as many pages as were allowed, of %u owners, %u apart", n_owners,
	       step);
	is_int(stream_pages_used(pages), MAX_PAGES, "all in use");
	is_int(stream_pages_take(pages), STREAM_PAGE_NONE, "and no other");
	ok(all_there(pages, n, n_owners, step), "each is found, with its bytes");
	ok(!stream_pages_find(pages, n_owners + 1, 0), "another owner has none");
	ok(!stream_pages_find(pages, 1, UINT32_MAX), "nor is there another number");
	give_all(pages, n, n_owners, step);
	is_int(stream_pages_used(pages), 0, "all given back");
	ok(!stream_pages_find(pages, 1, 0), "none is found any more");
}

int main(void)
{
	struct stream_pages *pages = NULL;
	uint32_t page;

	is_int(stream_pages_new(MAX_PAGES * STREAM_PAGE + 5, &pages), 0, "a pool");
	test_fill(pages, 1, 1);
	test_fill(pages, 7, 1 << 15);
	test_fill(pages, MAX_PAGES, 3);
	page = stream_pages_take(pages);
	ok(page && (uintptr_t)stream_pages_at(pages, page) % 16 == 0, "a page without an owner");
	stream_pages_give(pages, page);
	is_int(stream_pages_take(pages), page, "the last one given back is taken first");
	stream_pages_free(pages);
	is_int(stream_pages_new(STREAM_PAGE - 1, &pages), 0, "a pool of less than a page");
	is_int(stream_pages_take(pages), STREAM_PAGE_NONE, "has none");
	is_int(stream_pages_add(pages, 1, 1), STREAM_PAGE_NONE, "and none for an owner");
	ok(!stream_pages_free(pages) && !stream_pages_free(NULL), "freed");
	return tap_done();
}
