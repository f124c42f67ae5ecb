/* SPDX-License-Identifier: MIT */
/*
 * Source readable: its closes go into the table. Timer: one pass of the source, one tick of the
 * table, one output. Signal: the same a last time, so that nothing known is lost.
 */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "base/str_buf.h"
#include "losses.h"
#include "names.h"
#include "output.h"
#include "privileges.h"
#include "resolve.h"
#include "source_open.h"
#include "view.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US 1000
/* How long --once waits for DNS. */
#define ONCE_RESOLVE_MS 1000

struct app {
	const struct options *options;
	struct weir_conn_source *source;
	struct conn_table *table;
	struct selection selection;
	struct view view;
	struct names names;
	struct resolve *resolve; /* NULL: numbers only */
	struct endpoint_names endpoints;
	struct output output;
	struct losses losses;
	sd_event *event;
	int signal_fd;
	uint64_t next_ns; /* of the next tick, CLOCK_MONOTONIC */
	uint64_t n_ticks;
	bool reader_gone; /* there is no one left to write to */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Says what failed, and gives the error on. */
static int fail(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("tcptop: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return r;
}

/* Events the table has no place for are counted by it, and told with the losses. */
static void on_event(void *user, const struct weir_conn_event *event)
{
	struct app *app = user;

	if (event->kind == WEIR_CONN_RENAME)
		proc_tasks_rename(app->names.tasks, event->owner.pid, event->owner.start_boot_ns,
				  event->owner.comm);
	else
		(void)conn_table_apply(app->table, event);
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
static void resolve_now(struct app *app, const struct conn_tick *shown)
{
	for (size_t i = 0; i < shown->n_active; i++) {
		resolve_host(app->resolve, &shown->active[i]->id.local);
		resolve_host(app->resolve, &shown->active[i]->id.remote);
	}
	resolve_wait(app->resolve, ONCE_RESOLVE_MS);
	resolve_collect(app->resolve, shown->now_ns);
}

/* From the tick's rows to bytes. */
static int show(struct app *app, const struct conn_tick *tick)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct weir_conn_source_stats source_stats = {0};
	struct conn_table_stats table_stats;
	struct conn_tick shown;
	struct output_tick about = {
		.tick = &shown,
		.realtime_ns = clock_ns(CLOCK_REALTIME),
		.source = app->source->ops->describe(app->source),
		.source_stats = &source_stats,
		.table_stats = &table_stats,
	};
	int r = view_run(&app->view, tick, &shown);

	if (r < 0)
		return fail(r, "choosing connections: %s", strerror(-r));
	app->source->ops->stats(app->source, &source_stats);
	conn_table_stats(app->table, &table_stats);
	losses_tell(&app->losses, &source_stats, &table_stats, false, stderr);
	if (app->resolve && app->options->once)
		resolve_now(app, &shown);
	r = output_tick(&app->output, &about, &error);
	if (r == -EPIPE)
		app->reader_gone = true;
	else if (error.len > 0)
		return fail(r, "%s", error.data);
	return r;
}

static int tick(struct app *app, bool is_last)
{
	struct conn_tick rows;
	uint64_t now_ns;
	int r = app->source->ops->sample(app->source, on_event, app, &now_ns);

	if (r < 0)
		return fail(r, "%s: reading connections: %s", app->source->ops->name, strerror(-r));
	r = selection_refresh(&app->selection);
	if (r < 0)
		return fail(r, "addresses of %s: %s", app->options->interface, strerror(-r));
	app->names.now_ns = now_ns;
	if (app->resolve)
		resolve_collect(app->resolve, now_ns);
	r = conn_table_tick(app->table, now_ns, is_last, &rows);
	if (r < 0)
		return fail(r, "table of connections: %s", strerror(-r));
	app->n_ticks++;
	return show(app, &rows);
}

static bool is_last_tick(const struct app *app)
{
	return app->options->once ||
	       (app->options->count > 0 && app->n_ticks + 1 >= app->options->count);
}

/* One interval after the tick that was due; those already past are left out. */
static void advance(struct app *app)
{
	uint64_t interval_ns = app->options->interval_ns;
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	app->next_ns += interval_ns;
	if (app->next_ns <= now_ns)
		app->next_ns += ((now_ns - app->next_ns) / interval_ns + 1) * interval_ns;
}

static int on_timer(sd_event_source *timer, uint64_t usec, void *user)
{
	struct app *app = user;
	bool is_last = is_last_tick(app);
	int r = tick(app, is_last);

	(void)usec;
	if (r < 0 || is_last)
		return sd_event_exit(app->event, r);
	advance(app);
	r = sd_event_source_set_time(timer, app->next_ns / NS_PER_US);
	if (r >= 0)
		r = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
	return r < 0 ? sd_event_exit(app->event, fail(r, "timer: %s", strerror(-r))) : 0;
}

static int on_source(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct app *app = user;
	int r = app->source->ops->drain(app->source, on_event, app);

	(void)io;
	(void)fd;
	(void)events;
	if (r < 0)
		return sd_event_exit(app->event, fail(r, "%s: reading closes: %s",
						      app->source->ops->name, strerror(-r)));
	return 0;
}

static int on_signal(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct app *app = user;

	(void)io;
	(void)fd;
	(void)events;
	output_stopping(&app->output);
	return sd_event_exit(app->event, tick(app, true));
}

/* Standard output has an error to tell without being written to: its reader went away. */
static int on_reader(sd_event_source *io, int fd, uint32_t events, void *user)
{
	struct app *app = user;

	(void)io;
	(void)fd;
	(void)events;
	app->reader_gone = true;
	return sd_event_exit(app->event, -EPIPE);
}

/* SIGHUP only where it is not ignored, as nohup(1) would have it. */
static int open_signals(struct app *app)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fail(-errno, "signals: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	app->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (app->signal_fd < 0)
		return fail(-errno, "signals: %s", strerror(errno));
	return 0;
}

static int open_table(struct app *app)
{
	const struct conn_table_options options = {
		.size = sizeof(options),
		.max_conns = app->options->max_conns,
		.udp_timeout_ns = app->options->udp_timeout_ns,
		.closed_linger_ns = app->options->closed_linger_ns,
		/* A tick that is late by more has slept. */
		.max_gap_ns = 2 * app->options->interval_ns + 5 * NS_PER_S,
	};

	return conn_table_new(&options, &app->table);
}

static int open_resolve(struct app *app)
{
	const struct resolve_options options = {.size = sizeof(options)};
	int r;

	if (!app->options->resolve)
		return 0;
	r = resolve_new(&options, &app->resolve);
	if (r < 0)
		return fail(r, "names of hosts: %s", strerror(-r));
	app->endpoints = (struct endpoint_names){
		.user = app->resolve,
		.host = host_name,
		.service = service_name,
	};
	return 0;
}

/* Capabilities belong to each thread, and threads inherit them: so before the resolver's begin,
 * and after the log has been opened as who we were. */
static int drop_privileges(struct app *app)
{
	uint32_t reasons = PRIVILEGES_FOR_NAMES;
	int r;

	if (strcmp(app->source->ops->name, "bpf") == 0)
		reasons |= PRIVILEGES_FOR_BPF;
	if (app->source->enters_netns)
		reasons |= PRIVILEGES_FOR_DIAG_NETNS;
	if (selection_enters_netns(&app->selection))
		reasons |= PRIVILEGES_FOR_NETNS;
	if (app->options->log_rotation.size_bytes > 0)
		reasons |= PRIVILEGES_FOR_ROTATION;
	r = privileges_drop(reasons);
	return r < 0 ? fail(r, "giving up privileges: %s", strerror(-r)) : 0;
}

static int open_output(struct app *app)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct output_start start = {
		.names = &app->names.conn,
		.endpoints = &app->endpoints,
		.realtime_ns = clock_ns(CLOCK_REALTIME),
		.source = app->source->ops->describe(app->source),
		.stop_fd = app->signal_fd,
	};
	int r = output_open(&app->output, app->options, &start, &error);

	if (r == -EPIPE)
		app->reader_gone = true;
	else if (r < 0)
		return fail(r, "%s", error.len ? error.data : strerror(-r));
	return r;
}

/* A descriptor of ours must never become number 1 and get the output. Writing to a closed standard
 * output fails as it should: what stands in for it can only be read. */
static int hold_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
			return fail(-EBADF, "/dev/null: cannot stand in for descriptor %d", fd);
	}
	return 0;
}

