/* SPDX-License-Identifier: MIT */

/* A connection that lives through many ticks, and through an end and a new start of tcptop: its
 * counters never run backwards, what the rates say adds up to what the counters say, and the last
 * row is exact. */

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

#define ROWS_WANTED 10
#define REQUEST 3001
#define ANSWER 701

static bool gate_is_open(const struct traffic_gate *gate)
{
	struct pollfd open = {.fd = gate->fd, .events = POLLIN};

	return poll(&open, 1, 10) > 0; /* and paces the exchange */
}

static int talk(struct traffic_peer *peer, int fd)
{
	int r = 0;

	while (r == 0 && !gate_is_open(peer->gate)) {
		r = traffic_tcp_send(peer, fd, REQUEST);
		if (r == 0)
			r = traffic_tcp_receive(peer, fd, ANSWER);
	}
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int answer(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REQUEST);

	while (r == 0) {
		r = traffic_tcp_send(peer, fd, ANSWER);
		if (r == 0)
			r = traffic_tcp_receive(peer, fd, REQUEST);
	}
	/* -EPIPE: the client closed between two exchanges, as it does. */
	return r == -EPIPE ? traffic_tcp_close(fd) : r;
}

/* Accepts a row that comes so many ticks after the first one seen. */
static bool is_late_enough(const struct tcptop_row *row, const void *user)
{
	const uint64_t *first_ms = user;

	return row->time_ms >= *first_ms + ROWS_WANTED * 200;
}

/* Waits until the end has been in the log for ROWS_WANTED ticks. */
static int await_rows(const struct tcptop_run *run, const struct traffic_end *end)
{
	struct tcptop_rows rows = {.n = 0};
	uint64_t first_ms;
	int r = tcptop_rows_await(run->log_path, end, NULL, NULL, &rows);

	if (r < 0)
		return r;
	first_ms = tcptop_rows_next(&rows, end, TCPTOP_ROWS_ANY, NULL)->time_ms;
	tcptop_rows_done(&rows);
	r = tcptop_rows_await(run->log_path, end, is_late_enough, &first_ms, &rows);
	tcptop_rows_done(&rows);
	return r;
}

static bool runs_forward(const struct tcptop_row *before, const struct tcptop_row *row)
{
	return row->bytes_in >= before->bytes_in && row->bytes_out >= before->bytes_out &&
	       row->packets_in >= before->packets_in && row->packets_out >= before->packets_out &&
	       row->time_ms >= before->time_ms;
}

static void check_forward(const struct tcptop_rows *rows, const struct traffic_end *end,
			  const char *name)
{
	const struct tcptop_row *before = tcptop_rows_next(rows, end, TCPTOP_ROWS_ANY, NULL);
	const struct tcptop_row *row = before;
	size_t n = 1, backwards = 0;

	while (row && (row = tcptop_rows_next(rows, end, TCPTOP_ROWS_ANY, before))) {
		backwards += !runs_forward(before, row);
		before = row;
		n++;
	}
	ok(n >= ROWS_WANTED / 2, "%s: has many rows (%zu)", name, n);
	is_int(backwards, 0, "%s: no counter runs backwards", name);
}

/* Each row's rate holds for the time since the row before. Timestamps are of the tick and rates of
 * the kernel's clock at each record, so a quarter is allowed. */
static void check_rates(const struct tcptop_rows *rows, const struct traffic_end *end,
			const char *name)
{
	const struct tcptop_row *first = NULL, *before = NULL, *row = NULL;
	double by_rates = 0, by_counters;
	bool known = true;

	while ((row = tcptop_rows_next(rows, end, TCPTOP_ROWS_UPDATE, row))) {
		if (before) {
			by_rates += row->rate_out * (double)(row->time_ms - before->time_ms) / 1000;
			known = known && row->rate_known;
		}
		first = first ? first : row;
		before = row;
	}
	if (!ok(before, "%s: has updates", name))
		return;
	by_counters = (double)(before->bytes_out - first->bytes_out);
	ok(known, "%s: every rate after the first is known", name);
	ok(fabs(by_rates - by_counters) <= by_counters / 4,
	   "%s: rates add up to %.0f, counters to %.0f", name, by_rates, by_counters);
}

