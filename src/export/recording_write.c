/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/log_file.h"
#include "export/recording.h"
#include "export/recording_block.h"
#include "export/recording_encode.h"

#define MAX_BYTES_DEFAULT (256ULL << 20)
#define KEY_EVERY_DEFAULT 60
/* To go to a second is to read from the key block before: not much more than some of those, or
 * this many bytes. */
#define KEY_TIMES 4
#define KEY_LEAST_BYTES (1U << 20)
/* zstd's fastest but for the negative ones: a tick is small, and there is little time for it. */
#define ZSTD_LEVEL 1

struct recording_writer {
	struct log_file *file;
	struct recording_encoder *encoder;
	ZSTD_CCtx *zstd;
	char *path;
	struct str_buf raw;
	struct str_buf block;
	size_t head_len;
	uint64_t file_bytes;
	uint64_t begun_ns; /* when the first frame of this file was */
	uint64_t max_ns;
	uint64_t n_rotated; /* as the file last told */
	uint32_t key_every;
	uint32_t since_key; /* ticks, the key's included */
	size_t key_bytes;
	size_t since_key_bytes;
	uint32_t sequence; /* of the next block */
	bool key_is_due;   /* whatever since_key says */
};

bool recording_is_built_in(void)
{
	return true;
}

static void free_writer(struct recording_writer *writer)
{
	log_file_close(writer->file);
	recording_encoder_free(writer->encoder);
	ZSTD_freeCCtx(writer->zstd);
	free(writer->path);
	str_buf_done(&writer->raw);
	str_buf_done(&writer->block);
	free(writer);
}

DEFINE_CLEANUP(free_writer_p, struct recording_writer *, free_writer)

static int new_writer(const char *path, const struct recording_options *options,
		      struct recording_writer **ret_writer)
{
	CLEANUP(free_writer_p) struct recording_writer *writer = calloc(1, sizeof(*writer));
	size_t path_size = strlen(path) + 1;
	int r;

	if (!writer)
		return -ENOMEM;
	writer->max_ns = options->max_ns;
	writer->key_every = options->key_every ? options->key_every : KEY_EVERY_DEFAULT;
	writer->key_is_due = true;
	writer->path = malloc(path_size);
	writer->zstd = ZSTD_createCCtx();
	if (!writer->path || !writer->zstd)
		return -ENOMEM;
	memcpy(writer->path, path, path_size);
	if (ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)))
		return -EINVAL;
	r = recording_encoder_new(&writer->encoder);
	if (r < 0)
		return r;
	*ret_writer = STEAL(writer);
	return 0;
}

int recording_create(const char *path, const struct recording_options *options,
		     struct recording_writer **ret_writer, struct str_buf *error)
{
	CLEANUP(free_writer_p) struct recording_writer *writer = NULL;
	uint8_t head[RECORDING_HEAD_MAX];
	const struct log_file_options file = {
		.path = path,
		.deed = "record to",
		.header = head,
		.header_len = recording_head_pack(options->host, options->program, head),
		.mode = 0600,
		.is_private = true,
		.rotate_at_bytes = options->max_bytes ? options->max_bytes : MAX_BYTES_DEFAULT,
		.keep = options->keep,
	};
	size_t said = error->len;
	int r = -EINVAL;

	if (options->size == sizeof(*options))
		r = new_writer(path, options, &writer);
	if (r == 0)
		r = log_file_open(&file, error, &writer->file);
	if (r < 0)
		return log_file_explain(&file, error, said, r);
	writer->head_len = file.header_len;
	writer->file_bytes = file.header_len;
	*ret_writer = STEAL(writer);
	return 0;
}

static void say(const struct recording_writer *writer, int r, struct str_buf *error)
{
	str_buf_puts(error, "cannot record to '");
	text_escape(error, writer->path, strlen(writer->path));
	str_buf_printf(error, "': %s", strerror(-r));
}

/* Begins the next file, if it is time. That it cannot is no reason to lose a frame. */
static void rotate_if_due(struct recording_writer *writer, uint64_t now_ns, struct str_buf *error)
{
	bool is_old = writer->max_ns && writer->file_bytes > writer->head_len &&
		      now_ns > writer->begun_ns && now_ns - writer->begun_ns >= writer->max_ns;
	int r = log_file_rotate(writer->file, is_old);

	if (r < 0) {
		str_buf_puts(error, "the next file could not be begun: ");
		say(writer, r, error);
	}
	if (log_file_rotated(writer->file) == writer->n_rotated) {
		if (is_old) /* it is due again after as long */
			writer->begun_ns = now_ns;
		return;
	}
	writer->n_rotated = log_file_rotated(writer->file);
	writer->file_bytes = writer->head_len;
	writer->sequence = 0;
	writer->key_is_due = true;
}

static int make_block(struct recording_writer *writer, const struct conn_frame *frame,
		      const struct conn_names *names, bool is_key)
{
	struct recording_block block = {
		.realtime_ns = frame->realtime_ns,
		.monotonic_ns = frame->tick.now_ns,
		.sequence = writer->sequence,
		.is_key = is_key,
	};
	int r = recording_encode(writer->encoder, frame, names, is_key, &writer->raw);

	str_buf_clear(&writer->block);
	if (r == 0)
		r = recording_block_make(writer->zstd, &block, &writer->raw, &writer->block);
	return r;
}

static bool key_is_due(const struct recording_writer *writer)
{
	return writer->key_is_due || writer->since_key >= writer->key_every ||
	       (writer->since_key_bytes > KEY_LEAST_BYTES &&
		writer->since_key_bytes > KEY_TIMES * writer->key_bytes) ||
	       recording_encoder_is_full(writer->encoder);
}

static void count_block(struct recording_writer *writer, bool is_key)
{
	size_t bytes = writer->block.len;

	writer->file_bytes += bytes;
	writer->sequence++;
	writer->since_key++;
	writer->since_key_bytes += bytes;
	if (!is_key)
		return;
	writer->since_key = 1;
	writer->since_key_bytes = 0;
	writer->key_bytes = bytes;
}

int recording_add(struct recording_writer *writer, const struct conn_frame *frame,
		  const struct conn_names *names, struct str_buf *error)
{
	size_t said = error->len;
	bool is_key;
	int r;

	rotate_if_due(writer, frame->tick.now_ns, error);
	is_key = key_is_due(writer);
	/* Until this one is in the file, the next one cannot stand on it. */
	writer->key_is_due = true;
	r = make_block(writer, frame, names, is_key);
	if (r == 0)
		r = log_file_write(writer->file, writer->block.data, writer->block.len);
	if (r < 0) {
		if (error->len > said)
			str_buf_puts(error, "; ");
		say(writer, r, error);
		return r;
	}
	if (writer->file_bytes == writer->head_len)
		writer->begun_ns = frame->tick.now_ns;
	writer->key_is_due = false;
	count_block(writer, is_key);
	return 0;
}

uint64_t recording_bytes(const struct recording_writer *writer)
{
	return writer->file_bytes;
}

struct recording_writer *recording_finish(struct recording_writer *writer, int *ret_error)
{
	int r;

	if (!writer)
		return NULL;
	r = log_file_close(STEAL(writer->file));
	free_writer(writer);
	if (ret_error)
		*ret_error = r;
	return NULL;
}
