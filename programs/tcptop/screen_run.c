/* SPDX-License-Identifier: MIT */
/*
 * A first picture at once, without numbers; then the source is opened and the collector begins, or
 * the recording does; and then keys, frames and signals as they come, and a picture after each.
 */
#include "screen_run.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collector.h"
#include "losses.h"
#include "names.h"
#include "privileges.h"
#include "recorder.h"
#include "replay.h"
#include "sampling.h"
#include "screen.h"
#include "screen_world.h"
#include "selection.h"
#include "signals.h"
#include "source_open.h"

#define NS_PER_S UINT64_C(1000000000)
#define LINGER_NS (5 * NS_PER_S)
/* After so long without a picture there is one, however fast keys come; signals wait no longer. */
#define KEYS_FOR_NS (10 * UINT64_C(1000000))
/* How long an answer, or a name from DNS, may wait for its picture. */
#define PATIENCE_MS 500

struct run {
	const struct options *options;
	int signal_fd;
	struct terminal *terminal;
	struct cells cells;
	struct screen_world world;
	struct selection selection;
	struct screen screen;
	struct names names;
	struct sampling sampling;
	struct recorder *recorder;
	struct collector *collector;
	struct feed_live live;
	struct replay replay;
	struct str_buf error; /* what ends it */
	char *warnings;       /* what the source had to say; freed */
	bool gone;            /* nobody is there to be shown anything */
	bool stopped;         /* by a signal */
};

static int paint(struct run *run)
{
	int r;

	screen_draw(&run->screen, &run->cells);
	r = terminal_paint(run->terminal, &run->cells);
	if (r < 0)
		run->gone = true;
	return r;
}

static int resize(struct run *run)
{
	int width, height, r;

	terminal_size(run->terminal, &width, &height);
	r = cells_reset(&run->cells, width, height);
	if (r < 0) {
		str_buf_printf(&run->error, "a screen of %d x %d: %s", width, height, strerror(-r));
		return r;
	}
	screen_resize(&run->screen, width, height);
	return 0;
}

static int resume(struct run *run)
{
	int r = terminal_resume(run->terminal);

	if (r < 0)
		run->gone = true;
	return r < 0 ? r : resize(run);
}

/* Gives the terminal back, stops until somebody has us go on, and takes it again. The whole group
 * stops, as it would by the terminal's own ^Z: sudo(8) waits for that. */
static int suspend(struct run *run)
{
	const struct timespec at_once = {0};
	sigset_t stop, go_on;

	run->world.wants_suspend = false;
	terminal_suspend(run->terminal);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	kill(0, SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL); /* here it stops, and goes on */
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	/* That one has been heeded. */
	sigemptyset(&go_on);
	sigaddset(&go_on, SIGCONT);
	(void)sigtimedwait(&go_on, NULL, &at_once);
	return resume(run);
}

static int take_signals(struct run *run)
{
	int r = 0, number;

	while (r >= 0 && (number = signals_next(run->signal_fd)) != 0) {
		if (number == SIGWINCH) {
			terminal_resized(run->terminal);
			r = resize(run);
		} else if (number == SIGTSTP) {
			r = suspend(run);
		} else if (number == SIGCONT) {
			/* Somebody stopped us without a word, and used the terminal since. */
			terminal_suspend(run->terminal);
			r = resume(run);
		} else {
			run->stopped = true;
		}
	}
	return r;
}

static int take_keys(struct run *run)
{
	uint64_t until_ns = clock_monotonic_ns() + KEYS_FOR_NS;

	do {
		uint32_t key = KEY_NONE_PRESSED;
		int r = terminal_key(run->terminal, &key);

		if (r < 0) {
			run->gone = true;
			return r;
		}
		if (key == KEY_NONE_PRESSED)
			return 0;
		screen_key(&run->screen, key);
		if (run->world.wants_suspend) {
			r = suspend(run);
			if (r < 0)
				return r;
		}
	} while (clock_monotonic_ns() < until_ns);
	return 1; /* there may be more */
}

static int take_frame(struct run *run)
{
	/* Addresses of -i come and go; that they cannot be read leaves those known. */
	if (!run->options->replay_path)
		(void)selection_refresh(&run->selection);
	if (run->world.resolve)
		resolve_collect(run->world.resolve, clock_monotonic_ns());
	if (run->collector && collector_record_failed(run->collector))
		run->screen.recording = CONN_RECORDING_FAILED;
	return screen_take(&run->screen, &run->error);
}

