/* SPDX-License-Identifier: MIT */

/* Traffic inside network namespaces that the test makes: it is seen from outside with its own
 * processes, bytes and datagrams, older connections too; and tcptop keeps no namespace alive. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "own_netns.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"
#include "traffic_udp.h"

#define NAMES_DIR "/run/netns"

/* A namespace and what happens in it; in shared memory. */
struct inside {
	struct traffic_pair older; /* connected before tcptop comes up */
	struct traffic_pair tcp4;
	struct traffic_pair tcp6;
	struct traffic_pair udp;
	struct traffic_gate begin; /* tcptop is up */
	struct traffic_gate end;   /* the test has seen it */
	struct traffic_end keeper; /* the process that made the namespace */
	uint32_t inode;
	char name_path[64]; /* its name is bound here, as by `ip netns add`; "": it has none */
};

static int client_sends(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, 30011);

	if (r == 0)
		r = traffic_tcp_receive(peer, fd, 207);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_answers(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive(peer, fd, 30011);

	if (r == 0)
		r = traffic_tcp_send(peer, fd, 207);
	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int client_rests(struct traffic_peer *peer, int fd)
{
	int r = traffic_rest(peer, traffic_tcp_send(peer, fd, 4099));

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_rests(struct traffic_peer *peer, int fd)
{
	int r = traffic_rest(peer, traffic_tcp_receive(peer, fd, 4099));

	if (r == 0)
		r = traffic_tcp_receive_all(peer, fd);
	return r < 0 ? r : traffic_tcp_close(fd);
}

static int send_some(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, 30, 311);
}

static int receive_some(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, 30, 311);
}

static const struct traffic_tcp_case exchange = {"exchange", client_sends, server_answers, true};
static const struct traffic_tcp_case resting = {"resting", client_rests, server_rests, true};
static const struct traffic_udp_case datagrams = {"datagrams", send_some, receive_some, false};

/* What `ip netns add` does. */
static int bind_name(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0)
		return -errno;
	close(fd);
	return mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* What `ip netns delete` does. */
static void unbind_name(const char *path)
{
	umount2(path, MNT_DETACH);
	unlink(path);
}

static int make_traffic(struct inside *in)
{
	struct traffic_plan udp = traffic_udp_plan(&datagrams, TRAFFIC_V4, NULL);
	int r = traffic_tcp_run(&exchange, TRAFFIC_V4, &in->tcp4);

	if (r == 0)
		r = traffic_tcp_run(&exchange, TRAFFIC_V6, &in->tcp6);
	return r < 0 ? r : traffic_run(&udp, &in->udp);
}

static int live_inside(struct inside *in)
{
	struct traffic_plan older = traffic_tcp_plan(&resting, TRAFFIC_V4);
	struct traffic_run run;
	int r = own_netns_enter(&in->inode);

	older.gate = &in->end;
	if (r == 0 && in->name_path[0])
		r = bind_name(in->name_path);
	if (r == 0)
		r = traffic_start(&older, &in->older, &run);
	if (r == 0)
		r = traffic_await_rest(&in->older);
	/* The test may look now; nothing else is written before the gate. */
	__atomic_store_n(&in->keeper.error, r, __ATOMIC_RELEASE);
	if (r < 0)
		return r;
	traffic_gate_await(&in->begin);
	r = make_traffic(in);
	return r < 0 ? r : traffic_finish(&run, &in->older);
}

static int run_keeper(void *arg)
{
	struct inside *in = arg;

	return live_inside(in);
}

static void check_netns(const struct tcptop_rows *rows, const struct inside *in,
			const struct traffic_end *end, const char *name)
{
	const struct tcptop_row *row = tcptop_rows_last(rows, end, TCPTOP_ROWS_ANY);
	char inode[16];

	snprintf(inode, sizeof(inode), "%u", in->inode);
	if (!row)
		return;
	if (in->name_path[0] && strcmp(row->netns, inode) != 0)
		is_str(row->netns, in->name_path + strlen(NAMES_DIR "/"), "%s: namespace", name);
	else
		is_str(row->netns, inode, "%s: namespace", name);
}

static void check_tcp(const struct tcptop_rows *rows, const struct inside *in,
		      const struct traffic_pair *pair, const char *name)
{
	char end_name[96];

	snprintf(end_name, sizeof(end_name), "%s, client", name);
	tcptop_rows_check_closed(rows, &pair->client, end_name);
	check_netns(rows, in, &pair->client, end_name);
	snprintf(end_name, sizeof(end_name), "%s, server", name);
	tcptop_rows_check_closed(rows, &pair->server, end_name);
	check_netns(rows, in, &pair->server, end_name);
}

