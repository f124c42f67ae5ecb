/* SPDX-License-Identifier: MIT */
/* Lines that are typed: the filter, the interval, the name of a file, a time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/conn_csv.h"
#include "number.h"
#include "screen.h"

#define NS_PER_S UINT64_C(1000000000)
#define DAY_NS (86400 * NS_PER_S)

const char *screen_input_prompt(const struct screen *screen)
{
	static const char *const prompts[] = {
		[SCREEN_INPUT_FILTER] = "/",
		[SCREEN_INPUT_INTERVAL] = "seconds between two looks: ",
		[SCREEN_INPUT_PATH] = "write CSV to: ",
		[SCREEN_INPUT_MOMENT] = "go to (12:30, +1m30s, date and time): ",
	};

	return prompts[screen->input];
}

/* "tcptop-20261121-123005.csv", after the time of what is shown. */
static void propose_path(struct screen *screen, struct str_buf *path)
{
	uint64_t realtime_ns = screen->frame ? screen->frame->realtime_ns : 0;
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	const char *folder = screen->host->folder(screen->host->user);
	struct tm local;
	char stamp[32];

	localtime_r(&seconds, &local);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
	if (strcmp(folder, ".") != 0)
		str_buf_printf(path, "%s/", folder);
	str_buf_printf(path, "tcptop-%s.csv", stamp);
}

void screen_input_open(struct screen *screen, enum screen_input input)
{
	CLEANUP(str_buf_done) struct str_buf text = {0};

	screen->mode = SCREEN_MODE_INPUT;
	screen->input = input;
	screen->input_error_at = -1;
	if (input == SCREEN_INPUT_FILTER)
		str_buf_puts(&text, screen->filter_text);
	else if (input == SCREEN_INPUT_PATH)
		propose_path(screen, &text);
	line_edit_set(&screen->edit, text.len > 0 && !text.error ? text.data : "");
}

static void leave(struct screen *screen)
{
	screen->mode = SCREEN_MODE_TABLE;
	screen->input_error_at = -1;
}

/* In force with each key, if it can be understood; else the one before stays, and the place where
 * it stops making sense is marked. */
static void try_filter(struct screen *screen)
{
	struct filter_error error = {0};
	int r = screen_set_filter(screen, screen->edit.text, &error);

	screen->input_error_at = -1;
	if (r == -EINVAL) {
		screen->input_error_at = error.column > 0 ? (int)error.column - 1 : 0;
		screen_say(screen, ROLE_BAD, "%s", error.message);
		return;
	}
	if (r < 0)
		screen_say(screen, ROLE_BAD, "filter: %s", strerror(-r));
	screen_choose(screen);
}

static void accept_interval(struct screen *screen)
{
	uint64_t interval_ns;

	if (number_parse_seconds(screen->edit.text, NS_PER_S / 10, DAY_NS, &interval_ns) < 0) {
		screen->input_error_at = 0;
		screen_say(screen, ROLE_BAD, "seconds from 0.1 to 86400");
		return;
	}
	(void)screen->feed->ops->set_interval(screen->feed, interval_ns);
	leave(screen);
	screen_say(screen, ROLE_MESSAGE, "a look each %s s", screen->edit.text);
}

static void accept_moment(struct screen *screen)
{
	struct conn_replay replay = {0};
	struct replay_time moment;
	uint64_t at_ns;

	if (replay_time_parse(screen->edit.text, &moment) < 0) {
		screen->input_error_at = 0;
		screen_say(screen, ROLE_BAD, "a clock's time, +1m30s, or a date and time");
		return;
	}
	screen->feed->ops->position(screen->feed, &replay);
	at_ns = replay_time_resolve(&moment, replay.from_ns);
	/* What is typed has no fractions. */
	if (at_ns + NS_PER_S <= replay.from_ns || at_ns > replay.to_ns) {
		screen->input_error_at = 0;
		screen_say(screen, ROLE_BAD, "that is not within the recording");
		return;
	}
	leave(screen);
	screen_seek(screen, at_ns);
}

static int make_csv(struct screen *screen, struct str_buf *csv, size_t *ret_n)
{
	struct conn_tick tick;
	int r = screen_rows_chosen(&screen->rows, &tick);

	if (r < 0)
		return r;
	conn_csv_header(csv, &screen->options->columns);
	conn_csv_tick(csv, &screen->options->columns, &screen->words, &tick,
		      screen->frame->realtime_ns);
	*ret_n = tick.n_active + tick.n_closed;
	free((void *)(uintptr_t)tick.active);
	return csv->error;
}

static void accept_path(struct screen *screen)
{
	CLEANUP(str_buf_done) struct str_buf csv = {0}, path = {0};
	size_t n = 0;
	int r = screen->frame ? make_csv(screen, &csv, &n) : -ENODATA;

	if (r >= 0)
		r = screen->host->save(screen->host->user, screen->edit.text, csv.data, csv.len);
	text_escape(&path, screen->edit.text, screen->edit.len);
	if (r == -EEXIST) {
		screen->input_error_at = 0;
		screen_say(screen, ROLE_BAD, "it is there already; choose another name");
		return;
	}
	/* Whoever types on must not find that it was commands. */
	if (r < 0) {
		screen->input_error_at = 0;
		screen_say(screen, ROLE_BAD, "%s: %s", path.len ? path.data : "", strerror(-r));
		return;
	}
	leave(screen);
	screen_say(screen, ROLE_MESSAGE, "%zu connections written to %s", n,
		   path.len ? path.data : "");
}

static void accept(struct screen *screen)
{
	/* Else another than what was typed would stay in force. */
	if (screen->input == SCREEN_INPUT_FILTER && screen->input_error_at >= 0) {
		try_filter(screen);
		return;
	}
	/* What was not typed is not wanted; no filter is one that takes all. */
	if (screen->edit.len == 0 || screen->input == SCREEN_INPUT_FILTER) {
		leave(screen);
		return;
	}
	if (screen->input == SCREEN_INPUT_INTERVAL)
		accept_interval(screen);
	else if (screen->input == SCREEN_INPUT_PATH)
		accept_path(screen);
	else
		accept_moment(screen);
}

void screen_input_key(struct screen *screen, uint32_t key)
{
	if (key == KEYS_ENTER) {
		accept(screen);
	} else if (key == KEYS_ESCAPE) {
		leave(screen);
		if (screen->input == SCREEN_INPUT_FILTER) {
			(void)screen_set_filter(screen, "", NULL);
			screen_choose(screen);
		}
	} else if (line_edit_key(&screen->edit, key)) {
		screen->input_error_at = -1;
		if (screen->input == SCREEN_INPUT_FILTER)
			try_filter(screen);
	}
}
