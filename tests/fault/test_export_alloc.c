/* SPDX-License-Identifier: MIT */

/*
 * Exports whose Nth allocation fails, for each N: -ENOMEM and nothing else, nothing half-written,
 * the same call then works, and in the end no byte is left.
 */

#include <stdbool.h>

#include "../unit/export/log_dir.h"
#include "../unit/export/sample_rows.h"
#include "export/conn_csv.h"
#include "export/conn_json.h"
#include "export/conn_lines.h"
#include "export/conn_log.h"
#include "fault_alloc.h"
#include "tap.h"

/* No story allocates more often than this. */
#define MOST_ALLOCATIONS 100
#define HEADER "a,b\n"

static const struct conn_text_options plain_options;
static struct log_dir dir;

/* Tells a story with an allocation failing; false if it came out wrong. */
typedef bool (*story_fn)(void);

static void tell(const char *name, story_fn story)
{
	size_t live = fault_alloc_live_bytes();
	bool right = true, failed = true;
	size_t nth = 0;

	while (right && failed && nth < MOST_ALLOCATIONS) {
		fault_alloc_fail_at(++nth);
		right = story();
		failed = fault_alloc_failed();
		right = right && fault_alloc_live_bytes() == live;
	}
	ok(right && !failed, "%s: each of %zu allocations may fail", name, nth - 1);
	ok(nth > 1, "%s allocates at all", name);
	if (!right)
		tap_note("at allocation %zu, with %zu bytes left", nth,
			 fault_alloc_live_bytes() - live);
}

/* Appends to a log; one that could not be opened is as it was. */
static bool log_story(void)
{
	struct conn_log_options options = {
		.path = dir.log, .header = HEADER, .header_len = strlen(HEADER), .append = true};
	struct conn_log *log = NULL;
	struct str_buf error = {0};
	bool right = log_dir_write(&dir, "", HEADER "1,2\n") == 0;
	int r = conn_log_open(&options, &error, &log);

	if (r < 0) {
		right = right && r == -ENOMEM && !log && error.len &&
			strcmp(log_dir_read(&dir, ""), HEADER "1,2\n") == 0;
		r = conn_log_open(&options, &error, &log);
	}
	right = right && r == 0 && conn_log_write(log, "3,4\n", 4) == 0 &&
		conn_log_close(log) == 0 &&
		strcmp(log_dir_read(&dir, ""), HEADER "1,2\n3,4\n") == 0;
	str_buf_done(&error);
	return right;
}

/* Enough rows for every buffer to grow a few times. */
static struct conn_tick many_rows(void)
{
	static struct conn_row rows[64];
	static const struct conn_row *pointers[64];

	for (unsigned int i = 0; i < 64; i++) {
		rows[i] = i % 2 ? sample_udp() : sample_tcp();
		rows[i].id.generation = i;
		pointers[i] = &rows[i];
	}
	return sample_tick(pointers, 64, NULL, 0);
}

static size_t count_lines(const struct str_buf *buf)
{
	size_t n = 0;

	for (size_t i = 0; i < buf->len; i++)
		n += buf->data[i] == '\n';
	return n;
}

static bool plain_story(void)
{
	struct conn_tick tick = many_rows();
	struct conn_plain plain = {0};
	struct str_buf buf = {0};
	bool right = true;
	int r = conn_plain_tick(&plain, &buf, &plain_options, &tick);

	if (r < 0) {
		right = r == -ENOMEM && buf.len == 0;
		str_buf_clear(&buf);
		r = conn_plain_tick(&plain, &buf, &plain_options, &tick);
	}
	right = right && r == 0 && count_lines(&buf) == 64;
	str_buf_clear(&buf);
	right = right && conn_plain_tick(&plain, &buf, &plain_options, &tick) == 0 && !buf.len;
	conn_plain_done(&plain);
	str_buf_done(&buf);
	return right;
}

static void write_csv(struct str_buf *buf, const struct conn_tick *tick)
{
	struct conn_csv_columns columns = conn_csv_columns_default();

	conn_csv_tick(buf, &columns, &plain_options, tick, SAMPLE_REALTIME_NS);
}

static void write_lines(struct str_buf *buf, const struct conn_tick *tick)
{
	conn_lines_tick(buf, &plain_options, tick);
}

static void write_json(struct str_buf *buf, const struct conn_tick *tick)
{
	struct conn_json_tick about = {.source = "test"};

	conn_json_tick(buf, &plain_options, tick, &about);
}

/* A buffer keeps its error until it is cleared; then the tick can be written again. */
static bool buffer_story(void (*write_tick)(struct str_buf *buf, const struct conn_tick *tick),
			 size_t n_lines)
{
	struct conn_tick tick = many_rows();
	struct str_buf buf = {0};
	bool right = true;

	write_tick(&buf, &tick);
	if (buf.error) {
		right = buf.error == -ENOMEM;
		str_buf_clear(&buf);
		write_tick(&buf, &tick);
	}
	right = right && !buf.error && count_lines(&buf) == n_lines;
	str_buf_done(&buf);
	return right;
}

static bool csv_story(void)
{
	return buffer_story(write_csv, 64);
}

static bool lines_story(void)
{
	return buffer_story(write_lines, 64);
}

static bool json_story(void)
{
	return buffer_story(write_json, 65);
}

int main(void)
{
	if (!is_int(log_dir_init(&dir), 0, "a directory for logs"))
		return tap_done();
	tell("log", log_story);
	tell("plain", plain_story);
	tell("csv", csv_story);
	tell("lines", lines_story);
	tell("json", json_story);
	log_dir_done(&dir);
	return tap_done();
}
