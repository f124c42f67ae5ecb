/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A file that grows by whole pieces and is moved aside when it is due: what logs and recordings
 * stand on. Nothing is buffered here, so a killed process loses at most the piece it was writing. A
 * regular file never keeps a torn piece: what a full disk cut off is taken back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str_buf.h"

struct log_file;

struct log_file_options {
	const char *path;
	const char *deed;   /* "log to": what could not be done, for the words of an error */
	const void *header; /* what every file begins with */
	size_t header_len;
	mode_t mode; /* of a file that is made */
	bool append; /* to what is there; otherwise the file is replaced */
	/* A regular file that is replaced takes on the mode, too, and must be our own: its owner
	 * could read it. A link of another user (but root) is not followed. */
	bool is_private;
	bool by_lines;            /* each line is a piece; otherwise each write is */
	uint64_t rotate_at_bytes; /* a file this big is due; 0: never by its size */
	unsigned int keep; /* how many old ones are kept, as path.1 (the youngest) to path.keep */
};

/*
 * Opens the file and writes the header, unless it appends to what is there, which is then the
 * caller's to check. The options are borrowed for the call.
 *
 * -EINVAL: the path is a block device; -EPERM: it is another user's, and it is to be private;
 * -ENXIO: a pipe that nobody reads from; -EISDIR; -ENOMEM;
 * what open, write and ftruncate say. error then says it in words.
 */
int log_file_open(const struct log_file_options *options, struct str_buf *error,
		  struct log_file **ret_file);

/* Says in words why the file cannot be used, if nobody has said anything since error was said
 * bytes long. Returns r. */
int log_file_explain(const struct log_file_options *options, struct str_buf *error, size_t said,
		     int r);

/* Bytes that were there when it was opened to be appended to; 0 if it is no regular file. */
off_t log_file_begun(const struct log_file *file);

/* Reads len bytes, or up to the end of the file, and returns their number. */
ssize_t log_file_read(const struct log_file *file, void *data, size_t len, off_t offset);

/* Shortens the file. */
int log_file_cut(struct log_file *file, off_t size);

/*
 * Writes at the end, by one write(2) unless that is cut short. On failure, the errno of the write;
 * all pieces that went in whole are kept. -EPIPE: the path is a pipe and its reader went away (with
 * SIGPIPE ignored).
 */
int log_file_write(struct log_file *file, const void *data, size_t len);

/*
 * If the file has reached its size, or now, moves it aside and begins a new one with the same mode
 * and, where that is permitted, the same owner and group. 1: it did, 0: not due, or no regular
 * file. A negative errno: it could not, or it did (log_file_rotated() tells) but could not close or
 * remove an old file. Either way nothing written is lost and the file goes on; if it is still the
 * same file, it is due again after as many bytes more.
 */
int log_file_rotate(struct log_file *file, bool now);

/* How many times a new file was begun by that. */
uint64_t log_file_rotated(const struct log_file *file);

/* Frees the file, NULL too. What close() says: a file system may report a late failure there. */
int log_file_close(struct log_file *file);
