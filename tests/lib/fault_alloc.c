/* SPDX-License-Identifier: MIT */
#include "fault_alloc.h"

#include <errno.h>
#include <malloc.h>

static struct {
	size_t calls;
	size_t fail_at; /* a value of calls; 0: never */
	size_t live_bytes;
	bool failed;
} state;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

void fault_alloc_fail_at(size_t nth)
{
	state.fail_at = nth ? state.calls + nth : 0;
	state.failed = false;
}

bool fault_alloc_failed(void)
{
	state.fail_at = 0;
	return state.failed;
}

size_t fault_alloc_live_bytes(void)
{
	return state.live_bytes;
}

size_t fault_alloc_calls(void)
{
	return state.calls;
}

static bool must_fail(void)
{
	if (++state.calls != state.fail_at)
		return false;
	state.failed = true;
	errno = ENOMEM;
	return true;
}

static void *note(void *block)
{
	state.live_bytes += malloc_usable_size(block);
	return block;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : note(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	size_t old_bytes = malloc_usable_size(old);
	void *block;

	if (must_fail())
		return NULL;
	block = __real_realloc(old, size);
	if (!block)
		return NULL;
	state.live_bytes -= old_bytes;
	return note(block);
}

void __wrap_free(void *old)
{
	state.live_bytes -= malloc_usable_size(old);
	__real_free(old);
}
