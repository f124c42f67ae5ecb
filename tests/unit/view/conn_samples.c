/* SPDX-License-Identifier: MIT */
#include "conn_samples.h"

#include <stdio.h>
#include <string.h>

/* What is written down of a row; the rest follows from it. */
struct sketch {
	const char *comm;
	uint32_t pid;
	const char *local;
	uint16_t local_port;
	const char *remote;
	uint16_t remote_port;
	uint8_t proto;
	uint8_t state;
	uint8_t limit;
	uint8_t evidence;
	double rate_in;
	double rate_out;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t srtt_us;
	uint32_t age_sec; /* 0: not known */
};

#define TCP WEIR_PROTO_TCP
#define UDP WEIR_PROTO_UDP
#define EST WEIR_TCP_ESTABLISHED
#define LONG_V6 "2001:db8:1234:5678:9abc:def0:1234:"

static const struct sketch sketches[SAMPLE_ROWS] = {
	[SAMPLE_NGINX] = {"nginx", 1423, "10.1.4.2", 443, "203.0.113.9", 51544, TCP, EST,
			  WEIR_LIMIT_CWND, WEIR_EVIDENCE_FILE, 43200512, 1153434, 1209462790144,
			  96636764160, 12400, 11565},
	[SAMPLE_POSTGRES] = {"postgres", 2210, "10.1.4.2", 5432, "10.1.4.7", 40112, TCP, EST,
			     WEIR_LIMIT_RWND, WEIR_EVIDENCE_TRANSITION, 23068672, 3355443,
			     4402341888, 640679936, 400, 11520},
	[SAMPLE_RSYNC] = {"rsync", 33017, "10.1.4.2", 51002, "192.0.2.80", 873, TCP, EST,
			  WEIR_LIMIT_LOSS, WEIR_EVIDENCE_CONNECT, 9216, 819200, 1258291, 104857600,
			  212000, 130},
	[SAMPLE_V6] = {"node_exporter", 4194304, LONG_V6 "5678", 9100, LONG_V6 "9abc", 65535, TCP,
		       EST, WEIR_LIMIT_APP, WEIR_EVIDENCE_FILE, 1229, 40960, 9999, 123456, 960, 0},
	[SAMPLE_NETNS] = {"", 0, "172.17.0.2", 48010, "172.17.0.3", 6379, TCP, EST, WEIR_LIMIT_APP,
			  0, 1229, 800, 73400320, 20971520, 100, 90000},
	[SAMPLE_CHRONYD] = {"chronyd", 880, "10.1.4.2", 50123, "10.0.0.1", 123, UDP, 0, 0,
			    WEIR_EVIDENCE_CALL, 76, 76, 7600, 7600, 0, 399000},
	[SAMPLE_STATSD] = {"statsd", 990, "10.1.4.2", 8125, "10.1.4.9", 33333, UDP, 0, 0,
			   WEIR_EVIDENCE_CALL, 52428, 0, 52428800, 0, 0, 1000},
	[SAMPLE_GUESS] = {"redis-server", 1500, "10.1.4.2", 6379, "10.1.4.11", 42000, TCP,
			  WEIR_TCP_SYN_RECV, 0, WEIR_EVIDENCE_LISTENER, 0, 0, 0, 0, 0, 1},
	[SAMPLE_SSHD] = {"sshd", 812, "10.1.4.2", 22, "198.51.100.23", 60222, TCP, EST,
			 WEIR_LIMIT_NONE, WEIR_EVIDENCE_FILE, 0, 0, 34000, 120000, 31000, 0},
	[SAMPLE_NO_CAP] = {"", 0, "10.1.4.2", 8080, "10.1.4.12", 40001, TCP, EST, WEIR_LIMIT_NONE,
			   0, 0, 0, 1000, 1000, 250, 0},
	[SAMPLE_KERNEL] = {"", 0, "10.1.4.2", 845, "10.1.4.13", 2049, TCP, EST, WEIR_LIMIT_NONE, 0,
			   0, 0, 500000, 700000, 300, 300000},
	[SAMPLE_UNCOUNTED] = {"dnsmasq", 700, "10.1.4.2", 40404, "9.9.9.9", 53, UDP, 0, 0,
			      WEIR_EVIDENCE_FILE, 0, 0, 0, 0, 0, 0},
	[SAMPLE_READER] = {"java", 5005, "10.1.4.2", 9092, "10.1.4.14", 40005, TCP,
			   WEIR_TCP_CLOSE_WAIT, WEIR_LIMIT_READER, WEIR_EVIDENCE_FILE, 0, 0,
			   2097152, 10, 500, 60},
	[SAMPLE_CLOSED] = {"curl", 0, "10.1.4.2", 51010, "198.51.100.4", 443, TCP, WEIR_TCP_CLOSE,
			   0, 0, 0, 0, 52431, 812, 31000, 4},
	[SAMPLE_FAILED] = {"telnet", 6001, "10.1.4.2", 51012, "192.0.2.99", 25, TCP, WEIR_TCP_CLOSE,
			   0, WEIR_EVIDENCE_CONNECT, 0, 0, 0, 0, 0, 3},
	[SAMPLE_AT_LEAST] = {"wget", 6002, "10.1.4.2", 51014, "192.0.2.50", 80, TCP, WEIR_TCP_CLOSE,
			     0, WEIR_EVIDENCE_CONNECT, 0, 0, 88000000, 400, 20000, 9},
	[SAMPLE_LISTEN] = {"nginx", 1423, "0.0.0.0", 443, "0.0.0.0", 0, TCP, WEIR_TCP_LISTEN, 0,
			   WEIR_EVIDENCE_FILE, 0, 0, 0, 0, 0, 0},
};

