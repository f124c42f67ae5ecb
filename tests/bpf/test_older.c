/* SPDX-License-Identifier: MIT */

/* Connections that were there before tcptop: they are listed with their owner, their totals so far
 * and the mark that their beginning is not known. And accepted ones that nobody has closed yet. */

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

#define REQUEST 12347
#define ANSWER 4321
#define LATER 777

/* Both rest at the gate with the connection open, then say a little more. */
static int client_waits(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, REQUEST);

	if (r == 0)
		r = traffic_tcp_receive(peer, fd, ANSWER);
	r = traffic_rest(peer, r);
	if (r == 0)
		r = traffic_tcp_send(peer, fd, LATER);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_waits(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, REQUEST);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, ANSWER);
	r = traffic_rest(peer, r);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static const struct traffic_tcp_case waiting = {"waiting", client_waits, server_waits, true};

static bool has_its_owner(const struct tcptop_row *row, const void *user)
{
	const struct traffic_end *end = user;

	return row->pid == end->pid;
}

/* The first row with the right owner must have all that was counted before, too. */
static void check_open(const struct tcptop_run *run, const struct traffic_end *end, bool older,
		       const char *name)
{
	struct tcptop_rows rows = {.n = 0};
	const struct tcptop_row *row;

	if (!is_int(tcptop_rows_await(run->log_path, end, has_its_owner, end, &rows), 0,
		    "%s: is there with its owner", name))
		return;
	row = tcptop_rows_last(&rows, end, TCPTOP_ROWS_UPDATE);
	if (ok(row, "%s: is open", name)) {
		is_str(row->state, "ESTABLISHED", "%s: state", name);
		is_int(row->bytes_out, end->sent, "%s: sent before", name);
		is_int(row->bytes_in, end->received, "%s: received before", name);
		is_int(row->duration_known, !older, "%s: whether its age is known", name);
	}
	if (row && older)
		is_str(row->attribution, "task_file", "%s: found by its descriptor", name);
	tcptop_rows_done(&rows);
}

static void check_ends(const struct tcptop_run *run, const struct traffic_pair *pair, bool older,
		       const char *name)
{
	char end_name[64];

	snprintf(end_name, sizeof(end_name), "%s, client", name);
	check_open(run, &pair->client, older, end_name);
	snprintf(end_name, sizeof(end_name), "%s, server", name);
	check_open(run, &pair->server, older, end_name);
}

static void check_closed(const struct tcptop_run *run, const struct traffic_pair *pair,
			 const char *name)
{
	struct tcptop_rows rows = {.n = 0};
	char end_name[64];

	if (!is_int(tcptop_rows_read(run->log_path, &rows), 0, "%s: the log reads back", name))
		return;
	snprintf(end_name, sizeof(end_name), "%s, client, closed", name);
	tcptop_rows_check_closed(&rows, &pair->client, end_name);
	snprintf(end_name, sizeof(end_name), "%s, server, closed", name);
	tcptop_rows_check_closed(&rows, &pair->server, end_name);
	tcptop_rows_done(&rows);
}

static int start_waiting(struct traffic_pair *pair, enum traffic_family family,
			 const struct traffic_gate *gate, struct traffic_run *ret_run)
{
	struct traffic_plan plan = traffic_tcp_plan(&waiting, family);
	int r;

	plan.gate = gate;
	r = traffic_start(&plan, pair, ret_run);
	return r < 0 ? r : traffic_await_rest(pair);
}

/* --- the streaming lines --- */

/* Finds the line of this end; true if it ends with [PARTIAL]. */
static bool find_line(const char *text, const struct traffic_end *end, bool *ret_partial)
{
	char local[32];
	const char *line, *eol;

	snprintf(local, sizeof(local), " 127.0.0.1:%u ", end->local.port);
	for (line = text; (eol = strchr(line, '\n')); line = eol + 1) {
		const char *found = strstr(line, local);
		const char *remote = strstr(line, "127.0.0.1:");

		if (!found || found > eol || remote != found + 1)
			continue;
		*ret_partial = eol - line >= 10 && strncmp(eol - 10, " [PARTIAL]", 10) == 0;
		return true;
	}
	return false;
}

