/* SPDX-License-Identifier: MIT */

/*
 * A terminal whose program ends without closing it: by a crash, by exit(), in a child.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_alloc.h"
#include "pty_pair.h"
#include "tap.h"
#include "view/terminal.h"
#include "view/terminal_guard.h"

#define WIDTH 80
#define HEIGHT 24

#define LEAVE_SCREEN "\033[?1049l"

/* Ways to end without terminal_close(). */
static void fault(void)
{
	/* Not through NULL, which UBSan would see before the processor does. */
	volatile char *nowhere = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*nowhere = 1;
}

/* Until there is no more stack; in steps that do not leap over the page that guards it. */
static int descend(int depth)
{
	volatile char room[256];

	room[0] = (char)depth;
	return depth < 0 ? 0 : descend(depth + 1) + room[0];
}

static void *overflow(void *user)
{
	if (terminal_guard_cover_thread() < 0)
		_exit(102);
	descend(1);
	return user;
}

/* On another thread than the screen's. */
static void overflow_elsewhere(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, overflow, NULL))
		_exit(103);
	pthread_join(thread, NULL);
}

static void *just_cover(void *user)
{
	is_int(terminal_guard_cover_thread(), 0, "a thread is covered");
	is_int(terminal_guard_cover_thread(), 0, "again is nothing new");
	return user;
}

static void just_exit(void)
{
	exit(7);
}

/* A child of the program ends first, and must not touch the terminal; then the program does. */
static void child_exits(void)
{
	pid_t child = fork();

	if (child == 0)
		exit(0);
	waitpid(child, NULL, 0);
}

struct ending {
	const char *what;
	void (*end)(void); /* NULL: the signal is sent */
	int signal;        /* that it dies of; 0: it exits */
};

static void run_child(const struct pty *pty, const struct ending *ending)
{
	struct terminal_options options = {
		.in_fd = pty->slave, .out_fd = pty->slave, .color = true};
	struct terminal *terminal;
	struct cells cells = {0};

	/* Not a sanitizer's handlers: the child's own end is what is looked at. */
	for (int i = 1; i <= SIGSYS; i++)
		signal(i, SIG_DFL);
	if (terminal_open(&options, &terminal) < 0 || cells_reset(&cells, WIDTH, HEIGHT) < 0)
		_exit(100);
	area_text(cells_area(&cells), 0, 0, ROLE_BAD, "about to end");
	terminal_paint(terminal, &cells);
	if (ending->end)
		ending->end();
	else
		kill(getpid(), ending->signal);
	_exit(101);
}

static void test_endings(void)
{
	static const struct ending endings[] = {
		{"a fault", fault, SIGSEGV},
		{"a fault that was sent", NULL, SIGSEGV},
		{"a stack overflow on another thread", overflow_elsewhere, SIGSEGV},
		{"abort()", abort, SIGABRT},
		{"exit()", just_exit, 0},
		{"SIGQUIT", NULL, SIGQUIT},
		{"SIGTRAP", NULL, SIGTRAP},
		{"SIGSYS", NULL, SIGSYS},
		{"SIGXCPU", NULL, SIGXCPU},
		{"SIGXFSZ", NULL, SIGXFSZ},
		{"SIGUSR1", NULL, SIGUSR1},
		{"SIGUSR2", NULL, SIGUSR2},
		{"SIGALRM", NULL, SIGALRM},
		{"SIGVTALRM", NULL, SIGVTALRM},
		{"SIGPROF", NULL, SIGPROF},
		{"SIGIO", NULL, SIGIO},
		{"SIGPWR", NULL, SIGPWR},
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct pty pty;
		struct termios before;
		int status = 0;
		pid_t child;

		pty_open(&pty, WIDTH, HEIGHT);
		tcgetattr(pty.slave, &before);
		child = fork();
		if (child == 0)
			run_child(&pty, &endings[i]);
		waitpid(child, &status, 0);
		if (endings[i].signal)
			ok(WIFSIGNALED(status) && WTERMSIG(status) == endings[i].signal,
			   "%s kills as it would have (%x)", endings[i].what, status);
		else
			ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%s ends (%x)",
			   endings[i].what, status);
		ok(pty_wait_for(&pty, LEAVE_SCREEN), "after it the first screen is shown");
		ok(pty_wait_for(&pty, "\033[?25h"), "with the cursor");
		ok(pty_has_modes(&pty, &before), "and the modes as they were found");
		pty_close(&pty);
	}
}

