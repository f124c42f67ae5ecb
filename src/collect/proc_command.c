/* SPDX-License-Identifier: MIT */
#include "collect/proc_command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_same.h"

static void path_of(uint32_t pid, const char *file, char path[32])
{
	snprintf(path, 32, "%" PRIu32 "/%s", pid, file);
}

/* Up to size bytes of the file, which may be far longer. */
static ssize_t read_start(int proc_fd, uint32_t pid, char *text, size_t size)
{
	CLEANUP(close_fd_p) int fd = -1;
	size_t len = 0;
	ssize_t n = 1;
	char path[32];

	path_of(pid, "cmdline", path);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size && n) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* Arguments end with a NUL each; a process that has changed its title leaves more at the end. */
static size_t join_arguments(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

static ssize_t read_arguments(int proc_fd, uint32_t pid, char *text, size_t size)
{
	ssize_t len = read_start(proc_fd, pid, text, size);

	return len < 0 ? len : (ssize_t)join_arguments(text, (size_t)len);
}

/* 0: it has no file, or it is not for us to know. */
static size_t read_exe(int proc_fd, uint32_t pid, char *text, size_t size)
{
	char path[32];
	ssize_t len;

	path_of(pid, "exe", path);
	len = readlinkat(proc_fd, path, text, size);
	return len < 0 ? 0 : (size_t)len;
}

static ssize_t to_errno(ssize_t r)
{
	if (r == -ESRCH)
		return -ENOENT;
	return r == -EACCES ? -EPERM : r;
}

ssize_t proc_command_read(int proc_fd, uint32_t pid, uint64_t start_boot_ns, char *text,
			  size_t size)
{
	struct proc_stat stat;
	ssize_t len;
	int r;

	if (!size)
		return -EINVAL;
	text[0] = '\0';
	len = read_arguments(proc_fd, pid, text, size - 1);
	if (len == 0)
		len = (ssize_t)read_exe(proc_fd, pid, text, size - 1);
	/* Looked at last, so that what was read before it is vouched for. */
	r = proc_same_read(proc_fd, pid, start_boot_ns, &stat);
	if (r < 0 || len < 0) {
		text[0] = '\0';
		return to_errno(r < 0 ? r : len);
	}
	if (len == 0) {
		len = snprintf(text, size, "[%s]", stat.comm);
		return (size_t)len < size ? len : (ssize_t)size - 1;
	}
	text[len] = '\0';
	return len;
}
