/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "export/recording.h"
#include "export/recording_block.h"
#include "export/recording_decode.h"
#include "export/recording_index.h"

#define NOWHERE SIZE_MAX

struct recording_reader {
	int fd;
	char *path;
	struct recording_head head;
	struct recording_index index;
	struct recording_decoder *decoder;
	ZSTD_DCtx *zstd;
	struct str_buf payload;
	struct str_buf raw;
	size_t next;    /* the block that recording_next() is to give */
	size_t decoded; /* the block that the decoder has; NOWHERE: none */
	bool is_going;  /* next follows what was given last: a gap between them is to be told */
};

struct recording_reader *recording_close(struct recording_reader *reader)
{
	if (!reader)
		return NULL;
	close_fd_p(&reader->fd);
	recording_index_done(&reader->index);
	recording_decoder_free(reader->decoder);
	ZSTD_freeDCtx(reader->zstd);
	str_buf_done(&reader->payload);
	str_buf_done(&reader->raw);
	free(reader->path);
	free(reader);
	return NULL;
}

DEFINE_CLEANUP(close_reader_p, struct recording_reader *, recording_close)

static void begin_error(struct str_buf *error, const char *path)
{
	str_buf_puts(error, "cannot replay '");
	text_escape(error, path, strlen(path));
	str_buf_puts(error, "': ");
}

static int refuse(struct str_buf *error, const char *path, int r, const char *why)
{
	begin_error(error, path);
	str_buf_puts(error, why);
	return r;
}

static int read_head(struct recording_reader *reader, uint64_t size, struct str_buf *error)
{
	uint8_t bytes[RECORDING_HEAD_MAX];
	size_t len = size < sizeof(bytes) ? size : sizeof(bytes);
	uint32_t version = 0;
	int r = recording_read_at(reader->fd, bytes, len, 0);

	if (r == 0)
		r = recording_head_unpack(bytes, len, &reader->head, &version);
	if (r == -EBADMSG)
		return refuse(error, reader->path, r, "it is no recording");
	if (r != -EOPNOTSUPP)
		return r;
	begin_error(error, reader->path);
	str_buf_printf(error, "it is of version %" PRIu32 " of the format, and only %d is known",
		       version, RECORDING_VERSION);
	return -EBADMSG;
}

