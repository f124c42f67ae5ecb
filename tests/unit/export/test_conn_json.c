/* SPDX-License-Identifier: MIT */
#include "export/conn_json.h"
#include "sample_rows.h"
#include "tap.h"

#define TICK_LINE(conns, lost)                                                                     \
	"{\"v\":1,\"type\":\"tick\",\"time\":\"" SAMPLE_TIME                                       \
	"\",\"interval_ms\":1000,\"source\":\"bpf: tcp sk_storage\",\"conns\":" conns              \
	",\"lost\":{" lost "}}\n"
#define LOST_UNKNOWN                                                                               \
	"\"finals\":null,\"names\":null,\"sockets\":null,\"flows\":null,\"bad_records\":null,"     \
	"\"evicted_conns\":null,\"refused_events\":null"
#define ROW(type, proto, local, local_port, remote, remote_port)                                   \
	"{\"v\":1,\"type\":\"" type "\",\"time\":\"" SAMPLE_TIME "\",\"proto\":\"" proto           \
	"\",\"local\":{\"addr\":\"" local "\",\"port\":" local_port                                \
	"},\"remote\":{\"addr\":\"" remote "\",\"port\":" remote_port "},"
#define SSHD                                                                                       \
	"\"pid\":812,\"process\":\"sshd\",\"attribution\":\"task_file\",\"uid\":0,"                \
	"\"user\":\"0\",\"cgroup\":null,\"container\":null,\"netns\":\"4026531840\","
#define COUNTERS                                                                                   \
	"\"bytes_in\":1258291,\"bytes_out\":340,\"packets_in\":900,\"packets_out\":12,"            \
	"\"rate_in_bytes_per_sec\":1228.80,\"rate_out_bytes_per_sec\":0.00,"
#define TCP_INFO                                                                                   \
	"\"rtt_us\":350,\"rttvar_us\":40,\"cwnd_segments\":10,\"retrans_segments\":3,"             \
	"\"retrans_bytes\":4344,\"delivery_rate_bytes_per_sec\":125000,\"busy_us\":1000,"          \
	"\"rwnd_limited_us\":200,\"sndbuf_limited_us\":30,\"unsent_bytes\":4,"                     \
	"\"unacked_bytes\":5,\"unread_bytes\":6,"
#define IDENTITY "\"cookie\":\"12297829382473034410\",\"generation\":1}\n"

static const struct conn_text_options plain_options;
static const struct conn_json_tick about = {
	.realtime_ns = SAMPLE_REALTIME_NS, .interval_ms = 1000, .source = "bpf: tcp sk_storage"};

static void test_start(struct str_buf *buf)
{
	str_buf_clear(buf);
	conn_json_start(buf, SAMPLE_REALTIME_NS, "bpf: \"quoted\"");
	is_str(buf->data,
	       "{\"v\":1,\"type\":\"start\",\"time\":\"" SAMPLE_TIME
	       "\",\"source\":\"bpf: \\\"quoted\\\"\"}\n",
	       "the first line says since when, and from what");
}

static void test_tcp(struct str_buf *buf)
{
	struct conn_row row = sample_tcp();
	struct conn_row lingering = sample_closed();
	struct conn_row closed = sample_closed();
	const struct conn_row *active[] = {&row, &lingering};
	const struct conn_row *ended[] = {&closed};
	struct conn_tick tick = sample_tick(active, 2, ended, 1);

	conn_json_tick(buf, &plain_options, &tick, &about);
	is_str(buf->data,
	       TICK_LINE("1", LOST_UNKNOWN)
		       ROW("conn", "tcp", "10.0.0.1", "22", "10.0.0.2",
			   "51000") "\"state\":\"ESTABLISHED\"," SSHD COUNTERS TCP_INFO
				    "\"opened_ago_ms\":2000,\"partial\":false," IDENTITY ROW(
					    "closed", "tcp", "10.0.0.1", "22", "10.0.0.2",
					    "51000") "\"state\":\"CLOSED\"," SSHD COUNTERS TCP_INFO
						     "\"connect_failed\":false,\"at_least\":false,"
						     "\"opened_ago_ms\":2000,\"duration_ms\":1200,"
						     "\"partial\":false," IDENTITY,
	       "a tick, an open connection and one that closed");
}