static void fill_row(struct conn_row *row, const struct sketch *sketch, size_t number)
{
	*row = (struct conn_row){
		.id = {.cookie = 4096 + number,
		       .netns = 4026531840,
		       .local_port = sketch->local_port,
		       .remote_port = sketch->remote_port,
		       .proto = sketch->proto},
		.counters = {sketch->bytes_in, sketch->bytes_out, sketch->bytes_in / 1400 + 1,
			     sketch->bytes_out / 1400 + 1},
		.owner = {.pid = sketch->pid,
			  .uid = sketch->pid ? (uint32_t)(sketch->pid % 7 ? 111 : 0) : UINT32_MAX,
			  .evidence = sketch->evidence},
		.opened_ns = sketch->age_sec ? SAMPLES_NOW_NS - sketch->age_sec * SAMPLES_SEC : 0,
		.rate_in = sketch->rate_in,
		.rate_out = sketch->rate_out,
		.delta_in = (uint64_t)sketch->rate_in, /* in a tick of 1 s */
		.delta_out = (uint64_t)sketch->rate_out,
		.smooth_in = (float)sketch->rate_in,
		.smooth_out = (float)sketch->rate_out,
		.rate_known = true,
		.state = sketch->state,
		.limit = sketch->limit,
	};
	weir_addr_parse(sketch->local, &row->id.local);
	weir_addr_parse(sketch->remote, &row->id.remote);
	snprintf(row->owner.comm, sizeof(row->owner.comm), "%s", sketch->comm);
	if (sketch->proto == TCP && sketch->state == EST)
		row->tcp = (struct weir_tcp_info){.srtt_us = sketch->srtt_us,
						  .rttvar_us = sketch->srtt_us / 4,
						  .cwnd = 10,
						  .delivery_rate = 12500000};
	row->tcp.srtt_us = sketch->srtt_us;
}

/* What sets the special ones apart. */
static void fill_special(struct conn_row *rows)
{
	rows[SAMPLE_RSYNC].tcp.retrans = 2290;
	rows[SAMPLE_RSYNC].tcp.retrans_bytes = 3355443;
	rows[SAMPLE_RSYNC].tcp.unsent_bytes = 262144;
	rows[SAMPLE_RSYNC].tcp.unacked_bytes = 14480;
	rows[SAMPLE_POSTGRES].tcp.retrans = 12;
	rows[SAMPLE_POSTGRES].tcp.retrans_bytes = 17376;
	rows[SAMPLE_V6].flags = WEIR_CONN_PARTIAL;
	rows[SAMPLE_SSHD].flags = WEIR_CONN_PARTIAL;
	rows[SAMPLE_NO_CAP].flags = WEIR_CONN_PARTIAL;
	rows[SAMPLE_NETNS].owner.unknown = WEIR_UNKNOWN_OTHER_NETNS;
	rows[SAMPLE_NETNS].id.netns = 4026532200;
	rows[SAMPLE_NO_CAP].owner.unknown = WEIR_UNKNOWN_NO_CAP;
	rows[SAMPLE_KERNEL].owner.unknown = WEIR_UNKNOWN_KERNEL;
	rows[SAMPLE_CLOSED].owner.unknown = WEIR_UNKNOWN_EXITED;
	rows[SAMPLE_STATSD].rcvbuf_drops = 1234;
	rows[SAMPLE_UNCOUNTED].flags = WEIR_CONN_NO_COUNTERS;
	rows[SAMPLE_READER].rate_known = false;
	rows[SAMPLE_READER].tcp.unread_bytes = 2097152;
	rows[SAMPLE_FAILED].flags = WEIR_CONN_CONNECT_FAILED;
	rows[SAMPLE_AT_LEAST].flags = WEIR_CONN_AT_LEAST;
	for (size_t i = SAMPLE_CLOSED; i <= SAMPLE_AT_LEAST; i++)
		rows[i].closed_ns = SAMPLES_NOW_NS - SAMPLES_SEC;
}

static const char *user_name(void *user, const struct conn_row *row)
{
	(void)user;
	return row->owner.uid == 0 ? "root" : row->owner.uid == 111 ? "service" : "";
}

