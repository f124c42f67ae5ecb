/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections as lines of text for people: columns (`tcptop` when stdout is not a terminal, or
 * `--stream`) and sentences (`--plain`, for screen readers). Names are escaped.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "model/conn_table.h"
#include "model/conn_text.h"

/* Appends the line of column names. */
void conn_lines_header(struct str_buf *buf);

/* Appends a line per active connection, then a line per connection that closed. Closed rows that
 * linger among the active ones are left out. */
void conn_lines_tick(struct str_buf *buf, const struct conn_text_options *options,
		     const struct conn_tick *tick);

/* What the last tick said, so that nothing is said twice. Zeroed before its first use. */
struct conn_plain {
	uint64_t *said; /* a hash per sentence, sorted */
	uint64_t *next; /* those of the tick at hand; swapped with said, so ticks do not allocate */
	size_t n_said;
	size_t max; /* room in each of the two */
};

/*
 * Appends a sentence for each connection about which there is something new since the last tick,
 * and one for each that closed. -ENOMEM: nothing was appended and nothing forgotten.
 * Memory: 16 bytes a connection.
 */
int conn_plain_tick(struct conn_plain *plain, struct str_buf *buf,
		    const struct conn_text_options *options, const struct conn_tick *tick);

void conn_plain_done(struct conn_plain *plain);
