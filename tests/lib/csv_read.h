/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reads CSV back, strictly by RFC 4180 and by nothing else: it shares no line with the writer it
 * judges. The first row is the header and names the columns.
 */

#include <stddef.h>

struct csv_table {
	char *text;          /* all fields, each NUL-terminated */
	const char **fields; /* row by row, the header first */
	size_t n_columns;
	size_t n_rows; /* without the header */
};

/* Takes a copy of the text. Rows may end with LF or CRLF; the last one must end too.
 * -EBADMSG: a torn last row, a stray quote, or a row with another number of fields than the header;
 * -ENODATA: no header row; -ENOMEM. */
int csv_read_text(const char *text, size_t len, struct csv_table **ret_table);

/* As above, and the errors of open and read. */
int csv_read_file(const char *path, struct csv_table **ret_table);

void csv_table_free(struct csv_table *table);

static inline void csv_table_free_p(struct csv_table **table)
{
	csv_table_free(*table);
}

/* The index of a column; -ENOENT when the header has none of that name. */
int csv_column(const struct csv_table *table, const char *name);

/* A field of row 0 … n_rows - 1; borrowed from the table. */
const char *csv_field(const struct csv_table *table, size_t row, int column);
