/* SPDX-License-Identifier: MIT */
#include "owner_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fd_pass.h"
#include "traffic_tcp.h"

#define REQUEST 10007
#define AFTER_EXEC 503

static struct owner_case *case_of(const struct traffic_peer *peer)
{
	/* It lives in shared memory made to be written by both ends. */
	return (struct owner_case *)(uintptr_t)peer->arg;
}

/* The peer that counts into one of the case's own ends. */
static struct traffic_peer peer_for(const struct traffic_peer *peer, struct traffic_end *end)
{
	struct traffic_peer one = *peer;

	one.end = end;
	return one;
}

/* --- clients --- */

static int await_port(struct traffic_peer *peer, uint16_t *ret_port)
{
	return traffic_await_data(peer, ret_port, sizeof(*ret_port));
}

static int client_connects(struct traffic_peer *peer)
{
	struct owner_case *owners = case_of(peer);
	uint16_t port;
	int r = await_port(peer, &port);

	for (size_t i = 0; i < owners->n && r == 0; i++) {
		struct traffic_peer one = peer_for(peer, &owners->pairs[i].client);
		CLEANUP(close_fd_p) int fd = -1;

		r = traffic_tcp_connect(&one, port, &fd);
		if (r == 0)
			r = traffic_tcp_send(&one, fd, REQUEST);
	}
	return r;
}

/* Dies by the hardest way there is, with the connection open. */
static int client_is_killed(struct traffic_peer *peer)
{
	struct owner_case *owners = case_of(peer);
	struct traffic_peer one = peer_for(peer, &owners->pairs[0].client);
	uint16_t port;
	int fd = -1;
	int r = await_port(peer, &port);

	if (r == 0)
		r = traffic_tcp_connect(&one, port, &fd);
	if (r == 0)
		r = traffic_tcp_send(&one, fd, REQUEST);
	if (r == 0) {
		traffic_rest(peer, 0);
		kill(getpid(), SIGKILL);
	}
	return r;
}

static int stay_open(int fd)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

static int become_another_program(const struct traffic_peer *peer, const char *dir, int fd)
{
	char self[256], link_path[128], fd_text[16], gate_text[16];
	char *argv[] = {link_path, fd_text, gate_text, NULL};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || stay_open(fd) < 0 || stay_open(peer->gate->fd) < 0)
		return -errno;
	self[n] = '\0';
	snprintf(link_path, sizeof(link_path), "%s/%s", dir, OWNER_EXEC_NAME);
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	snprintf(gate_text, sizeof(gate_text), "%d", peer->gate->fd);
	if (symlink(self, link_path) < 0)
		return -errno;
	execv(link_path, argv);
	return -errno;
}

int owner_exec_client(struct traffic_peer *peer)
{
	struct owner_case *owners = case_of(peer);
	struct traffic_peer one = peer_for(peer, &owners->pairs[0].client);
	uint16_t port;
	int fd = -1;
	int r = await_port(peer, &port);

	if (r == 0)
		r = traffic_tcp_connect(&one, port, &fd);
	if (r == 0)
		r = traffic_tcp_send(&one, fd, REQUEST);
	if (r < 0)
		return r;
	traffic_gate_await(owners->exec_gate);
	/* The other program has no way to tell how it fared; what it sends is known. */
	one.end->sent += AFTER_EXEC;
	peer->end->error = 0;
	return become_another_program(peer, owners->dir, fd);
}

int owner_after_exec(char **argv)
{
	struct traffic_end end = {.pid = getpid()};
	struct traffic_gate gate = {.fd = atoi(argv[2])};
	struct traffic_peer peer = {.end = &end};
	int fd = atoi(argv[1]);

	traffic_gate_await(&gate);
	return traffic_tcp_send(&peer, fd, AFTER_EXEC) == 0 && close(fd) == 0 ? 0 : 1;
}

/* --- servers --- */

static int listen_and_tell(struct traffic_peer *peer, int *ret_listener)
{
	CLEANUP(close_fd_p) int listener = -1;
	uint16_t port;
	int r = traffic_tcp_listen(peer->family, &listener, &port);

	if (r == 0)
		r = traffic_tell_data(peer, &port, sizeof(port));
	if (r == 0)
		*ret_listener = STEAL_FD(listener);
	return r;
}

static int serve(struct traffic_peer *peer, int fd)
{
	int r = traffic_note_socket(peer->end, fd);

	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	/* A client that was killed may have reset the connection. */
	return traffic_tcp_close(fd) < 0 ? -errno : r;
}

static int accept_one(struct traffic_peer *peer, int listener, int *ret_fd)
{
	*ret_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	(void)peer;
	return *ret_fd < 0 ? -errno : 0;
}

int owner_plain_server(struct traffic_peer *peer)
{
	struct traffic_peer one = peer_for(peer, &case_of(peer)->pairs[0].server);
	CLEANUP(close_fd_p) int listener = -1;
	int fd = -1;
	int r = listen_and_tell(peer, &listener);

	if (r == 0)
		r = accept_one(peer, listener, &fd);
	return r < 0 ? r : serve(&one, fd);
}

struct worker {
	struct traffic_peer *peer;
	int listener; /* or the socket that brings the connection */
};

