/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS 1000000

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void writer_stopping(struct writer *writer)
{
	if (writer->give_up_ns == 0)
		writer->give_up_ns = monotonic_ns() + NS_PER_S;
}

/* Milliseconds poll() may wait, -1 for as long as it takes. */
static int patience_ms(const struct writer *writer)
{
	uint64_t now_ns;

	if (writer->give_up_ns == 0)
		return -1;
	now_ns = monotonic_ns();
	return now_ns < writer->give_up_ns ? (int)((writer->give_up_ns - now_ns) / NS_PER_MS) : 0;
}

/* Waits for room in a pipe, a socket or a terminal. */
static int wait_for_room(struct writer *writer)
{
	for (;;) {
		struct pollfd fds[2] = {
			{.fd = writer->fd, .events = POLLOUT},
			{.fd = writer->give_up_ns ? -1 : writer->stop_fd, .events = POLLIN},
		};
		int n = poll(fds, 2, patience_ms(writer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		if (fds[0].revents) /* an error shows itself in the write */
			return 0;
		writer_stopping(writer);
	}
}

int writer_write(struct writer *writer, const char *data, size_t len)
{
	struct stat st;
	size_t most;

	if (fstat(writer->fd, &st) < 0)
		return -errno;
	/* A pipe that polls writable takes PIPE_BUF bytes without blocking (pipe(7)), not more. */
	most = S_ISREG(st.st_mode) ? len : PIPE_BUF;
	while (len > 0) {
		int r = S_ISREG(st.st_mode) ? 0 : wait_for_room(writer);
		ssize_t n;

		if (r < 0)
			return r;
		n = write(writer->fd, data, len < most ? len : most);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
