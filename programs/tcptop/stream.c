/* SPDX-License-Identifier: MIT */
/*
 * Source readable: its closes go into the table. Timer: one look, one output. Signal: the same a
 * last time, so that nothing known is lost.
 */
#include "stream.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str_buf.h"
#include "losses.h"
#include "names.h"
#include "output.h"
#include "privileges.h"
#include "recorder.h"
#include "resolve.h"
#include "sampling.h"
#include "say.h"
#include "signals.h"
#include "view.h"

#define NS_PER_US 1000
/* How long --once waits for DNS. */
#define ONCE_RESOLVE_MS 1000

struct stream {
	const struct options *options;
	struct sampling sampling;
	struct selection selection;
	struct view view;
	struct names names;
	struct resolve *resolve; /* NULL: numbers only */
	struct endpoint_names endpoints;
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct output output;
	struct losses losses;
	sd_event *event;
	int signal_fd;
	uint64_t next_ns; /* of the next tick, CLOCK_MONOTONIC */
	uint64_t n_ticks;
	bool reader_gone; /* there is no one left to write to */
};

static void on_rename(void *user, const struct weir_owner *owner)
{
	struct stream *stream = user;

	names_rename(&stream->names, owner);
	if (stream->recorder)
		recorder_rename(stream->recorder, owner);
}

static const char *host_name(void *user, const struct weir_addr *addr)
{
	return resolve_host(user, addr);
}

static const char *service_name(void *user, uint16_t port, uint8_t proto)
{
	return resolve_service(user, port, proto);
}

/* Asks for all names that will be shown, and waits a little: there is no next time. */
static void resolve_now(struct stream *stream, const struct conn_tick *shown)
{
	for (size_t i = 0; i < shown->n_active; i++) {
		resolve_host(stream->resolve, &shown->active[i]->id.local);
		resolve_host(stream->resolve, &shown->active[i]->id.remote);
	}
	resolve_wait(stream->resolve, ONCE_RESOLVE_MS);
	resolve_collect(stream->resolve, shown->now_ns);
}

/* From the frame's rows to bytes. */
static int show(struct stream *stream, const struct conn_frame *frame)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct conn_tick shown;
	int r = view_run(&stream->view, &frame->tick, &shown);

	if (r < 0)
		return say_error(r, "choosing connections: %s", strerror(-r));
	if (stream->resolve && stream->options->once)
		resolve_now(stream, &shown);
	r = output_frame(&stream->output, frame, &shown, &error);
	if (r == -EPIPE)
		stream->reader_gone = true;
	else if (error.len > 0)
		return say_error(r, "%s", error.data);
	return r;
}

static int record(struct stream *stream, const struct conn_frame *frame)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = stream->recorder ? recorder_add(stream->recorder, frame, &error) : 0;

	if (r < 0 || error.len > 0)
		say_error(r, "%s", error.len ? error.data : strerror(-r));
	return r;
}

static int tick(struct stream *stream, bool is_last)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct conn_frame frame;
	int r = sampling_look(&stream->sampling, is_last, &frame, &error);

	if (r < 0)
		return say_error(r, "%s", error.len ? error.data : strerror(-r));
	if (error.len > 0)
		say_error(0, "%s", error.data);
	r = selection_refresh(&stream->selection);
	if (r < 0)
		return say_error(r, "addresses of %s: %s", stream->options->interface,
				 strerror(-r));
	stream->names.now_ns = frame.tick.now_ns;
	if (stream->resolve)
		resolve_collect(stream->resolve, frame.tick.now_ns);
	stream->n_ticks++;
	losses_tell(&stream->losses, &frame.source_stats, &frame.table_stats, false, stderr);
	r = record(stream, &frame);
	return r < 0 ? r : show(stream, &frame);
}

static bool is_last_tick(const struct stream *stream)
{
	return stream->options->once ||
	       (stream->options->count > 0 && stream->n_ticks + 1 >= stream->options->count);
}

/* One interval after the tick that was due; those already past are left out. */
static void advance(struct stream *stream)
{
	uint64_t interval_ns = stream->options->interval_ns;
	uint64_t now_ns = clock_monotonic_ns();

	stream->next_ns += interval_ns;
	if (stream->next_ns <= now_ns)
		stream->next_ns += ((now_ns - stream->next_ns) / interval_ns + 1) * interval_ns;
}

