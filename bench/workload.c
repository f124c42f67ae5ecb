/* SPDX-License-Identifier: MIT */

/*
 * The work a monitor is measured by, in one process and on loopback. Prints "ops cpu_ns": how
 * often it was done in the given time, and what CPU it took, softirq of loopback included.
 *
 *   workload pingpong|bulk|storm|udp|udp-connected SECONDS
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static char buffer[65536];

struct pair {
	int a;
	int b;
	int listener;
	struct sockaddr_in a_addr;
	struct sockaddr_in b_addr;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void must(long result, const char *what)
{
	if (result < 0)
		die(what);
}

static struct sockaddr_in bound(int fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);

	must(bind(fd, (struct sockaddr *)&addr, len), "bind");
	must(getsockname(fd, (struct sockaddr *)&addr, &len), "getsockname");
	return addr;
}

static void listen_on(struct pair *p)
{
	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	p->b_addr = bound(p->listener);
	must(listen(p->listener, 128), "listen");
}

static void connect_pair(struct pair *p)
{
	p->a = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(p->a, (struct sockaddr *)&p->b_addr, sizeof(p->b_addr)), "connect");
	p->b = accept(p->listener, NULL, NULL);
	must(p->b, "accept");
}

static void tcp_setup(struct pair *p)
{
	int one = 1;

	listen_on(p);
	connect_pair(p);
	setsockopt(p->a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(p->b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void pass(int from, int to, size_t len)
{
	must(send(from, buffer, len, 0), "send");
	must(recv(to, buffer, len, MSG_WAITALL), "recv");
}

static void pingpong(struct pair *p, uint64_t i)
{
	size_t len = 1 + i % 64;

	pass(p->a, p->b, len);
	pass(p->b, p->a, len);
}

static void bulk(struct pair *p, uint64_t i)
{
	(void)i;
	pass(p->a, p->b, sizeof(buffer));
}

static void storm(struct pair *p, uint64_t i)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	(void)i;
	connect_pair(p);
	pass(p->a, p->b, 64);
	/* no TIME_WAIT, so that a long run does not change what it measures */
	setsockopt(p->a, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(p->a);
	close(p->b);
}

static void udp_setup(struct pair *p)
{
	p->a = socket(AF_INET, SOCK_DGRAM, 0);
	p->b = socket(AF_INET, SOCK_DGRAM, 0);
	p->a_addr = bound(p->a);
	p->b_addr = bound(p->b);
}

static void udp_connected_setup(struct pair *p)
{
	udp_setup(p);
	must(connect(p->a, (struct sockaddr *)&p->b_addr, sizeof(p->b_addr)), "connect");
	must(connect(p->b, (struct sockaddr *)&p->a_addr, sizeof(p->a_addr)), "connect");
}

static void udp(struct pair *p, uint64_t i)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	(void)i;
	must(sendto(p->a, buffer, 32, 0, (struct sockaddr *)&p->b_addr, sizeof(p->b_addr)),
	     "sendto");
	must(recvfrom(p->b, buffer, 64, 0, (struct sockaddr *)&from, &len), "recvfrom");
}

static void udp_connected(struct pair *p, uint64_t i)
{
	(void)i;
	must(send(p->a, buffer, 32, 0), "send");
	must(recv(p->b, buffer, 64, 0), "recv");
}

static const struct {
	const char *name;
	void (*setup)(struct pair *p);
	void (*once)(struct pair *p, uint64_t i);
} workloads[] = {
	{"pingpong", tcp_setup, pingpong},
	{"bulk", tcp_setup, bulk},
	{"storm", listen_on, storm},
	{"udp", udp_setup, udp},
	{"udp-connected", udp_connected_setup, udp_connected},
};

static void run(size_t which, double seconds)
{
	struct pair p = {.a = -1, .b = -1, .listener = -1};
	uint64_t begin_ns, cpu_ns, end_ns, ops = 0;

	workloads[which].setup(&p);
	begin_ns = clock_monotonic_ns();
	cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	end_ns = begin_ns + (uint64_t)(seconds * 1e9);
	while (clock_monotonic_ns() < end_ns)
		for (int i = 0; i < 16; i++)
			workloads[which].once(&p, ops++);
	cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	printf("%llu %llu\n", (unsigned long long)ops, (unsigned long long)cpu_ns);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		if (strcmp(argv[1], workloads[i].name) == 0) {
			run(i, atof(argv[2]));
			return 0;
		}
	}
	fprintf(stderr, "usage: workload pingpong|bulk|storm|udp|udp-connected SECONDS\n");
	return 2;
}
