/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The rows a pass of the BPF iterators leaves behind: an array in the kernel, mapped read-only
 * here, replaced by a larger one when a pass did not fit.
 */

#include <stdint.h>

struct conn_record;

struct conn_rows {
	int outer_fd; /* borrowed: the array-of-maps the programs look into */
	int fd;
	const struct conn_record *rows;
	uint32_t n_max;
};

/* Makes the first array, of n_max rows, and gives it to the programs. */
int conn_rows_init(struct conn_rows *rows, int outer_fd, uint32_t n_max);

/* Replaces it by one with room for n_wanted rows and some more; the rows of before are gone.
 * -ENOBUFS: more than it may hold. On failure the old one stays. */
int conn_rows_grow(struct conn_rows *rows, uint64_t n_wanted);

void conn_rows_done(struct conn_rows *rows);