static void check_log(const char *log_path, const struct inside *in, const char *name)
{
	struct tcptop_rows rows = {.n = 0};
	char what[64];

	if (!is_int(tcptop_rows_read(log_path, &rows), 0, "%s: the log reads back", name))
		return;
	snprintf(what, sizeof(what), "%s, IPv4", name);
	check_tcp(&rows, in, &in->tcp4, what);
	snprintf(what, sizeof(what), "%s, IPv6", name);
	check_tcp(&rows, in, &in->tcp6, what);
	snprintf(what, sizeof(what), "%s, older", name);
	check_tcp(&rows, in, &in->older, what);
	snprintf(what, sizeof(what), "%s, UDP sender", name);
	tcptop_rows_check_udp(&rows, &in->udp.client, what);
	check_netns(&rows, in, &in->udp.client, what);
	snprintf(what, sizeof(what), "%s, UDP receiver", name);
	tcptop_rows_check_udp(&rows, &in->udp.server, what);
	tcptop_rows_done(&rows);
}

static bool has_its_owner(const struct tcptop_row *row, const void *user)
{
	const struct traffic_end *end = user;

	return row->pid == end->pid && !row->closed;
}

/* The older connection is there, open, with its own process. */
static void check_older(const struct tcptop_run *run, const struct inside *in, const char *name)
{
	const struct traffic_end *ends[] = {&in->older.client, &in->older.server};

	for (int i = 0; i < 2; i++) {
		struct tcptop_rows rows = {.n = 0};

		is_int(tcptop_rows_await(run->log_path, ends[i], has_its_owner, ends[i], &rows), 0,
		       "%s: the older %s is found", name, i ? "server" : "client");
		tcptop_rows_done(&rows);
	}
}

/* Lets the namespace die under a running tcptop. */
static void watch_it_die(struct tcptop_run *run, struct inside *in, pid_t keeper, const char *name)
{
	CLEANUP(close_fd_p) int watch = -1;
	int32_t id;

	is_int(own_netns_watch(keeper, &watch, &id), 0, "%s: its end will be told", name);
	traffic_gate_open(&in->begin);
	check_older(run, in, name);
	traffic_gate_open(&in->end);
	is_int(traffic_wait(keeper), 0, "%s: the traffic got through", name);
	if (in->name_path[0])
		unbind_name(in->name_path);
	if (watch >= 0)
		is_int(own_netns_await_gone(watch, id, TCPTOP_RUN_TIMEOUT_MS), 0,
		       "%s: it is gone while tcptop runs", name);
}

static int await_keeper(const struct inside *in)
{
	int r;

	for (int ms = 0; ms < TCPTOP_RUN_TIMEOUT_MS; ms += 5) {
		r = __atomic_load_n(&in->keeper.error, __ATOMIC_ACQUIRE);
		if (r != TRAFFIC_AT_WORK)
			return r;
		poll(NULL, 0, 5);
	}
	return -ETIMEDOUT;
}

static void test_inside(const char *name_path, const char *name)
{
	struct inside *in = traffic_shared(sizeof(*in));
	struct tcptop_run run = {.pid = 0};
	pid_t keeper;

	snprintf(in->name_path, sizeof(in->name_path), "%s", name_path);
	in->keeper.error = TRAFFIC_AT_WORK;
	if (is_int(traffic_gate_make(&in->begin), 0, "%s: a gate at the begin", name) &&
	    is_int(traffic_gate_make(&in->end), 0, "%s: a gate at the end", name)) {
		keeper = traffic_fork(run_keeper, in);
		if (is_int(await_keeper(in), 0, "%s: the namespace is made", name) &&
		    is_int(tcptop_run_start(&run, NULL), 0, "%s: tcptop comes up", name)) {
			watch_it_die(&run, in, keeper, name);
			is_int(tcptop_run_stop(&run, SIGTERM), 0, "%s: ends on SIGTERM", name);
			check_log(run.log_path, in, name);
			tcptop_run_note_errors(&run);
		} else {
			kill(keeper, SIGKILL);
			traffic_wait(keeper);
		}
		if (in->name_path[0])
			unbind_name(in->name_path);
	}
	tcptop_run_done(&run);
	traffic_shared_free(in, sizeof(*in));
}

static int can_make_one(void *unused)
{
	uint32_t inode;

	(void)unused;
	return own_netns_enter(&inode);
}

int main(void)
{
	char path[64];

	tcptop_run_require_root();
	if (traffic_wait(traffic_fork(can_make_one, NULL)) != 0)
		tap_skip_all("no network namespaces");
	test_inside("", "unnamed");
	mkdir("/run", 0755);
	mkdir(NAMES_DIR, 0755);
	snprintf(path, sizeof(path), NAMES_DIR "/weir-test-%d", getpid());
	test_inside(path, "named");
	return tap_done();
}
