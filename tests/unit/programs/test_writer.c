/* SPDX-License-Identifier: MIT */
/* Readers that read, that go away, and that stop reading. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tap.h"
#include "writer.h"

#define LEN (1024 * 1024)

struct reader {
	int fd;
	char *data;
	size_t len;
};

static void *read_all(void *user)
{
	struct reader *reader = user;
	ssize_t n;

	while ((n = read(reader->fd, reader->data + reader->len, LEN - reader->len)) > 0)
		reader->len += (size_t)n;
	return NULL;
}

static char *make_data(void)
{
	char *data = malloc(LEN);

	for (size_t i = 0; i < LEN; i++)
		data[i] = (char)(i * 31 + (i >> 12));
	return data;
}

static void test_reads(void)
{
	char *data = make_data();
	struct reader reader = {.data = malloc(LEN)};
	struct writer writer = {.stop_fd = -1};
	pthread_t thread;
	int fds[2];

	ok(pipe(fds) == 0, "a pipe");
	reader.fd = fds[0];
	writer.fd = fds[1];
	pthread_create(&thread, NULL, read_all, &reader);
	is_int(writer_write(&writer, data, LEN), 0, "more than a pipe holds is written");
	close(fds[1]);
	pthread_join(thread, NULL);
	is_int(reader.len, LEN, "and read");
	ok(memcmp(reader.data, data, LEN) == 0, "as it was");
	close(fds[0]);
	free(reader.data);
	free(data);
}

static void test_gone(void)
{
	struct writer writer = {.stop_fd = -1};
	int fds[2];

	ok(pipe(fds) == 0, "a pipe");
	writer.fd = fds[1];
	close(fds[0]);
	is_int(writer_write(&writer, "x", 1), -EPIPE, "a reader that went away");
	close(fds[1]);
}

/* The pipe fills, nobody reads, and the wish to stop comes: without it this would wait for ever. */
static void test_stalled(void)
{
	char *data = make_data();
	struct writer writer = {.stop_fd = eventfd(1, EFD_CLOEXEC)};
	int fds[2];

	ok(pipe(fds) == 0, "a pipe");
	writer.fd = fds[1];
	is_int(writer_write(&writer, data, LEN), -ETIMEDOUT, "a reader that does not read");
	is_int(writer_write(&writer, data, LEN), -ETIMEDOUT, "gets no second chance");
	close(fds[0]);
	close(fds[1]);
	close(writer.stop_fd);
	free(data);
}

static void test_errors(void)
{
	struct writer writer = {.stop_fd = -1};

	writer.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	is_int(writer_write(&writer, "x", 1), -ENOSPC, "a full device");
	close(writer.fd);
	writer.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	is_int(writer_write(&writer, "x", 1), -EBADF, "a descriptor that can only be read");
	is_int(writer_write(&writer, "", 0), 0, "nothing to write is no error");
	close(writer.fd);
	is_int(writer_write(&writer, "x", 1), -EBADF, "a closed one");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_reads();
	test_gone();
	test_stalled();
	test_errors();
	return tap_done();
}
