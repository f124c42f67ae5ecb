/* SPDX-License-Identifier: MIT */
/* A recording as it is played: all of it, whatever the clock did while it was made. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "replay.h"
#include "tap.h"

#define SEC UINT64_C(1000000000)
#define FRAMES_MAX 8

static const struct made {
	const char *what;
	unsigned int seconds[FRAMES_MAX]; /* by the clock; 0 ends them */
	unsigned int from, to;            /* 0: not given */
	int opened;
	const char *played;
} recordings[] = {
	{"a clock that goes on", {10, 11, 12}, 0, 0, 0, "10 11 12 "},
	{"a clock set back a little", {10, 11, 12, 9, 10, 11}, 0, 0, 0, "10 11 12 9 10 11 "},
	{"a clock set back far", {5000, 5001, 1400, 1401}, 0, 0, 0, "5000 5001 1400 1401 "},
	{"from a time on", {10, 11, 12, 9, 10, 11}, 11, 0, 0, "11 12 11 "},
	{"up to a time", {10, 11, 12, 9, 10, 11}, 0, 10, 0, "10 9 10 "},
	{"a time at which nothing was", {10, 11, 14, 15}, 12, 13, -ERANGE, ""},
	{"a part that ends before it begins", {10, 11, 12}, 12, 11, -ERANGE, ""},
};

static void make(const char *path, const struct made *made)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct recording_options options = {
		.size = sizeof(options),
		.host = "test",
		.program = "test",
		.key_every = 3,
	};
	struct recording_writer *writer = NULL;
	int r = recording_create(path, &options, &writer, &error);

	for (unsigned int i = 0; i < FRAMES_MAX && made->seconds[i] && r >= 0; i++) {
		const struct conn_frame frame = {
			.realtime_ns = made->seconds[i] * SEC,
			.interval_ns = SEC,
		};

		r = recording_add(writer, &frame, NULL, &error);
	}
	recording_finish(writer, NULL);
	is_int(r, 0, "%s: recorded", made->what);
}

static struct replay_time moment(unsigned int seconds)
{
	return (struct replay_time){
		.kind = seconds ? REPLAY_TIME_MOMENT : REPLAY_TIME_NONE,
		.ns = seconds * SEC,
	};
}

static int open_made(struct replay *replay, const char *path, const struct made *made)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct options options = {
		.replay_path = path,
		.from = moment(made->from),
		.to = moment(made->to),
	};

	return replay_open(replay, &options, &error);
}

static void test_all_of_it(const char *path, const struct made *made)
{
	CLEANUP(str_buf_done) struct str_buf error = {0}, played = {0};
	struct replay replay = {.timer_fd = -1};
	const struct conn_frame *frame;
	int r;

	make(path, made);
	r = open_made(&replay, path, made);
	is_int(r, made->opened, "%s: opened", made->what);
	while (r >= 0 && (r = replay_next(&replay, &frame, &error)) > 0)
		str_buf_printf(&played, "%u ", (unsigned int)(frame->realtime_ns / SEC));
	is_str(played.data ? played.data : "", made->played, "%s: played", made->what);
	replay_close(&replay);
}

/* The second of the frame that is shown after a move. */
static unsigned int shown(struct replay *replay)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct conn_frame *frame = NULL;
	int r = replay->feed.ops->take(&replay->feed, &frame, &error);

	return r > 0 && frame ? (unsigned int)(frame->realtime_ns / SEC) : 0;
}

static void test_moves(const char *path)
{
	static const struct made made = {.what = "moves", .seconds = {10, 11, 12, 4, 5, 10, 11}};
	static const struct {
		int step; /* 0: to the time */
		unsigned int to, shown;
		uint64_t number;
	} moves[] = {
		{0, 12, 12, 2}, {1, 0, 4, 3},   {1, 0, 5, 4},   {0, 11, 11, 6},
		{-1, 0, 10, 5}, {0, 4, 4, 3},   {-1, 0, 12, 2}, {0, 1, 10, 0},
		{0, 99, 12, 2}, {0, 10, 10, 0}, {-1, 0, 10, 0},
	};
	struct replay replay = {.timer_fd = -1};

	make(path, &made);
	is_int(open_made(&replay, path, &made), 0, "opened");
	replay.feed.ops->pause(&replay.feed, true);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (moves[i].step)
			replay.feed.ops->step(&replay.feed, moves[i].step);
		else
			replay.feed.ops->seek(&replay.feed, moves[i].to * SEC);
		is_int(shown(&replay), moves[i].shown, "move %zu shows that second", i);
		is_int(replay.at, moves[i].number, "and the nearest such frame");
	}
	replay_close(&replay);
}

int main(void)
{
	char dir[] = "/tmp/weir-replay.XXXXXX", path[64];

	if (!recording_is_built_in())
		tap_skip_all("built without recordings");
	if (!mkdtemp(dir))
		tap_skip_all("no folder for files");
	snprintf(path, sizeof(path), "%s/test.weir", dir);
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++)
		test_all_of_it(path, &recordings[i]);
	test_moves(path);
	unlink(path);
	is_int(rmdir(dir), 0, "the folder is cleared away");
	return tap_done();
}
