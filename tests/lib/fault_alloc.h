/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Allocations that fail on demand. A test links fault_alloc.c with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free, so every call in the program and in
 * our own libraries (not in libc) goes through here.
 */

#include <stdbool.h>
#include <stddef.h>

/* Lets the nth allocation from now fail, once; 1 is the next. 0: none fails. */
void fault_alloc_fail_at(size_t nth);

/* Whether the failure asked for has come to pass. Ends the asking. */
bool fault_alloc_failed(void);

/* Bytes that are allocated and not freed. */
size_t fault_alloc_live_bytes(void);

/* Allocations asked for since the program began. */
size_t fault_alloc_calls(void);
