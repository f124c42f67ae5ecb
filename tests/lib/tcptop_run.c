/* SPDX-License-Identifier: MIT */
#include "tcptop_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"

#define POLL_STEP_MS 10
#define ARGS_MAX 32

const char *tcptop_run_program(void)
{
	const char *program = getenv("TCPTOP");

	return program && *program ? program : "build/bin/tcptop";
}

static uint64_t effective_capabilities(void)
{
	CLEANUP(free_p) char *status = tcptop_run_text("/proc/self/status");
	const char *line = status ? strstr(status, "\nCapEff:") : NULL;

	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

void tcptop_run_require_root(void)
{
	static const int needed[] = {CAP_BPF,        CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN,
				     CAP_SYS_PTRACE, CAP_SETPCAP, CAP_KILL};
	uint64_t have = effective_capabilities();

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (!(have & UINT64_C(1) << needed[i]))
			tap_skip_all("not all of root's capabilities");
	}
	if (!is_int(access(tcptop_run_program(), X_OK), 0, "%s can be run", tcptop_run_program()))
		exit(tap_done());
}

char *tcptop_run_text(const char *path)
{
	CLEANUP(close_fd_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, max = 65536;
	char *text = malloc(max + 1);
	ssize_t n = 0;

	while (text && fd >= 0 && (n = read(fd, text + len, max - len)) > 0) {
		len += (size_t)n;
		if (len == max) {
			char *grown = realloc(text, (max *= 2) + 1);

			if (!grown)
				free(text);
			text = grown;
		}
	}
	if (text)
		text[len] = '\0';
	return text;
}

static int make_directory(struct tcptop_run *run)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(run->dir, sizeof(run->dir), "%s/weir-test-XXXXXX", tmp);
	if (!mkdtemp(run->dir))
		return -errno;
	snprintf(run->log_path, sizeof(run->log_path), "%s/log.csv", run->dir);
	snprintf(run->out_path, sizeof(run->out_path), "%s/stdout", run->dir);
	snprintf(run->err_path, sizeof(run->err_path), "%s/stderr", run->dir);
	return 0;
}

static int redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	return fd < 0 || dup2(fd, to) < 0 ? -errno : 0;
}

static void exec_program(const struct tcptop_run *run, const struct tcptop_run_options *options)
{
	const char *log_args[] = {"--log", run->log_path, "--log-columns",
				  "all",   "--interval",  "0.2"};
	const char *argv[ARGS_MAX] = {tcptop_run_program()};
	size_t n = 1;

	for (size_t i = 0; !options->bare && i < sizeof(log_args) / sizeof(*log_args); i++)
		argv[n++] = log_args[i];
	for (size_t i = 0; options->args && options->args[i] && n < ARGS_MAX - 1; i++)
		argv[n++] = options->args[i];
	if (redirect(run->out_path, STDOUT_FILENO) < 0 ||
	    redirect(run->err_path, STDERR_FILENO) < 0)
		_exit(126);
	if (options->in_child && options->in_child(options->user) != 0)
		_exit(126);
	/* Last: a change of credentials clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* execv takes the strings as they are and changes none of them. */
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

int tcptop_run_spawn(struct tcptop_run *run, const struct tcptop_run_options *options)
{
	static const struct tcptop_run_options none;
	int r;

	*run = (struct tcptop_run){.pid = 0};
	r = make_directory(run);
	if (r < 0)
		return r;
	run->pid = fork();
	if (run->pid < 0) {
		r = -errno;
		run->pid = 0;
		return r;
	}
	if (run->pid == 0)
		exec_program(run, options ? options : &none);
	return 0;
}

/* 1: reaped, 0: still runs. */
static int reap(struct tcptop_run *run, int flags)
{
	pid_t pid;

	do
		pid = waitpid(run->pid, &run->status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		return 0;
	run->pid = 0;
	return 1;
}

static bool has_line(const char *path)
{
	CLEANUP(free_p) char *text = tcptop_run_text(path);

	return text && strchr(text, '\n');
}

int tcptop_run_await_header(struct tcptop_run *run)
{
	for (int ms = 0; ms < TCPTOP_RUN_TIMEOUT_MS; ms += POLL_STEP_MS) {
		int r;

		if (has_line(run->log_path) || has_line(run->out_path))
			return 0;
		r = reap(run, WNOHANG);
		if (r != 0)
			return r < 0 ? r : -ECHILD;
		poll(NULL, 0, POLL_STEP_MS);
	}
	return -ETIMEDOUT;
}

int tcptop_run_start(struct tcptop_run *run, const struct tcptop_run_options *options)
{
	int r = tcptop_run_spawn(run, options);

	if (r == 0)
		r = tcptop_run_await_header(run);
	if (r < 0) {
		tap_note("%s did not come up: %s", tcptop_run_program(), strerror(-r));
		tcptop_run_note_errors(run);
	}
	return r;
}

int tcptop_run_stop(struct tcptop_run *run, int signal_number)
{
	if (!run->pid)
		return 0;
	if (signal_number && kill(run->pid, signal_number) < 0)
		return -errno;
	for (int ms = 0; ms < TCPTOP_RUN_TIMEOUT_MS; ms += POLL_STEP_MS) {
		int r = reap(run, WNOHANG);

		if (r != 0)
			return r < 0 ? r : 0;
		poll(NULL, 0, POLL_STEP_MS);
	}
	kill(run->pid, SIGKILL);
	reap(run, 0);
	return -ETIMEDOUT;
}

bool tcptop_run_exited(const struct tcptop_run *run, int status)
{
	return !run->pid && WIFEXITED(run->status) && WEXITSTATUS(run->status) == status;
}

void tcptop_run_note_errors(const struct tcptop_run *run)
{
	CLEANUP(free_p) char *text = tcptop_run_text(run->err_path);
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		tap_note("stderr: %s", line);
}

void tcptop_run_done(struct tcptop_run *run)
{
	if (run->pid) {
		kill(run->pid, SIGKILL);
		reap(run, 0);
	}
	if (!run->dir[0])
		return;
	unlink(run->log_path);
	unlink(run->out_path);
	unlink(run->err_path);
	rmdir(run->dir);
	run->dir[0] = '\0';
}
