/* SPDX-License-Identifier: MIT */
#include "base/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"

ssize_t small_file_read(int dir_fd, const char *path, char *buf, size_t size)
{
	CLEANUP(close_fd_p) int fd = -1;
	size_t len = 0;
	ssize_t n = 1;

	if (!size)
		return -EINVAL;
	buf[0] = '\0';
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size && n) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf[0] = '\0';
			return -errno;
		}
		len += (size_t)n;
	}
	if (len == size) {
		buf[0] = '\0';
		return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}
