/* SPDX-License-Identifier: MIT */

/* One UDP socket with many peers is many rows, each with its own exact counts; and a flow that is
 * idle for --udp-timeout is not in the log any more, though its socket is open and others go on. */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_udp.h"

#define PEERS 20
#define UNIT 100 /* bytes; peer i gets i + 1 datagrams of UNIT + i bytes, and answers once */

/* pairs[i].client is the one socket as it talks to peer i. */
struct fan_out {
	struct traffic_pair whole;
	struct traffic_pair pairs[PEERS];
};

static int fan_send(struct fan_out *fan, int fd, size_t i)
{
	static const char zeros[UNIT + PEERS];
	struct traffic_end *end = &fan->pairs[i].client;
	struct sockaddr_storage to;
	socklen_t len = traffic_loopback(TRAFFIC_V4, true, end->remote.port, &to);
	size_t size = UNIT + i;

	for (size_t k = 0; k <= i; k++) {
		if (sendto(fd, zeros, size, 0, (struct sockaddr *)&to, len) != (ssize_t)size)
			return -errno;
		end->sent += size;
		end->sent_packets++;
	}
	return 0;
}

static int fan_receive_answer(struct fan_out *fan, int fd)
{
	struct sockaddr_storage from;
	struct traffic_endpoint remote;
	socklen_t len = sizeof(from);
	char buffer[UNIT];
	ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);

	if (n < 0)
		return -errno;
	traffic_endpoint_from(&from, &remote);
	for (size_t i = 0; i < PEERS; i++) {
		struct traffic_end *end = &fan->pairs[i].client;

		if (!traffic_endpoint_equal(&end->remote, &remote))
			continue;
		end->received += (uint64_t)n;
		end->received_packets++;
		return 0;
	}
	return -EPROTO;
}

/* The socket is bound to no address: only its datagrams have a local one. */
static int fan_socket(struct fan_out *fan, int *ret_fd)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct sockaddr_storage addr;
	struct traffic_endpoint local;
	socklen_t len = sizeof(any);
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&any, &len) < 0)
		return -errno;
	traffic_loopback(TRAFFIC_V4, true, ntohs(any.sin_port), &addr);
	traffic_endpoint_from(&addr, &local);
	for (size_t i = 0; i < PEERS; i++) {
		fan->pairs[i].client.local = local;
		fan->pairs[i].server.remote = local;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int run_fan(struct traffic_peer *peer)
{
	struct fan_out *fan = (struct fan_out *)(uintptr_t)peer->arg;
	CLEANUP(close_fd_p) int fd = -1;
	int r = fan_socket(fan, &fd);

	if (r == 0)
		r = traffic_await(peer);
	for (size_t i = 0; i < PEERS && r == 0; i++) {
		fan->pairs[i].client.pid = getpid();
		fan->pairs[i].client.udp = true;
		fan->pairs[i].client.remote = fan->pairs[i].server.local;
		r = fan_send(fan, fd, i);
	}
	if (r == 0)
		r = traffic_tell(peer);
	for (size_t i = 0; i < PEERS && r == 0; i++)
		r = fan_receive_answer(fan, fd);
	return traffic_rest(peer, r);
}

static int answer(struct traffic_end *end, int fd)
{
	static const char zeros[UNIT];
	struct sockaddr_storage to;
	socklen_t len = traffic_loopback(TRAFFIC_V4, true, end->remote.port, &to);

	if (sendto(fd, zeros, UNIT, 0, (struct sockaddr *)&to, len) != UNIT)
		return -errno;
	end->sent += UNIT;
	end->sent_packets++;
	return 0;
}

static int run_peers(struct traffic_peer *peer)
{
	struct fan_out *fan = (struct fan_out *)(uintptr_t)peer->arg;
	int fds[PEERS]; /* closed by the end of the process */
	int r = 0;

	for (size_t i = 0; i < PEERS && r == 0; i++) {
		fan->pairs[i].server.pid = getpid();
		fan->pairs[i].server.udp = true;
		r = traffic_udp_socket(TRAFFIC_V4, &fds[i], &fan->pairs[i].server.local);
	}
	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_await(peer);
	for (size_t i = 0; i < PEERS && r == 0; i++) {
		struct traffic_peer one = {.end = &fan->pairs[i].server};

		r = traffic_udp_receive(&one, fds[i], i + 1, UNIT + i);
		if (r == 0)
			r = answer(one.end, fds[i]);
	}
	return traffic_rest(peer, r);
}

static void check_fan(const char *log_path, const struct fan_out *fan)
{
	struct tcptop_rows rows = {.n = 0};
	char name[64];

	is_int(fan->whole.client.error, 0, "the one socket got through");
	is_int(fan->whole.server.error, 0, "its peers got through");
	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "the log reads back"))
		return;
	for (size_t i = 0; i < PEERS; i++) {
		snprintf(name, sizeof(name), "to peer %zu", i);
		tcptop_rows_check_udp(&rows, &fan->pairs[i].client, name);
		snprintf(name, sizeof(name), "at peer %zu", i);
		tcptop_rows_check_udp(&rows, &fan->pairs[i].server, name);
	}
	tcptop_rows_done(&rows);
}

