/* SPDX-License-Identifier: MIT */

/*
 * What the sock_diag source says of connections while they live: counters, owner, namespace, and
 * how it gets along with what it cannot see. With the argument "nobody" it gives up root and every
 * capability first.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/conn_source_diag.h"
#include "heard.h"
#include "own_netns.h"
#include "tap.h"
#include "traffic.h"
#include "traffic_tcp.h"

#define FLOOD 200 /* connections; their ends overflow the smallest buffer, not the default one */

/* A connection that rests in mid-life, its server's half closed already. In shared memory. */
struct held {
	struct traffic_pair pair;
	struct traffic_gate gate;    /* both ends rest at it, open */
	struct traffic_gate closing; /* the server keeps its listener until then */
	struct traffic_run run;
	uint32_t netns;
	int ready; /* it rests: 1, or a negative errno */
};

static struct held *held;

static int client_holds(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, 12345);

	if (r == 0)
		r = traffic_tcp_receive(peer, fd, 678);
	r = traffic_rest(peer, r);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_holds(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, 12345);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, 678);
	if (r == 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	r = traffic_rest(peer, r);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	if (r == 0)
		r = traffic_tcp_close(fd);
	traffic_gate_await(&held->closing);
	return r;
}

static void held_init(void)
{
	held = traffic_shared(sizeof(*held));
	is_int(traffic_gate_make(&held->gate), 0, "gate");
	is_int(traffic_gate_make(&held->closing), 0, "second gate");
}

static int held_begin(enum traffic_family family)
{
	static const struct traffic_tcp_case tcp = {"held", client_holds, server_holds, true};
	struct traffic_plan plan = traffic_tcp_plan(&tcp, family);
	int r;

	plan.gate = &held->gate;
	r = traffic_start(&plan, &held->pair, &held->run);
	return r < 0 ? r : traffic_await_rest(&held->pair);
}

static void held_finish(void)
{
	traffic_gate_open(&held->closing);
	is_int(traffic_finish(&held->run, &held->pair), 0, "both ends are done");
}

static void held_done(void)
{
	close(held->gate.fd);
	close(held->closing.fd);
	traffic_shared_free(held, sizeof(*held));
}

static struct weir_conn_source *open_source(size_t buffer_bytes)
{
	const struct conn_source_diag_options options = {.size = sizeof(options),
							 .destroyed_buffer_bytes = buffer_bytes};
	struct weir_conn_source *source = NULL;
	int r = conn_source_diag_open(&options, &source);

	if (r == -EOPNOTSUPP)
		tap_skip_all("this kernel has no tcp_diag");
	if (!is_int(r, 0, "the source opens"))
		exit(tap_done());
	return source;
}

static void check_sample(const struct heard *heard, const struct traffic_end *end, const char *what)
{
	int count;
	const struct weir_conn_event *sample = heard_find(heard, end, WEIR_CONN_SAMPLE, &count);
	char comm[WEIR_COMM_MAX];

	if (!ok(sample != NULL, "%s: is listed", what))
		return;
	prctl(PR_GET_NAME, comm);
	is_int(sample->counters.bytes_out, end->sent, "%s: bytes out so far", what);
	is_int(sample->counters.bytes_in, end->received, "%s: bytes in so far", what);
	is_int(sample->owner.pid, end->pid, "%s: owner", what);
	is_int(sample->owner.evidence, WEIR_EVIDENCE_FILE, "%s: by its descriptor", what);
	is_int(sample->owner.uid, geteuid(), "%s: uid", what);
	ok(sample->owner.start_boot_ns != 0, "%s: start time", what);
	is_str(sample->owner.comm, comm, "%s: name", what);
	is_int(sample->id.netns, own_netns_inode(), "%s: namespace", what);
	ok(sample->id.cookie != 0, "%s: cookie", what);
	ok(sample->tcp.srtt_us > 0 && sample->tcp.cwnd > 0, "%s: round-trip time, window", what);
	is_int(sample->flags & WEIR_CONN_PARTIAL, 0, "%s: opened after we looked", what);
}

