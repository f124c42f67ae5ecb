/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NS_PER_S UINT64_C(1000000000)

static struct replay *replay_of(struct feed *feed)
{
	return (struct replay *)feed; /* its first member */
}

/* The next frame becomes due in wait_ns; 0: never. */
static void set_timer(struct replay *replay, uint64_t wait_ns)
{
	const struct itimerspec when = {
		.it_value =
			{
				.tv_sec = (time_t)(wait_ns / NS_PER_S),
				.tv_nsec = (long)(wait_ns % NS_PER_S),
			},
	};

	/* It cannot fail: the descriptor is a timer, and the times are in range. */
	(void)timerfd_settime(replay->timer_fd, 0, &when, NULL);
}

static uint64_t pace_ns(const struct replay *replay, const struct conn_frame *frame)
{
	double ns = (double)(frame->interval_ns ? frame->interval_ns : NS_PER_S) / replay->speed;

	return ns < 1 ? 1 : (uint64_t)ns;
}

int replay_next(struct replay *replay, const struct conn_frame **ret_frame, struct str_buf *error)
{
	const struct conn_frame *frame;
	int r = recording_next(replay->reader, &frame, error);

	if (r <= 0)
		return r;
	if (frame->realtime_ns > replay->to_ns)
		return 0;
	replay->at_ns = frame->realtime_ns;
	replay->interval_ns = frame->interval_ns ? frame->interval_ns : NS_PER_S;
	*ret_frame = frame;
	return 1;
}

static int replay_fd(const struct feed *feed)
{
	return ((const struct replay *)feed)->timer_fd;
}

/* Whatever was read last has taken the place of the frame that is shown: reads that one again. */
static int read_again(struct replay *replay, const struct conn_frame **ret_frame,
		      struct str_buf *error)
{
	int r = recording_seek(replay->reader, replay->at_ns);

	return r < 0 && r != -ENODATA ? r : recording_next(replay->reader, ret_frame, error);
}

static int replay_take(struct feed *feed, const struct conn_frame **ret_frame,
		       struct str_buf *error)
{
	struct replay *replay = replay_of(feed);
	uint64_t count;
	int r;

	if (read(replay->timer_fd, &count, sizeof(count)) < 0 && !replay->sought)
		return 0;
	replay->sought = false;
	do {
		str_buf_clear(error);
		r = replay_next(replay, ret_frame, error);
	} while (r == -EBADMSG); /* each call goes on behind the damage */
	replay->ended = r == 0;
	if (r == 0)
		return replay->at_ns ? read_again(replay, ret_frame, error) : 0;
	if (r > 0 && !replay->paused)
		set_timer(replay, pace_ns(replay, *ret_frame));
	return r;
}

static const struct conn_names *replay_names(const struct feed *feed)
{
	return recording_names(((const struct replay *)feed)->reader);
}

static void replay_pause(struct feed *feed, bool paused)
{
	struct replay *replay = replay_of(feed);

	replay->paused = paused;
	/* At the end, playing begins anew. */
	if (!paused && replay->ended)
		(void)recording_seek(replay->reader, replay->from_ns);
	set_timer(replay, paused ? 0 : 1);
}

static int replay_set_interval(struct feed *feed, uint64_t interval_ns)
{
	(void)feed;
	(void)interval_ns;
	return -EOPNOTSUPP;
}

static int replay_seek(struct feed *feed, uint64_t realtime_ns)
{
	struct replay *replay = replay_of(feed);
	int r;

	if (realtime_ns < replay->from_ns)
		realtime_ns = replay->from_ns;
	if (realtime_ns > replay->to_ns)
		realtime_ns = replay->to_ns;
	r = recording_seek(replay->reader, realtime_ns);
	if (r < 0 && r != -ENODATA)
		return r;
	replay->ended = false;
	replay->sought = true;
	set_timer(replay, 1);
	return 0;
}

/* The time of the last frame in [from_ns, at_ns); 0: there is none. */
static uint64_t last_between(struct replay *replay, uint64_t from_ns, uint64_t at_ns)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct conn_frame *frame;
	uint64_t last_ns = 0;
	int r;

	if (recording_seek(replay->reader, from_ns) < 0)
		return 0;
	do {
		r = recording_next(replay->reader, &frame, &error);
		if (r > 0 && frame->realtime_ns < at_ns)
			last_ns = frame->realtime_ns;
	} while (r == -EBADMSG || (r > 0 && frame->realtime_ns < at_ns));
	return last_ns;
}

