/* SPDX-License-Identifier: MIT */
#include "collect/file_buffers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Less is not worth a read. */
#define ROOM_MIN (16u << 10)

void file_buffers_done(struct file_buffers *buffers)
{
	for (size_t i = 0; i < FILE_BUFFERS; i++)
		free(buffers->all[i].data);
	*buffers = (struct file_buffers){0};
}

static int resize(struct file_buffers *buffers, struct file_buffer *buffer, size_t cap)
{
	uint8_t *data;

	if (buffer->cap == cap)
		return 0;
	if (buffers->bytes - buffer->cap + cap > FILE_BUFFERS_MAX_BYTES)
		return -EBUSY;
	data = realloc(buffer->data, cap);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffers->bytes += cap - buffer->cap;
	buffer->cap = cap;
	return 0;
}

static struct file_buffer *find_free(struct file_buffers *buffers)
{
	for (size_t i = 0; i < FILE_BUFFERS; i++) {
		if (!buffers->all[i].holders && &buffers->all[i] != buffers->current)
			return &buffers->all[i];
	}
	return NULL;
}

/* To the front of the current buffer, or to another if packets point into that. */
static int move(struct file_buffers *buffers, struct bytes *in, size_t cap)
{
	struct file_buffer *to = buffers->current;
	int r;

	if (!to || to->holders) {
		to = find_free(buffers);
		r = to ? resize(buffers, to, cap) : -EBUSY;
		if (r < 0)
			return r;
		if (in->len)
			memcpy(to->data, in->data, in->len);
	} else {
		size_t offset = in->len ? (size_t)(in->data - to->data) : 0;

		if (in->len)
			memmove(to->data, to->data + offset, in->len);
		in->data = to->data; /* also if it cannot grow now */
		to->len = in->len;
		r = resize(buffers, to, cap);
		if (r < 0)
			return r;
	}
	buffers->current = to;
	to->len = in->len;
	in->data = to->data;
	return 0;
}

int file_buffers_make_room(struct file_buffers *buffers, struct bytes *in, size_t need,
			   size_t *ret_room)
{
	const struct file_buffer *at = buffers->current;
	size_t cap = need < 2 * in->len ? need : 2 * in->len;
	size_t room = at ? at->cap - at->len : 0;
	bool fits = room && in->len && (size_t)(in->data - at->data) + need <= at->cap;
	int r;

	if (cap < FILE_BUFFER_BYTES)
		cap = FILE_BUFFER_BYTES;
	if (room < ROOM_MIN && !fits) {
		r = move(buffers, in, cap);
		if (r < 0)
			return r;
		at = buffers->current;
	}
	*ret_room = at->cap - at->len;
	return 0;
}

void file_buffers_filled(struct file_buffers *buffers, struct bytes *in, size_t n)
{
	struct file_buffer *at = buffers->current;

	if (!in->len)
		in->data = at->data + at->len;
	in->len += n;
	at->len += n;
}

struct file_buffer *file_buffers_hold(struct file_buffers *buffers)
{
	buffers->current->holders++;
	return buffers->current;
}

void file_buffers_release(struct file_buffers *buffers, struct file_buffer *buffer)
{
	if (--buffer->holders || buffer == buffers->current || buffer->cap == FILE_BUFFER_BYTES)
		return;
	buffers->bytes -= buffer->cap;
	free(buffer->data);
	*buffer = (struct file_buffer){0};
}
