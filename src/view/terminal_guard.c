/* SPDX-License-Identifier: MIT */
#include "view/terminal_guard.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Enough for the handler, and for a sanitizer's that it may call on. */
#define STACK_BYTES (256 * 1024)
#define WRITABLE_WITHIN_MS 500

/* All that end a process and are not the program's own to heed (SIGINT, SIGTERM, SIGHUP, SIGPIPE)
 * nor uncatchable. The first are faults of ours, whatever was set for them. */
static const int endings[] = {
	SIGSEGV,   SIGBUS,  SIGILL,  SIGFPE,  SIGABRT,   SIGTRAP, SIGSYS, SIGQUIT, SIGXCPU,
	SIGXFSZ,   SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,  SIGPWR,
#ifdef SIGSTKFLT
	SIGSTKFLT,
#endif
};

#define N_ENDINGS (sizeof(endings) / sizeof(endings[0]))
#define N_CRASHES 5

struct thread_stack {
	stack_t before;
	char bytes[STACK_BYTES];
};

static struct {
	bool taken;
	bool registered; /* for exit */
	bool has_key;
	volatile pid_t pid; /* of the process whose terminal it is */
	/* The slot that counts, or NULL; the other may be filled in meanwhile. */
	_Atomic(struct terminal_reset *) armed;
	struct terminal_reset slots[2];
	size_t next_slot;
	bool caught[N_ENDINGS];
	struct sigaction before[N_ENDINGS];
	stack_t stack_before;
	void *stack;
	pthread_key_t thread_stack; /* struct thread_stack, of each thread that asked for one */
} terminal_guard;

/* Async-signal-safe. A terminal that takes nothing is not waited for. */
static void reset_terminal(void)
{
	const struct terminal_reset *reset;
	struct pollfd writable = {.events = POLLOUT};

	if (terminal_guard.pid != getpid())
		return;
	reset = atomic_exchange(&terminal_guard.armed, NULL);
	if (!reset)
		return;
	writable.fd = reset->fd;
	if (poll(&writable, 1, WRITABLE_WITHIN_MS) == 1 && (writable.revents & POLLOUT) &&
	    write(reset->fd, reset->bytes, reset->len) < 0) {
		/* It is gone; the modes are tried all the same. */
	}
	tcsetattr(reset->fd, TCSANOW, &reset->modes);
}

static void restore_signals(void)
{
	for (size_t i = 0; i < N_ENDINGS; i++)
		if (terminal_guard.caught[i])
			sigaction(endings[i], &terminal_guard.before[i], NULL);
}

/* Whether it comes again when the handler returns, since the instruction is tried again. */
static bool comes_again(int signal_number, const siginfo_t *info)
{
	return info->si_code > 0 && (signal_number == SIGSEGV || signal_number == SIGBUS ||
				     signal_number == SIGILL || signal_number == SIGFPE);
}

/* All signals are blocked meanwhile, SIGTTOU too, which tcsetattr() raises in the background. A
 * fault of the processor comes again on return, and then to the disposition from before (a
 * sanitizer's may say more); all others do not, so they are sent again. */
static void handle_ending(int signal_number, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	reset_terminal();
	restore_signals();
	if (!comes_again(signal_number, info))
		raise(signal_number);
	errno = error;
}

static void handle_exit(void)
{
	reset_terminal();
}

/* Of a thread that ends. A sanitizer looks for its own in the end. */
static void free_thread_stack(void *user)
{
	struct thread_stack *thread_stack = user;

	sigaltstack(&thread_stack->before, NULL);
	free(thread_stack);
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

/* What somebody ignores, or heeds himself, stays so. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_sigaction = handle_ending,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < N_ENDINGS; i++) {
		struct sigaction *before = &terminal_guard.before[i];

		terminal_guard.caught[i] = sigaction(endings[i], NULL, before) == 0 &&
					   (i < N_CRASHES || (!(before->sa_flags & SA_SIGINFO) &&
							      before->sa_handler == SIG_DFL)) &&
					   sigaction(endings[i], &action, NULL) == 0;
	}
}

int terminal_guard_take(void)
{
	int r;

	if (terminal_guard.taken)
		return -EBUSY;
	r = take_stack();
	if (r < 0)
		return r;
	if (!terminal_guard.registered && atexit(handle_exit) == 0)
		terminal_guard.registered = true;
	if (!terminal_guard.has_key &&
	    pthread_key_create(&terminal_guard.thread_stack, free_thread_stack) == 0)
		terminal_guard.has_key = true;
	terminal_guard.taken = true;
	terminal_guard.pid = getpid();
	catch_signals();
	return 0;
}

int terminal_guard_cover_thread(void)
{
	CLEANUP(free_p) struct thread_stack *thread_stack = NULL;
	stack_t stack = {.ss_size = STACK_BYTES};
	int r;

	if (!terminal_guard.has_key || pthread_getspecific(terminal_guard.thread_stack))
		return 0;
	thread_stack = malloc(sizeof(*thread_stack));
	if (!thread_stack)
		return -ENOMEM;
	stack.ss_sp = thread_stack->bytes;
	if (sigaltstack(&stack, &thread_stack->before) < 0)
		return -errno;
	r = pthread_setspecific(terminal_guard.thread_stack, thread_stack);
	if (r) {
		sigaltstack(&thread_stack->before, NULL);
		return -r;
	}
	(void)STEAL(thread_stack);
	return 0;
}

void terminal_guard_arm(const struct terminal_reset *reset)
{
	struct terminal_reset *slot = &terminal_guard.slots[terminal_guard.next_slot];

	*slot = *reset;
	atomic_store(&terminal_guard.armed, slot);
	terminal_guard.next_slot ^= 1;
}

void terminal_guard_disarm(void)
{
	atomic_store(&terminal_guard.armed, NULL);
}

void terminal_guard_release(void)
{
	if (!terminal_guard.taken)
		return;
	terminal_guard_disarm();
	restore_signals();
	sigaltstack(&terminal_guard.stack_before, NULL);
	free(terminal_guard.stack);
	terminal_guard.stack = NULL;
	terminal_guard.taken = false;
}
