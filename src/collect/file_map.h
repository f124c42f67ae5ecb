/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A whole file as memory, read from its start to its end. A window ahead of the reader is populated
 * at once, which is cheaper than a fault a page; what is far behind is given back, so that a file
 * larger than the memory does not count as ours. Bytes given back are read again when touched.
 *
 * As with every mapping, a file that somebody shortens below the window being read ends the process
 * (SIGBUS); shortened anywhere before that, file_map_reach tells.
 */

#include <stddef.h>
#include <stdint.h>

struct file_map {
	const uint8_t *data; /* NULL: nothing is mapped */
	size_t len;
	size_t populated; /* from the start on */
	size_t dropped;
};

/* len is the file's, not 0. What mmap(2) says. */
int file_map_open(int fd, size_t len, struct file_map *ret_map);
void file_map_close(struct file_map *map);

/* The reader has come to at. -EIO: the file is no longer as long as it was, or cannot be read. */
int file_map_reach(struct file_map *map, size_t at);
