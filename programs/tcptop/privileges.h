/* SPDX-License-Identifier: MIT */
#pragma once

/* What tcptop says when it lacks privileges, and what it keeps of them once it has begun. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Says in one line what is missing (enum privilege, or-ed) and the ways on. */
void privileges_refuse(FILE *errors, uint32_t missing);

/*
 * Gives up, for good, all capabilities but those that reading connections goes on to need; where
 * a log must be rotated, those over files too. Threads inherit it: to be called before any start.
 * Negative errno if the kernel refuses.
 */
int privileges_drop(bool keep_files);
