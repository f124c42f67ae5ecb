/* SPDX-License-Identifier: MIT */
#include "holder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Connections a child holds: two descriptors each, within the usual limit of 20,000. */
#define CONNECTIONS_PER_CHILD 8000

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

/* Each child has its own address in 127/8, so each has all the ephemeral ports. */
static int listen_at(size_t child, struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)child),
	};
	must(bind(fd, (struct sockaddr *)addr, len), "bind");
	must(getsockname(fd, (struct sockaddr *)addr, &len), "getsockname");
	must(listen(fd, 1024), "listen");
	return fd;
}

static void touch(const int *fds, size_t n)
{
	char byte = 'x';

	for (size_t i = 0; i < n; i++)
		must(send(fds[i], &byte, 1, 0), "send");
	for (size_t i = 0; i < n; i++)
		must(recv(fds[i], &byte, 1, 0), "recv");
}

static void hold(size_t child, size_t n_connections, int commands, int answers)
{
	int *fds = calloc(n_connections * 2, sizeof(*fds));
	struct sockaddr_in addr;
	int listener = listen_at(child, &addr);
	char c = 'r';

	if (!fds)
		die("calloc");
	for (size_t i = 0; i < n_connections; i++) {
		fds[2 * i] = socket(AF_INET, SOCK_STREAM, 0);
		must(fds[2 * i], "socket");
		must(connect(fds[2 * i], (struct sockaddr *)&addr, sizeof(addr)), "connect");
		fds[2 * i + 1] = accept(listener, NULL, NULL);
		must(fds[2 * i + 1], "accept");
	}
	must(write(answers, &c, 1), "write");
	while (read(commands, &c, 1) == 1) {
		touch(fds, n_connections * 2);
		must(write(answers, &c, 1), "write");
	}
	_exit(0);
}

static void wait_all(struct holder *holder)
{
	char c;

	for (size_t i = 0; i < holder->n_children; i++) {
		if (read(holder->children[i].answers, &c, 1) != 1) {
			fprintf(stderr, "a holder of connections ended\n");
			exit(1);
		}
	}
}

static void start_child(struct holder *holder, size_t n_connections)
{
	size_t at = holder->n_children++;
	int commands[2], answers[2];

	must(pipe(commands), "pipe");
	must(pipe(answers), "pipe");
	holder->children[at].pid = fork();
	must(holder->children[at].pid, "fork");
	if (holder->children[at].pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(commands[1]);
		close(answers[0]);
		for (size_t i = 0; i < at; i++)
			close(holder->children[i].commands);
		hold(at, n_connections, commands[0], answers[1]);
	}
	close(commands[0]);
	close(answers[1]);
	holder->children[at].commands = commands[1];
	holder->children[at].answers = answers[0];
}

void holder_start(struct holder *holder, size_t n_sockets)
{
	size_t left = n_sockets / 2;

	*holder = (struct holder){.n_sockets = n_sockets};
	while (left > 0 && holder->n_children < HOLDER_MAX_CHILDREN) {
		size_t n = left < CONNECTIONS_PER_CHILD ? left : CONNECTIONS_PER_CHILD;

		start_child(holder, n);
		left -= n;
	}
	wait_all(holder);
}

void holder_touch(struct holder *holder)
{
	for (size_t i = 0; i < holder->n_children; i++)
		must(write(holder->children[i].commands, "t", 1), "write");
	wait_all(holder);
}

void holder_stop(struct holder *holder)
{
	for (size_t i = 0; i < holder->n_children; i++)
		close(holder->children[i].commands);
	for (size_t i = 0; i < holder->n_children; i++) {
		close(holder->children[i].answers);
		waitpid(holder->children[i].pid, NULL, 0);
	}
	holder->n_children = 0;
}
