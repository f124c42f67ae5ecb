/* SPDX-License-Identifier: MIT */

/* Sockets destroyed from outside, in a network namespace of the test's own: this one and no other,
 * both ends notice, and the source tells the end. */

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/conn_source_diag.h"
#include "collect/netns.h"
#include "collect/sock_kill.h"
#include "heard.h"
#include "own_netns.h"
#include "tap.h"
#include "traffic.h"

#define CHILD_SECONDS 60
#define WAIT_MS 30000
#define NOBODY 65534

struct sockets {
	int listener; /* TCP only, else -1 */
	int client;
	int server;
};

/* How two sockets are joined. */
struct joining {
	const char *what;
	enum traffic_family family;
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	bool bound_to_lo;
	bool server_connected; /* UDP */
};

static const struct joining tcp4 = {"TCP, v4", TRAFFIC_V4, SOCK_STREAM, false, false};
static const struct joining udp4 = {"UDP, v4", TRAFFIC_V4, SOCK_DGRAM, false, true};

static void need(bool done, const char *what)
{
	if (!done) {
		ok(false, "%s: %s", what, strerror(errno));
		exit(tap_done());
	}
}

static int make_socket(const struct joining *joining, const struct sockaddr_storage *addr)
{
	int fd = socket(addr->ss_family, joining->type | SOCK_CLOEXEC, 0);

	need(fd >= 0, "socket");
	if (joining->bound_to_lo)
		need(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0, "SO_BINDTODEVICE");
	return fd;
}

/* Binds to loopback with a port of the kernel's choice, which ends up in *addr. */
static int bind_socket(const struct joining *joining, struct sockaddr_storage *addr)
{
	socklen_t len = traffic_loopback(joining->family, true, 0, addr);
	int fd = make_socket(joining, addr);

	need(bind(fd, (struct sockaddr *)addr, len) == 0, "bind");
	need(getsockname(fd, (struct sockaddr *)addr, &len) == 0, "getsockname");
	return fd;
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
	struct traffic_endpoint endpoint;

	traffic_endpoint_from(addr, &endpoint);
	return endpoint.port;
}

static void connect_to(int fd, const struct joining *joining, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(joining->family, false, port, &addr);

	need(connect(fd, (struct sockaddr *)&addr, len) == 0, "connect");
}

static struct sockets join(const struct joining *joining)
{
	struct sockets s = {.listener = -1};
	struct sockaddr_storage addr, client;
	socklen_t len = sizeof(client);

	s.server = bind_socket(joining, &addr);
	traffic_loopback(joining->family, false, port_of(&addr), &client);
	s.client = make_socket(joining, &client);
	if (joining->type == SOCK_STREAM) {
		s.listener = s.server;
		need(listen(s.listener, 4) == 0, "listen");
	}
	connect_to(s.client, joining, port_of(&addr));
	if (joining->type == SOCK_STREAM) {
		s.server = accept(s.listener, NULL, NULL);
		need(s.server >= 0, "accept");
	} else if (joining->server_connected) {
		need(getsockname(s.client, (struct sockaddr *)&client, &len) == 0, "getsockname");
		need(connect(s.server, (struct sockaddr *)&client, len) == 0, "connect");
	}
	need(send(s.client, "hello", 5, 0) == 5, "send");
	return s;
}

static void part(struct sockets *s)
{
	close_fd_p(&s->client);
	close_fd_p(&s->server);
	close_fd_p(&s->listener);
}

/* A socket as a source would name it: v4-mapped addresses folded, its cookie known. */
static struct weir_conn_id id_of(int fd)
{
	struct weir_conn_id id = {0};
	struct sockaddr_storage local = {0}, remote = {0};
	struct traffic_endpoint endpoint = {0};
	socklen_t len = sizeof(local);
	int type = 0;

	need(getsockname(fd, (struct sockaddr *)&local, &len) == 0, "getsockname");
	traffic_endpoint_from(&local, &endpoint);
	memcpy(id.local.bytes, endpoint.addr, sizeof(id.local.bytes));
	id.local_port = endpoint.port;
	len = sizeof(remote);
	if (getpeername(fd, (struct sockaddr *)&remote, &len) < 0)
		remote.ss_family = local.ss_family;
	traffic_endpoint_from(&remote, &endpoint);
	memcpy(id.remote.bytes, endpoint.addr, sizeof(id.remote.bytes));
	id.remote_port = endpoint.port;
	len = sizeof(id.cookie);
	need(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &id.cookie, &len) == 0, "SO_COOKIE");
	len = sizeof(type);
	need(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0, "SO_TYPE");
	id.proto = type == SOCK_STREAM ? WEIR_PROTO_TCP : WEIR_PROTO_UDP;
	return id;
}

