/* SPDX-License-Identifier: MIT */

/*
 * Whose is a UDP socket: senders, sockets that only receive and live for a moment, sockets made by
 * one process and used by another, and datagrams that pass in the context of somebody else. Where
 * packets tell no senders (see test_udp_fallbacks) there is nothing to test here.
 */

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/conn_source.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/conn_source_bpf.h"
#include "fd_pass.h"
#include "heard.h"
#include "own_netns.h"
#include "queue_judge.h"
#include "tap.h"
#include "tcptop_run.h"
#include "traffic_udp.h"

#define SIZE 100
/* Above what udp_sender.bpf.h searches, and allowed to every process. */
#define FAR_FD 700

/* One socket under test, and the test's own that it talks to. */
struct scene {
	struct weir_conn_source *source;
	struct heard *heard;
	struct traffic_end *end; /* of the socket under test; shared memory */
	struct traffic_endpoint peer;
	enum traffic_family family;
	int peer_fd;
	int fd;         /* the socket under test, where it is inherited */
	int in_test;    /* two ends of … */
	int in_process; /* … a socket pair between the test and the other process */
};

/* --- what the other process does --- */

static int tell(int fd)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -EPIPE;
}

static int await(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 1 ? 0 : -EPIPE;
}

static int make_socket(struct scene *s, int *ret_fd)
{
	s->end->udp = true;
	s->end->remote = s->peer;
	return traffic_udp_socket(s->family, ret_fd, &s->end->local);
}

static int send_one(const struct scene *s, int fd)
{
	static const char zeros[SIZE];
	struct sockaddr_storage to;
	socklen_t len = traffic_loopback(s->family, true, s->peer.port, &to);

	s->end->pid = getpid();
	return sendto(fd, zeros, SIZE, 0, (struct sockaddr *)&to, len) == SIZE ? 0 : -errno;
}

static int receive_one(const struct scene *s, int fd)
{
	char buffer[SIZE];

	s->end->pid = getpid();
	return recv(fd, buffer, SIZE, 0) == SIZE ? 0 : -errno;
}

static int run_sender(void *arg)
{
	struct scene *s = arg;
	int fd;
	int r = make_socket(s, &fd);

	return r < 0 ? r : send_one(s, fd);
}

static int run_receiver(void *arg)
{
	struct scene *s = arg;
	int fd;
	int r = make_socket(s, &fd);

	if (r == 0)
		r = tell(s->in_process);
	return r < 0 ? r : receive_one(s, fd);
}

static int run_taker(void *arg)
{
	struct scene *s = arg;
	int fd;
	int r = fd_take(s->in_process, &fd);

	return r < 0 ? r : send_one(s, fd);
}

/* Receives once, then answers when it is told to. */
static int run_worker(void *arg)
{
	struct scene *s = arg;
	int r = receive_one(s, s->fd);

	if (r == 0)
		r = tell(s->in_process);
	if (r == 0)
		r = await(s->in_process);
	if (r == 0)
		r = send_one(s, s->fd);
	return r < 0 ? r : tell(s->in_process);
}

/* Sends until the test has seen enough. */
static int run_successor(void *arg)
{
	struct scene *s = arg;
	struct pollfd pollfd = {.fd = s->in_process, .events = POLLIN};
	int r;

	do
		r = send_one(s, s->fd);
	while (r == 0 && poll(&pollfd, 1, 20) == 0);
	return r;
}

/* Makes the socket, leaves it to a child, and is gone. */
static int run_maker(void *arg)
{
	struct scene *s = arg;
	int r = make_socket(s, &s->fd);
	pid_t pid = r == 0 ? fork() : -1;

	if (pid != 0)
		return pid < 0 ? -ECHILD : 0;
	alarm(TRAFFIC_CHILD_SECONDS);
	r = receive_one(s, s->fd);
	if (r == 0)
		r = tell(s->in_process);
	if (r == 0)
		await(s->in_process);
	_exit(0);
}

static int run_far_sender(void *arg)
{
	struct scene *s = arg;
	int fd = fcntl(s->fd, F_DUPFD, FAR_FD);

	close(s->fd);
	return fd < 0 ? -errno : send_one(s, fd);
}

/* Holds its socket until the datagram has been judged. */
static int run_judged(void *arg)
{
	struct scene *s = arg;
	int r = run_sender(s);

	return r < 0 ? r : await(s->in_process);
}

/* --- what the test does --- */

static int send_to_it(const struct scene *s)
{
	static const char zeros[SIZE];
	struct sockaddr_storage to;
	socklen_t len = traffic_loopback(s->family, true, s->end->local.port, &to);

	return sendto(s->peer_fd, zeros, SIZE, 0, (struct sockaddr *)&to, len) == SIZE ? 0 : -errno;
}