static void test_udp(struct str_buf *buf)
{
	struct conn_row row = sample_udp();
	const struct conn_row *active[] = {&row};
	struct conn_tick tick = sample_tick(active, 1, NULL, 0);

	row.id.cookie = 0;
	row.opened_ns = 0;
	row.flags = WEIR_CONN_PARTIAL;
	str_buf_clear(buf);
	conn_json_tick(buf, &plain_options, &tick, &about);
	is_str(buf->data,
	       TICK_LINE("1", LOST_UNKNOWN)
		       ROW("conn", "udp", "fe80::1", "40000", "2001:db8::35",
			   "53") "\"pid\":null,\"process\":\"exited\",\"unknown\":\"exited\","
				 "\"attribution\":null,"
				 "\"uid\":null,\"user\":null,\"cgroup\":null,\"container\":null,"
				 "\"netns\":\"4026531840\","
				 "\"bytes_in\":1124,\"bytes_out\":40,\"packets_in\":1,\"packets_"
				 "out\":1,"
				 "\"rate_in_bytes_per_sec\":null,\"rate_out_bytes_per_sec\":null,"
				 "\"rcvbuf_drops\":7,\"opened_ago_ms\":null,\"partial\":true,"
				 "\"cookie\":null,\"generation\":1}\n",
	       "UDP: unknown is null, what it does not have is absent");
}

static void test_unknown_tcp(struct str_buf *buf)
{
	struct conn_row row = sample_tcp();
	const struct conn_row *active[] = {&row};
	struct conn_tick tick = sample_tick(active, 1, NULL, 0);

	row.flags = WEIR_CONN_NO_COUNTERS;
	row.tcp = (struct weir_tcp_info){0};
	memcpy(row.owner.comm, "\x1b\"\xff", 4);
	str_buf_clear(buf);
	conn_json_tick(buf, &plain_options, &tick, &about);
	ok(strstr(buf->data, "\"bytes_in\":null,\"bytes_out\":null,\"packets_in\":null,"
			     "\"packets_out\":null,\"rate_in_bytes_per_sec\":null,"
			     "\"rate_out_bytes_per_sec\":null,\"rtt_us\":null,\"rttvar_us\":null,"
			     "\"cwnd_segments\":null,\"retrans_segments\":null,"),
	   "what cannot be counted is null, never 0");
	ok(strstr(buf->data, "\"delivery_rate_bytes_per_sec\":null,"), "no sample is null");
	ok(strstr(buf->data, "\"process\":\"\\u001b\\\"\xef\xbf\xbd\","), "names are escaped");
}

static void test_lost(struct str_buf *buf)
{
	struct weir_conn_source_stats source = {.lost_finals = 1,
						.lost_names = 7,
						.lost_sockets = 2,
						.lost_flows = 3,
						.bad_records = 4};
	struct conn_table_stats table = {.evicted = 5, .refused = 6};
	struct conn_json_tick full = about;
	struct conn_tick tick = sample_tick(NULL, 0, NULL, 0);

	full.source_stats = &source;
	full.table_stats = &table;
	str_buf_clear(buf);
	conn_json_tick(buf, &plain_options, &tick, &full);
	is_str(buf->data,
	       TICK_LINE("0",
			 "\"finals\":1,\"names\":7,\"sockets\":2,\"flows\":3,\"bad_records\":4,"
			 "\"evicted_conns\":5,\"refused_events\":6"),
	       "an empty tick tells what was lost");
}

static void test_redacted(struct str_buf *buf)
{
	struct conn_text_options options = {
		.redact = {.remote_hash = true, .user = true, .cmd = true}};
	struct conn_row row = sample_tcp();
	const struct conn_row *active[] = {&row};
	struct conn_tick tick = sample_tick(active, 1, NULL, 0);

	str_buf_clear(buf);
	conn_json_tick(buf, &options, &tick, &about);
	ok(strstr(buf->data, "\"remote\":{\"addr\":\"h-"), "the remote address is a hash");
	ok(!strstr(buf->data, "10.0.0.2") && !strstr(buf->data, "sshd"), "what it was is nowhere");
	ok(strstr(buf->data, "\"process\":\"redacted\",\"attribution\":\"task_file\","
			     "\"uid\":null,\"user\":\"redacted\",\"cgroup\":\"redacted\","
			     "\"container\":\"redacted\","),
	   "nor are process and user");
}

int main(void)
{
	struct str_buf buf = {0};

	test_tcp(&buf);
	test_udp(&buf);
	test_unknown_tcp(&buf);
	test_lost(&buf);
	test_redacted(&buf);
	test_start(&buf);
	str_buf_done(&buf);
	return tap_done();
}