static int open_source(struct app *app)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = selection_init(&app->selection, app->options, &error);

	if (r < 0)
		return fail(r, "%s", error.len ? error.data : strerror(-r));
	r = open_table(app);
	if (r < 0)
		return fail(r, "table of connections: %s", strerror(-r));
	return source_open(app->options, app->selection.netns, stderr, &app->source);
}

/* Everything up to the header, which says that from now on nothing is missed. */
static int open_all(struct app *app)
{
	int r = hold_standard_fds();

	if (r >= 0)
		r = open_signals(app);
	if (r >= 0)
		r = open_source(app);
	if (r < 0)
		return r;
	app->losses.finals_at_least = strcmp(app->source->ops->name, "diag") == 0;
	r = names_init(&app->names);
	if (r < 0)
		return fail(r, "names of processes: %s", strerror(-r));
	view_init(&app->view, app->options, &app->selection, &app->names.conn);
	if (isatty(STDERR_FILENO) && !app->options->log_path)
		fprintf(stderr, "tcptop: %s\n", app->source->ops->describe(app->source));
	r = open_output(app);
	if (r >= 0)
		r = drop_privileges(app);
	return r < 0 ? r : open_resolve(app);
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

static int add_io(struct app *app, int fd, uint32_t events, sd_event_io_handler_t handler,
		  int64_t priority)
{
	sd_event_source *source;
	int r = sd_event_add_io(app->event, &source, fd, events, handler, app);

	return r < 0 ? r : leave_to_loop(source, priority);
}

static int add_timer(struct app *app)
{
	sd_event_source *source;
	int r;

	app->next_ns = clock_ns(CLOCK_MONOTONIC) + app->options->interval_ns;
	r = sd_event_add_time(app->event, &source, CLOCK_MONOTONIC, app->next_ns / NS_PER_US, 1,
			      on_timer, app);
	return r < 0 ? r : leave_to_loop(source, SD_EVENT_PRIORITY_NORMAL);
}

/* Signals before ticks, and ticks before closes, which a tick takes in anyway. */
static int add_events(struct app *app)
{
	int fd = app->source->ops->fd(app->source);
	int r = add_io(app, app->signal_fd, EPOLLIN, on_signal, SD_EVENT_PRIORITY_IMPORTANT);

	if (r >= 0)
		r = add_timer(app);
	if (r >= 0 && fd >= 0)
		r = add_io(app, fd, EPOLLIN, on_source, SD_EVENT_PRIORITY_IDLE);
	if (r < 0 || app->options->log_path)
		return r;
	r = add_io(app, STDOUT_FILENO, 0, on_reader, SD_EVENT_PRIORITY_IMPORTANT);
	/* A regular file cannot be watched, and has no reader that could go. */
	return r == -EPERM ? 0 : r;
}

static int loop(struct app *app)
{
	int r = sd_event_new(&app->event);

	if (r >= 0)
		r = add_events(app);
	if (r < 0)
		return fail(r, "event loop: %s", strerror(-r));
	return sd_event_loop(app->event);
}

static int close_all(struct app *app)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct weir_conn_source_stats source_stats = {0};
	struct conn_table_stats table_stats = {0};
	int r = output_close(&app->output, &error);

	if (r < 0)
		fail(r, "%s", error.data);
	if (app->source && app->table) {
		app->source->ops->stats(app->source, &source_stats);
		conn_table_stats(app->table, &table_stats);
		losses_tell(&app->losses, &source_stats, &table_stats, true, stderr);
	}
	sd_event_unref(app->event);
	output_done(&app->output);
	view_done(&app->view);
	resolve_free(app->resolve);
	names_done(&app->names);
	if (app->source)
		app->source->ops->close(app->source);
	conn_table_free(app->table);
	selection_done(&app->selection);
	close_fd_p(&app->signal_fd);
	return r;
}

int app_run(const struct options *options)
{
	struct app app = {.options = options, .signal_fd = -1};
	bool opened;
	int r = open_all(&app), r_close;

	opened = app.source != NULL;
	if (r >= 0 && opened)
		r = options->once ? tick(&app, true) : loop(&app);
	r_close = close_all(&app);
	if (app.reader_gone)
		return r_close < 0 ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
	if (r == -EPERM && !opened)
		return WEIR_EXIT_PRIVILEGE;
	return r < 0 || r_close < 0 ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
}
