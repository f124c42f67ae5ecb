/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "privileges.h"

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

static bool is_in_part(const struct replay *replay, uint64_t number)
{
	uint64_t at_ns = recording_realtime_ns(replay->reader, number);

	return at_ns >= replay->from_ns && at_ns <= replay->to_ns;
}

/* From that number on; n_frames: none is. */
static uint64_t first_in_part(const struct replay *replay, uint64_t number)
{
	while (number < replay->info.n_frames && !is_in_part(replay, number))
		number++;
	return number;
}

int replay_next(struct replay *replay, const struct conn_frame **ret_frame, struct str_buf *error)
{
	const struct conn_frame *frame;
	uint64_t next = recording_next_number(replay->reader);
	uint64_t wanted = first_in_part(replay, next);
	int r;

	if (wanted != next)
		recording_go_to(replay->reader, wanted);
	r = recording_next(replay->reader, &frame, error);
	if (r <= 0)
		return r;
	replay->at = recording_next_number(replay->reader) - 1;
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
	recording_go_to(replay->reader, replay->at);
	return recording_next(replay->reader, ret_frame, error);
}

/* Each call of replay_next() goes on behind the damage; the first one is what is told. */
static int next_whole(struct replay *replay, const struct conn_frame **ret_frame,
		      struct str_buf *error)
{
	CLEANUP(str_buf_done) struct str_buf more = {0};
	int r = replay_next(replay, ret_frame, error);

	while (r == -EBADMSG) {
		str_buf_clear(&more);
		r = replay_next(replay, ret_frame, &more);
	}
	if (r < 0 && more.len > 0) {
		str_buf_clear(error);
		str_buf_puts(error, more.data);
	}
	return r;
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
	r = next_whole(replay, ret_frame, error);
	replay->ended = r == 0;
	if (r == 0)
		return replay->at < replay->info.n_frames ? read_again(replay, ret_frame, error)
							  : 0;
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
		recording_go_to(replay->reader, 0);
	set_timer(replay, paused ? 0 : 1);
}

static int replay_set_interval(struct feed *feed, uint64_t interval_ns)
{
	(void)feed;
	(void)interval_ns;
	return -EOPNOTSUPP;
}

/* From here on the next one is another, whether paused or not. */
static void arrive_at(struct replay *replay, uint64_t number)
{
	recording_go_to(replay->reader, number);
	replay->ended = false;
	replay->sought = true;
	set_timer(replay, 1);
}

/* The first of the part, from that number on, at that time or after it; n_frames: there is none. */
static uint64_t first_since(const struct replay *replay, uint64_t number, uint64_t realtime_ns)
{
	uint64_t n = replay->info.n_frames;

	number = first_in_part(replay, number);
	while (number < n && recording_realtime_ns(replay->reader, number) < realtime_ns)
		number = first_in_part(replay, number + 1);
	return number;
}

/* The last of the part before that number; n_frames: there is none. */
static uint64_t last_before(const struct replay *replay, uint64_t number)
{
	while (number > 0) {
		if (is_in_part(replay, --number))
			return number;
	}
	return replay->info.n_frames;
}

/*
 * A time may be there more than once. On: the first one after the frame shown, so that nobody who
 * goes on comes back; back: the last one before it.
 */
static uint64_t find_near(const struct replay *replay, uint64_t realtime_ns)
{
	const uint64_t n = replay->info.n_frames;
	uint64_t at = replay->at;

	if (at == n)
		return n;
	if (recording_realtime_ns(replay->reader, at) <= realtime_ns)
		return first_since(replay, at, realtime_ns);
	while (at < n && recording_realtime_ns(replay->reader, at) > realtime_ns)
		at = last_before(replay, at);
	return at < n ? first_since(replay, at, realtime_ns) : n;
}