static int on_timer(sd_event_source *timer, uint64_t usec, void *user)
{
	struct stream *stream = user;
	bool is_last = is_last_tick(stream);
	int r = tick(stream, is_last);

	(void)usec;
	if (r < 0 || is_last)
		return sd_event_exit(stream->event, r);
	advance(stream);
	r = sd_event_source_set_time(timer, stream->next_ns / NS_PER_US);
	if (r >= 0)
		r = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
	return r < 0 ? sd_event_exit(stream->event, say_error(r, "timer: %s", strerror(-r))) : 0;
}

static int on_source(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct stream *stream = user;
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = sampling_drain(&stream->sampling, &error);

	(void)io;
	(void)fd;
	(void)events;
	if (r < 0)
		return sd_event_exit(stream->event,
				     say_error(r, "%s", error.len ? error.data : strerror(-r)));
	return 0;
}

static int on_signal(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct stream *stream = user;

	(void)io;
	(void)fd;
	(void)events;
	output_stopping(&stream->output);
	return sd_event_exit(stream->event, tick(stream, true));
}

/* Standard output has an error to tell without being written to: its reader went away. */
static int on_reader(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct stream *stream = user;

	(void)io;
	(void)fd;
	(void)events;
	stream->reader_gone = true;
	return sd_event_exit(stream->event, -EPIPE);
}

static int open_resolve(struct stream *stream)
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

/* Capabilities belong to each thread, and threads inherit them: so before the resolver's begin,
 * and after files have been opened as who we were. */
static int drop_privileges(struct stream *stream)
{
	uint32_t reasons = PRIVILEGES_FOR_NAMES;
	int r;

	if (strcmp(stream->sampling.source->ops->name, "bpf") == 0)
		reasons |= PRIVILEGES_FOR_BPF;
	if (stream->sampling.source->enters_netns)
		reasons |= PRIVILEGES_FOR_DIAG_NETNS;
	if (selection_enters_netns(&stream->selection))
		reasons |= PRIVILEGES_FOR_NETNS;
	if (stream->options->log_rotation.size_bytes > 0 || stream->recorder)
		reasons |= PRIVILEGES_FOR_ROTATION;
	r = privileges_drop(reasons);
	return r < 0 ? say_error(r, "giving up privileges: %s", strerror(-r)) : 0;
}

static int open_output(struct stream *stream, const struct conn_names *names, uint64_t realtime_ns,
		       const char *source)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct output_start start = {
		.names = names,
		.endpoints = &stream->endpoints,
		.realtime_ns = realtime_ns,
		.source = source,
		.stop_fd = stream->signal_fd,
	};
	int r = output_open(&stream->output, stream->options, &start, &error);

	if (r == -EPIPE)
		stream->reader_gone = true;
	else if (r < 0)
		return say_error(r, "%s", error.len ? error.data : strerror(-r));
	return r;
}

static int open_selection(struct stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = signals_open(false, &stream->signal_fd, &error);

	if (r >= 0)
		r = selection_init(&stream->selection, stream->options, &error);
	return r < 0 ? say_error(r, "%s", error.len ? error.data : strerror(-r)) : 0;
}

static int open_sampling(struct stream *stream)
{
	const struct options *o = stream->options;
	const struct sampling_wishes wishes = {
		.netns = stream->selection.netns,
		.closed_linger_ns =
			o->closed_linger_ns == OPTIONS_LINGER_UNSAID ? 0 : o->closed_linger_ns,
		.balance = o->record_path != NULL,
	};
	int r = sampling_open(&stream->sampling, o, &wishes, stderr);

	if (r < 0)
		return r;
	stream->losses.finals_at_least = sampling_finals_at_least(&stream->sampling);
	stream->sampling.rename = on_rename;
	stream->sampling.rename_user = stream;
	return 0;
}

static int open_recorder(struct stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r;

	if (!stream->options->record_path)
		return 0;
	r = recorder_open(stream->options, stream->sampling.host, &stream->recorder, &error);
	return r < 0 ? say_error(r, "%s", error.len ? error.data : strerror(-r)) : 0;
}