static void check_final(const struct heard *heard, const struct traffic_end *end,
			const struct weir_conn_event *sample, const char *what)
{
	int count;
	const struct weir_conn_event *final = heard_find(heard, end, WEIR_CONN_FINAL, &count);

	if (!ok(final != NULL, "%s: its end is told", what))
		return;
	is_int(count, 1, "%s: once", what);
	is_int(final->counters.bytes_out, end->sent, "%s: bytes out", what);
	is_int(final->counters.bytes_in, end->received, "%s: bytes in", what);
	is_int(final->owner.pid, end->pid, "%s: its end has its owner", what);
	ok(final->id.cookie == sample->id.cookie, "%s: and its cookie", what);
	is_int(final->flags, WEIR_CONN_PACKETS_32, "%s: exact", what);
}

/* A half-close that a pass has seen is exact to the last byte, and an end knows its owner. */
static void test_held(enum traffic_family family)
{
	struct weir_conn_source *source = open_source(0);
	struct heard *heard = heard_new();
	const struct weir_conn_event *sample;
	struct weir_conn_event client = {0}, server = {0};
	int count;

	held_init();
	heard_pass(source, heard);
	is_int(held_begin(family), 0, "both ends rest");
	heard_pass(source, heard);
	check_sample(heard, &held->pair.client, "client");
	check_sample(heard, &held->pair.server, "server");
	sample = heard_find(heard, &held->pair.client, WEIR_CONN_SAMPLE, &count);
	if (sample)
		client = *sample;
	sample = heard_find(heard, &held->pair.server, WEIR_CONN_SAMPLE, &count);
	if (sample)
		server = *sample;
	is_int(client.state, WEIR_TCP_CLOSE_WAIT, "the client has the server's FIN");
	ok(server.state == WEIR_TCP_FIN_WAIT1 || server.state == WEIR_TCP_FIN_WAIT2,
	   "the server has sent its FIN");
	traffic_gate_open(&held->gate);
	ok(heard_await_finals(source, heard, &held->pair), "both ends are told");
	check_final(heard, &held->pair.client, &client, "client");
	check_final(heard, &held->pair.server, &server, "server");
	held_finish();
	held_done();
	source->ops->close(source);
	free(heard);
}

/* What was there before us is PARTIAL; what has not changed is not told again. */
static void test_older(void)
{
	struct heard *heard = heard_new();
	const struct weir_conn_event *event;
	struct weir_conn_source *source;
	int count;

	held_init();
	is_int(held_begin(TRAFFIC_V4), 0, "both ends rest");
	source = open_source(0);
	heard_pass(source, heard);
	event = heard_find(heard, &held->pair.client, WEIR_CONN_SAMPLE, &count);
	ok(event && event->flags & WEIR_CONN_PARTIAL, "an older connection is partial");
	is_int(count, 1, "and listed once");
	is_int(event ? event->owner.pid : 0, held->pair.client.pid, "with its owner");
	heard->n = 0;
	for (int i = 0; i < 3; i++)
		heard_pass(source, heard);
	ok(!heard_find(heard, &held->pair.client, WEIR_CONN_SAMPLE, &count),
	   "unchanged, it is not told again");
	traffic_gate_open(&held->gate);
	ok(heard_await_finals(source, heard, &held->pair), "both ends are told");
	event = heard_find(heard, &held->pair.client, WEIR_CONN_FINAL, &count);
	ok(event && event->flags & WEIR_CONN_PARTIAL, "partial to its end");
	held_finish();
	held_done();
	source->ops->close(source);
	free(heard);
}

