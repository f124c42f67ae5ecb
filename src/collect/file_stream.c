/* SPDX-License-Identifier: MIT */
#include "collect/file_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#ifdef WEIR_HAS_ZSTD
#include <zstd.h>
#endif

#include "base/cleanup.h"

#define PACKED_BYTES (64u << 10)
#define HEAD_BYTES 4
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib.h: 16 asks for a gzip header */

struct file_stream {
	int fd;
	int wake_fd;
	enum file_packing packing;
	bool is_open;    /* within a member or a frame */
	bool is_full;    /* more may come out of it without more going in */
	bool at_end;     /* of the descriptor */
	struct bytes in; /* of packed, still to be taken */
	z_stream gzip;
#ifdef WEIR_HAS_ZSTD
	ZSTD_DStream *zstd;
#endif
	uint8_t packed[PACKED_BYTES];
};

enum file_packing file_packing_of(struct bytes head)
{
	static const uint8_t gzip[] = {0x1f, 0x8b};
	static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	if (head.len >= sizeof(gzip) && memcmp(head.data, gzip, sizeof(gzip)) == 0)
		return FILE_GZIP;
	if (head.len >= sizeof(zstd) && memcmp(head.data, zstd, sizeof(zstd)) == 0)
		return FILE_ZSTD;
	return FILE_PLAIN;
}

enum file_packing file_stream_packing(const struct file_stream *stream)
{
	return stream->packing;
}

struct file_stream *file_stream_free(struct file_stream *stream)
{
	if (!stream)
		return NULL;
	inflateEnd(&stream->gzip); /* an error for one that was never begun */
#ifdef WEIR_HAS_ZSTD
	ZSTD_freeDStream(stream->zstd);
#endif
	free(stream);
	return NULL;
}

DEFINE_CLEANUP(file_stream_free_p, struct file_stream *, file_stream_free)

/* As read(2), after a wait; -EAGAIN: nothing came in time, or it was woken. */
static ssize_t read_in_time(const struct file_stream *stream, void *data, size_t size,
			    int timeout_ms)
{
	struct pollfd fds[] = {{.fd = stream->wake_fd, .events = POLLIN},
			       {.fd = stream->fd, .events = POLLIN}};
	int r = poll(fds, 2, timeout_ms);
	ssize_t n;

	if (r < 0)
		return -errno;
	if (r == 0 || fds[0].revents)
		return -EAGAIN;
	n = read(stream->fd, data, size);
	return n < 0 ? -errno : n;
}

/* Makes sure there is something packed, unless it has come to its end. */
static int fill(struct file_stream *stream, int timeout_ms)
{
	ssize_t n;

	if (stream->in.len || stream->at_end)
		return 0;
	n = read_in_time(stream, stream->packed, PACKED_BYTES, timeout_ms);
	if (n < 0)
		return (int)n;
	stream->in = (struct bytes){stream->packed, (size_t)n};
	stream->at_end = n == 0;
	return 0;
}

static int read_head(struct file_stream *stream)
{
	while (stream->in.len < HEAD_BYTES && !stream->at_end) {
		size_t have = stream->in.len;
		ssize_t n = read_in_time(stream, stream->packed + have, PACKED_BYTES - have, -1);

		if (n < 0)
			return (int)n;
		stream->in = (struct bytes){stream->packed, have + (size_t)n};
		stream->at_end = n == 0;
	}
	return 0;
}

static int begin_unpacking(struct file_stream *stream)
{
	switch (stream->packing) {
	case FILE_GZIP:
		return inflateInit2(&stream->gzip, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
	case FILE_ZSTD:
#ifdef WEIR_HAS_ZSTD
		stream->zstd = ZSTD_createDStream();
		return stream->zstd ? 0 : -ENOMEM;
#else
		return -EOPNOTSUPP;
#endif
	case FILE_PLAIN:
	default:
		return 0;
	}
}

int file_stream_open(int fd, int wake_fd, struct file_stream **ret_stream)
{
	CLEANUP(file_stream_free_p) struct file_stream *stream = calloc(1, sizeof(*stream));
	int r;

	if (!stream)
		return -ENOMEM;
	stream->fd = fd;
	stream->wake_fd = wake_fd;
	r = read_head(stream);
	if (r < 0)
		return r;
	stream->packing = file_packing_of(stream->in);
	r = begin_unpacking(stream);
	if (r < 0)
		return r;
	*ret_stream = STEAL(stream);
	return 0;
}

/* Unpacks what is there: bytes made, -EBADMSG, -ENOMEM. */
static ssize_t inflate_some(struct file_stream *stream, uint8_t *data, size_t size)
{
	z_stream *gzip = &stream->gzip;
	int r;

	if (!stream->is_open && inflateReset(gzip) != Z_OK)
		return -EBADMSG;
	gzip->next_in = (Bytef *)(uintptr_t)stream->in.data;
	gzip->avail_in = (uInt)stream->in.len;
	gzip->next_out = data;
	gzip->avail_out = (uInt)size; /* a buffer's: below 4 GiB */
	r = inflate(gzip, Z_NO_FLUSH);
	bytes_take(&stream->in, stream->in.len - gzip->avail_in);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return -EBADMSG;
	stream->is_open = r != Z_STREAM_END;
	return (ssize_t)(size - gzip->avail_out);
}

#ifdef WEIR_HAS_ZSTD
static ssize_t unzstd_some(struct file_stream *stream, uint8_t *data, size_t size)
{
	ZSTD_inBuffer in = {stream->in.data, stream->in.len, 0};
	ZSTD_outBuffer out = {data, size, 0};
	size_t left = ZSTD_decompressStream(stream->zstd, &out, &in);

	bytes_take(&stream->in, in.pos);
	if (ZSTD_isError(left))
		return -EBADMSG;
	stream->is_open = left != 0;
	return (ssize_t)out.pos;
}
#endif

static ssize_t unpack_some(struct file_stream *stream, uint8_t *data, size_t size)
{
#ifdef WEIR_HAS_ZSTD
	if (stream->packing == FILE_ZSTD)
		return unzstd_some(stream, data, size);
#endif
	return inflate_some(stream, data, size);
}

static ssize_t take_plain(struct file_stream *stream, uint8_t *data, size_t size, int timeout_ms)
{
	size_t n = stream->in.len < size ? stream->in.len : size;

	if (!n)
		return stream->at_end ? 0 : read_in_time(stream, data, size, timeout_ms);
	memcpy(data, bytes_take(&stream->in, n), n); /* the head */
	return (ssize_t)n;
}

int file_stream_read(struct file_stream *stream, uint8_t *data, size_t size, int timeout_ms,
		     size_t *ret_len)
{
	ssize_t n = 0;

	if (stream->packing == FILE_PLAIN) {
		n = take_plain(stream, data, size, timeout_ms);
	} else {
		while (n == 0) {
			int r = stream->is_full ? 0 : fill(stream, timeout_ms);

			if (r < 0)
				return r;
			if (stream->at_end && !stream->in.len && !stream->is_open)
				break;
			n = unpack_some(stream, data, size);
			stream->is_full = stream->is_open && n == (ssize_t)size;
			if (n == 0 && stream->at_end && !stream->in.len && stream->is_open)
				return -ENODATA;
		}
	}
	if (n < 0)
		return (int)n;
	*ret_len = (size_t)n;
	return 0;
}
