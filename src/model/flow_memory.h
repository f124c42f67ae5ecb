/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Memory for as many flows as there may ever be, of which the kernel gives pages as they are
 * touched: an array that never moves and costs what is used of it. What is in it at first is not
 * set.
 */

#include <stddef.h>

#define FLOW_MEMORY_ALIGN 64 /* a line of the cache */

struct flow_memory {
	void *block; /* from malloc */
	void *at;    /* aligned */
};

/* -ENOMEM, also where n * size is more than can be addressed. */
int flow_memory_init(struct flow_memory *memory, size_t n, size_t size);
void flow_memory_done(struct flow_memory *memory);