/* Waits for something to happen, and takes it in. */
static int step(struct run *run, bool keys_left)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = run->signal_fd, .events = POLLIN},
		{.fd = run->screen.feed->ops->fd(run->screen.feed), .events = POLLIN},
		/* The rest of a picture goes when there is room, and then the newest. */
		{.fd = terminal_is_behind(run->terminal) ? STDOUT_FILENO : -1, .events = POLLOUT},
	};
	bool waits = run->screen.message[0] || run->screen.dns;
	int n = poll(fds, 4, keys_left ? 0 : waits ? PATIENCE_MS : -1), r = 0;

	if (n < 0 && errno != EINTR) {
		str_buf_printf(&run->error, "waiting: %s", strerror(errno));
		return -errno;
	}
	screen_tell_time(&run->screen, clock_monotonic_ns());
	if (fds[1].revents)
		r = take_signals(run);
	if (run->stopped)
		return r;
	if (r >= 0 && fds[2].revents)
		r = take_frame(run);
	else if (r >= 0 && run->screen.dns && run->world.resolve)
		resolve_collect(run->world.resolve, clock_monotonic_ns());
	if (r >= 0 && (fds[0].revents || keys_left))
		return take_keys(run);
	return r < 0 ? r : 0;
}

static int loop(struct run *run)
{
	int r = 0;

	while (r >= 0 && !run->screen.quit && !run->stopped) {
		r = step(run, r > 0);
		if (r >= 0 && !run->screen.quit && !run->stopped) {
			int painted = paint(run);

			if (painted >= 0 && r == 0 && screen_settle(&run->screen))
				painted = paint(run);
			r = painted < 0 ? painted : r;
		}
	}
	return r;
}

static bool wants_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */

	if (options->color == OPTIONS_COLOR_AUTO)
		return !no_color || !no_color[0];
	return options->color == OPTIONS_COLOR_ALWAYS;
}

/* What is not understood in the configuration is told, and the rest counts. */
static int open_screen(struct run *run)
{
	CLEANUP(str_buf_done) struct str_buf complaint = {0};
	struct screen_config config = {.theme = TERMINAL_THEME_DARK};
	int r = screen_world_init(&run->world);

	if (r >= 0 && run->world.config_path.len > 0)
		(void)screen_config_read(run->world.config_path.data, &config, &complaint);
	if (r >= 0)
		r = screen_init(&run->screen, run->options, &run->selection, &config,
				&run->world.host);
	if (r < 0)
		str_buf_printf(&run->error, "screen: %s", strerror(-r));
	else if (complaint.len > 0)
		screen_say(&run->screen, ROLE_WARNING, "%s", complaint.data);
	return r;
}

static int open_terminal(struct run *run)
{
	const struct terminal_options options = {
		.in_fd = STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
		.color = wants_color(run->options),
		.ascii = run->options->ascii,
		.theme = run->screen.config.theme,
	};
	int r;

	setlocale(LC_CTYPE, ""); /* what characters the terminal can show */
	r = terminal_open(&options, &run->terminal);

	if (r < 0) {
		str_buf_printf(&run->error, "terminal: %s", strerror(-r));
		return r;
	}
	run->world.terminal = run->terminal;
	run->screen.ascii = !terminal_is_utf8(run->terminal);
	r = resize(run);
	return r < 0 ? r : paint(run);
}

/* What the source says belongs on the screen now, and where it can be read again afterwards. */
static int open_sampling(struct run *run)
{
	const struct options *o = run->options;
	const struct sampling_wishes wishes = {
		.netns = run->selection.netns,
		.closed_linger_ns = o->closed_linger_ns == OPTIONS_LINGER_UNSAID
					    ? LINGER_NS
					    : o->closed_linger_ns,
		.balance = true,
	};
	size_t len;
	FILE *errors = open_memstream(&run->warnings, &len);
	int r;

	if (!errors)
		return -errno;
	r = sampling_open(&run->sampling, o, &wishes, errors);
	if (fclose(errors) != 0 && r >= 0)
		r = -errno;
	/* A complaint about the configuration is told nowhere else; this one is, at the end. */
	if (r >= 0 && len > 0 && !run->screen.message[0])
		screen_say(&run->screen, ROLE_WARNING, "%.*s", (int)strcspn(run->warnings, "\n"),
			   run->warnings);
	return r;
}

/* What the screen's thread does on command is not the collector's to do. */
#define PRIVILEGES_TO_ACT (PRIVILEGES_FOR_SIGNALS | PRIVILEGES_FOR_DESTROY)

static uint32_t privileges_to_collect(const struct run *run)
{
	uint32_t reasons = PRIVILEGES_FOR_NAMES;

	if (strcmp(run->sampling.source->ops->name, "bpf") == 0)
		reasons |= PRIVILEGES_FOR_BPF;
	if (run->sampling.source->enters_netns)
		reasons |= PRIVILEGES_FOR_DIAG_NETNS;
	if (selection_enters_netns(&run->selection))
		reasons |= PRIVILEGES_FOR_NETNS;
	if (run->recorder)
		reasons |= PRIVILEGES_FOR_ROTATION;
	return reasons;
}