static void test_fan_out(void)
{
	struct fan_out *fan = traffic_shared(sizeof(*fan));
	struct traffic_plan plan = {.client = run_fan, .server = run_peers, .arg = fan};
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, NULL), 0, "fan-out: tcptop comes up")) {
		traffic_run(&plan, &fan->whole);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		check_fan(run.log_path, fan);
	}
	tcptop_run_done(&run);
	traffic_shared_free(fan, sizeof(*fan));
}

/* --- expiry --- */

static int send_once(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, 10, 100);
}

static int receive_once(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, 10, 100);
}

/* Goes on until its test kills it, or its alarm. */
static int send_forever(struct traffic_peer *peer, int fd)
{
	int r = 0;

	while (r == 0) {
		r = traffic_udp_send(peer, fd, 1, 100);
		poll(NULL, 0, 50);
	}
	return r;
}

static int receive_forever(struct traffic_peer *peer, int fd)
{
	int r;

	do
		r = traffic_udp_receive(peer, fd, 1, 100);
	while (r == 0);
	return r;
}

/* A row at least three ticks of the log later than the last one of the idle flow. */
static bool is_much_later(const struct tcptop_row *row, const void *user)
{
	const uint64_t *idle_ms = user;

	return row->time_ms > *idle_ms + 600;
}

/* Waits until the busy flow is in ticks in which the idle one is not. */
static int await_expiry(const struct tcptop_run *run, const struct traffic_end *idle,
			const struct traffic_end *busy)
{
	struct tcptop_rows rows = {.n = 0};
	uint64_t last_ms, later_ms;
	int r = 0;

	for (int tries = 0; tries < 100 && r == 0; tries++) {
		const struct tcptop_row *last;

		r = tcptop_rows_await(run->log_path, idle, NULL, NULL, &rows);
		if (r < 0)
			return r;
		last = tcptop_rows_last(&rows, idle, TCPTOP_ROWS_ANY);
		last_ms = last->time_ms;
		tcptop_rows_done(&rows);
		r = tcptop_rows_await(run->log_path, busy, is_much_later, &last_ms, &rows);
		if (r < 0)
			return r;
		later_ms = tcptop_rows_last(&rows, idle, TCPTOP_ROWS_ANY)->time_ms;
		tcptop_rows_done(&rows);
		if (later_ms == last_ms)
			return 0;
	}
	return r < 0 ? r : -ETIMEDOUT;
}

static void check_expired(const char *log_path, const struct traffic_end *idle)
{
	struct tcptop_rows rows = {.n = 0};
	const struct tcptop_row *first, *last;

	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "expiry: the log reads back"))
		return;
	tcptop_rows_check_udp(&rows, idle, "expiry: the idle flow");
	first = tcptop_rows_next(&rows, idle, TCPTOP_ROWS_ANY, NULL);
	last = tcptop_rows_last(&rows, idle, TCPTOP_ROWS_ANY);
	ok(last && last->time_ms - first->time_ms >= 400, "expiry: not before its time");
	tcptop_rows_done(&rows);
}

static void test_expiry(void)
{
	static const struct traffic_udp_case once = {"once", send_once, receive_once, false};
	static const struct traffic_udp_case forever = {"forever", send_forever, receive_forever,
							false};
	static const char *const args[] = {"--udp-timeout", "1", NULL};
	struct tcptop_run_options options = {.args = args};
	struct traffic_pair *pairs = traffic_shared(2 * sizeof(*pairs));
	struct traffic_run idle, busy;
	struct traffic_gate gate;
	struct traffic_plan busy_plan = traffic_udp_plan(&forever, TRAFFIC_V4, NULL);
	struct traffic_plan idle_plan = traffic_udp_plan(&once, TRAFFIC_V4, &gate);
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, &options), 0, "expiry: tcptop comes up") &&
	    is_int(traffic_gate_make(&gate), 0, "the gate is there") &&
	    is_int(traffic_start(&busy_plan, &pairs[1], &busy), 0, "a busy flow starts") &&
	    is_int(traffic_start(&idle_plan, &pairs[0], &idle), 0, "another one starts")) {
		is_int(traffic_await_rest(&pairs[0]), 0, "it falls idle");
		is_int(await_expiry(&run, &pairs[0].client, &pairs[1].client), 0,
		       "expiry: the idle flow leaves, the busy one stays");
		kill(busy.client, SIGKILL);
		kill(busy.server, SIGKILL);
		traffic_finish(&busy, &pairs[1]);
		traffic_gate_open(&gate);
		traffic_finish(&idle, &pairs[0]);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "expiry: it ends on SIGTERM");
		check_expired(run.log_path, &pairs[0].client);
	}
	tcptop_run_done(&run);
	traffic_shared_free(pairs, 2 * sizeof(*pairs));
}

int main(void)
{
	tcptop_run_require_root();
	test_fan_out();
	test_expiry();
	return tap_done();
}
