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
	uint64_t from_ns; /* the part that is played */
	uint64_t to_ns;
	uint64_t at_ns; /* of the frame taken last; 0: none was */
	uint64_t interval_ns;
	int timer_fd; /* when the next frame is due */
	double speed;
	bool paused;
	bool sought; /* the next frame is due whether paused or not */
	bool ended;
};

/* Opens options->replay_path at --from. On failure error says why; replay_close() is fine in any
 * case on a zeroed struct with timer_fd -1. */
int replay_open(struct replay *replay, const struct options *options, struct str_buf *error);
void replay_close(struct replay *replay);

/* The next frame of the part, at once; as recording_next() does, and 0 at the part's end. */
int replay_next(struct replay *replay, const struct conn_frame **ret_frame, struct str_buf *error);