/* A connection that nobody has accepted yet has no holder; then it has. */
static void test_accepted_late(void)
{
	struct weir_conn_source *source = open_source(0);
	struct heard *heard = heard_new();
	uint64_t deadline_ns = clock_monotonic_ns() + HEARD_WAIT_NS;
	const struct weir_conn_event *event;
	struct traffic_end client = {0}, server;
	struct sockaddr_storage addr;
	uint16_t port = 0;
	int listener = -1;
	int client_fd, fd, count;
	socklen_t len;

	is_int(traffic_tcp_listen(TRAFFIC_V4, &listener, &port), 0, "a listener");
	len = traffic_loopback(TRAFFIC_V4, false, port, &addr);
	client_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	is_int(connect(client_fd, (struct sockaddr *)&addr, len), 0, "connected, not accepted");
	is_int(traffic_note_socket(&client, client_fd), 0, "note");
	server = (struct traffic_end){.local = client.remote, .remote = client.local};
	heard_pass(source, heard);
	event = heard_find(heard, &server, WEIR_CONN_SAMPLE, &count);
	ok(event && !event->owner.pid, "nobody holds it");
	is_int(event ? event->owner.unknown : 0, WEIR_UNKNOWN_EXITED, "which is told");
	ok(event && event->owner.uid == UINT32_MAX, "and its user is not root but unknown");
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ok(fd >= 0, "accepted");
	do {
		heard_pass(source, heard);
		event = heard_find(heard, &server, WEIR_CONN_SAMPLE, &count);
	} while (!(event && event->owner.pid) && clock_monotonic_ns() < deadline_ns);
	is_int(event ? event->owner.pid : 0, getpid(), "its owner is told");
	close(fd);
	close(client_fd);
	close(listener);
	source->ops->close(source);
	free(heard);
}

/* Ends that nobody reads, one after the other in this process. */
static int make_ends(int n)
{
	struct sockaddr_storage addr;
	uint16_t port;
	socklen_t len;
	int listener;
	int r = traffic_tcp_listen(TRAFFIC_V4, &listener, &port);

	if (r < 0)
		return r;
	len = traffic_loopback(TRAFFIC_V4, false, port, &addr);
	for (int i = 0; i < n && r == 0; i++) {
		int client = socket(addr.ss_family, SOCK_STREAM, 0);
		int server = -1;

		if (connect(client, (struct sockaddr *)&addr, len) == 0)
			server = accept(listener, NULL, NULL);
		if (server < 0)
			r = -errno;
		close(client);
		close(server);
	}
	close(listener);
	return r;
}

/* Hears, by a source with room for it, that n ends have been told to everybody. */
static bool await_ends(struct weir_conn_source *source, struct heard *heard, size_t n)
{
	uint64_t deadline_ns = clock_monotonic_ns() + HEARD_WAIT_NS;

	while (heard->n < n)
		if (!heard_wait(source, heard, deadline_ns))
			return false;
	return true;
}

static void check_overflow(struct weir_conn_source *source, struct heard *heard)
{
	const struct weir_conn_event *final;
	int count;

	ok(source->ops->drain(source, hear, heard) >= 0, "the overflow is no failure");
	ok(heard_lost_finals(source) >= 1, "it is counted");
	for (int i = 0; i < 3; i++)
		ok(heard_pass(source, heard) >= 0, "pass %d after it", i);
	final = heard_find(heard, &held->pair.client, WEIR_CONN_FINAL, &count);
	ok(final && final->flags & WEIR_CONN_AT_LEAST, "what it swallowed is ended");
	ok(final && final->counters.bytes_out == held->pair.client.sent, "with what was last seen");
	is_int(count, 1, "once");
}

/* An overflow is counted and nothing worse; what vanished in it is ended all the same. */
static void test_overflow(void)
{
	struct weir_conn_source *source = open_source(4096);
	struct weir_conn_source *witness = open_source(0);
	struct heard *heard = heard_new();
	struct heard *all = heard_new();

	held_init();
	is_int(held_begin(TRAFFIC_V4), 0, "both ends rest");
	heard_pass(source, heard);
	is_int(make_ends(FLOOD), 0, "a flood of ends");
	ok(await_ends(witness, all, 2 * FLOOD), "told to all who listen");
	traffic_gate_open(&held->gate);
	held_finish();
	ok(heard_await_finals(witness, all, &held->pair), "and those of one connection more");
	check_overflow(source, heard);
	held_done();
	witness->ops->close(witness);
	source->ops->close(source);
	free(all);
	free(heard);
}