static const char *cgroup(void *user, const struct conn_row *row)
{
	(void)user;
	return row->owner.pid == 1423   ? "/system.slice/nginx.service"
	       : row->owner.pid == 2210 ? "/system.slice/postgresql.service"
	       : row->owner.pid == 33017
		       ? "/user.slice/user-1000.slice/user@1000.service/app.slice/backup.scope"
		       : "";
}

static const char *container(void *user, const struct conn_row *row)
{
	(void)user;
	return row->owner.pid == 1423   ? "nginx.service"
	       : row->owner.pid == 2210 ? "postgresql.service"
					: "";
}

static void fill_frame(struct samples *samples)
{
	samples->frame = (struct conn_frame){
		.tick = {.active = samples->at, .n_active = SAMPLE_ROWS, .now_ns = SAMPLES_NOW_NS},
		.realtime_ns = SAMPLES_REALTIME_NS,
		.interval_ns = SAMPLES_SEC,
		.host = "web01",
		.source = "bpf: tcp sk_storage, udp cgroup_skb (owner send/recv_length)",
		.balance = {.link = "eth0",
			    .seconds = 1,
			    .in = {.link_bytes = 86088089,
				   .link_packets = 60000,
				   .socket_bytes = 80000000,
				   .ownerless_bytes = 400000,
				   .header_bytes = 3800000,
				   .other_bytes = 1888089},
			    .out = {.link_bytes = 10066329,
				    .link_packets = 20000,
				    .socket_bytes = 9000000,
				    .retrans_bytes = 12000,
				    .header_bytes = 800000,
				    .other_bytes = 254329},
			    .rx_rate = 86088089,
			    .tx_rate = 10066329,
			    .accounted = 0.978,
			    .retrans_share = 0.0012},
	};
}

void samples_init(struct samples *samples)
{
	*samples = (struct samples){
		.names = {.user_name = user_name, .cgroup = cgroup, .container = container},
		.query = {.sort = {{.key = CONN_SORT_RATE}}, .n_sort = 1},
	};
	for (size_t i = 0; i < SAMPLE_ROWS; i++) {
		fill_row(&samples->rows[i], &sketches[i], i);
		samples->at[i] = &samples->rows[i];
		samples->lines[i].row = &samples->rows[i];
	}
	fill_special(samples->rows);
	fill_frame(samples);
	samples->words.names = &samples->names;
	samples->scene = (struct conn_scene){
		.frame = &samples->frame,
		.words = &samples->words,
		.query = &samples->query,
		.lines = samples->lines,
		.n_lines = SAMPLE_ROWS,
		.filter_text = "",
		.selection_text = "all",
		.input_error_at = -1,
		.ascii = true,
	};
}

/* Waves of their own for each row, the last of them what the row says now. */
static void put_past(struct conn_row *row, size_t tick, size_t n, size_t number)
{
	size_t step = (tick + number * 7) % 24;
	double wave = 0.2 + 0.8 * (double)(step < 12 ? step : 24 - step) / 12;
	bool is_last = tick + 1 == n;

	row->rate_in = is_last ? row->smooth_in : row->smooth_in * wave;
	row->rate_out = is_last ? row->smooth_out : row->smooth_out * (1.2 - wave);
}

struct conn_history *samples_history(struct samples *samples, size_t n)
{
	struct conn_tick tick = samples->frame.tick;
	struct conn_history *history;

	if (conn_history_new(0, &history) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		tick.now_ns = SAMPLES_NOW_NS - (n - 1 - i) * SAMPLES_SEC;
		for (size_t row = 0; row < SAMPLE_ROWS; row++)
			put_past(&samples->rows[row], i, n, row);
		if (conn_history_add(history, &tick) < 0)
			return conn_history_free(history);
	}
	samples->scene.history = history;
	return history;
}

static struct conn_group group_of(const struct conn_row *row, uint64_t key, size_t n, bool folded)
{
	return (struct conn_group){
		.key = key,
		.lead = row,
		.n_rows = n,
		.counters = row->counters,
		.rate_in = row->rate_in * (double)n,
		.rate_out = row->rate_out * (double)n,
		.retrans = row->tcp.retrans,
		.opened_ns = row->opened_ns,
		.srtt_us = row->tcp.srtt_us,
		.rate_known = row->rate_known,
		.folded = folded,
	};
}

void samples_group(struct samples *samples, bool folded)
{
	static const size_t sizes[] = {34, 12, 1, 3, 1200};
	static const size_t leads[] = {SAMPLE_NGINX, SAMPLE_POSTGRES, SAMPLE_RSYNC, SAMPLE_NETNS,
				       SAMPLE_SSHD};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		struct conn_group *group = &samples->groups[i];

		*group = group_of(&samples->rows[leads[i]], i, sizes[i], folded || i == 4);
		samples->lines[n++] = (struct conn_line){.group = group};
		for (size_t row = 0; !group->folded && row < sizes[i] && row < 4; row++)
			samples->lines[n++] = (struct conn_line){group, group->lead};
	}
	samples->scene.grouping = CONN_GROUP_PROCESS;
	samples->scene.n_lines = n;
}
