/* SPDX-License-Identifier: MIT */
#pragma once

/* Which source of connections it shall be: what was asked for, what we may, what the kernel can. */

#include <stdint.h>
#include <stdio.h>

#include <weir/conn_source.h>

#include "options.h"

/* Whether we may open it, as far as that can be told beforehand: -EPERM, said to errors, if not. */
int source_allowed(const struct options *options, FILE *errors);

/*
 * Opens the source. netns is the inode of the only network namespace wanted, 0: all. Whatever is
 * to be said, about a failure or about what will be missing, is said to errors. -EPERM: not enough
 * privilege; other errnos as they come.
 */
int source_open(const struct options *options, uint32_t netns, FILE *errors,
		struct weir_conn_source **ret_source);
