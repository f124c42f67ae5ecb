/* SPDX-License-Identifier: MIT */

/*
 * Where the packets at the cgroup do not tell their senders, calls do. Where datagrams cannot be
 * counted there, calls are counted: by tracepoints, else by function exits, else by kprobes; and
 * where none of that is to be had, UDP sockets are listed without counters. Each link of the chain
 * is tried with those before it left out; what this kernel lacks is skipped by name.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/conn_source.h>

#include "collect/conn_source_bpf.h"
#include "own_netns.h"
#include "tap.h"
#include "tcptop_run.h"

#define PEERS 3
#define MAX_SEEN 64

/* What was told of one (local port, remote port), summed over all passes. */
struct flow {
	uint16_t local_port;
	uint16_t remote_port;
	struct weir_conn_counters counters;
	uint32_t pid;
	bool uncounted;
};

struct seen {
	struct flow flows[MAX_SEEN];
	size_t n;
};

static struct flow *flow_of(struct seen *seen, uint16_t local_port, uint16_t remote_port)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->flows[i].local_port == local_port &&
		    seen->flows[i].remote_port == remote_port)
			return &seen->flows[i];
	if (seen->n == MAX_SEEN)
		return NULL;
	seen->flows[seen->n] = (struct flow){.local_port = local_port, .remote_port = remote_port};
	return &seen->flows[seen->n++];
}

static void see(void *user, const struct weir_conn_event *event)
{
	struct flow *flow;

	if (event->id.proto != WEIR_PROTO_UDP)
		return;
	flow = flow_of(user, event->id.local_port, event->id.remote_port);
	if (!flow)
		return;
	flow->counters.bytes_in += event->counters.bytes_in;
	flow->counters.bytes_out += event->counters.bytes_out;
	flow->counters.packets_in += event->counters.packets_in;
	flow->counters.packets_out += event->counters.packets_out;
	flow->uncounted = event->flags & WEIR_CONN_NO_COUNTERS;
	if (event->owner.pid)
		flow->pid = event->owner.pid;
}

/* A bound socket of the family on loopback; its port in host order. */
static int bound_socket(int family, uint16_t *ret_port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *addr = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, addr, len) < 0 || getsockname(fd, addr, &len) < 0)
		return -1;
	*ret_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

static int connect_to(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				  .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(port)};

	return family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
				 : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
}

static struct flow *told(struct weir_conn_source *source, struct seen *seen, uint16_t local_port,
			 uint16_t remote_port)
{
	uint64_t now_ns;
	int r = source->ops->sample(source, see, seen, &now_ns);

	is_int(r < 0 ? r : 0, 0, "a pass is made");
	return flow_of(seen, local_port, remote_port);
}

/* Both ends connected: 5 datagrams of 100 bytes there, one of 7 back, a peek in between. */
static void test_connected(struct weir_conn_source *source, int family, const char *name,
			   bool counted)
{
	struct seen seen = {.n = 0};
	struct flow *flow;
	uint16_t port_a, port_b;
	char data[256] = {0};
	int a = bound_socket(family, &port_a), b = bound_socket(family, &port_b);

	ok(a >= 0 && b >= 0 && connect_to(a, family, port_b) == 0 &&
		   connect_to(b, family, port_a) == 0,
	   "%s: two sockets", name);
	for (int i = 0; i < 5; i++)
		is_int(send(a, data, 100, 0), 100, "%s: a datagram goes", name);
	is_int(recv(b, data, sizeof(data), MSG_PEEK), 100, "%s: a peek", name);
	for (int i = 0; i < 5; i++)
		is_int(recv(b, data, sizeof(data), 0), 100, "%s: and comes", name);
	is_int(send(b, data, 7, 0), 7, "%s: one back", name);
	is_int(recv(a, data, sizeof(data), 0), 7, "%s: comes too", name);
	flow = told(source, &seen, port_a, port_b);
	is_int(flow->counters.bytes_out, counted ? 500 : 0, "%s: bytes out", name);
	is_int(flow->counters.packets_out, counted ? 5 : 0, "%s: calls out", name);
	is_int(flow->counters.bytes_in, counted ? 7 : 0, "%s: bytes in", name);
	if (counted) /* the listing looks for owners only now and then */
		is_int(flow->pid, getpid(), "%s: its process", name);
	is_int(flow->uncounted, !counted, "%s: %s", name, counted ? "is counted" : "is n/a, not 0");
	flow = flow_of(&seen, port_b, port_a);
	is_int(flow->counters.bytes_in, counted ? 500 : 0, "%s: bytes in at the other end", name);
	is_int(flow->counters.packets_in, counted ? 5 : 0, "%s: without the peek", name);
	close(a);
	close(b);
}

/* One socket, several peers: only where the call's own address can be read is each one known. */
static void test_fan_out(struct weir_conn_source *source, const char *name)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct seen seen = {.n = 0};
	uint16_t port, peer_ports[PEERS];
	int fd = bound_socket(AF_INET, &port), peers[PEERS];
	char data[256] = {0};
	struct flow *flow;

	for (int i = 0; i < PEERS; i++) {
		peers[i] = bound_socket(AF_INET, &peer_ports[i]);
		to.sin_port = htons(peer_ports[i]);
		is_int(sendto(fd, data, 10 + i, 0, (struct sockaddr *)&to, sizeof(to)), 10 + i,
		       "%s: to peer %d", name, i);
	}
	told(source, &seen, port, 0);
	for (int i = 0; i < PEERS; i++) {
		flow = flow_of(&seen, port, peer_ports[i]);
		is_int(flow->counters.bytes_out, 10 + i, "%s: peer %d has its own bytes", name, i);
		close(peers[i]);
	}
	close(fd);
}

static void test_link(uint32_t netns, unsigned int without, const char *name, const char *describes,
		      bool knows_peers)
{
	struct conn_source_bpf_options options = {
		.size = sizeof(options), .netns = netns, .without = without};
	struct weir_conn_source *source = NULL;

	if (!is_int(conn_source_bpf_open(&options, &source), 0, "%s: the source opens", name))
		return;
	if (!strstr(source->ops->describe(source), describes) ||
	    strstr(source->ops->describe(source), "egress")) {
		tap_note("%s", source->ops->describe(source));
		tap_skip(name, "this kernel refuses it");
		source->ops->close(source);
		return;
	}
	test_connected(source, AF_INET, name, strcmp(describes, "udp n/a") != 0);
	test_connected(source, AF_INET6, name, strcmp(describes, "udp n/a") != 0);
	if (knows_peers)
		test_fan_out(source, name);
	source->ops->close(source);
}

int main(void)
{
	unsigned int without = WITHOUT_UDP_PACKETS;
	uint32_t netns;

	tcptop_run_require_root();
	if (own_netns_enter(&netns) < 0)
		tap_skip_all("no network namespaces");
	test_link(netns, WITHOUT_UDP_SENDERS, "calls beside packets", "udp cgroup_skb (owner ",
		  true);
	test_link(netns, without, "tracepoints", "udp send/recv_length", false);
	without |= WITHOUT_UDP_CALLS;
	test_link(netns, without, "fexit", "udp fexit", true);
	without |= WITHOUT_UDP_FEXIT;
	test_link(netns, without, "kprobe", "udp kprobe", true);
	without |= WITHOUT_UDP_KPROBE;
	test_link(netns, without, "nothing", "udp n/a", false);
	return tap_done();
}
