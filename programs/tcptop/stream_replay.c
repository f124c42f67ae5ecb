/* SPDX-License-Identifier: MIT */
/* A recording's ticks through the same outputs as this host's, one after the other without a wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "output.h"
#include "privileges.h"
#include "replay.h"
#include "resolve.h"
#include "say.h"
#include "signals.h"
#include "stream.h"
#include "view.h"

/* How long names that were not known at once are waited for, once. */
#define RESOLVE_MS 1000

struct replay_stream {
	const struct options *options;
	struct replay replay;
	struct selection selection;
	struct view view;
	struct resolve *resolve; /* NULL: numbers only */
	struct endpoint_names endpoints;
	struct output output;
	int signal_fd;
	bool reader_gone;
	bool damaged; /* a part of the recording was passed over */
};

static const char *host_name(void *user, const struct weir_addr *addr)
{
	return resolve_host(user, addr);
}

static const char *service_name(void *user, uint16_t port, uint8_t proto)
{
	return resolve_service(user, port, proto);
}

static void resolve_now(struct replay_stream *stream, const struct conn_tick *shown)
{
	for (size_t i = 0; i < shown->n_active; i++) {
		resolve_host(stream->resolve, &shown->active[i]->id.local);
		resolve_host(stream->resolve, &shown->active[i]->id.remote);
	}
	resolve_wait(stream->resolve, RESOLVE_MS);
	resolve_collect(stream->resolve, shown->now_ns);
}

static int show(struct replay_stream *stream, const struct conn_frame *frame)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct conn_tick shown;
	int r = view_run(&stream->view, &frame->tick, &shown);

	if (r < 0)
		return say_error(r, "choosing connections: %s", strerror(-r));
	if (stream->resolve)
		resolve_now(stream, &shown);
	r = output_frame(&stream->output, frame, &shown, &error);
	if (r == -EPIPE)
		stream->reader_gone = true;
	else if (error.len > 0)
		return say_error(r, "%s", error.data);
	return r;
}

static int play(struct replay_stream *stream)
{
	uint64_t wanted = stream->options->once ? 1 : stream->options->count;
	uint64_t n = 0;

	for (;;) {
		CLEANUP(str_buf_done) struct str_buf error = {0};
		const struct conn_frame *frame;
		int r = replay_next(&stream->replay, &frame, &error);

		if (r == -EBADMSG) {
			say_error(r, "%s", error.len ? error.data : strerror(-r));
			stream->damaged = true;
			continue;
		}
		if (r < 0)
			return say_error(r, "%s", error.len ? error.data : strerror(-r));
		if (r > 0)
			r = show(stream, frame);
		else
			return 0;
		if (r < 0 || ++n == wanted || signals_next(stream->signal_fd))
			return r;
	}
}

static int open_resolve(struct replay_stream *stream)
{
	const struct resolve_options options = {.size = sizeof(options)};
	int r;

	if (!stream->options->resolve)
		return 0;
	r = resolve_new(&options, &stream->resolve);
	if (r < 0)
		return say_error(r, "names of hosts: %s", strerror(-r));
	stream->endpoints = (struct endpoint_names){
		.user = stream->resolve,
		.host = host_name,
		.service = service_name,
	};
	return 0;
}

static int open_output(struct replay_stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct output_start start = {
		.names = recording_names(stream->replay.reader),
		.endpoints = &stream->endpoints,
		.realtime_ns = stream->replay.from_ns,
		.source = "recording",
		.stop_fd = stream->signal_fd,
	};
	int r = output_open(&stream->output, stream->options, &start, &error);

	if (r == -EPIPE)
		stream->reader_gone = true;
	else if (r < 0)
		return say_error(r, "%s", error.len ? error.data : strerror(-r));
	return r;
}

static int open_all(struct replay_stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = signals_open(false, &stream->signal_fd, &error);

	if (r >= 0)
		r = selection_init(&stream->selection, stream->options, &error);
	if (r >= 0)
		r = replay_open(&stream->replay, stream->options, &error);
	if (r < 0)
		return say_error(r, "%s", error.len ? error.data : strerror(-r));
	if (stream->replay.info.is_cut)
		say_error(0, "the recording ends with the last whole tick: it was cut short");
	view_init(&stream->view, stream->options, &stream->selection,
		  recording_names(stream->replay.reader));
	r = open_output(stream);
	if (r < 0)
		return r;
	r = privileges_drop(stream->options->log_rotation.size_bytes > 0 ? PRIVILEGES_FOR_ROTATION
									 : 0);
	if (r < 0)
		return say_error(r, "giving up privileges: %s", strerror(-r));
	return open_resolve(stream);
}

static int close_all(struct replay_stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = output_close(&stream->output, &error);

	if (r < 0)
		say_error(r, "%s", error.len ? error.data : strerror(-r));
	output_done(&stream->output);
	view_done(&stream->view);
	resolve_free(stream->resolve);
	replay_close(&stream->replay);
	selection_done(&stream->selection);
	close_fd_p(&stream->signal_fd);
	return r;
}

int stream_replay(const struct options *options)
{
	struct replay_stream stream = {
		.options = options,
		.signal_fd = -1,
		.replay.timer_fd = -1,
	};
	int r = open_all(&stream), r_close;

	if (r >= 0)
		r = play(&stream);
	r_close = close_all(&stream);
	if (stream.reader_gone)
		r = 0;
	return r < 0 || r_close < 0 || stream.damaged ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
}
