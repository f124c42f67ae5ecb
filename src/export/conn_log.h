/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The file behind `--log`. Whole rows go in, a tick at a time; nothing is buffered here, so a
 * killed process loses at most the tick it was in. A regular file never keeps a torn row: what a
 * full disk cut off is taken back to the last whole one. A row ends with LF and holds no other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"

struct conn_log;

struct conn_log_rotation {
	uint64_t size_bytes; /* a file this big is moved aside after the tick; 0: never */
	unsigned int keep;   /* how many are kept, as path.1 (the youngest) to path.keep */
};

struct conn_log_options {
	const char *path;
	const char *header; /* the first row of every file, with its LF */
	size_t header_len;
	bool append; /* to what is there; otherwise the file is replaced */
	struct conn_log_rotation rotation;
};

/* Parses "SIZE[,KEEP]": SIZE in bytes or with K, M, G (steps of 1024), KEEP 1 to 999, 5 if not
 * given. -EINVAL otherwise; *ret_rotation is then untouched. */
int conn_log_rotation_parse(const char *text, struct conn_log_rotation *ret_rotation);

/*
 * Opens the file (made with mode 0640) and writes the header, unless it appends to a file that has
 * it. A torn last row of an earlier run is cut off first. The options are borrowed for the call.
 *
 * -EINVAL: the file to append to begins with another header, or the path is a block device;
 * -EISDIR; -ENOMEM; what open, write and ftruncate say. error then says it in words. A file that
 * is refused is left as it was.
 */
int conn_log_open(const struct conn_log_options *options, struct str_buf *error,
		  struct conn_log **ret_log);

/*
 * Writes a tick's rows. On failure, the errno of the write; all rows that went in whole are kept.
 * -EPIPE: the path is a pipe and its reader went away (with SIGPIPE ignored).
 */
int conn_log_write(struct conn_log *log, const char *rows, size_t len);

/*
 * To be called after each tick: if the file has reached its size, moves it aside and begins a new
 * one with the same mode and, where that is permitted, the same owner and group. 1: it did, 0: not
 * due. A negative errno: it could not, or it did but could not close or remove an old file. Either
 * way no row is lost and the log goes on; if it is still in the same file, it tries again after as
 * many bytes more.
 */
int conn_log_rotate(struct conn_log *log);

/* Frees the log, NULL too. What close() says: a file system may report a late failure there. */
int conn_log_close(struct conn_log *log);