/* A connected UDP socket is listed without counters in every pass, and ends with its socket. */
static void check_udp(struct weir_conn_source *source, struct heard *heard, int fd)
{
	struct traffic_end end = {0};
	const struct weir_conn_event *event;
	int count;

	is_int(traffic_note_socket(&end, fd), 0, "note");
	for (int i = 0; i < 3; i++)
		heard_pass(source, heard);
	event = heard_find(heard, &end, WEIR_CONN_SAMPLE, &count);
	ok(event && event->flags & WEIR_CONN_NO_COUNTERS, "udp has no counters");
	ok(event && event->state == WEIR_TCP_NONE && event->id.proto == WEIR_PROTO_UDP,
	   "and no state");
	is_int(count, 3, "told in each pass");
	is_int(event ? event->owner.pid : 0, getpid(), "its owner");
	close(fd);
	heard_pass(source, heard);
	ok(heard_find(heard, &end, WEIR_CONN_FINAL, &count) != NULL, "it ends");
}

static void test_udp(enum traffic_family family)
{
	struct weir_conn_source *source = open_source(0);
	struct heard *heard = heard_new();
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(family, true, 0, &addr);
	int listener = socket(addr.ss_family, SOCK_DGRAM, 0);
	int fd = socket(addr.ss_family, SOCK_DGRAM, 0);

	is_int(bind(listener, (struct sockaddr *)&addr, len), 0, "bind");
	is_int(getsockname(listener, (struct sockaddr *)&addr, &len), 0, "its port");
	is_int(connect(fd, (struct sockaddr *)&addr, len), 0, "connect");
	if (strstr(source->ops->describe(source), "no udp"))
		tap_skip("udp", "this kernel has no udp_diag");
	else
		check_udp(source, heard, fd);
	close(listener);
	source->ops->close(source);
	free(heard);
}

/* In a namespace of its own until the gate opens. */
static int live_elsewhere(void *arg)
{
	int r = own_netns_enter(&held->netns);

	(void)arg;
	if (r == 0)
		r = held_begin(TRAFFIC_V4);
	__atomic_store_n(&held->ready, r < 0 ? r : 1, __ATOMIC_RELEASE);
	traffic_gate_await(&held->closing);
	traffic_gate_open(&held->gate);
	return r < 0 ? r : traffic_finish(&held->run, &held->pair);
}

static int await_ready(uint64_t deadline_ns)
{
	int ready;

	while (!(ready = __atomic_load_n(&held->ready, __ATOMIC_ACQUIRE)) &&
	       clock_monotonic_ns() < deadline_ns)
		poll(NULL, 0, 1);
	return ready;
}

static void check_elsewhere(struct weir_conn_source *source, struct heard *heard, pid_t pid)
{
	uint64_t deadline_ns = clock_monotonic_ns() + HEARD_WAIT_NS;
	const struct weir_conn_event *event = NULL;
	int count, watch;
	int32_t id;

	is_int(await_ready(deadline_ns), 1, "a connection elsewhere");
	heard->netns = held->netns; /* the host's own traffic does not matter */
	heard->n = 0;
	is_int(own_netns_watch(pid, &watch, &id), 0, "its namespace is watched");
	/* A walk for owners may have to wait until it is cheap enough. */
	while (!(event && event->owner.pid) && clock_monotonic_ns() < deadline_ns) {
		heard_pass(source, heard);
		event = heard_find(heard, &held->pair.client, WEIR_CONN_SAMPLE, &count);
	}
	ok(event && event->id.netns == held->netns, "it is found, in its namespace");
	ok(event && event->flags & WEIR_CONN_PARTIAL, "older than our look there: partial");
	ok(event && event->owner.pid == (uint32_t)held->pair.client.pid, "with its owner");
	traffic_gate_open(&held->closing);
	is_int(traffic_wait(pid), 0, "its processes end");
	do
		heard_pass(source, heard);
	while (own_netns_await_gone(watch, id, 10) == -ETIMEDOUT &&
	       clock_monotonic_ns() < deadline_ns);
	ok(clock_monotonic_ns() < deadline_ns, "nothing keeps the namespace alive");
	event = heard_find(heard, &held->pair.client, WEIR_CONN_FINAL, &count);
	ok(event && event->counters.bytes_out == held->pair.client.sent, "its end was told");
	is_int(count, 1, "once");
	close(watch);
}

