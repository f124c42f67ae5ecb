/* SPDX-License-Identifier: MIT */

/*
 * What one tick costs, and what others take for the same answer, with N sockets open: our pass in
 * the kernel and our own part apart, active and idle, and whole processes, all in turn in one run.
 *
 *   tick SOCKETS ROUNDS TCPTOP    prints one JSON object, medians in milliseconds
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/conn_source_bpf.h"
#include "holder.h"
#include "model/conn_table.h"

#define MAX_ROUNDS 101

struct series {
	const char *name;
	double ms[MAX_ROUNDS];
	size_t n;
};

enum {
	ACTIVE_KERNEL,
	ACTIVE_OURS,
	IDLE_KERNEL,
	IDLE_OURS,
	ONCE,
	ONCE_DIAG,
	SS_TIN,
	SS_TINP,
	N_SERIES,
};

static struct series all[N_SERIES] = {
	[ACTIVE_KERNEL] = {.name = "active_kernel"},
	[ACTIVE_OURS] = {.name = "active_ours"},
	[IDLE_KERNEL] = {.name = "idle_kernel"},
	[IDLE_OURS] = {.name = "idle_ours"},
	[ONCE] = {.name = "tcptop_once_csv"},
	[ONCE_DIAG] = {.name = "tcptop_once_csv_diag"},
	[SS_TIN] = {.name = "ss_tin"},
	[SS_TINP] = {.name = "ss_tinp"},
};

static void add(int which, uint64_t ns)
{
	struct series *s = &all[which];

	s->ms[s->n++] = (double)ns / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(struct series *s)
{
	qsort(s->ms, s->n, sizeof(s->ms[0]), compare);
	return s->n ? s->ms[s->n / 2] : -1;
}

static void die(const char *what, int r)
{
	fprintf(stderr, "tick: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* The answer goes to a file, so that nobody's terminal or pipe is measured. Returns its lines. */
static size_t run_timed(int which, char *const argv[])
{
	uint64_t begun_ns = clock_monotonic_ns();
	char path[] = "/tmp/weir-tick-XXXXXX";
	int fd = mkstemp(path);
	size_t lines = 0;
	pid_t pid;
	FILE *file;
	int c, status = 0;

	if (fd < 0)
		die("mkstemp", -errno);
	pid = fork();
	if (pid == 0) {
		dup2(fd, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	add(which, clock_monotonic_ns() - begun_ns);
	if (status != 0) {
		fprintf(stderr, "tick: %s ended with status %d\n", argv[0], status);
		exit(1);
	}
	lseek(fd, 0, SEEK_SET); /* the child has moved it on */
	file = fdopen(fd, "r");
	while (file && (c = getc_unlocked(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	unlink(path);
	return lines;
}

static void apply(void *user, const struct weir_conn_event *event)
{
	int r = conn_table_apply(user, event);

	if (r < 0)
		die("apply", r);
}

static size_t one_tick(struct weir_conn_source *source, struct conn_table *table, int kernel,
		       int ours)
{
	uint64_t begun_ns = clock_monotonic_ns();
	struct weir_conn_source_stats stats;
	struct conn_tick tick;
	uint64_t now_ns;
	int r;

	r = source->ops->sample(source, apply, table, &now_ns);
	if (r < 0)
		die("sample", r);
	r = conn_table_tick(table, now_ns, false, &tick);
	if (r < 0)
		die("tick", r);
	begun_ns = clock_monotonic_ns() - begun_ns;
	source->ops->stats(source, &stats);
	if (kernel >= 0) {
		add(kernel, stats.pass_ns);
		add(ours, begun_ns - stats.pass_ns);
	}
	return tick.n_active;
}

static void must_cover(const char *who, size_t lines, size_t sockets)
{
	if (lines >= sockets)
		return;
	fprintf(stderr, "tick: %s told only %zu of %zu sockets\n", who, lines, sockets);
	exit(1);
}

static void print(size_t sockets)
{
	printf("{\"sockets\":%zu", sockets);
	for (int i = 0; i < N_SERIES; i++)
		printf(",\"%s_ms\":%.3f", all[i].name, median(&all[i]));
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct conn_source_bpf_options source_options = {.size = sizeof(source_options)};
	struct conn_table_options table_options = {.size = sizeof(table_options)};
	char *once[] = {argc > 3 ? argv[3] : NULL, "--once", "--csv", "--tcp", NULL};
	char *once_diag[] = {once[0], "--once", "--csv", "--tcp", "--backend", "diag", NULL};
	char *ss_tin[] = {"ss", "-tinH", NULL};
	char *ss_tinp[] = {"ss", "-tinpH", NULL};
	struct weir_conn_source *source;
	struct conn_table *table;
	struct holder holder;
	size_t sockets, rounds;
	int r;

	if (argc != 4) {
		fprintf(stderr, "usage: tick SOCKETS ROUNDS TCPTOP\n");
		return 2;
	}
	sockets = strtoul(argv[1], NULL, 10);
	rounds = strtoul(argv[2], NULL, 10);
	if (rounds < 1 || rounds > MAX_ROUNDS)
		return 2;
	holder_start(&holder, sockets);
	r = conn_source_bpf_open(&source_options, &source);
	if (r < 0)
		die("conn_source_bpf_open", r);
	r = conn_table_new(&table_options, &table);
	if (r < 0)
		die("conn_table_new", r);
	must_cover("the first pass", one_tick(source, table, -1, -1), sockets);
	for (size_t i = 0; i < rounds; i++) {
		holder_touch(&holder);
		one_tick(source, table, ACTIVE_KERNEL, ACTIVE_OURS);
		one_tick(source, table, IDLE_KERNEL, IDLE_OURS);
		must_cover("tcptop", run_timed(ONCE, once), sockets);
		must_cover("tcptop diag", run_timed(ONCE_DIAG, once_diag), sockets);
		must_cover("ss -tin", run_timed(SS_TIN, ss_tin), sockets);
		must_cover("ss -tinp", run_timed(SS_TINP, ss_tinp), sockets);
	}
	print(sockets);
	conn_table_free(table);
	source->ops->close(source);
	holder_stop(&holder);
	return 0;
}