static void test_child(void)
{
	struct pty pty;
	struct termios ours;
	struct terminal_options options = {.color = true};
	struct terminal *terminal;

	pty_open(&pty, WIDTH, HEIGHT);
	options.in_fd = options.out_fd = pty.slave;
	is_int(terminal_open(&options, &terminal), 0, "a terminal opens");
	tcgetattr(pty.slave, &ours);
	child_exits();
	ok(pty_has_modes(&pty, &ours), "a child's exit() leaves it alone");
	terminal_close(terminal);
	pty_close(&pty);
}

/* The signals are the program's again when the terminal is closed. */
static void test_dispositions(void)
{
	static const int signals[] = {SIGSEGV,  SIGBUS,  SIGILL, SIGFPE,  SIGABRT,
				      SIGALRM,  SIGQUIT, SIGINT, SIGTERM, SIGTSTP,
				      SIGWINCH, SIGHUP,  SIGXFSZ};
	struct sigaction before[sizeof(signals) / sizeof(signals[0])];
	struct terminal_options options = {.color = true};
	struct terminal *terminal;
	struct cells cells = {0};
	struct sigaction now;
	struct pty pty;

	signal(SIGXFSZ, SIG_IGN); /* what is ignored stays so */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], NULL, &before[i]);
	pty_open(&pty, WIDTH, HEIGHT);
	options.in_fd = options.out_fd = pty.slave;
	is_int(terminal_open(&options, &terminal), 0, "a terminal opens");
	cells_reset(&cells, WIDTH, HEIGHT);
	terminal_paint(terminal, &cells);
	for (size_t i = 7; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &now);
		ok(now.sa_handler == before[i].sa_handler, "signal %d stays the program's",
		   signals[i]);
	}
	terminal_close(terminal);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &now);
		ok(now.sa_handler == before[i].sa_handler && now.sa_flags == before[i].sa_flags,
		   "signal %d is as it was", signals[i]);
	}
	cells_done(&cells);
	pty_close(&pty);
}

static void test_thread(void)
{
	pthread_t thread;

	is_int(pthread_create(&thread, NULL, just_cover, NULL), 0, "a thread begins");
	pthread_join(thread, NULL);
}

/* Each allocation of ours fails once: the terminal is as before, and can be opened afterwards. */
static void test_memory(void)
{
	struct terminal_options options = {.color = true};
	struct terminal *terminal = NULL;
	struct cells cells = {0};
	struct termios before;
	struct pty pty;
	size_t nth = 1;

	pty_open(&pty, WIDTH, HEIGHT);
	tcgetattr(pty.slave, &before);
	options.in_fd = options.out_fd = pty.slave;
	for (;; nth++) {
		int r;

		fault_alloc_fail_at(nth);
		r = terminal_open(&options, &terminal);
		if (!fault_alloc_failed()) {
			is_int(r, 0, "nothing fails: it opens");
			break;
		}
		is_int(r, -ENOMEM, "allocation %zu fails", nth);
		ok(!terminal && pty_has_modes(&pty, &before), "and nothing has changed");
	}
	ok(nth > 2, "there were some (%zu)", nth - 1);
	cells_reset(&cells, WIDTH, HEIGHT);
	area_text(cells_area(&cells), 0, 0, ROLE_NORMAL, "a frame");
	fault_alloc_fail_at(1);
	is_int(terminal_paint(terminal, &cells), -ENOMEM, "a frame without memory");
	ok(fault_alloc_failed(), "it was asked for");
	is_int(terminal_paint(terminal, &cells), 0, "the next one");
	ok(pty_wait_for(&pty, "a frame"), "has everything");
	terminal_close(terminal);
	cells_done(&cells);
	pty_close(&pty);
}

int main(void)
{
	setenv("TERM", "xterm-256color", 1);
	test_endings();
	test_child();
	test_dispositions();
	test_thread();
	test_memory();
	return tap_done();
}
