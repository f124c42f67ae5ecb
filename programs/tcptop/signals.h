/* SPDX-License-Identifier: MIT */
#pragma once

/* The signals that ask the program for something, as a descriptor to read them from. */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"

/* Blocks SIGINT, SIGTERM, and SIGHUP unless it is ignored, as nohup(1) would have it; for a screen
 * also SIGWINCH, SIGTSTP and SIGCONT. SIGPIPE and SIGXFSZ are ignored. Threads started later
 * inherit it. *ret_fd is a signalfd. On failure error says why. */
int signals_open(bool for_screen, int *ret_fd, struct str_buf *error);

/* The next signal that has come; 0: none. */
int signals_next(int fd);
