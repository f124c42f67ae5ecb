/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the blocks of a recording are: looked for once, by their heads alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export/recording_block.h"

struct recording_spot {
	uint64_t offset; /* of the block's head */
	uint64_t realtime_ns;
	uint32_t sequence;
	bool is_key;
	bool is_after_gap; /* what stands before it is no block */
};

struct recording_index {
	struct recording_spot *spots;
	size_t n_spots;
	size_t max_spots;
	bool is_cut; /* after the last one there is something else */
};

void recording_index_done(struct recording_index *index);

/* Looks from offset to size. -ENOMEM; -EIO and what else pread(2) says. */
int recording_index_scan(struct recording_index *index, int fd, uint64_t offset, uint64_t size);

/* Reads len bytes at offset. -EBADMSG: the file has fewer by now. */
int recording_read_at(int fd, void *to, size_t len, uint64_t offset);

/* Reads a block and checks it. -EBADMSG: it is damaged; -ENOMEM; what pread(2) says. */
int recording_read_block(int fd, uint64_t offset, struct recording_block *ret_block,
			 struct str_buf *payload);
