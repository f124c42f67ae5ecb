/* SPDX-License-Identifier: MIT */
#pragma once

/* Small files read whole at once, as the ones under /proc must be to be consistent. */

#include <stddef.h>
#include <sys/types.h>

/*
 * Reads path (relative to dir_fd, which may be AT_FDCWD) into buf and ends it with a NUL. Returns
 * the length without the NUL, -EFBIG if the file does not fit into size - 1 bytes, -EINVAL if size
 * is 0, or the errno of openat/read. On failure buf holds an empty text.
 */
ssize_t small_file_read(int dir_fd, const char *path, char *buf, size_t size);
