/* SPDX-License-Identifier: MIT */

/* Whose connection is it: workers on one listener, sockets that change hands, threads, processes
 * that die or become another program. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "owner_cases.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"

#define CASES_MAX 8

/* The clients of a case sent the same each, so that one server's count stands for any. */
static void check_case(const struct tcptop_rows *rows, const struct owner_case *owners)
{
	char name[64];

	is_int(owners->whole.server.error, 0, "%s: the server got through", owners->name);
	for (size_t i = 0; i < owners->n; i++) {
		const struct tcptop_row *client, *server;

		snprintf(name, sizeof(name), "%s, client %zu", owners->name, i);
		is_int(owners->pairs[i].server.received, owners->pairs[i].client.sent,
		       "%s: what it sent came", name);
		client = tcptop_rows_check_closed(rows, &owners->pairs[i].client, name);
		if (client)
			is_str(client->attribution, "connect", "%s: by its connect()", name);
		snprintf(name, sizeof(name), "%s, server %zu", owners->name, i);
		server = tcptop_rows_check_closed(rows, &owners->pairs[i].server, name);
		if (server)
			is_str(server->attribution, "transition", "%s: by its close()", name);
	}
}

static void test_hands(void)
{
	struct owner_case *cases = traffic_shared(CASES_MAX * sizeof(*cases));
	struct tcptop_rows rows = {.n = 0};
	struct tcptop_run run;
	size_t n = 0;

	if (is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up")) {
		for (; owner_cases[n].name; n++) {
			struct traffic_plan plan = {.client = owner_cases[n].client,
						    .server = owner_cases[n].server,
						    .arg = &cases[n]};

			cases[n] = owner_cases[n];
			traffic_run(&plan, &cases[n].whole);
			is_int(traffic_settle(cases[n].pairs[0].server.local.port), 0,
			       "%s: all connections are over", cases[n].name);
		}
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		if (is_int(tcptop_rows_read(run.log_path, &rows), 0, "the log reads back")) {
			for (size_t i = 0; i < n; i++)
				check_case(&rows, &cases[i]);
		}
		tcptop_rows_done(&rows);
	}
	tcptop_run_done(&run);
	traffic_shared_free(cases, CASES_MAX * sizeof(*cases));
}

static bool is_named(const struct tcptop_row *row, const void *user)
{
	return strcmp(row->process_name, user) == 0;
}

static int await_name(const struct tcptop_run *run, const struct traffic_end *end, const char *name)
{
	struct tcptop_rows rows = {.n = 0};
	int r = tcptop_rows_await(run->log_path, end, is_named, name, &rows);

	tcptop_rows_done(&rows);
	return r;
}

static void check_exec(const struct tcptop_run *run, const struct owner_case *owners)
{
	struct tcptop_rows rows = {.n = 0};
	const struct tcptop_row *row;

	if (!is_int(tcptop_rows_read(run->log_path, &rows), 0, "the log reads back"))
		return;
	row = tcptop_rows_check_closed(&rows, &owners->pairs[0].client, "exec, client");
	if (row)
		is_str(row->process_name, OWNER_EXEC_NAME, "exec: the last row has the new name");
	tcptop_rows_check_closed(&rows, &owners->pairs[0].server, "exec, server");
	tcptop_rows_done(&rows);
}

/* The name of a process changes while its connection lives. */
static void follow_exec(struct tcptop_run *run, struct owner_case *owners)
{
	struct traffic_gate exec_gate, end_gate;
	struct traffic_plan plan = {.client = owner_exec_client,
				    .server = owner_plain_server,
				    .arg = owners,
				    .gate = &end_gate};
	CLEANUP(free_p) char *own_name = tcptop_run_text("/proc/self/comm");
	struct traffic_run ends;
	char link_path[128];

	own_name[strcspn(own_name, "\n")] = '\0';
	snprintf(link_path, sizeof(link_path), "%s/%s", run->dir, OWNER_EXEC_NAME);
	owners->dir = run->dir;
	owners->exec_gate = &exec_gate;
	if (!is_int(traffic_gate_make(&exec_gate), 0, "exec: a gate before it") ||
	    !is_int(traffic_gate_make(&end_gate), 0, "exec: a gate after it") ||
	    !is_int(traffic_start(&plan, &owners->whole, &ends), 0, "exec: it connects"))
		return;
	is_int(await_name(run, &owners->pairs[0].client, own_name), 0, "exec: the old name");
	traffic_gate_open(&exec_gate);
	is_int(await_name(run, &owners->pairs[0].client, OWNER_EXEC_NAME), 0, "exec: the new name");
	traffic_gate_open(&end_gate);
	is_int(traffic_finish(&ends, &owners->whole), 0, "exec: both ends got through");
	is_int(traffic_settle(owners->pairs[0].server.local.port), 0, "exec: it is over");
	is_int(tcptop_run_stop(run, SIGTERM), 0, "exec: it ends on SIGTERM");
	unlink(link_path);
}

static void test_exec(void)
{
	struct owner_case *owners = traffic_shared(sizeof(*owners));
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, NULL), 0, "exec: tcptop comes up")) {
		follow_exec(&run, owners);
		check_exec(&run, owners);
	}
	tcptop_run_done(&run);
	traffic_shared_free(owners, sizeof(*owners));
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return owner_after_exec(argv);
	tcptop_run_require_root();
	test_hands();
	test_exec();
	return tap_done();
}
