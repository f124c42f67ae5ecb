/* SPDX-License-Identifier: MIT */

/* Thousands of connections that live for a moment: each end of each is in the log exactly once,
 * with exact totals and its own process. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "storm.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"

/* Missing ends that are named. */
#define NOTED 5

struct tally {
	size_t matched;
	size_t missing; /* ends without a closed row */
	size_t extra;   /* closed rows of the storm without an end */
	size_t wrong_bytes;
	size_t wrong_packets;
	size_t wrong_owner;
};

static int compare_endpoints(const struct traffic_endpoint *a_local,
			     const struct traffic_endpoint *a_remote,
			     const struct traffic_endpoint *b_local,
			     const struct traffic_endpoint *b_remote)
{
	int order = memcmp(a_local->addr, b_local->addr, sizeof(a_local->addr));

	if (!order)
		order = memcmp(a_remote->addr, b_remote->addr, sizeof(a_remote->addr));
	if (!order)
		order = a_local->port - b_local->port;
	return order ? order : a_remote->port - b_remote->port;
}

static int compare_rows(const void *a, const void *b)
{
	const struct tcptop_row *row_a = a, *row_b = b;

	return compare_endpoints(&row_a->local, &row_a->remote, &row_b->local, &row_b->remote);
}

static int compare_ends(const void *a, const void *b)
{
	const struct traffic_end *const *end_a = a, *const *end_b = b;

	return compare_endpoints(&(*end_a)->local, &(*end_a)->remote, &(*end_b)->local,
				 &(*end_b)->remote);
}

/* Keeps the closed rows of the storm only, sorted. Borrowed pointers into rows are void after. */
static void keep_storm_rows(struct tcptop_rows *rows, uint16_t port)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct tcptop_row *row = &rows->rows[i];

		if (row->tcp && row->closed &&
		    (row->local.port == port || row->remote.port == port))
			rows->rows[n++] = *row;
	}
	rows->n = n;
	qsort(rows->rows, n, sizeof(*rows->rows), compare_rows);
}

static void compare(struct tally *tally, const struct traffic_end *end,
		    const struct tcptop_row *row)
{
	tally->matched++;
	tally->wrong_bytes += row->bytes_out != end->sent || row->bytes_in != end->received;
	tally->wrong_packets +=
		row->packets_out != (end->sent > 0) || row->packets_in != (end->received > 0);
	if (row->pid != end->pid && tally->wrong_owner++ < NOTED)
		tap_note("owner: local port %u, pid %d, by %s it is %d \"%s\"", end->local.port,
			 (int)end->pid, row->attribution, (int)row->pid, row->process_name);
}

static void note_missing(const struct traffic_end *end)
{
	tap_note("missing: local port %u, remote port %u, pid %d", end->local.port,
		 end->remote.port, (int)end->pid);
}

static void note_extra(const struct tcptop_row *row)
{
	tap_note("extra: %s local port %u, remote port %u, in %llu, out %llu, by %s, \"%s\"",
		 row->timestamp, row->local.port, row->remote.port,
		 (unsigned long long)row->bytes_in, (unsigned long long)row->bytes_out,
		 row->attribution, row->lost_reason);
}

/* Both are sorted; equal keys pair off one to one. */
static struct tally match(const struct tcptop_rows *rows, struct traffic_end **ends, size_t n)
{
	struct tally tally = {.matched = 0};
	size_t r = 0, e = 0;

	while (r < rows->n || e < n) {
		const struct tcptop_row *row = &rows->rows[r];
		int order = r == rows->n ? 1 : -1;

		if (r < rows->n && e < n)
			order = compare_endpoints(&row->local, &row->remote, &ends[e]->local,
						  &ends[e]->remote);
		if (order == 0)
			compare(&tally, ends[e], row);
		if (order < 0 && tally.extra++ < NOTED)
			note_extra(row);
		if (order > 0 && tally.missing++ < NOTED)
			note_missing(ends[e]);
		r += order <= 0;
		e += order >= 0;
	}
	return tally;
}

static void check_log(const char *log_path, const struct storm *storm, const char *name)
{
	struct traffic_end **ends = calloc(storm->n * 2, sizeof(struct traffic_end *));
	struct tcptop_rows rows = {.n = 0};
	struct tally tally;

	if (!ends)
		abort();
	for (size_t i = 0; i < storm->n; i++) {
		ends[2 * i] = &storm->pairs[i].client;
		ends[2 * i + 1] = &storm->pairs[i].server;
	}
	qsort(ends, storm->n * 2, sizeof(*ends), compare_ends);
	if (is_int(tcptop_rows_read(log_path, &rows), 0, "%s: the log reads back", name)) {
		keep_storm_rows(&rows, storm->port);
		tally = match(&rows, ends, storm->n * 2);
		is_int(tally.matched, storm->n * 2, "%s: every end of every one is there", name);
		is_int(tally.missing, 0, "%s: none is missing", name);
		is_int(tally.extra, 0, "%s: none is there twice", name);
		is_int(tally.wrong_bytes, 0, "%s: the bytes are exact", name);
		is_int(tally.wrong_packets, 0, "%s: so are the segments", name);
		is_int(tally.wrong_owner, 0, "%s: each has its own process", name);
		tcptop_rows_done(&rows);
	}
	free(ends);
}

static void test_storm(size_t n, size_t at_once, const char *name)
{
	struct tcptop_run run;
	struct storm storm;

	if (is_int(tcptop_run_start(&run, NULL), 0, "%s: tcptop comes up", name)) {
		is_int(storm_run(&storm, n, at_once), 0, "%s: %zu connections are made", name, n);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "%s: it ends on SIGTERM", name);
		ok(tcptop_run_exited(&run, 0), "%s: with exit status 0", name);
		tcptop_run_note_errors(&run);
		check_log(run.log_path, &storm, name);
		storm_done(&storm);
	}
	tcptop_run_done(&run);
}

int main(void)
{
	tcptop_run_require_root();
	test_storm(10000, 50, "a few milliseconds each");
	test_storm(20000, 1, "full speed");
	return tap_done();
}
