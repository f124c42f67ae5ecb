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

/* Whether this build can record and replay; if not, whoever tries is told so (-EOPNOTSUPP). */
bool recording_is_built_in(void);

/* --- writing --- */

struct recording_options {
	size_t size;         /* sizeof(struct recording_options) */
	const char *host;    /* this host's name */
	const char *program; /* "tcptop 0.1.0" */
	uint64_t max_bytes;  /* of one file; 0: 256 MiB. With the tick after that … */
	uint64_t max_ns;     /* … or after this much time the next one begins; 0: no limit */
	unsigned keep;       /* how many older ones are kept beside it (FILE.1 …); 0: none */
	unsigned key_every;  /* ticks from key block to key block, at most; 0: 60 */
};

struct recording_writer;

/*
 * Makes the file anew (mode 0600: it says who talked to whom). The options are borrowed for the
 * call. -EOPNOTSUPP: this build cannot record or replay; -EINVAL (a size this build does not know,
 * a block device); -ENOMEM; what open, write and ftruncate say. error then says it in words.
 */
int recording_create(const char *path, const struct recording_options *options,
		     struct recording_writer **ret_writer, struct str_buf *error);

/*
 * Keeps one frame, and the names of its rows as they are now (NULL: none). Names are taken to be
 * the same for rows with the same owner, control group and network namespace: they are asked for
 * once in a frame. What is a table's own (conn_row.version) is not kept.
 *
 * A full disk is -ENOSPC with all earlier frames kept; -EPIPE: the reader of a pipe went away;
 * -EFBIG (more than 10,000,000 rows); -ENOMEM. error then says it in words. After any of them it
 * may go on: the next frame stands for itself. error is also filled on success, when the frame was
 * kept but the next file could not be begun; it then goes on in the one it has.
 */
int recording_add(struct recording_writer *writer, const struct conn_frame *frame,
		  const struct conn_names *names, struct str_buf *error);

/* Of the file that is being written. */
uint64_t recording_bytes(const struct recording_writer *writer);

/* NULL is fine. *ret_error (may be NULL): what close(2) said. */
struct recording_writer *recording_finish(struct recording_writer *writer, int *ret_error);

/* --- reading --- */

struct recording_reader;

/* What there is in a file. */
struct recording_info {
	char host[256];
	char program[64];
	/* The earliest and the latest time, wherever they are: a clock may be set back. */
	uint64_t first_realtime_ns;
	uint64_t last_realtime_ns;
	uint64_t n_frames; /* those that turn out to be damaged included */
	bool is_cut;       /* the end is not whole: the writer was killed, or is writing now */
};

/*
 * Looks through the file's block heads; what is written behind them later is not seen. -EBADMSG: it
 * is no recording, or of a version that is not known; error says which. An empty recording (no
 * frame) is -ENODATA. -EOPNOTSUPP: this build cannot replay; -ENOMEM; what open(2) and pread(2)
 * say.
 */
int recording_open(const char *path, struct recording_reader **ret_reader, struct str_buf *error);

/* The same in two steps, so that privileges can be given up before anything is read. The descriptor
 * is taken, on failure too; the path is for words. */
int recording_open_fd(const char *path, int *ret_fd, struct str_buf *error);
int recording_open_reader(int fd, const char *path, struct recording_reader **ret_reader,
			  struct str_buf *error);

/* NULL is fine. */
struct recording_reader *recording_close(struct recording_reader *reader);
void recording_info(const struct recording_reader *reader, struct recording_info *ret_info);

/* The names of the frame read last, as they were told when it was kept; for its rows, and for
 * copies of them. Borrowed from the reader; the texts until its next call. */
const struct conn_names *recording_names(const struct recording_reader *reader);

/*
 * Reads the next frame. It and its rows are borrowed until the next call on the reader. 0: there is
 * no further one; 1: *ret_frame is it. -EBADMSG: a part of the file is damaged; error says where
 * and from when to when frames are missing, and the next call goes on with the next key block.
 * -ENOMEM and what pread(2) says: the next call tries again.
 */
int recording_next(struct recording_reader *reader, const struct conn_frame **ret_frame,
		   struct str_buf *error);

/* Makes the first frame in the file that is at that time or after it the next one. -ENODATA: all
 * are before it; then the last one is next. */
int recording_seek(struct recording_reader *reader, uint64_t realtime_ns);

/* Frames by number, from 0 to n_frames - 1, in the order they were made in: which one is next
 * (n_frames: none is), making one the next, and its time. */
uint64_t recording_next_number(const struct recording_reader *reader);
void recording_go_to(struct recording_reader *reader, uint64_t number);
uint64_t recording_realtime_ns(const struct recording_reader *reader, uint64_t number);
