/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A recording as it is played: the part from --from to --to, frame by frame, at a pace, or at once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "export/recording.h"
#include "feed.h"
#include "options.h"

struct replay {
	struct feed feed; /* first: it is one */
	struct recording_reader *reader;
	struct recording_info info;
	/* Time is not what frames are told apart by: a clock may have been set back meanwhile. */
	uint64_t from_ns; /* the part that is played: frames of these times, in file order */
	uint64_t to_ns;
	uint64_t at;  /* number of the frame taken last; n_frames: none was */
	int timer_fd; /* when the next frame is due */
	double speed;
	bool paused;
	bool sought; /* the next frame is due whether paused or not */
	bool ended;
};

/*
 * Opens options->replay_path at --from. What is in a file is not trusted: privileges are given up
 * before any of it is read, but for those that making --log's file may ask for; and if they are
 * lent, before it is opened, too, for it may be another user's.
 *
 * On failure error says why; replay_close() is fine in any case on a zeroed struct with timer_fd
 * -1.
 */
int replay_open(struct replay *replay, const struct options *options, struct str_buf *error);
void replay_close(struct replay *replay);

/* The next frame of the part, at once; as recording_next() does, and 0 at the part's end. */
int replay_next(struct replay *replay, const struct conn_frame **ret_frame, struct str_buf *error);
