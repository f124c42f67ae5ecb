/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where a stream's bytes stand while packets point at them. One buffer is read into; those that
 * batches still hold are left alone, and are used again when they are released. Their number and
 * bytes are bounded.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define FILE_BUFFER_BYTES (256u << 10)
#define FILE_BUFFERS_MAX_BYTES (768u << 20)
#define FILE_BUFFERS 17

struct file_buffer {
	uint8_t *data;
	size_t cap;
	size_t len;
	unsigned int holders;
};

struct file_buffers {
	struct file_buffer all[FILE_BUFFERS];
	struct file_buffer *current; /* NULL: none */
	size_t bytes;                /* of all */
};

void file_buffers_done(struct file_buffers *buffers);

/*
 * Makes room behind *in, the bytes of the current buffer that are still to be read, which may move
 * to another one; it grows as they come, so that need bytes can stand together. *ret_room > 0 bytes
 * may be written at the current buffer's data + len. -EBUSY: too much is held; -ENOMEM.
 */
int file_buffers_make_room(struct file_buffers *buffers, struct bytes *in, size_t need,
			   size_t *ret_room);

/* n bytes have been written there. */
void file_buffers_filled(struct file_buffers *buffers, struct bytes *in, size_t n);

/* Packets point into the current buffer; and no longer into this one. */
struct file_buffer *file_buffers_hold(struct file_buffers *buffers);
void file_buffers_release(struct file_buffers *buffers, struct file_buffer *buffer);
