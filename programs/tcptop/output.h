/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which export goes to which descriptor: a tick's rows become one buffer, and the buffer one
 * write. Nothing is kept back between ticks.
 */

#include <stdint.h>

#include <weir/conn_source.h>

#include "base/str_buf.h"
#include "export/conn_lines.h"
#include "export/conn_log.h"
#include "model/conn_frame.h"
#include "model/conn_text.h"
#include "options.h"
#include "writer.h"

struct output {
	const struct options *options; /* borrowed */
	struct conn_text_options exports;
	struct writer writer; /* to standard output */
	struct conn_log *log; /* NULL: to standard output */
	struct conn_plain plain;
	struct str_buf buf;
};

/* What an output begins with. */
struct output_start {
	const struct conn_names *names;         /* borrowed as long as the output is open */
	const struct endpoint_names *endpoints; /* borrowed likewise */
	uint64_t realtime_ns;
	const char *source; /* the source's describe() */
	int stop_fd;        /* as in struct writer */
};

/* Opens the log, if there is one, and writes the header, or the first line of JSON. On failure
 * error says why; output_done() is due in any case. */
int output_open(struct output *output, const struct options *options,
		const struct output_start *start, struct str_buf *error);

/* Writes one frame, with only those of its rows that are wanted, which are in shown. -EPIPE:
 * the reader went away, or does not read lines for people although it is asked to stop. On
 * other failures error says what happened; it is also filled on success, when all was written
 * but the log could not be rotated. */
int output_frame(struct output *output, const struct conn_frame *frame,
		 const struct conn_tick *shown, struct str_buf *error);

/* The program is asked to stop: a reader that does not read is given up soon. */
void output_stopping(struct output *output);

/* Closes the log; a file system may report a late failure there, which error then tells. */
int output_close(struct output *output, struct str_buf *error);

void output_done(struct output *output);
