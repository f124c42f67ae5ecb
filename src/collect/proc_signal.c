/* SPDX-License-Identifier: MIT */
#include "collect/proc_signal.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_same.h"

/* By syscall(): glibc has had wrappers only since 2.36. */
static int open_pidfd(uint32_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return (int)fd;
	if (errno == ENOSYS)
		return -EOPNOTSUPP;
	/* The pid is now that of a thread: kernels differ in what they say to that. */
	return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
}

int proc_signal_send(int proc_fd, uint32_t pid, uint64_t start_boot_ns, int signal)
{
	CLEANUP(close_fd_p) int fd = -1;
	struct proc_stat stat;
	int r;

	if (!pid || pid > INT_MAX || !start_boot_ns)
		return -EINVAL;
	/* First the descriptor, then the look at who it is. What /proc shows now holds the pid now;
	 * if that is the one meant, it began before this call, so it held the pid already when the
	 * descriptor was opened. */
	fd = open_pidfd(pid);
	if (fd < 0)
		return fd;
	r = proc_same_read(proc_fd, pid, start_boot_ns, &stat);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
}
