/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/cleanup.h"
#include "csv_read.h"
#include "export/conn_csv.h"
#include "sample_rows.h"
#include "tap.h"

#define HEADER_16                                                                                  \
	"timestamp,protocol,local_addr,local_port,remote_addr,remote_port,pid,process_name,"       \
	"state,bytes_in,bytes_out,packets_in,packets_out,rate_in_bytes_sec,rate_out_bytes_sec,"    \
	"rtt_us"
#define HEADER_ALL                                                                                 \
	HEADER_16 ",event,duration_ms,retrans,lost_reason,cgroup,container,netns,uid,attribution"

static const struct conn_text_options plain_options;

static const char *cgroup_of(void *user, const struct conn_row *row)
{
	(void)row;
	return user;
}

/* One row alone, with the columns named. */
static void add_one(struct str_buf *buf, const char *columns_text, const struct conn_row *row,
		    const struct conn_text_options *options)
{
	const struct conn_row *rows[] = {row};
	bool closed = row->closed_ns != 0;
	struct conn_tick tick = sample_tick(rows, !closed, rows, closed);
	struct conn_csv_columns columns;
	struct str_buf error = {0};

	str_buf_clear(buf);
	if (is_int(conn_csv_columns_parse(columns_text, &columns, &error), 0, "columns '%s'",
		   columns_text))
		conn_csv_tick(buf, &columns, options, &tick, SAMPLE_REALTIME_NS);
	str_buf_done(&error);
}

static void test_columns(void)
{
	static const struct {
		const char *text;
		const char *header;
	} good[] = {
		{"default", HEADER_16 "\n"},
		{"all", HEADER_ALL "\n"},
		{"pid", "pid\n"},
		{"rtt_us,timestamp,event", "rtt_us,timestamp,event\n"},
		{HEADER_ALL, HEADER_ALL "\n"},
	};
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{"", "''"},           {"pid,color", "'color'"},        {"pid,", "''"},
		{"pid,all", "'all'"}, {"uid,pid,uid", "twice: 'uid'"}, {"PID", "'PID'"},
	};
	struct str_buf buf = {0};
	struct str_buf error = {0};
	struct conn_csv_columns columns = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_int(conn_csv_columns_parse(good[i].text, &columns, &error), 0, "'%s'",
		       good[i].text);
		str_buf_clear(&buf);
		conn_csv_header(&buf, &columns);
		is_str(buf.data, good[i].header, "and its header");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conn_csv_columns before = columns;

		str_buf_clear(&error);
		is_int(conn_csv_columns_parse(bad[i].text, &columns, &error), -EINVAL,
		       "'%s' is refused", bad[i].text);
		ok(strstr(error.data, bad[i].says), "and the bad one is named: %s", error.data);
		ok(memcmp(&before, &columns, sizeof(columns)) == 0, "and nothing changed");
	}
	str_buf_done(&buf);
	str_buf_done(&error);
}

static void test_tick(void)
{
	struct conn_row tcp = sample_tcp();
	struct conn_row udp = sample_udp();
	struct conn_row closed = sample_closed();
	struct conn_row lingering = sample_closed();
	const struct conn_row *active[] = {&tcp, &lingering, &udp};
	const struct conn_row *ended[] = {&closed};
	struct conn_tick tick = sample_tick(active, 3, ended, 1);
	struct conn_csv_columns columns = conn_csv_columns_default();
	struct str_buf buf = {0};

	conn_csv_tick(&buf, &columns, &plain_options, &tick, SAMPLE_REALTIME_NS);
	is_str(buf.data,
	       SAMPLE_TIME ",TCP,10.0.0.1,22,10.0.0.2,51000,812,sshd,ESTABLISHED,"
			   "1258291,340,900,12,1228.80,0.00,350\n" SAMPLE_TIME
			   ",UDP,fe80::1,40000,2001:db8::35,53,,exited,UDP,"
			   "1124,40,1,1,,,N/A\n" SAMPLE_TIME
			   ",TCP,10.0.0.1,22,10.0.0.2,51000,812,sshd,CLOSED,"
			   "1258291,340,900,12,1228.80,0.00,350\n",
	       "active rows, then closed ones, each close once, one time for all");
	str_buf_done(&buf);
}

static void test_all_columns(void)
{
	struct conn_names names = {.user = "/system.slice/ssh.service", .cgroup = cgroup_of};
	struct conn_text_options options = {.names = &names};
	struct conn_row row = sample_tcp();
	struct str_buf buf = {0};

	add_one(&buf, "all", &row, &options);
	is_str(buf.data,
	       SAMPLE_TIME ",TCP,10.0.0.1,22,10.0.0.2,51000,812,sshd,ESTABLISHED,"
			   "1258291,340,900,12,1228.80,0.00,350,"
			   "update,2000,3,,/system.slice/ssh.service,,4026531840,0,task_file\n",
	       "all columns of an open TCP connection");
	row = sample_udp();
	row.opened_ns = 0;
	row.id.netns = 0;
	add_one(&buf, "all", &row, &plain_options);
	is_str(buf.data,
	       SAMPLE_TIME ",UDP,fe80::1,40000,2001:db8::35,53,,exited,UDP,1124,40,1,1,,,N/A,"
			   "update,,N/A,exited;rcvbuf:7,,,,,\n",
	       "all columns of a UDP flow of which little is known");
	str_buf_done(&buf);
}