/* Everything up to the header, which says that from now on nothing is missed. */
static int open_all(struct stream *stream)
{
	const char *source;
	int r = open_selection(stream);

	if (r >= 0)
		r = open_sampling(stream);
	if (r < 0)
		return r;
	source = stream->sampling.source->ops->describe(stream->sampling.source);
	r = names_init(&stream->names);
	if (r < 0)
		return say_error(r, "names of processes: %s", strerror(-r));
	view_init(&stream->view, stream->options, &stream->selection, &stream->names.conn);
	if (isatty(STDERR_FILENO) && !stream->options->log_path)
		say_error(0, "%s", source);
	r = open_recorder(stream);
	if (r >= 0)
		r = open_output(stream, &stream->names.conn, clock_realtime_ns(), source);
	if (r >= 0)
		r = drop_privileges(stream);
	return r < 0 ? r : open_resolve(stream);
}

/* The loop owns the event source from now on. */
static int leave_to_loop(sd_event_source *source, int64_t priority)
{
	int r = sd_event_source_set_priority(source, priority);

	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r;
}

static int add_io(struct stream *stream, int fd, uint32_t events, sd_event_io_handler_t handler,
		  int64_t priority)
{
	sd_event_source *source;
	int r = sd_event_add_io(stream->event, &source, fd, events, handler, stream);

	return r < 0 ? r : leave_to_loop(source, priority);
}

static int add_timer(struct stream *stream)
{
	sd_event_source *source;
	int r;

	stream->next_ns = clock_monotonic_ns() + stream->options->interval_ns;
	r = sd_event_add_time(stream->event, &source, CLOCK_MONOTONIC, stream->next_ns / NS_PER_US,
			      1, on_timer, stream);
	return r < 0 ? r : leave_to_loop(source, SD_EVENT_PRIORITY_NORMAL);
}

/* Signals before ticks, and ticks before closes, which a tick takes in anyway. */
static int add_events(struct stream *stream)
{
	int fd = sampling_fd(&stream->sampling);
	int r = add_io(stream, stream->signal_fd, EPOLLIN, on_signal, SD_EVENT_PRIORITY_IMPORTANT);

	if (r >= 0)
		r = add_timer(stream);
	if (r >= 0 && fd >= 0)
		r = add_io(stream, fd, EPOLLIN, on_source, SD_EVENT_PRIORITY_IDLE);
	if (r < 0 || stream->options->log_path)
		return r;
	r = add_io(stream, STDOUT_FILENO, 0, on_reader, SD_EVENT_PRIORITY_IMPORTANT);
	/* A regular file cannot be watched, and has no reader that could go. */
	return r == -EPERM ? 0 : r;
}

static int loop(struct stream *stream)
{
	int r = sd_event_new(&stream->event);

	if (r >= 0)
		r = add_events(stream);
	if (r < 0)
		return say_error(r, "event loop: %s", strerror(-r));
	return sd_event_loop(stream->event);
}

/* Says what has been lost in all. */
static void tell_losses(struct stream *stream)
{
	struct weir_conn_source_stats source_stats = {0};
	struct conn_table_stats table_stats = {0};

	if (!stream->sampling.source)
		return;
	stream->sampling.source->ops->stats(stream->sampling.source, &source_stats);
	conn_table_stats(stream->sampling.table, &table_stats);
	losses_tell(&stream->losses, &source_stats, &table_stats, true, stderr);
}

static int close_all(struct stream *stream)
{
	CLEANUP(str_buf_done) struct str_buf error = {0}, record_error = {0};
	int r = output_close(&stream->output, &error), r_record;

	if (r < 0)
		say_error(r, "%s", error.len ? error.data : strerror(-r));
	r_record = recorder_close(STEAL(stream->recorder), &record_error);
	if (r_record < 0)
		say_error(r_record, "%s", record_error.data);
	tell_losses(stream);
	sd_event_unref(stream->event);
	output_done(&stream->output);
	view_done(&stream->view);
	resolve_free(stream->resolve);
	names_done(&stream->names);
	sampling_done(&stream->sampling);
	selection_done(&stream->selection);
	close_fd_p(&stream->signal_fd);
	return r < 0 ? r : r_record;
}

static int exit_status(const struct stream *stream, int r, int r_close)
{
	if (stream->reader_gone)
		return r_close < 0 ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
	return r < 0 || r_close < 0 ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
}

int stream_run(const struct options *options)
{
	struct stream stream = {.options = options, .signal_fd = -1};
	int r = open_all(&stream), r_close;
	bool opened = stream.sampling.source != NULL;

	if (r >= 0)
		r = options->once ? tick(&stream, true) : loop(&stream);
	r_close = close_all(&stream);
	if (r == -EPERM && !opened)
		return WEIR_EXIT_PRIVILEGE;
	return exit_status(&stream, r, r_close);
}
