/* SPDX-License-Identifier: MIT */
#pragma once

/* The screen, run: a terminal, a feed and signals, joined by one loop. */

#include "options.h"

/* Runs until it is quit or stopped; the terminal is then as it was. Returns the exit status; what
 * there is to say has been said. */
int screen_run(const struct options *options);
