/* SPDX-License-Identifier: MIT */
#include "export/conn_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/log_file.h"

#define KEEP_DEFAULT 5
#define KEEP_MAX 999

struct conn_log {
	struct log_file *file;
};

static int parse_size(const char **text, uint64_t *ret_size)
{
	static const char letters[] = "KMG";
	char *end;
	const char *letter;
	unsigned long long size;
	unsigned int shift = 0;

	if (**text < '0' || **text > '9') /* strtoull would take blanks and signs */
		return -EINVAL;
	errno = 0;
	size = strtoull(*text, &end, 10);
	if (errno)
		return -EINVAL;
	letter = *end ? strchr(letters, *end & ~0x20) : NULL;
	if (letter) {
		shift = 10 * (unsigned int)(letter - letters + 1);
		end++;
	}
	if (!size || size > (uint64_t)INT64_MAX >> shift)
		return -EINVAL;
	*text = end;
	*ret_size = (uint64_t)size << shift;
	return 0;
}

int conn_log_rotation_parse(const char *text, struct conn_log_rotation *ret_rotation)
{
	struct conn_log_rotation rotation = {.keep = KEEP_DEFAULT};
	int r = parse_size(&text, &rotation.size_bytes);

	if (r < 0)
		return r;
	if (*text == ',') {
		char *end;
		unsigned long keep;

		if (text[1] < '0' || text[1] > '9')
			return -EINVAL;
		keep = strtoul(text + 1, &end, 10);
		if (keep < 1 || keep > KEEP_MAX)
			return -EINVAL;
		rotation.keep = (unsigned int)keep;
		text = end;
	}
	if (*text)
		return -EINVAL;
	*ret_rotation = rotation;
	return 0;
}

static int check_header(const struct log_file *file, const struct conn_log_options *options,
			struct str_buf *error)
{
	CLEANUP(free_p) char *found = malloc(options->header_len + 1);
	ssize_t n;

	if (!found)
		return -ENOMEM;
	n = log_file_read(file, found, options->header_len, 0);
	if (n < 0)
		return (int)n;
	if ((size_t)n == options->header_len &&
	    memcmp(found, options->header, options->header_len) == 0)
		return 0;
	str_buf_puts(error, "cannot log to '");
	text_escape(error, options->path, strlen(options->path));
	str_buf_puts(error, "': its first row is not our header; choose the columns it has, or "
			    "another file");
	return -EINVAL;
}

/* Cuts off what stands behind the last LF. The header has one, so the search ends there. */
static int cut_torn_row(struct log_file *file)
{
	char block[4096];
	off_t size = log_file_begun(file);
	off_t end = size;

	while (end > 0) {
		off_t start = end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		ssize_t n = log_file_read(file, block, (size_t)(end - start), start);
		const char *last;

		if (n < 0)
			return (int)n;
		last = memrchr(block, '\n', (size_t)n);
		if (last) {
			off_t whole = start + (last + 1 - block);

			return whole < size ? log_file_cut(file, whole) : 0;
		}
		end = start;
	}
	return -EBADMSG;
}

DEFINE_CLEANUP(close_file_p, struct log_file *, log_file_close)

/* A log that is there must be one of ours to be gone on with. */
static int open_file(const struct conn_log_options *options,
		     const struct log_file_options *file_options, struct str_buf *error,
		     struct log_file **ret_file)
{
	CLEANUP(close_file_p) struct log_file *file = NULL;
	int r = log_file_open(file_options, error, &file);

	if (r == 0 && log_file_begun(file))
		r = check_header(file, options, error);
	if (r == 0 && log_file_begun(file))
		r = cut_torn_row(file);
	if (r < 0)
		return r;
	*ret_file = STEAL(file);
	return 0;
}

int conn_log_open(const struct conn_log_options *options, struct str_buf *error,
		  struct conn_log **ret_log)
{
	const struct log_file_options file_options = {
		.path = options->path,
		.deed = "log to",
		.header = options->header,
		.header_len = options->header_len,
		.mode = 0640,
		.append = options->append,
		.by_lines = true,
		.rotate_at_bytes = options->rotation.size_bytes,
		.keep = options->rotation.keep,
	};
	CLEANUP(free_p) struct conn_log *log = calloc(1, sizeof(*log));
	size_t said = error->len;
	int r = log ? open_file(options, &file_options, error, &log->file) : -ENOMEM;

	if (r < 0)
		return log_file_explain(&file_options, error, said, r);
	*ret_log = STEAL(log);
	return 0;
}

int conn_log_write(struct conn_log *log, const char *rows, size_t len)
{
	return log_file_write(log->file, rows, len);
}

int conn_log_rotate(struct conn_log *log)
{
	return log_file_rotate(log->file, false);
}

int conn_log_close(struct conn_log *log)
{
	int r = log ? log_file_close(log->file) : 0;

	free(log);
	return r;
}