static int look_through(struct recording_reader *reader, struct str_buf *error)
{
	struct stat st;
	int r;

	if (fstat(reader->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return refuse(error, reader->path, -EBADMSG, "it is not a regular file");
	r = read_head(reader, (uint64_t)st.st_size, error);
	if (r < 0)
		return r;
	r = recording_index_scan(&reader->index, reader->fd, (uint64_t)r, (uint64_t)st.st_size);
	if (r < 0)
		return r;
	if (!reader->index.n_spots)
		return refuse(error, reader->path, -ENODATA, "nothing has been recorded in it");
	return 0;
}

static int new_reader(const char *path, struct recording_reader **ret_reader)
{
	CLEANUP(close_reader_p) struct recording_reader *reader = calloc(1, sizeof(*reader));
	size_t path_size = strlen(path) + 1;
	int r;

	if (!reader)
		return -ENOMEM;
	reader->fd = -1;
	reader->decoded = NOWHERE;
	reader->is_going = true;
	reader->path = malloc(path_size);
	reader->zstd = ZSTD_createDCtx();
	if (!reader->path || !reader->zstd)
		return -ENOMEM;
	memcpy(reader->path, path, path_size);
	r = recording_decoder_new(&reader->decoder);
	if (r < 0)
		return r;
	*ret_reader = STEAL(reader);
	return 0;
}

static int open_reader(int *fd, const char *path, struct recording_reader **ret_reader,
		       struct str_buf *error)
{
	CLEANUP(close_reader_p) struct recording_reader *reader = NULL;
	int r = new_reader(path, &reader);

	if (r < 0)
		return r;
	reader->fd = STEAL_FD(*fd);
	r = look_through(reader, error);
	if (r < 0)
		return r;
	*ret_reader = STEAL(reader);
	return 0;
}

int recording_open_fd(const char *path, int *ret_fd, struct str_buf *error)
{
	/* not blocking: a pipe is refused, not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = -errno;

	if (fd < 0)
		return refuse(error, path, r, strerror(-r));
	*ret_fd = fd;
	return 0;
}

int recording_open_reader(int fd, const char *path, struct recording_reader **ret_reader,
			  struct str_buf *error)
{
	CLEANUP(close_fd_p) int taken = fd;
	size_t said = error->len;
	int r = open_reader(&taken, path, ret_reader, error);

	if (r < 0 && error->len == said)
		refuse(error, path, r, strerror(-r));
	return r;
}

int recording_open(const char *path, struct recording_reader **ret_reader, struct str_buf *error)
{
	int fd, r = recording_open_fd(path, &fd, error);

	return r < 0 ? r : recording_open_reader(fd, path, ret_reader, error);
}

void recording_info(const struct recording_reader *reader, struct recording_info *ret_info)
{
	const struct recording_index *index = &reader->index;

	*ret_info = (struct recording_info){
		.first_realtime_ns = UINT64_MAX,
		.n_frames = index->n_spots,
		.is_cut = index->is_cut,
	};
	for (size_t i = 0; i < index->n_spots; i++) {
		uint64_t at_ns = index->spots[i].realtime_ns;

		if (at_ns < ret_info->first_realtime_ns)
			ret_info->first_realtime_ns = at_ns;
		if (at_ns > ret_info->last_realtime_ns)
			ret_info->last_realtime_ns = at_ns;
	}
	memcpy(ret_info->host, reader->head.host, sizeof(ret_info->host));
	memcpy(ret_info->program, reader->head.program, sizeof(ret_info->program));
}

const struct conn_names *recording_names(const struct recording_reader *reader)
{
	return recording_decoder_names(reader->decoder);
}

/* The first key block at or after a place; the number of blocks: there is none. */
static size_t key_from(const struct recording_reader *reader, size_t at)
{
	while (at < reader->index.n_spots && !reader->index.spots[at].is_key)
		at++;
	return at;
}

/* The place of the block from which the wanted one can be come to; NOWHERE: none. */
static size_t way_to(const struct recording_reader *reader, size_t wanted)
{
	size_t at = wanted;

	while (!reader->index.spots[at].is_key) {
		if (at == 0)
			return NOWHERE;
		if (at - 1 == reader->decoded) /* the decoder stands right before it */
			return at;
		at--;
	}
	return at;
}

/* A block that does not stand for itself needs the one right before it. */
static bool follows(const struct recording_reader *reader, size_t at)
{
	const struct recording_spot *spots = reader->index.spots;

	return spots[at].is_key ||
	       (at > 0 && at - 1 == reader->decoded && !spots[at].is_after_gap &&
		spots[at].sequence == spots[at - 1].sequence + 1);
}

static int decode_block(struct recording_reader *reader, size_t at)
{
	struct recording_block block;
	int r = follows(reader, at) ? 0 : -EBADMSG;

	if (r == 0)
		r = recording_read_block(reader->fd, reader->index.spots[at].offset, &block,
					 &reader->payload);
	reader->decoded = NOWHERE;
	if (r == 0)
		r = recording_block_open(reader->zstd, reader->payload.data, reader->payload.len,
					 &reader->raw);
	if (r == 0)
		r = recording_decode(
			reader->decoder, &block,
			(struct bytes){(const uint8_t *)reader->raw.data, reader->raw.len});
	if (r == 0)
		reader->decoded = at;
	return r;
}

/* Brings the decoder to the block. On failure *ret_bad is the one that could not be decoded. */
static int decode_to(struct recording_reader *reader, size_t wanted, size_t *ret_bad)
{
	size_t at = wanted;
	int r = 0;

	if (reader->decoded == wanted)
		return 0;
	at = way_to(reader, wanted);
	*ret_bad = wanted;
	if (at == NOWHERE)
		return -EBADMSG;
	for (; at <= wanted && r == 0; at++) {
		*ret_bad = at;
		r = decode_block(reader, at);
	}
	return r;
}

static void add_time(const struct recording_reader *reader, size_t at, struct str_buf *error)
{
	char text[UNITS_TIMESTAMP_MAX];

	units_timestamp(reader->index.spots[at].realtime_ns, text);
	str_buf_puts(error, text);
}

/* The block that is damaged, or stands behind what is; the next one is where it goes on. */
static int damaged(const struct recording_reader *reader, size_t at, struct str_buf *error)
{
	const struct recording_spot *spot = &reader->index.spots[at];
	bool goes_on = reader->next < reader->index.n_spots;

	str_buf_putc(error, '\'');
	text_escape(error, reader->path, strlen(reader->path));
	str_buf_printf(error, "' is damaged %s byte %" PRIu64 ": ",
		       spot->is_after_gap ? "before" : "at", spot->offset);
	if (at == 0 && !goes_on)
		str_buf_puts(error, "no frame can be read");
	else
		str_buf_puts(error, "the frames ");
	if (at > 0) {
		str_buf_puts(error, goes_on ? "between " : "after ");
		add_time(reader, at - 1, error);
	}
	if (goes_on) {
		str_buf_puts(error, at > 0 ? " and " : "before ");
		add_time(reader, reader->next, error);
	}
	if (at > 0 || goes_on)
		str_buf_puts(error, " are missing");
	return -EBADMSG;
}

int recording_next(struct recording_reader *reader, const struct conn_frame **ret_frame,
		   struct str_buf *error)
{
	size_t at = reader->next;
	size_t bad = at;
	int r;

	if (at == reader->index.n_spots)
		return 0;
	if (reader->is_going && reader->index.spots[at].is_after_gap) {
		reader->is_going = false;
		reader->next = key_from(reader, at);
		return damaged(reader, at, error);
	}
	r = decode_to(reader, at, &bad);
	if (r == -EBADMSG) {
		reader->next = key_from(reader, bad + 1);
		reader->is_going = false;
		return damaged(reader, bad, error);
	}
	if (r < 0)
		return refuse(error, reader->path, r, strerror(-r));
	reader->next = at + 1;
	reader->is_going = true;
	*ret_frame = recording_decoder_frame(reader->decoder);
	return 1;
}

int recording_seek(struct recording_reader *reader, uint64_t realtime_ns)
{
	const struct recording_index *index = &reader->index;
	size_t at = 0;

	while (at < index->n_spots && index->spots[at].realtime_ns < realtime_ns)
		at++;
	reader->is_going = false;
	reader->next = at < index->n_spots ? at : index->n_spots - 1;
	return at < index->n_spots ? 0 : -ENODATA;
}

uint64_t recording_next_number(const struct recording_reader *reader)
{
	return reader->next;
}

void recording_go_to(struct recording_reader *reader, uint64_t number)
{
	const struct recording_index *index = &reader->index;

	reader->is_going = false;
	reader->next = number < index->n_spots ? (size_t)number : index->n_spots;
}

uint64_t recording_realtime_ns(const struct recording_reader *reader, uint64_t number)
{
	return reader->index.spots[number].realtime_ns;
}
