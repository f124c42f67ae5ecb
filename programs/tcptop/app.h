/* SPDX-License-Identifier: MIT */
#pragma once

/* The running program: source, table, clock, signals and output, joined by one event loop. */

#include "options.h"

/* Runs until it is done or stopped. Returns the exit status; what there is to say has been said. */
int app_run(const struct options *options);