static void test_single_fields(void)
{
	struct conn_row row = sample_tcp();
	struct str_buf buf = {0};

	row.tcp.srtt_us = 0;
	add_one(&buf, "rtt_us", &row, &plain_options);
	is_str(buf.data, "N/A\n", "TCP without a sample has no RTT");
	row.flags = WEIR_CONN_NO_COUNTERS;
	add_one(&buf, "bytes_in,bytes_out,packets_in,packets_out,rate_in_bytes_sec,retrans", &row,
		&plain_options);
	is_str(buf.data, "n/a,n/a,n/a,n/a,,n/a\n", "what cannot be counted is not 0");
	row = sample_closed();
	row.flags = WEIR_CONN_CONNECT_FAILED;
	row.owner.unknown = WEIR_UNKNOWN_NO_CAP;
	add_one(&buf, "state,event,duration_ms,lost_reason", &row, &plain_options);
	is_str(buf.data, "CLOSED,closed,1200,no-cap;connect-failed\n", "a connect that failed");
	row.flags = WEIR_CONN_AT_LEAST;
	row.owner.unknown = WEIR_UNKNOWN_NOT;
	add_one(&buf, "event,lost_reason", &row, &plain_options);
	is_str(buf.data, "closed,at-least\n", "an end that was lost is said to be");
	row = sample_tcp();
	row.state = WEIR_TCP_CLOSE;
	add_one(&buf, "state,event", &row, &plain_options);
	is_str(buf.data, "CLOSED,update\n", "CLOSE reads CLOSED even before it is reported");
	row.owner.pid = 0;
	add_one(&buf, "pid", &row, &plain_options);
	is_str(buf.data, "\"\"\n", "a lone unknown pid is still a row");
	str_buf_done(&buf);
}

static void test_names_from_outside(void)
{
	struct conn_row row = sample_tcp();
	struct str_buf buf = {0};

	memcpy(row.owner.comm, "a,\"b\"\n\x1b[2J\xff", 12);
	add_one(&buf, "process_name,pid", &row, &plain_options);
	is_str(buf.data, "\"a,\"\"b\"\"\\x0a\\x1b[2J\\xff\",812\n",
	       "commas, quotes, line breaks, ESC and bad bytes in a name");
	str_buf_done(&buf);
}

static void test_redacted(void)
{
	struct conn_names names = {.user = "/user.slice/user-1000.slice", .cgroup = cgroup_of};
	struct conn_text_options options = {.names = &names,
					    .redact = {.remote_hash = true, .user = true}};
	struct conn_row row = sample_tcp();
	struct str_buf buf = {0};
	struct str_buf want = {0};

	redact_addr(&options.redact, &want, &row.id.remote);
	str_buf_puts(&want, ",10.0.0.1,51000,sshd,redacted,redacted\n");
	add_one(&buf, "remote_addr,local_addr,remote_port,process_name,uid,cgroup", &row, &options);
	is_str(buf.data, want.data, "remote=hash,user");
	options.redact = (struct redact){.cmd = true};
	add_one(&buf, "remote_addr,process_name,uid,cgroup,container", &row, &options);
	is_str(buf.data, "10.0.0.2,redacted,0,redacted,redacted\n", "cmd");
	row = sample_udp();
	add_one(&buf, "process_name", &row, &options);
	is_str(buf.data, "exited\n", "the reason why nobody is known is no secret");
	str_buf_done(&buf);
	str_buf_done(&want);
}

/* The reader in tests/lib shares no line with the writer. */
static void test_read_back(void)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = NULL;
	struct conn_row tcp = sample_tcp();
	struct conn_row udp = sample_udp();
	const struct conn_row *active[] = {&tcp, &udp};
	struct conn_tick tick = sample_tick(active, 2, NULL, 0);
	struct conn_csv_columns columns;
	struct str_buf buf = {0};
	struct str_buf error = {0};

	memcpy(tcp.owner.comm, "\"x\",y", 6);
	conn_csv_columns_parse("all", &columns, &error);
	conn_csv_header(&buf, &columns);
	conn_csv_tick(&buf, &columns, &plain_options, &tick, SAMPLE_REALTIME_NS);
	is_int(csv_read_text(buf.data, buf.len, &table), 0, "an RFC 4180 reader takes it");
	if (table) {
		is_int(table->n_rows, 2, "two rows");
		is_int(table->n_columns, 25, "of 25 fields");
		is_str(csv_field(table, 0, csv_column(table, "process_name")), "\"x\",y",
		       "quotes and commas come back");
		is_str(csv_field(table, 1, csv_column(table, "rtt_us")), "N/A",
		       "fields stand under their names");
	}
	str_buf_done(&buf);
	str_buf_done(&error);
}

int main(void)
{
	test_columns();
	test_tick();
	test_all_columns();
	test_single_fields();
	test_names_from_outside();
	test_redacted();
	test_read_back();
	return tap_done();
}
