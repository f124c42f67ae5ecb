/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bytes to a descriptor, all of them or a reason. A reader that has stopped reading must not keep
 * the program from ending, so waiting for room also watches for the wish to stop.
 */

#include <stddef.h>
#include <stdint.h>

struct writer {
	int fd;              /* borrowed */
	int stop_fd;         /* readable when we are asked to stop; -1: none. Borrowed */
	uint64_t give_up_ns; /* CLOCK_MONOTONIC; 0: not asked to stop yet */
};

/* We have been asked to stop: from now on a reader has one more second. */
void writer_stopping(struct writer *writer);

/*
 * Writes len bytes. -EPIPE: the reader went away. -ETIMEDOUT: it stopped reading, and its second
 * is over. Other errnos as write() gives them.
 */
int writer_write(struct writer *writer, const char *data, size_t len);