/* Other namespaces are looked into and let go. */
static void test_elsewhere(void)
{
	const struct conn_source_diag_options options = {.size = sizeof(options),
							 .all_netns = true};
	struct weir_conn_source *source = NULL;
	struct heard *heard = heard_new();
	int r = conn_source_diag_open(&options, &source);

	if (r == -EPERM) {
		ok(geteuid() != 0, "other namespaces are refused without CAP_SYS_ADMIN");
		free(heard);
		return;
	}
	if (!is_int(r, 0, "the source opens in all namespaces"))
		exit(tap_done());
	heard_pass(source, heard);
	held_init();
	check_elsewhere(source, heard, traffic_fork(live_elsewhere, NULL));
	held_done();
	source->ops->close(source);
	free(heard);
}

/* A namespace by its inode: the one we are in needs no privilege, one that is not there is told. */
static void test_wanted(void)
{
	struct conn_source_diag_options options = {.size = sizeof(options),
						   .netns = own_netns_inode()};
	struct weir_conn_source *source = NULL;

	is_int(conn_source_diag_open(&options, &source), 0, "our own namespace by its inode");
	if (source)
		source->ops->close(source);
	source = NULL;
	options.netns = 1;
	is_int(conn_source_diag_open(&options, &source), geteuid() ? -EPERM : -ENOENT,
	       "one that is not there");
	ok(source == NULL, "nothing is given");
	options.size = 1;
	is_int(conn_source_diag_open(&options, &source), -EINVAL, "an unknown size of options");
}

/* Other users' processes cannot be looked into: the reason is told, not a blank. */
static void test_other_user(void)
{
	struct weir_conn_source *source = open_source(0);
	struct heard *heard = heard_new();
	const struct weir_conn_event *event;
	int count;

	heard_pass(source, heard);
	event = heard_find(heard, &held->pair.client, WEIR_CONN_SAMPLE, &count);
	ok(event && event->owner.pid == 0, "another user's process is not known");
	is_int(event ? event->owner.unknown : 0, WEIR_UNKNOWN_NO_CAP, "for want of a capability");
	is_int(event ? event->owner.uid : 1, 0, "but its user is");
	traffic_gate_open(&held->gate);
	ok(heard_await_finals(source, heard, &held->pair), "its end is told");
	held_finish();
	held_done();
	source->ops->close(source);
	free(heard);
}

int main(int argc, char **argv)
{
	bool nobody = argc > 1 && strcmp(argv[1], "nobody") == 0;
	bool was_root = geteuid() == 0;

	heard_settle();
	if (nobody && was_root) {
		held_init();
		is_int(held_begin(TRAFFIC_V4), 0, "a connection of root's");
	}
	if (nobody)
		heard_become_nobody();
	if (nobody && was_root)
		test_other_user();
	else if (nobody)
		tap_skip("another user's process", "not begun as root");
	test_held(TRAFFIC_V4);
	test_held(TRAFFIC_V6);
	test_held(TRAFFIC_V4_MAPPED);
	test_older();
	test_accepted_late();
	test_overflow();
	test_udp(TRAFFIC_V4);
	test_udp(TRAFFIC_V6);
	test_elsewhere();
	test_wanted();
	return tap_done();
}