/* Ticks may be missing, so it is looked for further and further back. */
static uint64_t time_before(struct replay *replay)
{
	uint64_t at_ns = replay->at_ns, back_ns = 2 * replay->interval_ns, last_ns = 0;

	while (!last_ns && at_ns > replay->from_ns) {
		bool is_all = at_ns - replay->from_ns <= back_ns;

		last_ns = last_between(replay, is_all ? replay->from_ns : at_ns - back_ns, at_ns);
		if (is_all)
			break;
		back_ns *= 4;
	}
	return last_ns ? last_ns : at_ns;
}

static int replay_step(struct feed *feed, int direction)
{
	struct replay *replay = replay_of(feed);

	if (direction < 0)
		return replay_seek(feed, time_before(replay));
	replay->sought = true;
	set_timer(replay, 1);
	return 0;
}

static int replay_set_speed(struct feed *feed, double speed)
{
	replay_of(feed)->speed = speed;
	return 0;
}

static void replay_position(const struct feed *feed, struct conn_replay *ret_replay)
{
	const struct replay *replay = (const struct replay *)feed;

	*ret_replay = (struct conn_replay){
		.play = replay->paused || replay->ended ? CONN_PLAY_PAUSED : CONN_PLAY_PLAYING,
		.from_ns = replay->from_ns,
		.to_ns = replay->to_ns,
		.speed = replay->speed,
	};
}

static const struct feed_ops replay_ops = {
	.fd = replay_fd,
	.take = replay_take,
	.names = replay_names,
	.pause = replay_pause,
	.set_interval = replay_set_interval,
	.seek = replay_seek,
	.set_speed = replay_set_speed,
	.step = replay_step,
	.position = replay_position,
};

/* The part from --from to --to; refused if there is no frame in it. */
static int find_part(struct replay *replay, const struct options *options, struct str_buf *error)
{
	const struct recording_info *info = &replay->info;
	int r;

	replay->from_ns = info->first_realtime_ns;
	replay->to_ns = info->last_realtime_ns;
	if (options->from.kind)
		replay->from_ns = replay_time_resolve(&options->from, info->first_realtime_ns);
	if (options->to.kind)
		replay->to_ns = replay_time_resolve(&options->to, info->first_realtime_ns);
	if (replay->from_ns > info->last_realtime_ns || replay->to_ns < info->first_realtime_ns ||
	    replay->from_ns > replay->to_ns) {
		char first[UNITS_TIMESTAMP_MAX], last[UNITS_TIMESTAMP_MAX];

		units_timestamp(info->first_realtime_ns, first);
		units_timestamp(info->last_realtime_ns, last);
		str_buf_printf(error, ": nothing between --from and --to: it is from %s to %s",
			       first, last);
		return -ERANGE;
	}
	if (replay->from_ns < info->first_realtime_ns)
		replay->from_ns = info->first_realtime_ns;
	if (replay->to_ns > info->last_realtime_ns)
		replay->to_ns = info->last_realtime_ns;
	r = recording_seek(replay->reader, replay->from_ns);
	if (r < 0)
		str_buf_printf(error, ": %s", strerror(-r));
	return r;
}

int replay_open(struct replay *replay, const struct options *options, struct str_buf *error)
{
	int r;

	*replay = (struct replay){.feed.ops = &replay_ops, .timer_fd = -1, .speed = 1};
	r = recording_open(options->replay_path, &replay->reader, error);
	if (r < 0)
		return r;
	recording_info(replay->reader, &replay->info);
	replay->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (replay->timer_fd < 0) {
		r = -errno;
		str_buf_printf(error, "timer: %s", strerror(-r));
		return r;
	}
	text_escape(error, options->replay_path, strlen(options->replay_path));
	r = find_part(replay, options, error);
	if (r < 0)
		return r;
	str_buf_clear(error);
	set_timer(replay, 1);
	return 0;
}

void replay_close(struct replay *replay)
{
	if (replay->reader)
		recording_close(STEAL(replay->reader));
	close_fd_p(&replay->timer_fd);
	replay->timer_fd = -1;
}
