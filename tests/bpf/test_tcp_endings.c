/* SPDX-License-Identifier: MIT */

/* Every way a TCP connection ends, at both ends, over IPv4, IPv6 and IPv4 through an IPv6 socket:
 * the log's bytes equal the applications' own counts. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "tcp_endings.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_uring.h"

#define CASES_MAX 16

static const struct {
	const char *name;
	enum traffic_family family;
	const char *text; /* of the loopback address, at both ends */
} families[] = {
	{"IPv4", TRAFFIC_V4, "127.0.0.1"},
	{"IPv6", TRAFFIC_V6, "::1"},
	{"v4-mapped", TRAFFIC_V4_MAPPED, "127.0.0.1"},
};

#define N_FAMILIES (sizeof(families) / sizeof(*families))

struct done_case {
	const struct traffic_tcp_case *tcp;
	struct traffic_pair pairs[N_FAMILIES];
};

static size_t list_cases(struct done_case *cases)
{
	size_t n = 0;

	for (const struct traffic_tcp_case *tcp = tcp_endings; tcp->name; tcp++)
		cases[n++].tcp = tcp;
	if (!traffic_uring_refusal())
		cases[n++].tcp = &tcp_ending_uring;
	return n;
}

static void make_traffic(struct done_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t f = 0; f < N_FAMILIES; f++)
			traffic_tcp_run(cases[i].tcp, families[f].family, &cases[i].pairs[f]);
	}
}

/* The applications agree with each other; without this the log would be compared with nothing. */
static void check_applications(const struct traffic_pair *pair, const char *name)
{
	is_int(pair->server.received, pair->client.sent, "%s: what the client sent came", name);
	is_int(pair->client.received, pair->server.sent, "%s: what the server sent came", name);
}

static void check_pair(const struct tcptop_rows *rows, const struct done_case *done, size_t family)
{
	const struct traffic_pair *pair = &done->pairs[family];
	const struct tcptop_row *client, *server;
	char name[128];

	snprintf(name, sizeof(name), "%s over %s", done->tcp->name, families[family].name);
	check_applications(pair, name);
	snprintf(name, sizeof(name), "%s over %s, client", done->tcp->name, families[family].name);
	client = tcptop_rows_check_closed(rows, &pair->client, name);
	snprintf(name, sizeof(name), "%s over %s, server", done->tcp->name, families[family].name);
	server = tcptop_rows_check_closed(rows, &pair->server, name);
	if (!client || !server)
		return;
	is_str(client->local_addr, families[family].text, "%s: local address", name);
	is_str(client->remote_addr, families[family].text, "%s: remote address", name);
	ok(client->duration_known && server->duration_known, "%s: the duration is known", name);
	if (!done->tcp->orderly)
		return;
	is_int(client->packets_out, server->packets_in, "%s: segments to the server", name);
	is_int(client->packets_in, server->packets_out, "%s: segments to the client", name);
	ok((client->packets_out > 0) == (client->bytes_out > 0), "%s: segments carry the bytes",
	   name);
}

static void check_log(const char *log_path, const struct done_case *cases, size_t n)
{
	struct tcptop_rows rows = {.n = 0};

	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "the log reads back"))
		return;
	for (size_t i = 0; i < n; i++) {
		for (size_t f = 0; f < N_FAMILIES; f++)
			check_pair(&rows, &cases[i], f);
	}
	tcptop_rows_done(&rows);
}

int main(void)
{
	struct tcptop_run run;
	struct done_case *cases;
	size_t n;

	tcptop_run_require_root();
	cases = traffic_shared(CASES_MAX * sizeof(*cases));
	n = list_cases(cases);
	if (traffic_uring_refusal())
		tap_skip("io_uring", traffic_uring_refusal());
	if (is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up")) {
		make_traffic(cases, n);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		ok(tcptop_run_exited(&run, 0), "with exit status 0");
		check_log(run.log_path, cases, n);
		tcptop_run_note_errors(&run);
	}
	tcptop_run_done(&run);
	traffic_shared_free(cases, CASES_MAX * sizeof(*cases));
	return tap_done();
}
