/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static const uint8_t V4_MAPPED[12] = {[10] = 0xff, [11] = 0xff};

void *traffic_shared(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		abort();
	return shared;
}

void traffic_shared_free(void *shared, size_t size)
{
	munmap(shared, size);
}

pid_t traffic_fork(int (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout); /* or the child would print our lines again */
	pid = fork();
	if (pid != 0)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(TRAFFIC_CHILD_SECONDS);
	_exit(fn(arg) == 0 ? 0 : 1);
}

int traffic_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

/* What a child of traffic_start() needs; on the stack of the forking function. */
struct side {
	struct traffic_peer peer;
	traffic_peer_fn fn;
	int other_sync;
};

static int run_side(void *arg)
{
	struct side *side = arg;

	/* A copy of it would keep us from seeing the end of the other process. */
	close(side->other_sync);
	signal(SIGPIPE, SIG_IGN);
	side->peer.end->pid = getpid();
	side->peer.end->error = side->fn(&side->peer);
	return side->peer.end->error;
}

static pid_t start_side(const struct traffic_plan *plan, struct traffic_pair *pair,
			const int sync[2], bool server)
{
	struct side side = {
		.peer = {.end = server ? &pair->server : &pair->client,
			 .sync = sync[server],
			 .gate = plan->gate,
			 .family = plan->family,
			 .arg = plan->arg},
		.fn = server ? plan->server : plan->client,
		.other_sync = sync[!server],
	};

	side.peer.end->error = TRAFFIC_AT_WORK;
	return traffic_fork(run_side, &side);
}

int traffic_start(const struct traffic_plan *plan, struct traffic_pair *pair,
		  struct traffic_run *ret_run)
{
	struct traffic_run run;
	int sync[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync) < 0)
		return -errno;
	run.client = start_side(plan, pair, sync, false);
	run.server = start_side(plan, pair, sync, true);
	close(sync[0]);
	close(sync[1]);
	if (run.client > 0 && run.server > 0) {
		*ret_run = run;
		return 0;
	}
	/* The one that did start finds its peer gone and ends. */
	if (run.client > 0)
		traffic_wait(run.client);
	if (run.server > 0)
		traffic_wait(run.server);
	return -EAGAIN;
}

/* Whether a line of /proc/net/tcp is of a connection from or to the port that is not over. */
static bool line_is_live(const char *line, uint16_t port)
{
	unsigned int local, remote, state;

	if (sscanf(line, "%*u: %*[0-9A-F]:%X %*[0-9A-F]:%X %X", &local, &remote, &state) != 3)
		return false;
	return (local == port || remote == port) && state != TCP_TIME_WAIT && state != TCP_LISTEN;
}

/* 1: some are live, 0: none. */
static int any_live(const char *path, uint16_t port)
{
	CLEANUP(fclose_p) FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return errno == ENOENT ? 0 : -errno; /* a kernel without IPv6 */
	while (fgets(line, sizeof(line), file)) {
		if (line_is_live(line, port))
			return 1;
	}
	return ferror(file) ? -EIO : 0;
}

int traffic_settle(uint16_t port)
{
	for (int ms = 0; ms < TRAFFIC_CHILD_SECONDS * 1000; ms += 5) {
		int v4 = any_live("/proc/net/tcp", port);
		int v6 = v4 ? v4 : any_live("/proc/net/tcp6", port);

		if (v6 <= 0)
			return v6;
		poll(NULL, 0, 5);
	}
	return -ETIMEDOUT;
}

int traffic_finish(struct traffic_run *run, const struct traffic_pair *pair)
{
	int client = traffic_wait(run->client);
	int server = traffic_wait(run->server);

	if (client < 0 || server < 0)
		return client < 0 ? client : server;
	if (pair->client.error || pair->server.error)
		return pair->client.error ? pair->client.error : pair->server.error;
	return pair->server.udp || !pair->server.local.port
		       ? 0
		       : traffic_settle(pair->server.local.port);
}

int traffic_run(const struct traffic_plan *plan, struct traffic_pair *pair)
{
	struct traffic_run run;
	int r = traffic_start(plan, pair, &run);

	return r < 0 ? r : traffic_finish(&run, pair);
}

