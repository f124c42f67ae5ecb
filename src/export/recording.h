/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Frames kept in a file, to be looked at again: every row of every tick as it was shown, with its
 * names, in a fraction of its size. docs/recording.md has the format.
 *
 * A tick is one block, written by one write(2), with its length and a checksum: whatever kills the
 * writer, the file ends with the last tick that was written whole. Every so many ticks a block
 * stands for itself (a key block), so a reader begins anywhere.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "model/conn_frame.h"
#include "model/conn_row.h"

/* --- writing --- */

struct recording_options {
	size_t size;         /* sizeof(struct recording_options) */
	const char *host;    /* this host's name */
	const char *program; /* "tcptop 0.1.0" */
	uint64_t max_bytes;  /* of one file; 0: 256 MiB. Then the next one begins … */
	uint64_t max_ns;     /* … also after this much time; 0: no limit */
	unsigned keep;       /* how many older ones are kept beside it (FILE.1 …); 0: none */
	unsigned key_every;  /* ticks from key block to key block; 0: 60 */
};

struct recording_writer;

/* Makes the file anew (mode 0600: it says who talked to whom). On failure error says in words what
 * happened. */
int recording_create(const char *path, const struct recording_options *options,
		     struct recording_writer **ret_writer, struct str_buf *error);

/* Keeps one frame. words tells names as they are now (they are kept with it). A full disk is
 * -ENOSPC with all earlier frames kept; error says so. */
int recording_add(struct recording_writer *writer, const struct conn_frame *frame,
		  const struct conn_names *names, struct str_buf *error);

uint64_t recording_bytes(const struct recording_writer *writer);

/* NULL is fine. *ret_error (may be NULL): what close(2) said. */
struct recording_writer *recording_finish(struct recording_writer *writer, int *ret_error);

/* --- reading --- */

struct recording_reader;

/* What there is in a file. */
struct recording_info {
	char host[256];
	char program[64];
	uint64_t first_realtime_ns;
	uint64_t last_realtime_ns;
	uint64_t n_frames;
	bool is_cut; /* the last block is not whole: the writer was killed */
};

/* Looks through the file's block headers. -EBADMSG: it is no recording, or of a version that is not
 * known; error says which. An empty recording (no frame) is -ENODATA. */
int recording_open(const char *path, struct recording_reader **ret_reader, struct str_buf *error);
struct recording_reader *recording_close(struct recording_reader *reader);
void recording_info(const struct recording_reader *reader, struct recording_info *ret_info);

/* The names of the frame read last, as they were told when it was kept. */
const struct conn_names *recording_names(const struct recording_reader *reader);

/*
 * Reads the next frame. It and its rows are borrowed until the next call on the reader. 0: there is
 * no further one; 1: *ret_frame is it. -EBADMSG: a block is damaged; the next call goes on with the
 * next key block, and error says where.
 */
int recording_next(struct recording_reader *reader, const struct conn_frame **ret_frame,
		   struct str_buf *error);

/* Makes the frame at that time, or the first one after it, the next one. -ENODATA: all are before
 * it; then the last one is next. */
int recording_seek(struct recording_reader *reader, uint64_t realtime_ns);