/* The errno that recv() comes back with when there is nothing to read any more, 0 at an end of
 * file. Data that came before is passed over. */
static int end_of(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char buf[64];
	ssize_t n = 1;

	while (n > 0) {
		if (poll(&readable, 1, WAIT_MS) != 1)
			return ETIMEDOUT;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
	return n < 0 ? errno : 0;
}

static bool still_works(const struct sockets *s)
{
	struct pollfd readable = {.fd = s->client, .events = POLLIN};
	char byte;

	return send(s->server, "x", 1, MSG_NOSIGNAL) == 1 && poll(&readable, 1, WAIT_MS) == 1 &&
	       recv(s->client, &byte, 1, 0) == 1;
}

static const struct joining joinings[] = {
	{"TCP, v4", TRAFFIC_V4, SOCK_STREAM, false, false},
	{"TCP, v6", TRAFFIC_V6, SOCK_STREAM, false, false},
	{"TCP, v4-mapped", TRAFFIC_V4_MAPPED, SOCK_STREAM, false, false},
	{"TCP, bound to an interface", TRAFFIC_V4, SOCK_STREAM, true, false},
	{"UDP, v4", TRAFFIC_V4, SOCK_DGRAM, false, true},
	{"UDP, v6", TRAFFIC_V6, SOCK_DGRAM, false, true},
	{"UDP, unconnected", TRAFFIC_V4, SOCK_DGRAM, false, false},
	{"UDP, bound to an interface", TRAFFIC_V6, SOCK_DGRAM, true, true},
};

static void test_ends(const struct joining *joining, bool kill_client)
{
	struct sockets s = join(joining);
	struct weir_conn_id id = id_of(kill_client ? s.client : s.server);
	struct weir_conn_id other = id;
	const char *end = kill_client ? "client" : "server";

	other.cookie += 1000000;
	is_int(sock_kill(&other), -ESRCH, "%s, %s: another cookie is another socket", joining->what,
	       end);
	if (joining->type == SOCK_STREAM)
		ok(still_works(&s), "%s, %s: and nothing has happened", joining->what, end);
	is_int(sock_kill(&id), 0, "%s, %s: destroyed", joining->what, end);
	is_int(end_of(kill_client ? s.client : s.server), ECONNABORTED,
	       "%s, %s: its application is told", joining->what, end);
	if (joining->type == SOCK_STREAM) {
		is_int(end_of(kill_client ? s.server : s.client), ECONNRESET,
		       "%s, %s: the other end is reset", joining->what, end);
		is_int(sock_kill(&id), -ESRCH, "%s, %s: then it is gone", joining->what, end);
	}
	part(&s);
}

/* A UDP flow is named by what its datagrams say, and the socket has no peer. */
static void test_flow(void)
{
	static const struct joining joining = {"UDP flow", TRAFFIC_V4, SOCK_DGRAM, false, false};
	struct sockets s = join(&joining);
	struct weir_conn_id id = id_of(s.server);
	struct weir_conn_id client = id_of(s.client);

	id.remote = client.local;
	id.remote_port = client.local_port;
	is_int(sock_kill(&id), 0, "a socket by one of its flows");
	is_int(end_of(s.server), ECONNABORTED, "its application is told");
	part(&s);
}

static void test_listener(void)
{
	struct sockets s = join(&tcp4);
	struct weir_conn_id id = id_of(s.listener);
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(TRAFFIC_V4, false, id.local_port, &addr);
	int fd;

	is_int(sock_kill(&id), 0, "a listener");
	fd = make_socket(&tcp4, &addr);
	ok(connect(fd, (struct sockaddr *)&addr, len) < 0 && errno == ECONNREFUSED,
	   "nobody listens any more");
	ok(still_works(&s), "what it had accepted goes on");
	close(fd);
	part(&s);
}

/* What a namespace that is not there is answered with: it may be one that is hidden from us. */
static int no_namespace(void)
{
	CLEANUP(free_p) struct netns *list = NULL;
	size_t n, hidden = 0;

	need(netns_list(NULL, &list, &n, &hidden) == 0, "namespaces");
	return hidden ? -EPERM : -ESRCH;
}

static void test_arguments(void)
{
	struct sockets s = join(&tcp4);
	struct weir_conn_id id = id_of(s.server);
	struct weir_conn_id wrong = id;

	wrong.cookie = 0;
	is_int(sock_kill(&wrong), -EINVAL, "without a cookie nobody is meant");
	wrong = id;
	wrong.proto = 132;
	is_int(sock_kill(&wrong), -EINVAL, "neither TCP nor UDP");
	wrong = id;
	wrong.netns = UINT32_MAX;
	is_int(sock_kill(&wrong), no_namespace(), "a namespace that is none");
	ok(still_works(&s), "and nothing has happened");
	part(&s);
}

/* What the end of a destroyed connection looks like to the source: as any other. */
static void test_final(void)
{
	struct weir_conn_source *source = NULL;
	struct heard *heard = heard_new();
	struct traffic_pair pair = {0};
	const struct weir_conn_event *final;
	struct weir_conn_id id;
	struct sockets s;
	int count;

	is_int(conn_source_diag_open(NULL, &source), 0, "a source");
	s = join(&tcp4);
	traffic_note_socket(&pair.client, s.client);
	traffic_note_socket(&pair.server, s.server);
	heard_pass(source, heard);
	id = id_of(s.server);
	is_int(sock_kill(&id), 0, "destroyed while watched");
	is_int(end_of(s.server), ECONNABORTED, "its application is told");
	part(&s);
	ok(heard_await_finals(source, heard, &pair), "both ends are told to be over");
	final = heard_find(heard, &pair.server, WEIR_CONN_FINAL, &count);
	ok(final && count == 1 && final->counters.bytes_in == 5, "with what came before");
	final = heard_find(heard, &pair.client, WEIR_CONN_FINAL, &count);
	ok(final && count == 1 && final->counters.bytes_out == 5, "and what was sent");
	source->ops->close(source);
	free(heard);
}

/* In a child that has given up root. */
static void test_refused(void)
{
	struct sockets s = join(&tcp4);
	struct weir_conn_id id = id_of(s.server);
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(255);
		_exit(-sock_kill(&id));
	}
	is_int(waitpid(child, &status, 0), child, "a child without privilege");
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, EPERM, "is refused");
	ok(still_works(&s), "and nothing has happened");
	part(&s);
}

