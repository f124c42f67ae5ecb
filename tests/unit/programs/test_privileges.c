/* SPDX-License-Identifier: MIT */

/* Which capabilities stay for which reasons, and that those lent by the file (setcap) let nobody
 * act. Each case in a child, for what is given up is gone. */

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "privileges.h"
#include "tap.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define ACT (PRIVILEGES_FOR_SIGNALS | PRIVILEGES_FOR_DESTROY)
#define FAILED UINT64_MAX
#define NOBODY 65534

static const struct {
	const char *what;
	uint32_t reasons;
	uint64_t kept;
} cases[] = {
	{"no reason", 0, 0},
	{"BPF", PRIVILEGES_FOR_BPF, CAP(BPF)},
	{"names", PRIVILEGES_FOR_NAMES, CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH)},
	{"namespaces", PRIVILEGES_FOR_NETNS, CAP(SYS_ADMIN)},
	{"namespaces for diag", PRIVILEGES_FOR_DIAG_NETNS, CAP(SYS_ADMIN) | CAP(NET_ADMIN)},
	{"rotation", PRIVILEGES_FOR_ROTATION, CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER)},
	{"signals", PRIVILEGES_FOR_SIGNALS, CAP(KILL)},
	{"destroying sockets", PRIVILEGES_FOR_DESTROY,
	 CAP(NET_ADMIN) | CAP(SYS_ADMIN) | CAP(SYS_PTRACE)},
	{"two reasons", PRIVILEGES_FOR_SIGNALS | PRIVILEGES_FOR_BPF, CAP(KILL) | CAP(BPF)},
};

static uint64_t capabilities(capng_type_t type)
{
	uint64_t caps = 0;

	if (capng_get_caps_process() < 0)
		return FAILED;
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (capng_have_capability(type, cap))
			caps |= UINT64_C(1) << cap;
	return caps;
}

/* What is left after the drop; FAILED if it fails or leaves different sets. */
static uint64_t left_after(uint32_t reasons)
{
	uint64_t permitted;

	if (privileges_drop(reasons) < 0)
		return FAILED;
	permitted = capabilities(CAPNG_PERMITTED);
	return permitted == capabilities(CAPNG_EFFECTIVE) ? permitted : FAILED;
}

/* What a child wrote into the pipe; FAILED: nothing. */
static uint64_t answer_of(pid_t child, int fd)
{
	uint64_t answer = FAILED;

	if (read(fd, &answer, sizeof(answer)) != sizeof(answer))
		answer = FAILED;
	close(fd);
	waitpid(child, NULL, 0);
	return answer;
}

static uint64_t left_in_child(uint32_t reasons)
{
	int fds[2];
	pid_t child;

	if (pipe(fds) < 0 || (child = fork()) < 0)
		abort();
	if (child == 0) {
		uint64_t left = left_after(reasons);

		_exit(write(fds[1], &left, sizeof(left)) != sizeof(left));
	}
	close(fds[1]);
	return answer_of(child, fds[0]);
}

static void test_drop(void)
{
	uint64_t had = capabilities(CAPNG_PERMITTED);

	if (!had)
		tap_note("no capability to give up: only that none comes back is seen");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t want = cases[i].kept & had;

		/* CAP_SYS_ADMIN stands in for CAP_BPF. */
		if (cases[i].reasons & PRIVILEGES_FOR_BPF && !(had & CAP(BPF)))
			want |= CAP(SYS_ADMIN) & had;
		is_int(left_in_child(cases[i].reasons), want, "%s", cases[i].what);
	}
}

/* A copy of this program that has all of these capabilities as its file's. */
static int make_lent(char path[], uint64_t caps)
{
	CLEANUP(close_fd_p) int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CLEANUP(close_fd_p) int to = mkostemp(path, O_CLOEXEC);
	struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
	struct stat st;

	for (int i = 0; i < VFS_CAP_U32; i++)
		data.data[i].permitted = (uint32_t)(caps >> (32 * i));
	if (from < 0 || to < 0 || fstat(from, &st) < 0 || fchmod(to, 0755) < 0)
		return -errno;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n <= 0)
			return -EIO;
		left -= n;
	}
	return fsetxattr(to, "security.capability", &data, sizeof(data), 0) < 0 ? -errno : 0;
}

/* Runs the copy as a user who has nothing of his own. It says what main() says below. */
static uint64_t run_as_nobody(const char *path)
{
	int fds[2];
	pid_t child;

	if (pipe(fds) < 0 || (child = fork()) < 0)
		abort();
	if (child == 0) {
		if (dup2(fds[1], STDOUT_FILENO) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(1);
		execl(path, path, "say", (char *)NULL);
		_exit(1);
	}
	close(fds[1]);
	return answer_of(child, fds[0]);
}

static void test_lent(void)
{
	char path[] = "/tmp/weir-lent-XXXXXX";
	uint64_t answer;
	int r;

	ok(!privileges_are_lent(), "nobody lends us anything");
	if (geteuid() != 0) {
		tap_skip("capabilities of a file", "only root can give them");
		return;
	}
	r = make_lent(path, CAP(KILL) | CAP(NET_ADMIN) | CAP(BPF));
	answer = r == 0 ? run_as_nobody(path) : FAILED;
	unlink(path);
	if (answer == FAILED)
		tap_skip("capabilities of a file", "not kept, or not honoured, in /tmp");
	else
		is_int(answer, CAP(BPF), "lent capabilities stay for looking, not for acting");
}

/* As the copy: what is left of lent capabilities; FAILED if they are not there to begin with. */
static int say(void)
{
	uint64_t answer = FAILED;

	if (capabilities(CAPNG_PERMITTED) & CAP(KILL))
		answer = privileges_are_lent() ? left_after(ACT | PRIVILEGES_FOR_BPF) : 0;
	return write(STDOUT_FILENO, &answer, sizeof(answer)) != sizeof(answer);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "say") == 0)
		return say();
	test_drop();
	test_lent();
	return tap_done();
}
