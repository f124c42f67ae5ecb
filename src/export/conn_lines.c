/* SPDX-License-Identifier: MIT */
#include "export/conn_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "base/text.h"

#define PROCESS_LENGTH_MAX 11
#define NOT_COUNTED "n/a"

static const struct {
	const char *title;
	size_t width;
} columns[] = {
	{"PROTO", 5},  {"LOCAL", 22},    {"REMOTE", 22},    {"PID", 7},     {"PROCESS", 12},
	{"STATE", 12}, {"BYTES_IN", 14}, {"BYTES_OUT", 14}, {"PKTS_IN", 8}, {"PKTS_OUT", 8},
	{"RTT", 8},    {"RATE_IN", 10},  {"RATE_OUT", 10},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* A line being made: where the cell at hand began, and which it is. */
struct line {
	struct str_buf *buf;
	size_t cell_start;
	size_t column;
};

static void end_cell(struct line *line)
{
	text_pad(line->buf, line->cell_start, columns[line->column].width);
	if (++line->column < N_COLUMNS)
		str_buf_putc(line->buf, ' ');
	line->cell_start = line->buf->len;
}

static void text_cell(struct line *line, const char *text)
{
	str_buf_puts(line->buf, text);
	end_cell(line);
}

static void add_process(struct str_buf *buf, const struct conn_row *row,
			const struct conn_text_options *options)
{
	const char *name = conn_text_process(row, options);

	text_escape(buf, name, strlen(name));
}

static void add_pid(struct str_buf *buf, const struct conn_row *row, const char *unknown)
{
	if (row->owner.pid)
		str_buf_u64(buf, row->owner.pid);
	else
		str_buf_puts(buf, unknown);
}

static void add_bytes(struct str_buf *buf, const struct conn_row *row,
		      const struct conn_text_options *options, uint64_t bytes)
{
	if (conn_text_has_counters(row))
		units_bytes(buf, &options->units, bytes);
	else
		str_buf_puts(buf, NOT_COUNTED);
}

static void add_rate(struct str_buf *buf, const struct conn_row *row,
		     const struct conn_text_options *options, double rate, const char *unknown)
{
	if (conn_text_has_rates(row))
		units_rate(buf, &options->units, rate);
	else
		str_buf_puts(buf, unknown);
}

static void add_rtt(struct str_buf *buf, const struct conn_row *row)
{
	units_rtt(buf, row->id.proto == WEIR_PROTO_UDP ? 0 : row->tcp.srtt_us);
}

static void packets_cell(struct line *line, const struct conn_row *row, uint64_t packets)
{
	if (conn_text_has_counters(row))
		str_buf_u64(line->buf, packets);
	else
		str_buf_puts(line->buf, NOT_COUNTED);
	end_cell(line);
}

static void identity_cells(struct line *line, const struct conn_row *row,
			   const struct conn_text_options *options)
{
	text_cell(line, conn_text_proto(row));
	conn_text_local_endpoint(line->buf, row, options);
	end_cell(line);
	conn_text_remote_endpoint(line->buf, row, options);
	end_cell(line);
	add_pid(line->buf, row, "-");
	end_cell(line);
	/* Escaped first, then cut: the width is of what is seen. */
	add_process(line->buf, row, options);
	text_truncate(line->buf, line->cell_start, PROCESS_LENGTH_MAX);
	end_cell(line);
	text_cell(line, conn_text_state(row));
}

static void number_cells(struct line *line, const struct conn_row *row,
			 const struct conn_text_options *options)
{
	add_bytes(line->buf, row, options, row->counters.bytes_in);
	end_cell(line);
	add_bytes(line->buf, row, options, row->counters.bytes_out);
	end_cell(line);
	packets_cell(line, row, row->counters.packets_in);
	packets_cell(line, row, row->counters.packets_out);
	add_rtt(line->buf, row);
	end_cell(line);
	add_rate(line->buf, row, options, row->rate_in, "-");
	end_cell(line);
	add_rate(line->buf, row, options, row->rate_out, "-");
	end_cell(line);
}

static void add_active(struct str_buf *buf, const struct conn_row *row,
		       const struct conn_text_options *options)
{
	struct line line = {.buf = buf, .cell_start = buf->len};

	identity_cells(&line, row, options);
	number_cells(&line, row, options);
	str_buf_puts(buf, row->flags & WEIR_CONN_PARTIAL ? " [PARTIAL]\n" : "\n");
}

/* The life of a connection: unknown if it began before us. */
static void add_duration(struct str_buf *buf, const struct conn_row *row, uint64_t now_ns,
			 const char *unknown)
{
	if (row->opened_ns)
		units_duration(buf, conn_row_age_ns(row, now_ns));
	else
		str_buf_puts(buf, unknown);
}

static void add_closed(struct str_buf *buf, const struct conn_row *row,
		       const struct conn_text_options *options, uint64_t now_ns)
{
	str_buf_puts(buf, "[CLOSED] ");
	str_buf_puts(buf, conn_text_proto(row));
	str_buf_putc(buf, ' ');
	conn_text_local_endpoint(buf, row, options);
	str_buf_puts(buf, " -> ");
	conn_text_remote_endpoint(buf, row, options);
	str_buf_puts(buf, " (");
	add_process(buf, row, options);
	str_buf_puts(buf, ", PID ");
	add_pid(buf, row, "-");
	str_buf_puts(buf, ") in ");
	add_bytes(buf, row, options, row->counters.bytes_in);
	str_buf_puts(buf, " out ");
	add_bytes(buf, row, options, row->counters.bytes_out);
	str_buf_putc(buf, ' ');
	add_duration(buf, row, now_ns, "-");
	str_buf_puts(buf, " rtt ");
	add_rtt(buf, row);
	if (row->flags & WEIR_CONN_AT_LEAST)
		str_buf_puts(buf, " [AT-LEAST]");
	str_buf_putc(buf, '\n');
}

void conn_lines_header(struct str_buf *buf)
{
	struct line line = {.buf = buf, .cell_start = buf->len};

	for (size_t i = 0; i < N_COLUMNS; i++)
		text_cell(&line, columns[i].title);
	str_buf_putc(buf, '\n');
}

void conn_lines_tick(struct str_buf *buf, const struct conn_text_options *options,
		     const struct conn_tick *tick)
{
	for (size_t i = 0; i < tick->n_active; i++) {
		if (!conn_text_is_closed(tick->active[i]))
			add_active(buf, tick->active[i], options);
	}
	for (size_t i = 0; i < tick->n_closed; i++)
		add_closed(buf, tick->closed[i], options, tick->now_ns);
}

static void add_bytes_short(struct str_buf *buf, const struct conn_row *row,
			    const struct conn_text_options *options, uint64_t bytes)
{
	if (conn_text_has_counters(row))
		units_bytes_short(buf, &options->units, bytes);
	else
		str_buf_puts(buf, "not counted");
}

/* "TCP 10.0.0.1:22 to 10.0.0.2:51000, sshd, pid 812": how both kinds of sentence begin. */
static void say_who(struct str_buf *buf, const struct conn_row *row,
		    const struct conn_text_options *options)
{
	str_buf_puts(buf, conn_text_proto(row));
	str_buf_putc(buf, ' ');
	conn_text_local_endpoint(buf, row, options);
	str_buf_puts(buf, " to ");
	conn_text_remote_endpoint(buf, row, options);
	str_buf_puts(buf, ", ");
	add_process(buf, row, options);
	str_buf_puts(buf, ", pid ");
	add_pid(buf, row, "unknown");
}

static void say_totals(struct str_buf *buf, const struct conn_row *row,
		       const struct conn_text_options *options)
{
	str_buf_puts(buf, ", in ");
	add_bytes_short(buf, row, options, row->counters.bytes_in);
	str_buf_puts(buf, ", out ");
	add_bytes_short(buf, row, options, row->counters.bytes_out);
}

static void say_active(struct str_buf *buf, const struct conn_row *row,
		       const struct conn_text_options *options)
{
	say_who(buf, row, options);
	if (row->id.proto != WEIR_PROTO_UDP) { /* "UDP" once is enough */
		str_buf_puts(buf, ", ");
		str_buf_puts(buf, conn_text_state(row));
	}
	say_totals(buf, row, options);
	str_buf_puts(buf, ", receiving ");
	add_rate(buf, row, options, row->rate_in, "unknown");
	str_buf_puts(buf, ", sending ");
	add_rate(buf, row, options, row->rate_out, "unknown");
	str_buf_puts(buf, row->flags & WEIR_CONN_PARTIAL ? ", partial\n" : "\n");
}

static void say_closed(struct str_buf *buf, const struct conn_row *row,
		       const struct conn_text_options *options, uint64_t now_ns)
{
	str_buf_puts(buf, "closed: ");
	say_who(buf, row, options);
	say_totals(buf, row, options);
	str_buf_puts(buf, ", lasted ");
	add_duration(buf, row, now_ns, "unknown");
	str_buf_putc(buf, '\n');
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The identity is the key: two lives of one 4-tuple may say the same and are still two. */
static uint64_t hash_sentence(const struct weir_conn_id *id, const char *text, size_t len)
{
	uint8_t key[16];

	memcpy(key, &id->cookie, 8);
	memcpy(key + 8, &id->generation, 4);
	memcpy(key + 12, &id->netns, 4);
	return siphash24(key, text, len);
}

/* Says it, and takes it back if it was said the last time. Returns its hash. */
static uint64_t say_if_new(const struct conn_plain *plain, struct str_buf *buf,
			   const struct conn_text_options *options, const struct conn_row *row)
{
	size_t start = buf->len;
	uint64_t hash;

	say_active(buf, row, options);
	if (buf->error)
		return 0;
	hash = hash_sentence(&row->id, buf->data + start, buf->len - start);
	if (plain->n_said &&
	    bsearch(&hash, plain->said, plain->n_said, sizeof(hash), compare_hashes)) {
		buf->len = start;
		buf->data[start] = '\0';
	}
	return hash;
}

static int make_room(struct conn_plain *plain, size_t n)
{
	uint64_t *said, *next;

	if (n <= plain->max)
		return 0;
	n += n / 2; /* n pointers fit into memory, so n hashes cannot overflow a size_t */
	said = realloc(plain->said, n * sizeof(*said));
	if (!said)
		return -ENOMEM;
	plain->said = said;
	next = realloc(plain->next, n * sizeof(*next));
	if (!next)
		return -ENOMEM;
	plain->next = next;
	plain->max = n;
	return 0;
}

int conn_plain_tick(struct conn_plain *plain, struct str_buf *buf,
		    const struct conn_text_options *options, const struct conn_tick *tick)
{
	size_t start = buf->len;
	size_t n = 0;
	uint64_t *said;
	int r;

	r = make_room(plain, tick->n_active);
	if (r < 0)
		return r;
	for (size_t i = 0; i < tick->n_active; i++) {
		if (!conn_text_is_closed(tick->active[i]))
			plain->next[n++] = say_if_new(plain, buf, options, tick->active[i]);
	}
	for (size_t i = 0; i < tick->n_closed; i++)
		say_closed(buf, tick->closed[i], options, tick->now_ns);
	if (buf->error) {
		buf->len = start;
		return buf->error;
	}
	if (n)
		qsort(plain->next, n, sizeof(*plain->next), compare_hashes);
	said = plain->said;
	plain->said = plain->next;
	plain->next = said;
	plain->n_said = n;
	return 0;
}

void conn_plain_done(struct conn_plain *plain)
{
	free(plain->said);
	free(plain->next);
	*plain = (struct conn_plain){0};
}
