/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The program without a screen: this host's ticks, or a recording's, go to an output one after the
 * other.
 */

#include "options.h"

/* Each runs until it is done or stopped. Returns the exit status; what there is to say has been
 * said. */
int stream_run(const struct options *options);
int stream_replay(const struct options *options);
