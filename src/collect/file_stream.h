/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bytes from a descriptor, in their order: as they are, or out of gzip (any number of members) or
 * zstd (any number of frames), told apart by how they begin.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum file_packing {
	FILE_PLAIN,
	FILE_GZIP,
	FILE_ZSTD,
};

struct file_stream;

/* How a file that begins so is packed; at least 4 bytes. */
enum file_packing file_packing_of(struct bytes head);

/*
 * Reads the first bytes, waiting for them; a readable wake_fd ends a wait. Both descriptors are
 * borrowed. -EOPNOTSUPP: this build cannot unpack it; -ENOMEM; what read(2) says.
 */
int file_stream_open(int fd, int wake_fd, struct file_stream **ret_stream);
struct file_stream *file_stream_free(struct file_stream *stream);

enum file_packing file_stream_packing(const struct file_stream *stream);

/*
 * Up to size bytes to data, waiting up to timeout_ms (-1: without an end) for the first of them.
 * 0: *ret_len of them, 0 at the end. -EAGAIN: none came in time, or it was woken; -EINTR.
 * -EBADMSG: what is packed is damaged; -ENODATA: it is cut. What read(2) says.
 */
int file_stream_read(struct file_stream *stream, uint8_t *data, size_t size, int timeout_ms,
		     size_t *ret_len);
