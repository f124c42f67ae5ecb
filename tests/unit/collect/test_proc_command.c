/* SPDX-License-Identifier: MIT */

/* Command lines, from a /proc of the test's own making and from the real one. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_command.h"
#include "collect/proc_stat.h"
#include "proc_dir.h"
#include "tap.h"

#define PID 4711
#define START_TICKS 1000
#define BYTES(text) text, sizeof(text) - 1

static void put_cmdline(const struct proc_dir *dir, const char *bytes, size_t len)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/cmdline", dir->path, PID);
	file = fopen(path, "we");
	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		abort();
}

static void put_exe(const struct proc_dir *dir, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%d/exe", dir->path, PID);
	if (target ? symlink(target, path) < 0 : unlink(path) < 0)
		abort();
}

static uint64_t start_ns(void)
{
	return START_TICKS * proc_stat_tick_ns();
}

static const struct {
	const char *what;
	const char *cmdline;
	size_t cmdline_len;
	const char *exe; /* NULL: it has none */
	size_t size;
	const char *want;
} cases[] = {
	{"a command", BYTES("/usr/sbin/sshd\0-D\0"), "/usr/sbin/sshd", 64, "/usr/sbin/sshd -D"},
	{"no arguments", BYTES("cat\0"), "/bin/cat", 64, "cat"},
	{"an empty argument", BYTES("a\0\0b\0"), "/bin/a", 64, "a  b"},
	{"a title that replaced the arguments", BYTES("nginx: worker process\0\0\0\0\0\0"),
	 "/usr/sbin/nginx", 64, "nginx: worker process"},
	{"a title without NUL", BYTES("postgres: writer"), "/x", 64, "postgres: writer"},
	{"bytes that are no text", BYTES("\x1b[2J\0\xff\n\0"), "/x", 64, "\x1b[2J \xff\n"},
	{"more than there is room for", BYTES("0123456789\0"), "/x", 6, "01234"},
	{"just room enough", BYTES("01234\0"), "/x", 6, "01234"},
	{"room for nothing", BYTES("01234\0"), "/x", 1, "[a.out]"},
	{"arguments wiped out", BYTES("\0\0\0\0"), "/opt/shy", 64, "/opt/shy"},
	{"none at all", BYTES(""), "/opt/shy (deleted)", 64, "/opt/shy (deleted)"},
	{"a long path", BYTES(""), "/opt/shy", 5, "/opt"},
	{"a kernel thread", BYTES(""), NULL, 64, "[a.out]"},
	{"a kernel thread and little room", BYTES(""), NULL, 4, "[a."},
};

static void test_cases(const struct proc_dir *dir, int proc_fd)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(free_p) char *text = malloc(cases[i].size);
		size_t want_len = strnlen(cases[i].want, cases[i].size - 1);
		ssize_t len;

		if (!text)
			abort();
		put_cmdline(dir, cases[i].cmdline, cases[i].cmdline_len);
		if (cases[i].exe)
			put_exe(dir, cases[i].exe);
		len = proc_command_read(proc_fd, PID, start_ns(), text, cases[i].size);
		is_int(len, want_len, "%s: its length", cases[i].what);
		ok(memcmp(text, cases[i].want, want_len) == 0 && !text[want_len], "%s",
		   cases[i].what);
		if (cases[i].exe)
			put_exe(dir, NULL);
	}
}

static void test_identity(const struct proc_dir *dir, int proc_fd)
{
	uint64_t tick_ns = proc_stat_tick_ns();
	char text[64] = "before";

	put_cmdline(dir, BYTES("cat\0"));
	is_int(proc_command_read(proc_fd, PID, start_ns() + tick_ns - 1, text, sizeof(text)), 3,
	       "a start within its clock tick");
	is_int(proc_command_read(proc_fd, PID, start_ns() + tick_ns, text, sizeof(text)), -ENOENT,
	       "one that began later is not it");
	is_str(text, "", "and nothing of it is shown");
	is_int(proc_command_read(proc_fd, PID, start_ns() - 1, text, sizeof(text)), -ENOENT,
	       "nor one that began before");
	is_int(proc_command_read(proc_fd, PID + 1, start_ns(), text, sizeof(text)), -ENOENT,
	       "nobody is there");
	is_int(proc_command_read(proc_fd, PID, 0, text, sizeof(text)), -EINVAL, "no start");
	is_int(proc_command_read(proc_fd, 0, start_ns(), text, sizeof(text)), -EINVAL, "no pid");
	is_int(proc_command_read(proc_fd, PID, start_ns(), text, 0), -EINVAL, "no room");
	proc_dir_put_file(dir, "4711/stat", "garbage");
	is_int(proc_command_read(proc_fd, PID, start_ns(), text, sizeof(text)), -EBADMSG,
	       "a stat that is none");
}

static void test_real(const char *program)
{
	CLEANUP(close_fd_p) int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint32_t self = (uint32_t)getpid();
	struct proc_stat stat = {0};
	char text[PATH_MAX];

	is_int(proc_stat_read(proc_fd, self, &stat), 0, "this process");
	ok(proc_command_read(proc_fd, self, stat.start_boot_ns, text, sizeof(text)) > 0, "its own");
	ok(strncmp(text, program, strlen(program)) == 0, "begins with argv[0]");
	if (proc_stat_read(proc_fd, 2, &stat) < 0 || strcmp(stat.comm, "kthreadd") != 0) {
		tap_skip("a real kernel thread", "a process namespace without them");
		return;
	}
	is_int(proc_command_read(proc_fd, 2, stat.start_boot_ns, text, sizeof(text)), 10,
	       "a real kernel thread");
	is_str(text, "[kthreadd]", "its name");
}

int main(int argc, char **argv)
{
	struct proc_dir dir = proc_dir_new();
	int proc_fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)argc;
	proc_dir_put_process(&dir, PID, "a.out", START_TICKS, 0, "/");
	test_cases(&dir, proc_fd);
	test_identity(&dir, proc_fd);
	test_real(argv[0]);
	close(proc_fd);
	proc_dir_remove(&dir);
	return tap_done();
}