static int await_line(const struct tcptop_run *run, const struct traffic_end *end,
		      bool *ret_partial)
{
	for (int ms = 0; ms < TCPTOP_RUN_TIMEOUT_MS; ms += 50) {
		CLEANUP(free_p) char *text = tcptop_run_text(run->out_path);

		if (text && find_line(text, end, ret_partial))
			return 0;
		poll(NULL, 0, 50);
	}
	return -ETIMEDOUT;
}

static void test_stream(const struct traffic_pair *older)
{
	static const char *const args[] = {"--stream", "--interval", "0.2", NULL};
	struct tcptop_run_options options = {.args = args, .bare = true};
	struct traffic_pair *newer = traffic_shared(sizeof(*newer));
	struct traffic_run ends;
	struct traffic_gate gate;
	struct tcptop_run run;
	bool partial = false;

	if (is_int(tcptop_run_start(&run, &options), 0, "stream: tcptop comes up") &&
	    is_int(traffic_gate_make(&gate), 0, "stream: the gate is there") &&
	    is_int(start_waiting(newer, TRAFFIC_V4, &gate, &ends), 0, "stream: one connects")) {
		is_int(await_line(&run, &older->client, &partial), 0, "stream: the older one");
		ok(partial, "stream: it is marked [PARTIAL]");
		is_int(await_line(&run, &newer->client, &partial), 0, "stream: the newer one");
		ok(!partial, "stream: it is not");
		traffic_gate_open(&gate);
		traffic_finish(&ends, newer);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "stream: it ends on SIGTERM");
		ok(tcptop_run_exited(&run, 0), "stream: with exit status 0");
	}
	tcptop_run_done(&run);
	traffic_shared_free(newer, sizeof(*newer));
}

enum { OLDER_V4, OLDER_V6, NEWER, N_PAIRS };

static void test_log(struct traffic_pair *pairs, struct traffic_run *ends,
		     const struct traffic_gate *gate)
{
	static const char *const names[] = {"older, IPv4", "older, IPv6", "newer"};
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up") &&
	    is_int(start_waiting(&pairs[NEWER], TRAFFIC_V4, gate, &ends[NEWER]), 0,
		   "one more connects")) {
		for (size_t i = 0; i < N_PAIRS; i++)
			check_ends(&run, &pairs[i], i != NEWER, names[i]);
		traffic_gate_open(gate);
		for (size_t i = 0; i < N_PAIRS; i++)
			is_int(traffic_finish(&ends[i], &pairs[i]), 0, "%s: got through", names[i]);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		for (size_t i = 0; i < N_PAIRS; i++)
			check_closed(&run, &pairs[i], names[i]);
		tcptop_run_note_errors(&run);
	}
	tcptop_run_done(&run);
}

int main(void)
{
	struct traffic_pair *pairs;
	struct traffic_run ends[N_PAIRS];
	struct traffic_gate gate;

	tcptop_run_require_root();
	pairs = traffic_shared(N_PAIRS * sizeof(*pairs));
	if (is_int(traffic_gate_make(&gate), 0, "the gate is there") &&
	    is_int(start_waiting(&pairs[OLDER_V4], TRAFFIC_V4, &gate, &ends[OLDER_V4]), 0,
		   "connections are made before") &&
	    is_int(start_waiting(&pairs[OLDER_V6], TRAFFIC_V6, &gate, &ends[OLDER_V6]), 0,
		   "over IPv6 too")) {
		test_stream(&pairs[OLDER_V4]);
		test_log(pairs, ends, &gate);
	}
	traffic_shared_free(pairs, N_PAIRS * sizeof(*pairs));
	return tap_done();
}
