/* SPDX-License-Identifier: MIT */
#include "model/flow_memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

static void *align_up(void *at, size_t align)
{
	return (char *)at + (-(uintptr_t)at & (align - 1));
}

/* Flows are met in random order: with small pages most of them would miss the TLB. Where the kernel
 * does not want to, it does not matter. */
static void want_huge_pages(void *block, size_t bytes)
{
	char *first = align_up(block, HUGE_PAGE);
	char *end = (char *)block + bytes;

	if (first < end && (size_t)(end - first) >= HUGE_PAGE)
		madvise(first, (size_t)(end - first) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
}

int flow_memory_init(struct flow_memory *memory, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(bytes, FLOW_MEMORY_ALIGN, &bytes))
		return -ENOMEM;
	memory->block = malloc(bytes);
	if (!memory->block)
		return -ENOMEM;
	memory->at = align_up(memory->block, FLOW_MEMORY_ALIGN);
	want_huge_pages(memory->block, bytes);
	return 0;
}

void flow_memory_done(struct flow_memory *memory)
{
	free(memory->block);
	*memory = (struct flow_memory){0};
}