static int drop_privileges(struct run *run)
{
	int r = privileges_drop(privileges_to_collect(run) | PRIVILEGES_TO_ACT);

	if (r < 0)
		str_buf_printf(&run->error, "giving up privileges: %s", strerror(-r));
	return r;
}

static int start_collector(struct run *run)
{
	const struct collector_options options = {
		.sampling = &run->sampling,
		.recorder = run->recorder,
		.privileges = privileges_to_collect(run),
	};
	int r = names_init(&run->names);

	if (r >= 0)
		r = collector_start(&options, &run->collector);
	if (r < 0) {
		str_buf_printf(&run->error, "collector: %s", strerror(-r));
		return r;
	}
	run->selection.names = &run->names.conn;
	feed_live_init(&run->live, run->collector, &run->names);
	screen_set_feed(&run->screen, &run->live.feed);
	if (run->recorder)
		run->screen.recording = CONN_RECORDING_RUNS;
	return 0;
}

/* Capabilities belong to each thread, and threads inherit them: so they are given up before any
 * begins, and after files have been opened as who we were. */
static int open_live(struct run *run)
{
	int r = open_sampling(run);

	if (r >= 0 && run->options->record_path)
		r = recorder_open(run->options, run->sampling.host, &run->recorder, &run->error);
	if (r >= 0)
		r = drop_privileges(run);
	return r < 0 ? r : start_collector(run);
}

static int open_replay(struct run *run)
{
	int r = replay_open(&run->replay, run->options, &run->error);

	if (r >= 0)
		r = privileges_drop(0);
	if (r < 0)
		return r;
	run->selection.names = recording_names(run->replay.reader);
	screen_set_feed(&run->screen, &run->replay.feed);
	if (run->replay.info.is_cut)
		screen_say(&run->screen, ROLE_WARNING,
			   "the recording ends with the last whole tick: it was cut short");
	return 0;
}

/* What can be refused without a screen is refused before there is one. */
static int open_all(struct run *run)
{
	int r = signals_open(true, &run->signal_fd, &run->error);

	if (r >= 0)
		r = selection_init(&run->selection, run->options, &run->error);
	if (r >= 0 && !run->options->replay_path) {
		r = source_allowed(run->options, stderr);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = open_screen(run);
	if (r >= 0)
		r = open_terminal(run);
	if (r < 0)
		return r;
	r = run->options->replay_path ? open_replay(run) : open_live(run);
	return r < 0 ? r : paint(run);
}

/* The terminal first: all that is said is said to the shell's screen. */
static int close_all(struct run *run)
{
	struct losses losses = {0};
	struct weir_conn_source_stats source = {0};
	struct conn_table_stats table = {0};
	int r, r_record;

	run->world.terminal = NULL;
	if (run->terminal)
		run->terminal = terminal_close(run->terminal);
	r = collector_stop(STEAL(run->collector), &run->error);
	if (run->error.len > 0)
		fprintf(stderr, "tcptop: %s\n", run->error.data);
	str_buf_clear(&run->error);
	r_record = recorder_close(STEAL(run->recorder), &run->error);
	if (run->error.len > 0)
		fprintf(stderr, "tcptop: %s\n", run->error.data);
	if (run->warnings)
		fputs(run->warnings, stderr);
	if (run->sampling.source) {
		losses.finals_at_least = sampling_finals_at_least(&run->sampling);
		run->sampling.source->ops->stats(run->sampling.source, &source);
		conn_table_stats(run->sampling.table, &table);
		losses_tell(&losses, &source, &table, true, stderr);
	}
	return r < 0 ? r : r_record;
}

static void free_all(struct run *run)
{
	screen_done(&run->screen);
	screen_world_done(&run->world);
	cells_done(&run->cells);
	replay_close(&run->replay);
	sampling_done(&run->sampling);
	names_done(&run->names);
	selection_done(&run->selection);
	close_fd_p(&run->signal_fd);
	str_buf_done(&run->error);
	free(run->warnings);
}

int screen_run(const struct options *options)
{
	struct run run = {
		.options = options,
		.signal_fd = -1,
		.world.proc_fd = -1,
		.replay.timer_fd = -1,
	};
	int r = open_all(&run), r_close;
	bool refused = r == -EPERM && !run.sampling.source && !options->replay_path;

	if (r >= 0)
		r = loop(&run);
	r_close = close_all(&run);
	free_all(&run);
	if (refused)
		return WEIR_EXIT_PRIVILEGE;
	if (run.gone)
		return WEIR_EXIT_OK;
	return r < 0 || r_close < 0 ? WEIR_EXIT_FAILURE : WEIR_EXIT_OK;
}
