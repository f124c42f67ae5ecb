/* SPDX-License-Identifier: MIT */

/* However tcptop ends, by signal or by force, no program, map or link of its stays in the kernel,
 * and its log holds whole rows only. */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "bpf_ids.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

static int client_once(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, 1000);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_once(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static const struct traffic_tcp_case once = {"once", client_once, server_once, true};

static void check_present(const struct bpf_ids *ids, const char *name)
{
	static const char *const kinds[] = {"programs", "maps", "links"};

	for (enum bpf_ids_kind kind = 0; kind < BPF_IDS_KINDS; kind++) {
		int living = bpf_ids_living(ids, kind);

		tap_note("%s: %d %s", name, living, kinds[kind]);
		ok(living > 0, "%s: has %s while it runs", name, kinds[kind]);
	}
}

static void check_end(const struct tcptop_run *run, int signal_number, const char *name)
{
	if (signal_number == SIGKILL)
		ok(WIFSIGNALED(run->status) && WTERMSIG(run->status) == SIGKILL, "%s: killed",
		   name);
	else
		ok(tcptop_run_exited(run, 0), "%s: exit status 0", name);
}

static void test_end(int signal_number, const char *name)
{
	struct traffic_pair *pair = traffic_shared(sizeof(*pair));
	struct tcptop_rows rows = {.n = 0};
	struct bpf_ids ids;
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, NULL), 0, "%s: tcptop comes up", name) &&
	    is_int(bpf_ids_of(run.pid, &ids), 0, "%s: its descriptors are read", name)) {
		check_present(&ids, name);
		is_int(traffic_tcp_run(&once, TRAFFIC_V4, pair), 0, "%s: a connection", name);
		is_int(tcptop_rows_await(run.log_path, &pair->client, NULL, NULL, &rows), 0,
		       "%s: is in the log", name);
		tcptop_rows_done(&rows);
		is_int(tcptop_run_stop(&run, signal_number), 0, "%s: it ends", name);
		check_end(&run, signal_number, name);
		is_int(bpf_ids_await_gone(&ids, TCPTOP_RUN_TIMEOUT_MS), 0, "%s: nothing stays",
		       name);
		is_int(tcptop_rows_read(run.log_path, &rows), 0, "%s: whole rows only", name);
		tcptop_rows_done(&rows);
	}
	tcptop_run_done(&run);
	traffic_shared_free(pair, sizeof(*pair));
}

int main(void)
{
	tcptop_run_require_root();
	test_end(SIGTERM, "SIGTERM");
	test_end(SIGINT, "SIGINT");
	test_end(SIGKILL, "SIGKILL");
	return tap_done();
}
