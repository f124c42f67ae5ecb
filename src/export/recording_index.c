/* SPDX-License-Identifier: MIT */
#include "export/recording_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 256
#define CHUNK 65536

struct scan {
	int fd;
	uint64_t size;
	uint64_t offset;
	bool is_after_gap;
};

void recording_index_done(struct recording_index *index)
{
	free(index->spots);
	*index = (struct recording_index){0};
}

int recording_read_at(int fd, void *to, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)to + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

int recording_read_block(int fd, uint64_t offset, struct recording_block *ret_block,
			 struct str_buf *payload)
{
	uint8_t head[RECORDING_BLOCK_HEAD];
	struct recording_block block;
	char *to;
	int r = recording_read_at(fd, head, sizeof(head), offset);

	if (r == 0)
		r = recording_block_unpack(head, &block);
	if (r < 0)
		return r;
	str_buf_clear(payload);
	to = str_buf_reserve(payload, block.payload_bytes);
	if (!to)
		return payload->error;
	r = recording_read_at(fd, to, block.payload_bytes, offset + sizeof(head));
	if (r < 0)
		return r;
	if (recording_hash(to, block.payload_bytes) != block.payload_hash)
		return -EBADMSG;
	payload->len = block.payload_bytes;
	*ret_block = block;
	return 0;
}

static int add(struct recording_index *index, const struct recording_spot *spot)
{
	if (index->n_spots == index->max_spots) {
		size_t more = index->max_spots ? index->max_spots * 2 : FIRST_ROOM;
		struct recording_spot *spots = realloc(index->spots, more * sizeof(*spots));

		if (!spots)
			return -ENOMEM;
		index->spots = spots;
		index->max_spots = more;
	}
	index->spots[index->n_spots++] = *spot;
	return 0;
}

/* Goes on to the next place where a head stands. 1: there is one; 0: there is none. */
static int find_head(struct scan *scan)
{
	uint8_t chunk[CHUNK];
	struct recording_block block;

	while (scan->size - scan->offset >= RECORDING_BLOCK_HEAD) {
		uint64_t left = scan->size - scan->offset;
		size_t len = left < sizeof(chunk) ? left : sizeof(chunk);
		size_t n = len - RECORDING_BLOCK_HEAD + 1; /* places at which a whole one fits */
		int r = recording_read_at(scan->fd, chunk, len, scan->offset);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++) {
			const uint8_t *mark = memchr(chunk + i, RECORDING_BLOCK_MARK & 0xff, n - i);

			if (!mark)
				break;
			i = (size_t)(mark - chunk);
			if (recording_block_unpack(mark, &block) == 0) {
				scan->offset += i;
				return 1;
			}
		}
		scan->offset += n;
	}
	return 0;
}

/* The block at the offset, and goes on past it. 1: it is in the index; 0: it is not whole. */
static int take(struct recording_index *index, struct scan *scan)
{
	uint8_t head[RECORDING_BLOCK_HEAD];
	struct recording_block block;
	struct recording_spot spot;
	int r;

	if (scan->size - scan->offset < sizeof(head))
		return 0;
	r = recording_read_at(scan->fd, head, sizeof(head), scan->offset);
	if (r < 0)
		return r;
	if (recording_block_unpack(head, &block) < 0)
		return -EBADMSG;
	if (block.payload_bytes > scan->size - scan->offset - sizeof(head))
		return 0;
	spot = (struct recording_spot){
		.offset = scan->offset,
		.realtime_ns = block.realtime_ns,
		.sequence = block.sequence,
		.is_key = block.is_key,
		.is_after_gap = scan->is_after_gap,
	};
	r = add(index, &spot);
	scan->is_after_gap = false;
	scan->offset += sizeof(head) + block.payload_bytes;
	return r < 0 ? r : 1;
}

/* A file may have been cut short meanwhile. */
static int as_if_cut(int r)
{
	return r == -EBADMSG ? 0 : r;
}

/* The last block may have been made longer by the kernel without its bytes ever being written, if
 * the machine went down. */
static int check_last(struct recording_index *index, int fd)
{
	struct str_buf payload = {0};
	struct recording_block block;
	int r = 0;

	if (index->n_spots)
		r = recording_read_block(fd, index->spots[index->n_spots - 1].offset, &block,
					 &payload);
	str_buf_done(&payload);
	if (r != -EBADMSG)
		return r;
	index->n_spots--;
	index->is_cut = true;
	return 0;
}

int recording_index_scan(struct recording_index *index, int fd, uint64_t offset, uint64_t size)
{
	struct scan scan = {.fd = fd, .size = size, .offset = offset};
	int r = 1;

	while (scan.offset < size && r > 0) {
		r = take(index, &scan);
		if (r != -EBADMSG)
			continue;
		scan.is_after_gap = true;
		scan.offset++;
		r = as_if_cut(find_head(&scan));
	}
	if (r < 0)
		return r;
	index->is_cut = scan.offset < size;
	return check_last(index, fd);
}
