/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as the names of a connection. The log is read back by the strict RFC 4180 reader of
 * tests/lib: a header and two rows of 25 fields, each one line, without controls and in UTF-8.
 * The same bytes are then lines of text and JSON, which keep the same promise.
 *
 * Input: process, cgroup and container name, with a byte 0x1e between them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "csv_read.h"
#include "export/conn_csv.h"
#include "export/conn_json.h"
#include "export/conn_lines.h"

#define SEPARATOR '\x1e'
#define N_NAMES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct names {
	char *texts[N_NAMES];
};

static const char *process_of(void *user, const struct conn_row *row)
{
	(void)row;
	return ((const struct names *)user)->texts[0];
}

static const char *cgroup_of(void *user, const struct conn_row *row)
{
	(void)row;
	return ((const struct names *)user)->texts[1];
}

static const char *container_of(void *user, const struct conn_row *row)
{
	(void)row;
	return ((const struct names *)user)->texts[2];
}

static void require(bool cond, const char *what, const struct str_buf *buf)
{
	if (cond)
		return;
	fprintf(stderr, "%s:\n%.*s\n", what, (int)buf->len, buf->data);
	abort();
}

/* Copies, so that a read past a name is a read past an allocation. */
static void split(const uint8_t *data, size_t size, struct names *names)
{
	for (int i = 0; i < N_NAMES; i++) {
		const uint8_t *end = i < N_NAMES - 1 && size ? memchr(data, SEPARATOR, size) : NULL;
		size_t len = end ? (size_t)(end - data) : size;

		names->texts[i] = malloc(len + 1);
		if (!names->texts[i])
			abort();
		if (len)
			memcpy(names->texts[i], data, len);
		names->texts[i][len] = '\0';
		data += len + (end != NULL);
		size -= len + (end != NULL);
	}
}

/* Nothing but whole lines of characters a terminal may see. */
static void check_lines(const struct str_buf *buf, size_t n_lines)
{
	size_t lines = 0;

	for (size_t at = 0; at < buf->len;) {
		uint32_t code = 0;
		size_t step = text_utf8_next(buf->data + at, buf->len - at, &code);

		require(step, "not UTF-8", buf);
		require(code == '\n' || !text_is_control(code), "a control", buf);
		lines += code == '\n';
		at += step;
	}
	require(lines == n_lines, "another number of lines", buf);
	require(buf->len && buf->data[buf->len - 1] == '\n', "a torn line", buf);
}

/* Bytes that need no escape come back as they were. */
static void check_field(const struct csv_table *table, const char *column, const char *name,
			const struct str_buf *buf)
{
	struct str_buf escaped = {0};

	text_escape(&escaped, name, strlen(name));
	for (size_t row = 0; row < table->n_rows; row++)
		require(strcmp(csv_field(table, row, csv_column(table, column)), escaped.data) == 0,
			column, buf);
	str_buf_done(&escaped);
}

static void check_csv(struct str_buf *buf, const struct conn_text_options *options,
		      const struct conn_tick *tick, const struct names *names)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = NULL;
	struct conn_csv_columns columns;
	struct str_buf error = {0};

	require(conn_csv_columns_parse("all", &columns, &error) == 0, "columns", &error);
	conn_csv_header(buf, &columns);
	conn_csv_tick(buf, &columns, options, tick, 0);
	check_lines(buf, 3);
	require(csv_read_text(buf->data, buf->len, &table) == 0, "no CSV", buf);
	require(table->n_rows == 2 && table->n_columns == CONN_CSV_COLUMNS_MAX, "a shape", buf);
	check_field(table, "cgroup", names->texts[1], buf);
	check_field(table, "container", names->texts[2], buf);
	if (names->texts[0][0])
		check_field(table, "process_name", names->texts[0], buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct names names;
	struct conn_names ask = {.user = &names,
				 .process = process_of,
				 .cgroup = cgroup_of,
				 .container = container_of};
	struct conn_text_options options = {.names = &ask};
	struct conn_json_tick about = {0};
	struct conn_row row = {.id.proto = WEIR_PROTO_TCP};
	struct conn_row closed = {.id.proto = WEIR_PROTO_UDP, .closed_ns = 1};
	const struct conn_row *rows[] = {&row, &closed};
	struct conn_tick tick = {rows, 1, rows + 1, 1, 1};
	struct str_buf buf = {0};

	split(data, size, &names);
	check_csv(&buf, &options, &tick, &names);
	str_buf_clear(&buf);
	conn_lines_tick(&buf, &options, &tick);
	check_lines(&buf, 2);
	about.source = names.texts[0];
	str_buf_clear(&buf);
	conn_json_tick(&buf, &options, &tick, &about);
	check_lines(&buf, 3);
	str_buf_done(&buf);
	for (int i = 0; i < N_NAMES; i++)
		free(names.texts[i]);
	return 0;
}
