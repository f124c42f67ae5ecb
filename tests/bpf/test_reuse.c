/* SPDX-License-Identifier: MIT */

/* What looks like one connection and is several, or like one and is none: the same addresses twice
 * in a row, two connections of one socket, a connect() that is refused. */

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

#define FIRST 1009
#define SECOND 20011

/* What one socket, or one 4-tuple, did in each of its lives. */
struct lives {
	struct traffic_pair whole;
	struct traffic_pair first;
	struct traffic_pair second;
};

static struct lives *lives_of(const struct traffic_peer *peer)
{
	/* It lives in shared memory made to be written by both ends. */
	return (struct lives *)(uintptr_t)peer->arg;
}

/* A client's socket bound to a port of its own choice, or to port (0: the kernel's choice). */
static int bound_socket(uint16_t *port, int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr;
	struct traffic_endpoint local;
	socklen_t len = traffic_loopback(TRAFFIC_V4, true, *port, &addr);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	traffic_endpoint_from(&addr, &local);
	*port = local.port;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int connect_to(int fd, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = traffic_loopback(TRAFFIC_V4, true, port, &addr);

	return connect(fd, (struct sockaddr *)&addr, len) < 0 ? -errno : 0;
}

/* Sends, and goes on only when the server has read it all. */
static int send_and_settle(struct traffic_peer *peer, struct traffic_end *end, int fd, size_t len)
{
	struct traffic_peer one = *peer;
	int r = traffic_note_socket(end, fd);

	one.end = end;
	if (r == 0)
		r = traffic_tcp_send(&one, fd, len);
	return r < 0 ? r : traffic_await(peer);
}

static int serve_life(struct traffic_peer *peer, struct traffic_end *end, int listener, size_t len)
{
	struct traffic_peer one = *peer;
	CLEANUP(close_fd_p) int fd = -1;
	int r;

	one.end = end;
	r = traffic_tcp_accept(&one, listener, &fd);
	if (r == 0)
		r = traffic_tcp_receive(&one, fd, len);
	if (r == 0)
		r = traffic_tell(peer);
	return r < 0 ? r : traffic_tcp_await_reset(&one, fd);
}

static int serve_both(struct traffic_peer *peer)
{
	struct lives *lives = lives_of(peer);
	CLEANUP(close_fd_p) int listener = -1;
	uint16_t port;
	int r = traffic_tcp_listen(TRAFFIC_V4, &listener, &port);

	if (r == 0)
		r = traffic_tell_data(peer, &port, sizeof(port));
	if (r == 0)
		r = serve_life(peer, &lives->first.server, listener, FIRST);
	return r < 0 ? r : serve_life(peer, &lives->second.server, listener, SECOND);
}

/* --- the same 4-tuple twice --- */

static int one_life(struct traffic_peer *peer, struct traffic_end *end, uint16_t *local_port,
		    uint16_t port, size_t len)
{
	int fd = -1;
	int r = bound_socket(local_port, &fd);

	if (r == 0)
		r = connect_to(fd, port);
	if (r == 0)
		r = send_and_settle(peer, end, fd, len);
	/* A reset leaves no TIME_WAIT, so the addresses are free at once. */
	return r < 0 ? r : traffic_tcp_close_reset(fd);
}

static int same_tuple_client(struct traffic_peer *peer)
{
	struct lives *lives = lives_of(peer);
	uint16_t port, local_port = 0;
	int r = traffic_await_data(peer, &port, sizeof(port));

	if (r == 0)
		r = one_life(peer, &lives->first.client, &local_port, port, FIRST);
	return r < 0 ? r : one_life(peer, &lives->second.client, &local_port, port, SECOND);
}

/* Both lives have the same addresses, so that their closed rows are told apart by order. */
static void check_twice(const struct tcptop_rows *rows, const struct traffic_end *first,
			const struct traffic_end *second, const char *name)
{
	const struct tcptop_row *row;

	ok(traffic_endpoint_equal(&first->local, &second->local) &&
		   traffic_endpoint_equal(&first->remote, &second->remote),
	   "%s: it is the same 4-tuple", name);
	is_int(tcptop_rows_count(rows, first, TCPTOP_ROWS_CLOSED), 2, "%s: two closed rows", name);
	row = tcptop_rows_next(rows, first, TCPTOP_ROWS_CLOSED, NULL);
	if (!row)
		return;
	is_int(row->bytes_in + row->bytes_out, FIRST, "%s: bytes of the first", name);
	is_int(row->pid, first->pid, "%s: owner of the first", name);
	row = tcptop_rows_next(rows, first, TCPTOP_ROWS_CLOSED, row);
	if (!row)
		return;
	is_int(row->bytes_in + row->bytes_out, SECOND, "%s: bytes of the second", name);
	is_int(row->pid, second->pid, "%s: owner of the second", name);
}

/* --- one socket, two connections --- */

static int reconnecting_client(struct traffic_peer *peer)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	struct lives *lives = lives_of(peer);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port;
	int r = traffic_await_data(peer, &port, sizeof(port));

	if (r == 0)
		r = connect_to(fd, port);
	if (r == 0)
		r = send_and_settle(peer, &lives->first.client, fd, FIRST);
	if (r == 0 && connect(fd, &nowhere, sizeof(nowhere)) < 0)
		r = -errno;
	if (r == 0)
		r = connect_to(fd, port);
	if (r == 0)
		r = send_and_settle(peer, &lives->second.client, fd, SECOND);
	return r < 0 ? r : traffic_tcp_close_reset(fd);
}

