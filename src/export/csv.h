/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Rows of comma-separated fields (RFC 4180) onto a str_buf. Two choices of ours:
 *  - rows end with LF, as Unix tools and readers expect it, not with CRLF;
 *  - controls and bytes that are not UTF-8 are written as \xNN (base/text.h), so a row is always
 *    one line and a log never carries a terminal escape.
 * A field that begins with = + - or @ is left as it is: what a spreadsheet makes of it is for the
 * one who opens it there to decide, and a minus is data.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"

struct csv {
	struct str_buf *buf; /* borrowed */
	size_t row_start;    /* where the row at hand begins in it */
	bool in_row;         /* a field stands before the next one */
};

/* Begins a row at the end of buf. */
void csv_init(struct csv *csv, struct str_buf *buf);

void csv_add_bytes(struct csv *csv, const char *bytes, size_t len);
void csv_add_text(struct csv *csv, const char *text);
void csv_add_u64(struct csv *csv, uint64_t value);
void csv_add_fixed(struct csv *csv, double value, unsigned int decimals);
void csv_add_empty(struct csv *csv);

/* For a field the caller makes in place; it must need neither quotes nor escapes. */
struct str_buf *csv_begin_plain(struct csv *csv);

/* Ends the row; the next field begins a new one. A row of one empty field becomes "" in quotes,
 * because readers skip blank lines. */
void csv_end_row(struct csv *csv);