static int drain(const struct scene *s)
{
	char buffer[SIZE];

	return recv(s->peer_fd, buffer, SIZE, 0) == SIZE ? 0 : -errno;
}

/* What the next pass says of the socket's owner; nobody: it says nothing of the socket. */
static struct weir_owner owner_told(struct scene *s)
{
	const struct weir_conn_event *sent, *received;
	int count;

	s->heard->n = 0;
	heard_pass(s->source, s->heard);
	sent = heard_find(s->heard, s->end, WEIR_CONN_SEND, &count);
	received = heard_find(s->heard, s->end, WEIR_CONN_RECV, &count);
	if (!sent && !received)
		return (struct weir_owner){0};
	return sent ? sent->owner : received->owner;
}

static void is_owner(const struct weir_owner *owner, pid_t pid, enum weir_evidence weakest,
		     enum weir_evidence strongest, const char *name)
{
	is_int(owner->pid, pid, "%s: the process", name);
	if (!ok(owner->evidence >= weakest && owner->evidence <= strongest, "%s: the evidence",
		name))
		tap_note("it is %d", owner->evidence);
}

/* Passes, bounded, until one tells this owner. */
static bool await_owner(struct scene *s, pid_t pid, enum weir_evidence evidence)
{
	uint64_t deadline_ns = clock_monotonic_ns() + HEARD_WAIT_NS;

	while (clock_monotonic_ns() < deadline_ns) {
		struct weir_owner owner = owner_told(s);

		if ((pid_t)owner.pid == pid && owner.evidence == evidence)
			return true;
		poll(NULL, 0, 20);
	}
	return false;
}

static void test_sender(struct scene *s, const char *name)
{
	struct weir_owner owner;

	is_int(traffic_wait(traffic_fork(run_sender, s)), 0, "%s: sends", name);
	is_int(drain(s), 0, "%s: it comes", name);
	owner = owner_told(s);
	is_owner(&owner, s->end->pid, WEIR_EVIDENCE_CALL, WEIR_EVIDENCE_CALL, name);
}

static void test_receiver(struct scene *s, const char *name)
{
	pid_t pid = traffic_fork(run_receiver, s);
	struct weir_owner owner;

	is_int(await(s->in_test), 0, "%s: is ready", name);
	is_int(send_to_it(s), 0, "%s: is sent to", name);
	is_int(traffic_wait(pid), 0, "%s: receives, and is gone", name);
	owner = owner_told(s);
	is_owner(&owner, pid, WEIR_EVIDENCE_CREATE, WEIR_EVIDENCE_CREATE, name);
}

static void test_taker(struct scene *s, const char *name)
{
	pid_t pid = traffic_fork(run_taker, s);
	struct weir_owner owner;

	is_int(make_socket(s, &s->fd), 0, "%s: we make the socket", name);
	is_int(fd_pass(s->in_test, s->fd), 0, "%s: it is handed over", name);
	is_int(traffic_wait(pid), 0, "%s: sends", name);
	owner = owner_told(s);
	is_owner(&owner, pid, WEIR_EVIDENCE_CALL, WEIR_EVIDENCE_CALL, name);
}

/* As long as it only receives we cannot tell it from us, who hold the socket too. */
static void test_worker(struct scene *s, const char *name)
{
	struct weir_owner owner;
	pid_t pid;

	is_int(make_socket(s, &s->fd), 0, "%s: we make the socket", name);
	pid = traffic_fork(run_worker, s);
	is_int(send_to_it(s), 0, "%s: is sent to", name);
	is_int(await(s->in_test), 0, "%s: receives", name);
	owner = owner_told(s);
	is_owner(&owner, getpid(), WEIR_EVIDENCE_CREATE, WEIR_EVIDENCE_FILE, "a worker's master");
	is_int(tell(s->in_test), 0, "%s: may answer", name);
	is_int(await(s->in_test), 0, "%s: answers", name);
	owner = owner_told(s);
	is_owner(&owner, pid, WEIR_EVIDENCE_CALL, WEIR_EVIDENCE_CALL, name);
	is_int(traffic_wait(pid), 0, "%s: ends", name);
}

static void test_successor(struct scene *s, const char *name)
{
	struct weir_owner owner;
	pid_t pid;

	is_int(make_socket(s, &s->fd), 0, "%s: we make the socket", name);
	is_int(send_one(s, s->fd), 0, "%s: we send", name);
	owner = owner_told(s);
	is_owner(&owner, getpid(), WEIR_EVIDENCE_CALL, WEIR_EVIDENCE_CALL, "a predecessor");
	pid = traffic_fork(run_successor, s);
	ok(await_owner(s, pid, WEIR_EVIDENCE_CALL), "%s: sends on, and is told", name);
	is_int(tell(s->in_test), 0, "%s: may end", name);
	is_int(traffic_wait(pid), 0, "%s: ends", name);
}

