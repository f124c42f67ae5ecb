/* SPDX-License-Identifier: MIT */

/* On a lossy path what was sent again is not counted twice: bytes equal the applications' counts,
 * and the retransmissions are told. Losses are made by a socket filter that drops at random, which
 * every kernel has, and by netem where it is. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "own_netns.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

#define BULK (16u << 20)
/* One in twenty of what arrives: out of the 250 or more pieces that BULK comes in, the chance that
 * none is lost is one in 400,000. */
#define DROP_BELOW (UINT32_MAX / 20)

static int drop_at_random(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, DROP_BELOW, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int drop_no_more(int fd)
{
	int unused = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) < 0 ? -errno
											 : 0;
}

static int client_bulk(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, BULK);

	if (r == 0)
		r = traffic_await(peer);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_bulk(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, BULK);

	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

/* The receiver drops; the end of the connection is left in peace. */
static int server_filtered(struct traffic_peer *peer, int fd)
{
	int r = drop_at_random(fd);

	if (r == 0)
		r = traffic_tcp_receive(peer, fd, BULK);
	if (r == 0)
		r = drop_no_more(fd);
	if (r == 0)
		r = traffic_tell(peer);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static bool is_closed(const struct tcptop_row *row, const void *user)
{
	(void)user;
	return row->closed;
}

/* The last segments may be lost as well, so that a socket outlives its process for a while. */
static void await_closed(const struct tcptop_run *run, const struct traffic_end *end,
			 const char *name)
{
	struct tcptop_rows rows = {.n = 0};

	is_int(tcptop_rows_await(run->log_path, end, is_closed, NULL, &rows), 0,
	       "%s: its close is told", name);
	tcptop_rows_done(&rows);
}

static void check_log(const struct tcptop_run *run, const struct traffic_pair *pair,
		      const char *name)
{
	struct tcptop_rows rows = {.n = 0};
	const struct tcptop_row *client;

	if (!is_int(tcptop_rows_read(run->log_path, &rows), 0, "%s: the log reads back", name))
		return;
	client = tcptop_rows_check_closed(&rows, &pair->client, name);
	tcptop_rows_check_closed(&rows, &pair->server, name);
	if (client)
		ok(client->retrans > 0, "%s: %llu segments sent again", name,
		   (unsigned long long)client->retrans);
	tcptop_rows_done(&rows);
}

static void test_lossy(const struct traffic_tcp_case *tcp)
{
	struct traffic_pair *pair = traffic_shared(sizeof(*pair));
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, NULL), 0, "%s: tcptop comes up", tcp->name)) {
		is_int(traffic_tcp_run(tcp, TRAFFIC_V4, pair), 0, "%s: all comes over", tcp->name);
		await_closed(&run, &pair->client, tcp->name);
		await_closed(&run, &pair->server, tcp->name);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "%s: it ends on SIGTERM", tcp->name);
		check_log(&run, pair, tcp->name);
	}
	tcptop_run_done(&run);
	traffic_shared_free(pair, sizeof(*pair));
}

/* --- netem --- */

static int run_tc(void *unused)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)unused;
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	execlp("tc", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "2%",
	       (char *)NULL);
	return -errno;
}

/* Loopback as a link: with its own packet size a bulk is few packets. */
static int set_mtu(void)
{
	CLEANUP(close_fd_p) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_mtu = 1500};

	return fd < 0 || ioctl(fd, SIOCSIFMTU, &request) < 0 ? -errno : 0;
}

static void test_netem(void)
{
	static const struct traffic_tcp_case netem = {"netem", client_bulk, server_bulk, false};
	uint32_t inode;

	if (own_netns_enter(&inode) < 0 || set_mtu() < 0) {
		tap_skip("netem", "no network namespace for it");
		return;
	}
	if (traffic_wait(traffic_fork(run_tc, NULL)) != 0) {
		tap_skip("netem", "no tc, or no netem in this kernel");
		return;
	}
	test_lossy(&netem);
}

int main(void)
{
	static const struct traffic_tcp_case filter = {"socket filter", client_bulk,
						       server_filtered, false};

	tcptop_run_require_root();
	test_lossy(&filter);
	test_netem();
	return tap_done();
}