static void check_run(const struct tcptop_run *run, const struct traffic_pair *pair,
		      const char *name, struct tcptop_rows *ret_rows)
{
	char end_name[64];

	if (!is_int(tcptop_rows_read(run->log_path, ret_rows), 0, "%s: the log reads back", name))
		return;
	snprintf(end_name, sizeof(end_name), "%s, client", name);
	check_forward(ret_rows, &pair->client, end_name);
	check_rates(ret_rows, &pair->client, end_name);
	snprintf(end_name, sizeof(end_name), "%s, server", name);
	check_forward(ret_rows, &pair->server, end_name);
	check_rates(ret_rows, &pair->server, end_name);
}

static void check_across(const struct tcptop_rows *first, const struct tcptop_rows *second,
			 const struct traffic_end *end, const char *name)
{
	const struct tcptop_row *last = tcptop_rows_last(first, end, TCPTOP_ROWS_ANY);
	const struct tcptop_row *next = tcptop_rows_next(second, end, TCPTOP_ROWS_ANY, NULL);
	const struct tcptop_row *closed = tcptop_rows_check_closed(second, end, name);

	ok(last && next && runs_forward(last, next), "%s: goes on where it was left", name);
	ok(next && !next->duration_known, "%s: its age is not known any more", name);
	is_int(tcptop_rows_count(first, end, TCPTOP_ROWS_CLOSED), 0, "%s: not closed before", name);
	if (closed && next)
		ok(runs_forward(next, closed), "%s: the last totals are the largest", name);
}

/* Runs tcptop while the connection lives, and ends it before or after. */
static void watch(struct tcptop_run *run, const struct traffic_pair *pair, const char *name)
{
	is_int(await_rows(run, &pair->client), 0, "%s: the client is followed", name);
	is_int(await_rows(run, &pair->server), 0, "%s: the server is followed", name);
}

static void test_live(const struct traffic_gate *gate, struct traffic_pair *pair)
{
	static const struct traffic_tcp_case tcp = {"live", talk, answer, true};
	struct traffic_plan plan = traffic_tcp_plan(&tcp, TRAFFIC_V4);
	struct tcptop_rows first = {.n = 0}, second = {.n = 0};
	struct tcptop_run run[2] = {{.pid = 0}, {.pid = 0}};
	struct traffic_run ends;

	plan.gate = gate;
	if (!is_int(tcptop_run_start(&run[0], NULL), 0, "tcptop comes up") ||
	    !is_int(traffic_start(&plan, pair, &ends), 0, "a long connection begins"))
		return;
	watch(&run[0], pair, "first run");
	is_int(tcptop_run_stop(&run[0], SIGTERM), 0, "it ends on SIGTERM");
	is_int(tcptop_run_start(&run[1], NULL), 0, "tcptop comes up again");
	watch(&run[1], pair, "second run");
	traffic_gate_open(gate);
	is_int(traffic_finish(&ends, pair), 0, "the connection ends");
	is_int(tcptop_run_stop(&run[1], SIGTERM), 0, "it ends on SIGTERM again");
	check_run(&run[0], pair, "first run", &first);
	check_run(&run[1], pair, "second run", &second);
	check_across(&first, &second, &pair->client, "across, client");
	check_across(&first, &second, &pair->server, "across, server");
	tcptop_rows_done(&first);
	tcptop_rows_done(&second);
	tcptop_run_done(&run[0]);
	tcptop_run_done(&run[1]);
}

int main(void)
{
	struct traffic_pair *pair;
	struct traffic_gate gate;

	tcptop_run_require_root();
	pair = traffic_shared(sizeof(*pair));
	if (is_int(traffic_gate_make(&gate), 0, "the gate is there"))
		test_live(&gate, pair);
	traffic_shared_free(pair, sizeof(*pair));
	return tap_done();
}
