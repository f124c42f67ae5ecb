/* SPDX-License-Identifier: MIT */
#include "view/terminal_guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Enough for the handler, and for a sanitizer's that it may call on. */
#define STACK_BYTES (256 * 1024)
#define WRITABLE_WITHIN_MS 500

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

#define N_CRASHES (sizeof(crashes) / sizeof(crashes[0]))

static struct {
	bool taken;
	bool registered; /* for exit */
	volatile sig_atomic_t armed;
	volatile pid_t pid; /* of the process whose terminal it is */
	struct terminal_reset reset;
	struct sigaction before[N_CRASHES];
	stack_t stack_before;
	void *stack;
} terminal_guard;

/* Async-signal-safe. A terminal that takes nothing is not waited for. */
static void reset_terminal(void)
{
	const struct terminal_reset *reset = &terminal_guard.reset;
	struct pollfd writable = {.fd = reset->fd, .events = POLLOUT};

	if (!terminal_guard.armed || terminal_guard.pid != getpid())
		return;
	terminal_guard.armed = 0;
	if (poll(&writable, 1, WRITABLE_WITHIN_MS) == 1 && (writable.revents & POLLOUT) &&
	    write(reset->fd, reset->bytes, reset->len) < 0) {
		/* It is gone; the modes are tried all the same. */
	}
	tcsetattr(reset->fd, TCSANOW, &reset->modes);
}

static void restore_signals(void)
{
	for (size_t i = 0; i < N_CRASHES; i++)
		sigaction(crashes[i], &terminal_guard.before[i], NULL);
}

/* All signals are blocked meanwhile, SIGTTOU too, which tcsetattr() raises in the background. A
 * fault of the processor comes again on return, and then to the disposition from before (a
 * sanitizer's may say more); one that was sent does not, so it is sent again. */
static void handle_crash(int signal_number, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	reset_terminal();
	restore_signals();
	if (info->si_code <= 0)
		raise(signal_number);
	errno = error;
}

static void handle_exit(void)
{
	reset_terminal();
}

static int take_stack(void)
{
	CLEANUP(free_p) void *memory = malloc(STACK_BYTES);
	stack_t stack = {.ss_sp = memory, .ss_size = STACK_BYTES};

	if (!memory)
		return -ENOMEM;
	if (sigaltstack(&stack, &terminal_guard.stack_before) < 0)
		return -errno;
	terminal_guard.stack = STEAL(memory);
	return 0;
}

int terminal_guard_take(void)
{
	struct sigaction action = {.sa_sigaction = handle_crash,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	int r;

	if (terminal_guard.taken)
		return -EBUSY;
	r = take_stack();
	if (r < 0)
		return r;
	if (!terminal_guard.registered && atexit(handle_exit) == 0)
		terminal_guard.registered = true;
	terminal_guard.taken = true;
	terminal_guard.pid = getpid();
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < N_CRASHES; i++)
		sigaction(crashes[i], &action, &terminal_guard.before[i]);
	return 0;
}

void terminal_guard_arm(const struct terminal_reset *reset)
{
	terminal_guard.armed = 0;
	terminal_guard.reset = *reset;
	terminal_guard.armed = 1;
}

void terminal_guard_disarm(void)
{
	terminal_guard.armed = 0;
}

void terminal_guard_release(void)
{
	if (!terminal_guard.taken)
		return;
	terminal_guard.armed = 0;
	restore_signals();
	sigaltstack(&terminal_guard.stack_before, NULL);
	free(terminal_guard.stack);
	terminal_guard.stack = NULL;
	terminal_guard.taken = false;
}
