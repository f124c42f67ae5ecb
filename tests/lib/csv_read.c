/* SPDX-License-Identifier: MIT */
#include "csv_read.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct csv_parser {
	struct csv_table *table;
	const char *in;
	const char *end;
	char *out; /* behind in: a field never grows */
	size_t n_fields;
	size_t max_fields;
	size_t row_fields; /* fields of the row at hand */
};

static int add_field(struct csv_parser *p, const char *field)
{
	if (p->n_fields == p->max_fields) {
		size_t max = p->max_fields ? p->max_fields * 2 : 256;
		const char **fields = realloc(p->table->fields, max * sizeof(*fields));

		if (!fields)
			return -ENOMEM;
		p->table->fields = fields;
		p->max_fields = max;
	}
	p->table->fields[p->n_fields++] = field;
	p->row_fields++;
	return 0;
}

/* *p->in is the character after the opening quote. "" inside stands for one quote. */
static int read_quoted(struct csv_parser *p)
{
	while (p->in < p->end) {
		if (*p->in != '"') {
			*p->out++ = *p->in++;
			continue;
		}
		p->in++;
		if (p->in == p->end || *p->in != '"')
			return 0;
		*p->out++ = *p->in++;
	}
	return -EBADMSG;
}

static int read_bare(struct csv_parser *p)
{
	while (p->in < p->end && !strchr(",\r\n", *p->in)) {
		if (*p->in == '"')
			return -EBADMSG;
		*p->out++ = *p->in++;
	}
	return 0;
}

static int end_row(struct csv_parser *p)
{
	struct csv_table *table = p->table;

	if (!table->n_columns)
		table->n_columns = p->row_fields;
	else if (p->row_fields != table->n_columns)
		return -EBADMSG;
	else
		table->n_rows++;
	p->row_fields = 0;
	return 0;
}

/* Reads one field and what separates it from the next. */
static int read_field(struct csv_parser *p)
{
	char *field = p->out;
	bool quoted = *p->in == '"';
	char separator;
	int r;

	if (quoted)
		p->in++;
	r = quoted ? read_quoted(p) : read_bare(p);
	if (r < 0)
		return r;
	if (p->in == p->end)
		return -EBADMSG;
	separator = *p->in++;
	if (separator == '\r') {
		if (p->in == p->end || *p->in != '\n')
			return -EBADMSG;
		separator = *p->in++;
	}
	if (separator != ',' && separator != '\n')
		return -EBADMSG;
	*p->out++ = '\0';
	r = add_field(p, field);
	if (r < 0)
		return r;
	return separator == '\n' ? end_row(p) : 0;
}

int csv_read_text(const char *text, size_t len, struct csv_table **ret_table)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = calloc(1, sizeof(*table));
	struct csv_parser p = {.table = table, .in = text, .end = text + len};
	int r;

	if (!table)
		return -ENOMEM;
	if (!len)
		return -ENODATA;
	table->text = malloc(len);
	if (!table->text)
		return -ENOMEM;
	p.out = table->text;
	while (p.in < p.end) {
		r = read_field(&p);
		if (r < 0)
			return r;
	}
	if (p.row_fields)
		return -EBADMSG;
	*ret_table = STEAL(table);
	return 0;
}

static int read_whole(FILE *file, char **ret_text, size_t *ret_len)
{
	CLEANUP(free_p) char *text = NULL;
	size_t len = 0, max = 0, n;

	do {
		if (len == max) {
			char *grown = realloc(text, max = max ? max * 2 : 65536);

			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		n = fread(text + len, 1, max - len, file);
		len += n;
	} while (n);
	if (ferror(file))
		return -EIO;
	*ret_text = STEAL(text);
	*ret_len = len;
	return 0;
}

int csv_read_file(const char *path, struct csv_table **ret_table)
{
	CLEANUP(fclose_p) FILE *file = fopen(path, "re");
	CLEANUP(free_p) char *text = NULL;
	size_t len;
	int r;

	if (!file)
		return -errno;
	r = read_whole(file, &text, &len);
	if (r < 0)
		return r;
	return csv_read_text(text, len, ret_table);
}

void csv_table_free(struct csv_table *table)
{
	if (!table)
		return;
	free(table->fields);
	free(table->text);
	free(table);
}

int csv_column(const struct csv_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		if (strcmp(table->fields[i], name) == 0)
			return (int)i;
	}
	return -ENOENT;
}

const char *csv_field(const struct csv_table *table, size_t row, int column)
{
	assert(row < table->n_rows && column >= 0 && (size_t)column < table->n_columns);
	return table->fields[(row + 1) * table->n_columns + (size_t)column];
}