int traffic_tell_data(const struct traffic_peer *peer, const void *data, size_t len)
{
	return send(peer->sync, data, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EPIPE;
}

int traffic_await_data(const struct traffic_peer *peer, void *data, size_t len)
{
	return recv(peer->sync, data, len, MSG_WAITALL) == (ssize_t)len ? 0 : -EPIPE;
}

int traffic_tell(const struct traffic_peer *peer)
{
	return traffic_tell_data(peer, "", 1);
}

int traffic_await(const struct traffic_peer *peer)
{
	char c;

	return traffic_await_data(peer, &c, 1);
}

int traffic_gate_make(struct traffic_gate *ret_gate)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	ret_gate->fd = fd;
	return 0;
}

void traffic_gate_open(const struct traffic_gate *gate)
{
	uint64_t one = 1;

	if (write(gate->fd, &one, sizeof(one)) < 0)
		abort(); /* our own mistake: it can only be a wrong descriptor */
}

void traffic_gate_await(const struct traffic_gate *gate)
{
	struct pollfd open = {.fd = gate->fd, .events = POLLIN};

	while (poll(&open, 1, -1) < 0 && errno == EINTR)
		;
}

int traffic_rest(const struct traffic_peer *peer, int result)
{
	__atomic_store_n(&peer->end->error, result, __ATOMIC_RELEASE);
	if (peer->gate)
		traffic_gate_await(peer->gate);
	return result;
}

int traffic_await_rest(const struct traffic_pair *pair)
{
	for (int ms = 0; ms < TRAFFIC_CHILD_SECONDS * 1000; ms++) {
		int client = __atomic_load_n(&pair->client.error, __ATOMIC_ACQUIRE);
		int server = __atomic_load_n(&pair->server.error, __ATOMIC_ACQUIRE);

		if (client != TRAFFIC_AT_WORK && server != TRAFFIC_AT_WORK)
			return client ? client : server;
		poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

socklen_t traffic_loopback(enum traffic_family family, bool server, uint16_t port,
			   struct sockaddr_storage *ret_addr)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port),
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	*ret_addr = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
	if (family == TRAFFIC_V4 || (family == TRAFFIC_V4_MAPPED && server)) {
		memcpy(ret_addr, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (family == TRAFFIC_V4_MAPPED) {
		memcpy(v6.sin6_addr.s6_addr, V4_MAPPED, sizeof(V4_MAPPED));
		memcpy(v6.sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
	}
	memcpy(ret_addr, &v6, sizeof(v6));
	return sizeof(v6);
}

void traffic_endpoint_from(const struct sockaddr_storage *addr,
			   struct traffic_endpoint *ret_endpoint)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (addr->ss_family == AF_INET) {
		memcpy(&v4, addr, sizeof(v4));
		memcpy(ret_endpoint->addr, V4_MAPPED, sizeof(V4_MAPPED));
		memcpy(ret_endpoint->addr + 12, &v4.sin_addr, 4);
		ret_endpoint->port = ntohs(v4.sin_port);
		return;
	}
	memcpy(&v6, addr, sizeof(v6));
	memcpy(ret_endpoint->addr, &v6.sin6_addr, 16);
	ret_endpoint->port = ntohs(v6.sin6_port);
}

bool traffic_endpoint_equal(const struct traffic_endpoint *a, const struct traffic_endpoint *b)
{
	return a->port == b->port && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

int traffic_endpoint_parse(const char *addr, uint16_t port, struct traffic_endpoint *ret_endpoint)
{
	struct traffic_endpoint endpoint = {.port = port};

	memcpy(endpoint.addr, V4_MAPPED, sizeof(V4_MAPPED));
	if (inet_pton(AF_INET, addr, endpoint.addr + 12) != 1 &&
	    inet_pton(AF_INET6, addr, endpoint.addr) != 1)
		return -EINVAL;
	*ret_endpoint = endpoint;
	return 0;
}

int traffic_note_socket(struct traffic_end *end, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	end->pid = getpid();
	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	traffic_endpoint_from(&addr, &end->local);
	len = sizeof(addr);
	if (getpeername(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	traffic_endpoint_from(&addr, &end->remote);
	return 0;
}