/* In a child: a connection in a namespace of its own; its server end is told to the test. */
static int live_elsewhere(int tell_fd)
{
	struct weir_conn_id id;
	struct sockets s;
	uint32_t inode;

	alarm(CHILD_SECONDS);
	if (own_netns_enter(&inode) < 0)
		return 1;
	s = join(&udp4);
	part(&s);
	s = join(&tcp4);
	id = id_of(s.server);
	id.netns = inode;
	if (write(tell_fd, &id, sizeof(id)) != sizeof(id))
		return 2;
	return end_of(s.server);
}

static void test_elsewhere(void)
{
	struct weir_conn_id id = {0}, here;
	int pipe_fds[2], status = 0;
	pid_t child;

	need(pipe(pipe_fds) == 0, "pipe");
	child = fork();
	if (child == 0)
		_exit(live_elsewhere(pipe_fds[1]));
	close(pipe_fds[1]);
	need(read(pipe_fds[0], &id, sizeof(id)) == sizeof(id), "a connection elsewhere");
	here = id;
	here.netns = own_netns_inode();
	is_int(sock_kill(&here), -ESRCH, "it is not here");
	is_int(sock_kill(&id), 0, "it is there, in another network namespace");
	is_int(waitpid(child, &status, 0), child, "its process ends");
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, ECONNABORTED, "having been told");
	close(pipe_fds[0]);
	is_int(sock_kill(&id), no_namespace(), "then the namespace is gone with it");
}

static void require(void)
{
	struct weir_conn_id id;
	struct sockets s;
	uint32_t inode;
	int r;

	if (geteuid() != 0 || own_netns_enter(&inode) < 0)
		tap_skip_all("not root, or no network namespace of our own is allowed");
	s = join(&tcp4);
	id = id_of(s.server);
	r = sock_kill(&id);
	part(&s);
	if (r == -EOPNOTSUPP)
		tap_skip_all("this kernel has no CONFIG_INET_DIAG_DESTROY, or no tcp_diag");
	is_int(r, 0, "this kernel can");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	require();
	for (size_t i = 0; i < sizeof(joinings) / sizeof(joinings[0]); i++) {
		test_ends(&joinings[i], false);
		test_ends(&joinings[i], true);
	}
	test_flow();
	test_listener();
	test_arguments();
	test_final();
	test_refused();
	test_elsewhere();
	return tap_done();
}