static void test_heir(struct scene *s, const char *name)
{
	is_int(traffic_wait(traffic_fork(run_maker, s)), 0, "%s: the maker is gone", name);
	is_int(send_to_it(s), 0, "%s: is sent to", name);
	is_int(await(s->in_test), 0, "%s: receives", name);
	ok(await_owner(s, s->end->pid, WEIR_EVIDENCE_FILE), "%s: is found by its descriptor", name);
	is_int(tell(s->in_test), 0, "%s: may end", name);
}

/* The descriptors are not searched that far: what is told is weaker, but true. */
static void test_far(struct scene *s, const char *name)
{
	struct weir_owner owner;

	is_int(make_socket(s, &s->fd), 0, "%s: we make the socket", name);
	is_int(traffic_wait(traffic_fork(run_far_sender, s)), 0, "%s: sends", name);
	owner = owner_told(s);
	is_owner(&owner, getpid(), WEIR_EVIDENCE_CREATE, WEIR_EVIDENCE_FILE, name);
}

/* Last: from here on, nothing leaves that nobody judges. */
static void test_judge(struct scene *s, const char *name)
{
	struct mnl_socket *queue = NULL;
	struct weir_owner owner;
	pid_t pid;
	int r = queue_judge_open(&queue);

	if (r == -EOPNOTSUPP) {
		tap_skip(name, "this kernel has no netfilter queue");
		return;
	}
	if (!is_int(r, 0, "%s: there is a queue", name))
		return;
	pid = traffic_fork(run_judged, s);
	is_int(queue_judge_accept(queue), 0, "%s: lets a datagram go on", name);
	is_int(drain(s), 0, "%s: it comes", name);
	owner = owner_told(s);
	is_owner(&owner, pid, WEIR_EVIDENCE_CREATE, WEIR_EVIDENCE_FILE, name);
	is_int(tell(s->in_test), 0, "%s: its sender may end", name);
	is_int(traffic_wait(pid), 0, "%s: it ends", name);
	queue_judge_close(queue);
}

static const struct {
	const char *name;
	void (*run)(struct scene *s, const char *name);
	enum traffic_family family;
} cases[] = {
	{"a sender", test_sender, TRAFFIC_V4},
	{"a sender over IPv6", test_sender, TRAFFIC_V6},
	{"a receiver that lives for a moment", test_receiver, TRAFFIC_V4},
	{"a receiver over IPv6", test_receiver, TRAFFIC_V6},
	{"a sender by SCM_RIGHTS", test_taker, TRAFFIC_V4},
	{"a worker", test_worker, TRAFFIC_V4},
	{"a successor", test_successor, TRAFFIC_V4},
	{"an heir", test_heir, TRAFFIC_V4},
	{"a sender with many files", test_far, TRAFFIC_V4},
	{"a judge", test_judge, TRAFFIC_V4},
};

static void test_case(struct scene *s, size_t i)
{
	CLEANUP(close_fd_p) int peer_fd = -1;
	int pair[2];

	s->family = cases[i].family;
	s->fd = -1;
	*s->end = (struct traffic_end){0};
	if (!is_int(traffic_udp_socket(s->family, &peer_fd, &s->peer), 0, "%s: a peer",
		    cases[i].name) ||
	    !ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "%s: a pair",
		cases[i].name))
		return;
	s->peer_fd = peer_fd;
	s->in_test = pair[0];
	s->in_process = pair[1];
	cases[i].run(s, cases[i].name);
	close(pair[0]);
	close(pair[1]);
	if (s->fd >= 0)
		close(s->fd);
}

int main(void)
{
	struct scene scene = {.end = traffic_shared(sizeof(*scene.end)), .heard = heard_new()};
	struct conn_source_bpf_options options = {.size = sizeof(options)};

	tcptop_run_require_root();
	if (own_netns_enter(&options.netns) < 0)
		tap_skip_all("no network namespaces");
	if (!is_int(conn_source_bpf_open(&options, &scene.source), 0, "the source opens"))
		return tap_done();
	tap_note("%s", scene.source->ops->describe(scene.source));
	ok(strstr(scene.source->ops->describe(scene.source), "owner egress"),
	   "senders are told where packets pass");
	heard_pass(scene.source, scene.heard); /* the first walk is behind us */
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		test_case(&scene, i);
	scene.source->ops->close(scene.source);
	free(scene.heard);
	traffic_shared_free(scene.end, sizeof(*scene.end));
	return tap_done();
}
