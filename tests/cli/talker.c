/* SPDX-License-Identifier: MIT */
/*
 * Both ends of connections on loopback, for scripts. Prints the client's and the server's port of
 * one that stays open, then obeys lines of standard input and answers each with "done":
 *
 *	send N    the client sends N bytes, the server reads them
 *	short N   N connections, one after the other: connect, 64 bytes, both ends closed
 *	hold N    N more connections that stay open
 *
 * Ends with its standard input.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct talker {
	int listener;
	int client;
	int server;
	struct sockaddr_in addr;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void join(struct talker *t, int *ret_client, int *ret_server)
{
	*ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*ret_client < 0 ||
	    connect(*ret_client, (struct sockaddr *)&t->addr, sizeof(t->addr)) < 0)
		die("connect");
	*ret_server = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
	if (*ret_server < 0)
		die("accept");
}

static void transfer(int from, int to, size_t len)
{
	char buf[4096];

	memset(buf, 'x', sizeof(buf));
	while (len > 0) {
		ssize_t n = write(from, buf, len < sizeof(buf) ? len : sizeof(buf));

		if (n <= 0)
			die("write");
		len -= (size_t)n;
		while (n > 0) {
			ssize_t got = read(to, buf, (size_t)n);

			if (got <= 0)
				die("read");
			n -= got;
		}
	}
}

static void open_talker(struct talker *t)
{
	struct sockaddr_in own;
	socklen_t len = sizeof(t->addr);

	t->addr = (struct sockaddr_in){.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->listener < 0 || bind(t->listener, (struct sockaddr *)&t->addr, len) < 0 ||
	    listen(t->listener, 64) < 0 ||
	    getsockname(t->listener, (struct sockaddr *)&t->addr, &len) < 0)
		die("listen");
	join(t, &t->client, &t->server);
	len = sizeof(own);
	if (getsockname(t->client, (struct sockaddr *)&own, &len) < 0)
		die("getsockname");
	printf("%u %u\n", ntohs(own.sin_port), ntohs(t->addr.sin_port));
}

static void talk_shortly(struct talker *t, unsigned long n)
{
	while (n-- > 0) {
		int client, server;

		join(t, &client, &server);
		transfer(client, server, 64);
		close(client);
		close(server);
	}
}

/* They are closed by ending. */
static void hold(struct talker *t, unsigned long n)
{
	while (n-- > 0) {
		int client, server;

		join(t, &client, &server);
	}
}

int main(void)
{
	struct talker t;
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_talker(&t);
	while (fgets(line, sizeof(line), stdin)) {
		char *space = strchr(line, ' ');
		unsigned long n = space ? strtoul(space, NULL, 10) : 0;

		if (strncmp(line, "send ", 5) == 0)
			transfer(t.client, t.server, n);
		else if (strncmp(line, "short ", 6) == 0)
			talk_shortly(&t, n);
		else if (strncmp(line, "hold ", 5) == 0)
			hold(&t, n);
		else
			return 2;
		puts("done");
	}
	return 0;
}
