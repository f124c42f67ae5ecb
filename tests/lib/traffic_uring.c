/* SPDX-License-Identifier: MIT */
#include "traffic_uring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if HAVE_LIBURING

#include <liburing.h>

const char *traffic_uring_refusal(void)
{
	struct io_uring ring;
	int r = io_uring_queue_init(2, &ring, 0);

	if (r < 0)
		return r == -ENOSYS ? "this kernel has no io_uring" : "io_uring is refused here";
	io_uring_queue_exit(&ring);
	return NULL;
}

/* Data is only read from when sending; the ring's own type for it has no const. */
static ssize_t transfer(int fd, void *data, size_t len, bool sends)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	int r = io_uring_queue_init(2, &ring, 0);
	ssize_t n;

	if (r < 0)
		return r;
	sqe = io_uring_get_sqe(&ring);
	if (sends)
		io_uring_prep_send(sqe, fd, data, len, MSG_NOSIGNAL);
	else
		io_uring_prep_recv(sqe, fd, data, len, 0);
	r = io_uring_submit(&ring);
	if (r >= 0)
		r = io_uring_wait_cqe(&ring, &cqe);
	n = r < 0 ? r : cqe->res;
	io_uring_queue_exit(&ring);
	return n;
}

#else

const char *traffic_uring_refusal(void)
{
	return "built without liburing";
}

static ssize_t transfer(int fd, void *data, size_t len, bool sends)
{
	(void)fd;
	(void)data;
	(void)len;
	(void)sends;
	return -EOPNOTSUPP;
}

#endif

ssize_t traffic_uring_send(int fd, const void *data, size_t len)
{
	return transfer(fd, (void *)(uintptr_t)data, len, true);
}

ssize_t traffic_uring_receive(int fd, void *data, size_t len)
{
	return transfer(fd, data, len, false);
}