static int run_worker(void *arg)
{
	struct worker *worker = arg;
	struct owner_case *owners = case_of(worker->peer);
	int r = 0;

	for (int i = 0; i < OWNER_WORKER_CONNS && r == 0; i++) {
		size_t n = __atomic_fetch_add(&owners->n_accepted, 1, __ATOMIC_RELAXED);
		struct traffic_peer one = peer_for(worker->peer, &owners->pairs[n].server);
		int fd = -1;

		r = accept_one(&one, worker->listener, &fd);
		if (r == 0)
			r = serve(&one, fd);
	}
	return r;
}

static int wait_for(const pid_t *pids, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		int status = pids[i] > 0 ? traffic_wait(pids[i]) : -EAGAIN;

		if (status != 0)
			r = status < 0 ? status : -EPROTO;
	}
	return r;
}

static int server_preforks(struct traffic_peer *peer)
{
	struct worker worker = {.peer = peer};
	pid_t pids[OWNER_WORKERS];
	int r = listen_and_tell(peer, &worker.listener);

	if (r < 0)
		return r;
	for (size_t i = 0; i < OWNER_WORKERS; i++)
		pids[i] = traffic_fork(run_worker, &worker);
	return wait_for(pids, OWNER_WORKERS);
}

/* Whoever closes last closes the connection: the one who gave it away lets go of it first. */
static int tell_sole_holder(int to, int fd)
{
	close(fd);
	return send(to, "", 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int await_sole_holder(int from)
{
	char c;

	return recv(from, &c, 1, 0) == 1 ? 0 : -EPIPE;
}

static int run_taker(void *arg)
{
	struct worker *taker = arg;
	struct traffic_peer one = peer_for(taker->peer, &case_of(taker->peer)->pairs[0].server);
	int fd = -1;
	int r = fd_take(taker->listener, &fd);

	if (r == 0)
		r = await_sole_holder(taker->listener);
	return r < 0 ? r : serve(&one, fd);
}

/* Accepts, and hands the connection to a process that was there before. */
static int server_passes(struct traffic_peer *peer)
{
	CLEANUP(close_fd_p) int listener = -1;
	struct worker taker = {.peer = peer};
	pid_t pid = -1;
	int pair[2], fd = -1;
	int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;

	if (r < 0)
		return r;
	taker.listener = pair[1];
	pid = traffic_fork(run_taker, &taker);
	r = listen_and_tell(peer, &listener);
	if (r == 0)
		r = accept_one(peer, listener, &fd);
	if (r == 0)
		r = fd_pass(pair[0], fd);
	if (r == 0)
		r = tell_sole_holder(pair[0], fd);
	close(pair[0]);
	close(pair[1]);
	return r < 0 ? r : wait_for(&pid, 1);
}

static void *run_thread(void *arg)
{
	struct worker *worker = arg;
	struct traffic_peer one = peer_for(worker->peer, &case_of(worker->peer)->pairs[0].server);

	worker->peer->end->error = serve(&one, worker->listener);
	return NULL;
}

/* One thread accepts, another one serves and closes: the process owns it. */
static int server_threads(struct traffic_peer *peer)
{
	CLEANUP(close_fd_p) int listener = -1;
	struct worker worker = {.peer = peer};
	pthread_t thread;
	int r = listen_and_tell(peer, &listener);

	if (r == 0)
		r = accept_one(peer, listener, &worker.listener);
	if (r == 0)
		r = -pthread_create(&thread, NULL, run_thread, &worker);
	if (r == 0)
		r = -pthread_join(thread, NULL);
	return r < 0 ? r : peer->end->error;
}

struct heir {
	struct traffic_peer *peer;
	int fd;
	int sync; /* to the parent */
};

static int run_heir(void *arg)
{
	struct heir *heir = arg;
	struct traffic_peer one = peer_for(heir->peer, &case_of(heir->peer)->pairs[0].server);
	int r = await_sole_holder(heir->sync);

	return r < 0 ? r : serve(&one, heir->fd);
}

/* The classic: accept, fork, close in the parent. */
static int server_forks(struct traffic_peer *peer)
{
	CLEANUP(close_fd_p) int listener = -1;
	struct heir heir = {.peer = peer};
	int pair[2];
	pid_t pid = -1;
	int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;

	if (r < 0)
		return r;
	heir.sync = pair[1];
	r = listen_and_tell(peer, &listener);
	if (r == 0)
		r = accept_one(peer, listener, &heir.fd);
	if (r == 0) {
		pid = traffic_fork(run_heir, &heir);
		r = tell_sole_holder(pair[0], heir.fd);
	}
	close(pair[0]);
	close(pair[1]);
	return r < 0 ? r : wait_for(&pid, 1);
}

const struct owner_case owner_cases[] = {
	{"prefork", client_connects, server_preforks, .n = OWNER_CONNS},
	{"SCM_RIGHTS", client_connects, server_passes, .n = 1},
	{"threads", client_connects, server_threads, .n = 1},
	{"fork, parent closes", client_connects, server_forks, .n = 1},
	{"kill -9", client_is_killed, owner_plain_server, .n = 1},
	{.name = NULL},
};
