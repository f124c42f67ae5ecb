/* SPDX-License-Identifier: MIT */
/* Moving about in a recording. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "screen.h"

#define NS_PER_S UINT64_C(1000000000)
#define STEP_NS (10 * NS_PER_S)
#define FAR_STEP_NS (300 * NS_PER_S)
#define SPEED_MIN 0.125
#define SPEED_MAX 64.0

/* The feed has moved, or not (r): the frame shown is gone, and the next one takes its place before
 * anything is drawn. */
static void arrive(struct screen *screen, int r)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};

	if (r >= 0)
		r = screen_take(screen, &error);
	if (r >= 0)
		return;
	screen->frame = NULL;
	screen_rows_forget(&screen->rows);
	screen_say(screen, ROLE_BAD, "%s", error.len ? error.data : strerror(-r));
}

/* What was between is not known: the graphs begin anew. */
static int forget(struct screen *screen)
{
	struct conn_history *history;
	int r = conn_history_new(0, &history);

	if (r < 0)
		return r;
	conn_history_free(screen->history);
	screen->history = history;
	return 0;
}

void screen_seek(struct screen *screen, uint64_t realtime_ns)
{
	int r = forget(screen);

	arrive(screen, r < 0 ? r : screen->feed->ops->seek(screen->feed, realtime_ns));
}

static void seek_by(struct screen *screen, int64_t by_ns)
{
	uint64_t at_ns = screen->frame ? screen->frame->realtime_ns : 0;

	if (by_ns < 0 && at_ns < (uint64_t)-by_ns)
		at_ns = 0;
	else
		at_ns += (uint64_t)by_ns;
	screen_seek(screen, at_ns);
}

/* One frame on or back: it stands still there. */
static void step(struct screen *screen, int direction)
{
	if (!screen->paused) {
		screen->paused = true;
		screen->feed->ops->pause(screen->feed, true);
	}
	arrive(screen, screen->feed->ops->step(screen->feed, direction));
}

static void set_speed(struct screen *screen, double speed)
{
	if (speed < SPEED_MIN || speed > SPEED_MAX)
		return;
	(void)screen->feed->ops->set_speed(screen->feed, speed);
}

void screen_go(struct screen *screen, enum screen_action action)
{
	struct conn_replay replay = {0};

	screen->feed->ops->position(screen->feed, &replay);
	if (replay.play == CONN_PLAY_LIVE) {
		screen_say(screen, ROLE_WARNING, "only in a recording (--replay)");
		return;
	}
	if (action == SCREEN_BACK || action == SCREEN_FORWARD)
		seek_by(screen, action == SCREEN_BACK ? -(int64_t)STEP_NS : (int64_t)STEP_NS);
	else if (action == SCREEN_FAR_BACK || action == SCREEN_FAR_FORWARD)
		seek_by(screen,
			action == SCREEN_FAR_BACK ? -(int64_t)FAR_STEP_NS : (int64_t)FAR_STEP_NS);
	else if (action == SCREEN_STEP_BACK || action == SCREEN_STEP_FORWARD)
		step(screen, action == SCREEN_STEP_BACK ? -1 : 1);
	else if (action == SCREEN_SLOWER || action == SCREEN_FASTER)
		set_speed(screen, action == SCREEN_SLOWER ? replay.speed / 2 : replay.speed * 2);
	else if (action == SCREEN_GO_TO)
		screen_input_open(screen, SCREEN_INPUT_MOMENT);
}
