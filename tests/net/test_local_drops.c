/* SPDX-License-Identifier: MIT */

/*
 * A queue of our own host that drops: the kernel counts such a segment as sent, and counts it again
 * when it is tried again, as new. What the application sent is counted once all the same.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_netns.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"

#define SENT_BYTES 1500007
/* A token bucket with room for 20 packets: cubic's first overshoot is dropped. */
#define SLOW_LO                                                                                    \
	"ip link set lo mtu 1500 && tc qdisc replace dev lo root tbf rate 40mbit burst 20kb "      \
	"limit 30kb 2>/dev/null"

struct inside {
	struct traffic_pair tcp4;
	struct traffic_pair tcp6;
	long dropped; /* packets, by the queue */
};

static int client_sends(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, SENT_BYTES);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_receives(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static const struct traffic_tcp_case upload = {"upload", client_sends, server_receives, false};

/* " Sent 1068650 bytes 733 pkt (dropped 748, overlimits 0 requeues 0)" */
static long count_drops(void)
{
	FILE *shown = popen("tc -s qdisc show dev lo", "r");
	const char *at;
	char line[256];
	long dropped = -1;

	while (shown && fgets(line, sizeof(line), shown)) {
		at = strstr(line, "(dropped ");
		if (at)
			dropped = strtol(at + strlen("(dropped "), NULL, 10);
	}
	if (shown)
		pclose(shown);
	return dropped;
}

static int live_inside(void *arg)
{
	struct inside *in = arg;
	uint32_t inode;
	int r = own_netns_enter(&inode);

	if (r == 0 && system(SLOW_LO) != 0)
		r = -EOPNOTSUPP;
	if (r == 0)
		r = traffic_tcp_run(&upload, TRAFFIC_V4, &in->tcp4);
	if (r == 0)
		r = traffic_tcp_run(&upload, TRAFFIC_V6, &in->tcp6);
	in->dropped = count_drops();
	return r;
}

static int can_drop(void *unused)
{
	uint32_t inode;

	(void)unused;
	return own_netns_enter(&inode) < 0 || system(SLOW_LO) != 0 ? -EOPNOTSUPP : 0;
}

static void check_pair(const struct tcptop_rows *rows, const struct traffic_pair *pair,
		       const char *name)
{
	char end_name[64];

	snprintf(end_name, sizeof(end_name), "%s, sender", name);
	tcptop_rows_check_closed(rows, &pair->client, end_name);
	snprintf(end_name, sizeof(end_name), "%s, receiver", name);
	tcptop_rows_check_closed(rows, &pair->server, end_name);
}

/* What the open connection showed on its way never ran ahead of what was sent in the end. */
static void check_way(const struct tcptop_rows *rows, const struct traffic_end *end,
		      const char *name)
{
	const struct tcptop_row *row = NULL;
	uint64_t most = 0;

	while ((row = tcptop_rows_next(rows, end, TCPTOP_ROWS_ANY, row)))
		most = row->bytes_out > most ? row->bytes_out : most;
	is_int((long)most, SENT_BYTES, "%s: no row shows more", name);
}

static void check_log(const char *path, const struct inside *in)
{
	struct tcptop_rows rows = {.n = 0};

	if (!is_int(tcptop_rows_read(path, &rows), 0, "the log reads back"))
		return;
	check_pair(&rows, &in->tcp4, "IPv4");
	check_pair(&rows, &in->tcp6, "IPv6");
	check_way(&rows, &in->tcp4.client, "IPv4");
	check_way(&rows, &in->tcp6.client, "IPv6");
	tcptop_rows_done(&rows);
}

int main(void)
{
	struct inside *in = traffic_shared(sizeof(*in));
	struct tcptop_run run = {.pid = 0};

	tcptop_run_require_root();
	if (traffic_wait(traffic_fork(can_drop, NULL)) != 0)
		tap_skip_all("no network namespace with a token bucket");
	if (is_int(tcptop_run_start(&run, NULL), 0, "tcptop comes up")) {
		is_int(traffic_wait(traffic_fork(live_inside, in)), 0, "all got through");
		ok(in->dropped > 0, "the queue has dropped some");
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "it ends on SIGTERM");
		check_log(run.log_path, in);
	}
	tcptop_run_done(&run);
	traffic_shared_free(in, sizeof(*in));
	return tap_done();
}
