/* SPDX-License-Identifier: MIT */
#include "view/terminal_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

/* How long a write may last, and a terminal may take to drain before one. */
#define WAIT_MS 200

#ifndef sigev_notify_thread_id /* glibc before 2.35 has no name for it */
#define sigev_notify_thread_id _sigev_un._tid
#endif

int terminal_output_open(struct terminal_output *output, int tty_fd, int curses_fd)
{
	CLEANUP(close_fd_p) int memory = memfd_create("terminal", MFD_CLOEXEC);
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	timer_t timer;

	if (memory < 0)
		return -errno;
	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	if (dup3(memory, curses_fd, O_CLOEXEC) < 0) {
		int error = errno;

		timer_delete(timer);
		return -error;
	}
	output->tty_fd = tty_fd;
	output->stand_in_fd = curses_fd;
	output->timer = timer;
	output->is_open = true;
	return 0;
}

void terminal_output_done(struct terminal_output *output)
{
	if (output->is_open)
		timer_delete(output->timer);
	output->is_open = false;
	str_buf_done(&output->bytes);
}

void terminal_output_add(struct terminal_output *output, const char *bytes, size_t len)
{
	if (terminal_output_is_sent(output)) {
		str_buf_clear(&output->bytes);
		output->n_sent = 0;
	}
	str_buf_add(&output->bytes, bytes, len);
}

void terminal_output_drop(struct terminal_output *output)
{
	str_buf_clear(&output->bytes);
	output->n_sent = 0;
}

/* Takes len bytes back out of the stand-in's beginning. */
static int take(struct terminal_output *output, size_t len)
{
	char *to = str_buf_reserve(&output->bytes, len);

	if (!to)
		return -ENOMEM;
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(output->stand_in_fd, to + at, len - at, (off_t)at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	to[len] = '\0';
	output->bytes.len += len;
	return 0;
}

int terminal_output_collect(struct terminal_output *output, const char *before, const char *after)
{
	off_t len = lseek(output->stand_in_fd, 0, SEEK_CUR);
	size_t start;
	int r;

	if (len < 0)
		return -errno;
	if (len == 0)
		return 0;
	if (lseek(output->stand_in_fd, 0, SEEK_SET) < 0)
		return -errno;
	terminal_output_add(output, "", 0);
	start = output->bytes.len;
	str_buf_puts(&output->bytes, before);
	r = take(output, (size_t)len);
	str_buf_puts(&output->bytes, after);
	if (r == 0 && output->bytes.error)
		r = output->bytes.error;
	if (r == 0)
		return 0;
	output->bytes.error = 0;
	output->bytes.len = start;
	return r;
}

int terminal_output_ready(const struct terminal_output *output, int wait_ms)
{
	struct pollfd writable = {.fd = output->tty_fd, .events = POLLOUT};

	if (poll(&writable, 1, wait_ms) <= 0)
		return 0; /* a signal is for the caller to look at */
	if (writable.revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EIO;
	return 1;
}

bool terminal_output_is_sent(const struct terminal_output *output)
{
	return output->n_sent == output->bytes.len;
}

static void wake(int signal_number)
{
	(void)signal_number;
}

static void set_timer(timer_t timer, long ms)
{
	struct timespec each = {.tv_nsec = ms * 1000000};

	/* Again and again: the first could come before the write has begun. */
	timer_settime(timer, 0, &(struct itimerspec){.it_interval = each, .it_value = each}, NULL);
}

/* write(2), broken off by SIGALRM when it lasts: the terminal's own file cannot be set not to
 * block, as the shell has it too. The signal is ours for as long as the call. */
static ssize_t write_briefly(timer_t timer, int fd, const char *bytes, size_t len)
{
	struct sigaction action = {.sa_handler = wake};
	struct sigaction action_before;
	sigset_t alarm_set;
	sigset_t set_before;
	ssize_t n;
	int error;

	sigemptyset(&alarm_set);
	sigaddset(&alarm_set, SIGALRM);
	sigaction(SIGALRM, &action, &action_before);
	pthread_sigmask(SIG_UNBLOCK, &alarm_set, &set_before);
	set_timer(timer, WAIT_MS);
	n = write(fd, bytes, len);
	error = errno;
	set_timer(timer, 0);
	pthread_sigmask(SIG_SETMASK, &set_before, NULL);
	sigaction(SIGALRM, &action_before, NULL);
	errno = error;
	return n;
}

int terminal_output_send(struct terminal_output *output)
{
	int ready;
	ssize_t n;

	if (terminal_output_is_sent(output))
		return 0;
	ready = terminal_output_ready(output, WAIT_MS);
	if (ready <= 0)
		return ready;
	n = write_briefly(output->timer, output->tty_fd, output->bytes.data + output->n_sent,
			  output->bytes.len - output->n_sent);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	output->n_sent += (size_t)n;
	output->written_bytes += (uint64_t)n;
	return 0;
}
