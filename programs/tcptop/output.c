/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/conn_csv.h"
#include "export/conn_json.h"

#define NS_PER_MS UINT64_C(1000000)

static void say(struct output *output, struct str_buf *error, int r, const char *more)
{
	if (output->options->log_path)
		text_escape(error, output->options->log_path, strlen(output->options->log_path));
	else
		str_buf_puts(error, "standard output");
	str_buf_printf(error, ": %s%s", r == -ETIMEDOUT ? "its reader does not read" : strerror(-r),
		       more);
}

static bool is_for_people(const struct options *options)
{
	return options->format <= OPTIONS_FORMAT_PLAIN;
}

/* Writes what is in the buffer. */
static int flush(struct output *output, struct str_buf *error)
{
	int r = output->buf.error;

	if (r == 0 && output->log)
		r = conn_log_write(output->log, output->buf.data, output->buf.len);
	else if (r == 0)
		r = writer_write(&output->writer, output->buf.data, output->buf.len);
	/* Whoever ends it has seen enough; to a program, what is cut off is a failure. */
	if (r == -ETIMEDOUT && is_for_people(output->options))
		r = -EPIPE;
	if (r < 0 && r != -EPIPE)
		say(output, error, r, "; the rows before it are whole");
	return r;
}

static int open_log(struct output *output, struct str_buf *error)
{
	const struct conn_log_options options = {
		.path = output->options->log_path,
		.header = output->buf.data,
		.header_len = output->buf.len,
		.append = output->options->log_append,
		.rotation = output->options->log_rotation,
	};

	return conn_log_open(&options, error, &output->log);
}

static int write_header(struct output *output, const struct output_start *start,
			struct str_buf *error)
{
	str_buf_clear(&output->buf);
	switch (output->options->format) {
	case OPTIONS_FORMAT_DEFAULT:
	case OPTIONS_FORMAT_STREAM:
		conn_lines_header(&output->buf);
		break;
	case OPTIONS_FORMAT_CSV:
	case OPTIONS_FORMAT_LOG:
		conn_csv_header(&output->buf, &output->options->columns);
		break;
	case OPTIONS_FORMAT_JSON:
		conn_json_start(&output->buf, start->realtime_ns, start->source);
		break;
	case OPTIONS_FORMAT_PLAIN:
		return 0; /* sentences explain themselves */
	}
	if (output->buf.error) {
		say(output, error, output->buf.error, "");
		return output->buf.error;
	}
	if (output->options->format == OPTIONS_FORMAT_LOG)
		return open_log(output, error);
	return flush(output, error);
}

int output_open(struct output *output, const struct options *options,
		const struct output_start *start, struct str_buf *error)
{
	*output = (struct output){
		.options = options,
		.exports =
			{
				.names = start->names,
				.endpoints = start->endpoints,
				.redact = options->redact,
				.units = options->units,
			},
		.writer = {.fd = STDOUT_FILENO, .stop_fd = start->stop_fd},
	};
	if (getrandom(output->exports.redact.key, sizeof(output->exports.redact.key), 0) < 0) {
		int r = -errno;

		str_buf_printf(error, "no random numbers: %s", strerror(-r));
		return r;
	}
	return write_header(output, start, error);
}

static int render(struct output *output, const struct conn_frame *frame,
		  const struct conn_tick *shown)
{
	const struct conn_json_tick json = {
		.realtime_ns = frame->realtime_ns,
		.interval_ms = frame->interval_ns / NS_PER_MS,
		.source = frame->source,
		.source_stats = &frame->source_stats,
		.table_stats = &frame->table_stats,
	};

	switch (output->options->format) {
	case OPTIONS_FORMAT_DEFAULT:
	case OPTIONS_FORMAT_STREAM:
		conn_lines_tick(&output->buf, &output->exports, shown);
		break;
	case OPTIONS_FORMAT_PLAIN:
		return conn_plain_tick(&output->plain, &output->buf, &output->exports, shown);
	case OPTIONS_FORMAT_JSON:
		conn_json_tick(&output->buf, &output->exports, shown, &json);
		break;
	case OPTIONS_FORMAT_CSV:
	case OPTIONS_FORMAT_LOG:
		conn_csv_tick(&output->buf, &output->options->columns, &output->exports, shown,
			      frame->realtime_ns);
		break;
	}
	return 0;
}

int output_frame(struct output *output, const struct conn_frame *frame,
		 const struct conn_tick *shown, struct str_buf *error)
{
	int r;

	str_buf_clear(&output->buf);
	r = render(output, frame, shown);
	if (r < 0) {
		say(output, error, r, "");
		return r;
	}
	r = flush(output, error);
	if (r < 0 || !output->log)
		return r;
	r = conn_log_rotate(output->log);
	if (r < 0)
		say(output, error, r, " (on beginning a new file; no row is lost)");
	return 0;
}

void output_stopping(struct output *output)
{
	writer_stopping(&output->writer);
}

int output_close(struct output *output, struct str_buf *error)
{
	int r = output->log ? conn_log_close(STEAL(output->log)) : 0;

	if (r < 0)
		say(output, error, r, " (on closing it)");
	return r;
}

void output_done(struct output *output)
{
	/* Whoever wants to hear of a failure calls output_close() before. */
	(void)(output->log ? conn_log_close(STEAL(output->log)) : 0);
	conn_plain_done(&output->plain);
	str_buf_done(&output->buf);
}
