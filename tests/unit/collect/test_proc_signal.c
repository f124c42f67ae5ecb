/* SPDX-License-Identifier: MIT */

/* Signals to children of the test's own: they reach who is meant, and nobody else. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_signal.h"
#include "collect/proc_stat.h"
#include "tap.h"

#define NOBODY 65534

struct child {
	pid_t pid;
	uint64_t start_boot_ns;
};

static struct child start_child(int proc_fd)
{
	struct child child = {.pid = fork()};
	struct proc_stat stat = {0};

	if (child.pid < 0)
		abort();
	if (child.pid == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	is_int(proc_stat_read(proc_fd, (uint32_t)child.pid, &stat), 0, "a child");
	child.start_boot_ns = stat.start_boot_ns;
	return child;
}

static int signal_child(int proc_fd, const struct child *child, int64_t off_ns, int signal)
{
	return proc_signal_send(proc_fd, (uint32_t)child->pid,
				child->start_boot_ns + (uint64_t)off_ns, signal);
}

static void test_exact(int proc_fd)
{
	int64_t tick_ns = (int64_t)proc_stat_tick_ns();
	struct child child = start_child(proc_fd);
	int status = 0;

	is_int(signal_child(proc_fd, &child, 0, 0), 0, "it may be signalled");
	is_int(signal_child(proc_fd, &child, tick_ns - 1, 0), 0, "within its clock tick");
	is_int(signal_child(proc_fd, &child, -1, SIGKILL), -ESRCH, "one that began before");
	is_int(signal_child(proc_fd, &child, tick_ns, SIGKILL), -ESRCH, "one that began later");
	is_int(waitpid(child.pid, &status, WNOHANG), 0, "neither was it: it lives");
	is_int(signal_child(proc_fd, &child, 0, 4711), -EINVAL, "no such signal");
	is_int(signal_child(proc_fd, &child, 0, SIGTERM), 0, "the one meant");
	is_int(waitpid(child.pid, &status, 0), child.pid, "it ends");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "by that signal");
	is_int(signal_child(proc_fd, &child, 0, SIGTERM), -ESRCH, "then it is gone");
}

static void test_nobody_meant(int proc_fd)
{
	is_int(proc_signal_send(proc_fd, 0, 1, 0), -EINVAL, "no pid: not our own group");
	is_int(proc_signal_send(proc_fd, (uint32_t)getpid(), 0, SIGKILL), -EINVAL, "no start");
	is_int(proc_signal_send(proc_fd, UINT32_MAX, 1, SIGKILL), -EINVAL, "-1 is not everybody");
	is_int(proc_signal_send(proc_fd, (uint32_t)INT_MAX, 1, 0), -ESRCH, "a pid too great");
}

/* In a child that has given up root: the parent is not its to signal. */
static int ask_as_nobody(int proc_fd, uint32_t pid, uint64_t start_boot_ns)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(255);
		_exit(-proc_signal_send(proc_fd, pid, start_boot_ns, 0));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	return -WEXITSTATUS(status);
}

static void test_refused(int proc_fd)
{
	uint32_t pid = geteuid() == 0 ? (uint32_t)getpid() : 1;
	struct proc_stat stat = {0};
	int r = proc_stat_read(proc_fd, pid, &stat);

	if (r < 0)
		tap_skip("another user's process", "/proc shows none");
	else if (geteuid() == 0)
		is_int(ask_as_nobody(proc_fd, pid, stat.start_boot_ns), -EPERM, "not ours");
	else
		is_int(proc_signal_send(proc_fd, pid, stat.start_boot_ns, 0), -EPERM, "not ours");
}

int main(void)
{
	CLEANUP(close_fd_p) int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	test_exact(proc_fd);
	test_nobody_meant(proc_fd);
	test_refused(proc_fd);
	return tap_done();
}