static int replay_seek(struct feed *feed, uint64_t realtime_ns)
{
	struct replay *replay = replay_of(feed);
	const uint64_t n = replay->info.n_frames;
	uint64_t number;

	if (realtime_ns < replay->from_ns)
		realtime_ns = replay->from_ns;
	if (realtime_ns > replay->to_ns)
		realtime_ns = replay->to_ns;
	number = find_near(replay, realtime_ns);
	if (number == n)
		number = first_since(replay, 0, realtime_ns);
	if (number == n)
		number = last_before(replay, n);
	arrive_at(replay, number);
	return 0;
}

/* The frame before the one taken last, past those that are damaged; if there is none, that one. */
static uint64_t number_before(struct replay *replay)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct conn_frame *frame;
	uint64_t number = last_before(replay, replay->at);
	int r = -EBADMSG;

	while (number < replay->info.n_frames && r == -EBADMSG) {
		recording_go_to(replay->reader, number);
		r = recording_next(replay->reader, &frame, &error);
		if (r == -EBADMSG)
			number = last_before(replay, number);
	}
	return number < replay->info.n_frames ? number : replay->at;
}

static int replay_step(struct feed *feed, int direction)
{
	struct replay *replay = replay_of(feed);

	if (direction < 0 && replay->at < replay->info.n_frames) {
		arrive_at(replay, number_before(replay));
		return 0;
	}
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

static int refuse_part(const struct recording_info *info, struct str_buf *error)
{
	char first[UNITS_TIMESTAMP_MAX], last[UNITS_TIMESTAMP_MAX];

	units_timestamp(info->first_realtime_ns, first);
	units_timestamp(info->last_realtime_ns, last);
	str_buf_printf(error, ": nothing between --from and --to: it is from %s to %s", first,
		       last);
	return -ERANGE;
}

/* The part from --from to --to; refused if there is no frame in it. Times that are said by how long
 * after the beginning they are mean the first frame in the file. */
static int find_part(struct replay *replay, const struct options *options, struct str_buf *error)
{
	const struct recording_info *info = &replay->info;
	uint64_t begun_ns = recording_realtime_ns(replay->reader, 0);
	uint64_t first;

	replay->from_ns = info->first_realtime_ns;
	replay->to_ns = info->last_realtime_ns;
	if (options->from.kind)
		replay->from_ns = replay_time_resolve(&options->from, begun_ns);
	if (options->to.kind)
		replay->to_ns = replay_time_resolve(&options->to, begun_ns);
	first = first_in_part(replay, 0);
	if (first == info->n_frames)
		return refuse_part(info, error);
	if (replay->from_ns < info->first_realtime_ns)
		replay->from_ns = info->first_realtime_ns;
	if (replay->to_ns > info->last_realtime_ns)
		replay->to_ns = info->last_realtime_ns;
	if (first > 0)
		recording_go_to(replay->reader, first);
	return 0;
}

static int drop_privileges(uint32_t reasons, struct str_buf *error)
{
	int r = privileges_drop(reasons);

	if (r < 0)
		str_buf_printf(error, "giving up privileges: %s", strerror(-r));
	return r;
}

static int open_reader(struct replay *replay, const struct options *options, struct str_buf *error)
{
	CLEANUP(close_fd_p) int fd = -1;
	int r = 0;

	if (privileges_are_lent())
		r = drop_privileges(0, error);
	if (r >= 0)
		r = recording_open_fd(options->replay_path, &fd, error);
	if (r >= 0)
		r = drop_privileges(options->log_path ? PRIVILEGES_FOR_ROTATION : 0, error);
	if (r < 0)
		return r;
	return recording_open_reader(STEAL_FD(fd), options->replay_path, &replay->reader, error);
}

int replay_open(struct replay *replay, const struct options *options, struct str_buf *error)
{
	int r;

	*replay = (struct replay){.feed.ops = &replay_ops, .timer_fd = -1, .speed = 1};
	r = open_reader(replay, options, error);
	if (r < 0)
		return r;
	recording_info(replay->reader, &replay->info);
	replay->at = replay->info.n_frames;
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
