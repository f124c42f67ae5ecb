/* SPDX-License-Identifier: MIT */

/* Every way datagrams are sent and received: per peer, the log's bytes and datagrams equal what
 * went over the wire, whether the sockets are closed at once or still open at the end. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_uring.h"
#include "udp_cases.h"

#define CASES_MAX 16

static const struct {
	const char *name;
	enum traffic_family family;
	bool held;
} ways[] = {
	{"over IPv4", TRAFFIC_V4, false},
	{"over IPv6", TRAFFIC_V6, false},
	{"over IPv4, held open", TRAFFIC_V4, true},
	{"over IPv6, held open", TRAFFIC_V6, true},
};

#define N_WAYS (sizeof(ways) / sizeof(*ways))

struct done_case {
	const struct traffic_udp_case *udp;
	struct traffic_pair pairs[N_WAYS];
	struct traffic_run runs[N_WAYS];
};

static size_t list_cases(struct done_case *cases)
{
	size_t n = 0;

	for (const struct traffic_udp_case *udp = udp_cases; udp->name; udp++)
		cases[n++].udp = udp;
	if (!traffic_uring_refusal())
		cases[n++].udp = &udp_case_uring;
	return n;
}

/* One at a time; the held ones stay behind at the gate. */
static void start_case(struct done_case *done, size_t way, const struct traffic_gate *gate)
{
	struct traffic_plan plan =
		traffic_udp_plan(done->udp, ways[way].family, ways[way].held ? gate : NULL);

	if (traffic_start(&plan, &done->pairs[way], &done->runs[way]) < 0)
		return;
	traffic_await_rest(&done->pairs[way]);
	if (!ways[way].held)
		traffic_finish(&done->runs[way], &done->pairs[way]);
}

static void finish_held(struct done_case *done)
{
	for (size_t way = 0; way < N_WAYS; way++) {
		if (ways[way].held && done->runs[way].client)
			traffic_finish(&done->runs[way], &done->pairs[way]);
	}
}

static void check_drops(const struct tcptop_row *row, const struct traffic_end *end,
			const char *name)
{
	char want[64] = "";

	if (end->dropped_packets)
		snprintf(want, sizeof(want), "rcvbuf:%llu",
			 (unsigned long long)end->dropped_packets);
	is_str(row->lost_reason, want, "%s: datagrams without room", name);
}

static void check_pair(const struct tcptop_rows *rows, const struct done_case *done, size_t way)
{
	const struct traffic_pair *pair = &done->pairs[way];
	const struct tcptop_row *row;
	char name[128];

	is_int(pair->server.received, pair->client.sent, "%s %s: all that was sent came",
	       done->udp->name, ways[way].name);
	snprintf(name, sizeof(name), "%s %s, sender", done->udp->name, ways[way].name);
	row = tcptop_rows_check_udp(rows, &pair->client, name);
	if (row)
		check_drops(row, &pair->client, name);
	snprintf(name, sizeof(name), "%s %s, receiver", done->udp->name, ways[way].name);
	row = tcptop_rows_check_udp(rows, &pair->server, name);
	if (row)
		check_drops(row, &pair->server, name);
}

static void check_log(const char *log_path, const struct done_case *cases, size_t n)
{
	struct tcptop_rows rows = {.n = 0};

	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "the log reads back"))
		return;
	for (size_t i = 0; i < n; i++) {
		for (size_t way = 0; way < N_WAYS; way++)
			check_pair(&rows, &cases[i], way);
	}
	tcptop_rows_done(&rows);
}

int main(void)
{
	struct traffic_gate gate;
	struct tcptop_run run;
	struct done_case *cases;
	size_t n;

	tcptop_run_require_root();
	cases = traffic_shared(CASES_MAX * sizeof(*cases));
	n = list_cases(cases);
	if (traffic_uring_refusal())
		tap_skip("io_uring", traffic_uring_refusal());
	if (is_int(traffic_gate_make(&gate), 0, "the gate is there") &&
	    is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up")) {
		for (size_t i = 0; i < n; i++) {
			for (size_t way = 0; way < N_WAYS; way++)
				start_case(&cases[i], way, &gate);
		}
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		ok(tcptop_run_exited(&run, 0), "with exit status 0");
		traffic_gate_open(&gate);
		for (size_t i = 0; i < n; i++)
			finish_held(&cases[i]);
		tcptop_run_note_errors(&run);
		check_log(run.log_path, cases, n);
	}
	tcptop_run_done(&run);
	traffic_shared_free(cases, CASES_MAX * sizeof(*cases));
	return tap_done();
}