static void check_reconnect(const struct tcptop_rows *rows, const struct lives *lives)
{
	is_int(lives->whole.client.error, 0, "reconnect: the client got through");
	is_int(lives->whole.server.error, 0, "reconnect: the server got through");
	if (traffic_endpoint_equal(&lives->first.client.local, &lives->second.client.local)) {
		check_twice(rows, &lives->first.client, &lives->second.client, "reconnect");
		return;
	}
	tcptop_rows_check_closed(rows, &lives->first.client, "reconnect, first");
	tcptop_rows_check_closed(rows, &lives->second.client, "reconnect, second");
	tcptop_rows_check_closed(rows, &lives->first.server, "reconnect, first server");
	tcptop_rows_check_closed(rows, &lives->second.server, "reconnect, second server");
}

/* --- refused --- */

/* Nobody listens on a port that is merely bound, and nobody else can take it meanwhile. */
static int connect_refused(struct traffic_end *end)
{
	CLEANUP(close_fd_p) int bound = -1;
	CLEANUP(close_fd_p) int fd = -1;
	uint16_t port = 0, local_port = 0;
	struct sockaddr_storage addr;
	int r = bound_socket(&port, &bound);

	if (r == 0)
		r = bound_socket(&local_port, &fd);
	if (r < 0)
		return r;
	traffic_loopback(TRAFFIC_V4, true, local_port, &addr);
	traffic_endpoint_from(&addr, &end->local);
	traffic_loopback(TRAFFIC_V4, true, port, &addr);
	traffic_endpoint_from(&addr, &end->remote);
	end->pid = getpid();
	return connect_to(fd, port) == -ECONNREFUSED ? 0 : -EPROTO;
}

static void check_refused(const struct tcptop_rows *rows, const struct traffic_end *end)
{
	const struct tcptop_row *row = tcptop_rows_check_closed(rows, end, "refused");

	if (!row)
		return;
	ok(strstr(row->lost_reason, "connect-failed"), "refused: says so");
	is_int(row->packets_in + row->packets_out, 0, "refused: no data segment");
}

static int run_lives(traffic_peer_fn client, struct lives *lives)
{
	struct traffic_plan plan = {.client = client, .server = serve_both, .arg = lives};
	int r = traffic_run(&plan, &lives->whole);

	return r < 0 ? r : traffic_settle(lives->first.server.local.port);
}

static void check_log(const char *log_path, const struct lives *lives,
		      const struct traffic_end *refused)
{
	struct tcptop_rows rows = {.n = 0};

	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "the log reads back"))
		return;
	check_twice(&rows, &lives[0].first.client, &lives[0].second.client, "same tuple, client");
	check_twice(&rows, &lives[0].first.server, &lives[0].second.server, "same tuple, server");
	check_reconnect(&rows, &lives[1]);
	check_refused(&rows, refused);
	tcptop_rows_done(&rows);
}

int main(void)
{
	struct traffic_end refused = {.pid = 0};
	struct lives *lives;
	struct tcptop_run run;

	tcptop_run_require_root();
	lives = traffic_shared(2 * sizeof(*lives));
	if (is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up")) {
		is_int(run_lives(same_tuple_client, &lives[0]), 0, "same tuple: twice connected");
		is_int(run_lives(reconnecting_client, &lives[1]), 0, "reconnect: twice connected");
		is_int(connect_refused(&refused), 0, "refused: connect() says so");
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		check_log(run.log_path, lives, &refused);
		tcptop_run_note_errors(&run);
	}
	tcptop_run_done(&run);
	traffic_shared_free(lives, 2 * sizeof(*lives));
	return tap_done();
}
