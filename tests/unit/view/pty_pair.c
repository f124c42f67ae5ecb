/* SPDX-License-Identifier: MIT */
#include "pty_pair.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 20
#define SEEN_BYTES (1 << 20)

static void require(bool cond, const char *what)
{
	if (cond)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *read_all(void *user)
{
	struct pty *pty = user;
	struct pollfd fds[] = {{.fd = pty->master, .events = POLLIN},
			       {.fd = pty->stop[0], .events = POLLIN}};
	char bytes[4096];

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		ssize_t n;

		pthread_mutex_lock(&pty->lock);
		while (pty->paused)
			pthread_cond_wait(&pty->grown, &pty->lock);
		pthread_mutex_unlock(&pty->lock);
		n = read(pty->master, bytes, sizeof(bytes));

		if (n <= 0)
			break;
		pthread_mutex_lock(&pty->lock);
		str_buf_add(&pty->seen, bytes, (size_t)n);
		pthread_cond_broadcast(&pty->grown);
		pthread_mutex_unlock(&pty->lock);
	}
	return NULL;
}

void pty_open(struct pty *pty, int width, int height)
{
	struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};

	*pty = (struct pty){.lock = PTHREAD_MUTEX_INITIALIZER, .grown = PTHREAD_COND_INITIALIZER};
	require(openpty(&pty->master, &pty->slave, NULL, NULL, &size) == 0, "openpty");
	/* So that the reader allocates nothing where a test has allocations fail. */
	require(str_buf_reserve(&pty->seen, SEEN_BYTES) != NULL, "memory");
	require(pipe(pty->stop) == 0, "pipe");
	require(pthread_create(&pty->reader, NULL, read_all, pty) == 0, "pthread_create");
}

void pty_pause(struct pty *pty, bool paused)
{
	pthread_mutex_lock(&pty->lock);
	pty->paused = paused;
	pthread_cond_broadcast(&pty->grown);
	pthread_mutex_unlock(&pty->lock);
}

void pty_hang_up(struct pty *pty)
{
	pty_pause(pty, false);
	require(write(pty->stop[1], "", 1) == 1, "stopping the reader");
	pthread_join(pty->reader, NULL);
	close(pty->master);
	close(pty->stop[0]);
	close(pty->stop[1]);
	pty->master = -1;
}

void pty_close(struct pty *pty)
{
	if (pty->master >= 0)
		pty_hang_up(pty);
	close(pty->slave);
	str_buf_done(&pty->seen);
}

bool pty_has_modes(const struct pty *pty, const struct termios *want)
{
	struct termios now;

	return tcgetattr(pty->slave, &now) == 0 && now.c_iflag == want->c_iflag &&
	       now.c_oflag == want->c_oflag && now.c_cflag == want->c_cflag &&
	       now.c_lflag == want->c_lflag;
}

void pty_resize(struct pty *pty, int width, int height)
{
	struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};

	require(ioctl(pty->slave, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

void pty_type(struct pty *pty, const char *bytes, size_t len)
{
	require(write(pty->master, bytes, len) == (ssize_t)len, "typing");
}

static bool has_come(const struct pty *pty, const char *text, size_t n)
{
	if (pty->seen.len < n)
		return false;
	return !text || (pty->seen.len && memmem(pty->seen.data, pty->seen.len, text, n));
}

static bool wait_until(struct pty *pty, const char *text, size_t n)
{
	struct timespec end;
	bool come;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&pty->lock);
	while (!(come = has_come(pty, text, n)))
		if (pthread_cond_timedwait(&pty->grown, &pty->lock, &end) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&pty->lock);
	return come;
}

bool pty_wait_for(struct pty *pty, const char *text)
{
	return wait_until(pty, text, strlen(text));
}

bool pty_wait_bytes(struct pty *pty, size_t n)
{
	return wait_until(pty, NULL, n);
}

void pty_take(struct pty *pty, struct str_buf *ret_text)
{
	str_buf_clear(ret_text);
	pthread_mutex_lock(&pty->lock);
	str_buf_puts(ret_text, "");
	if (pty->seen.len)
		str_buf_add(ret_text, pty->seen.data, pty->seen.len);
	str_buf_clear(&pty->seen);
	pthread_mutex_unlock(&pty->lock);
}
