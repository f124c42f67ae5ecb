/* SPDX-License-Identifier: MIT */
#include "tcptop_rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcptop_run.h"

#define POLL_STEP_MS 50

/* The documented columns of --log-columns all, in their order. */
static const char *const COLUMNS[] = {
	"timestamp",
	"protocol",
	"local_addr",
	"local_port",
	"remote_addr",
	"remote_port",
	"pid",
	"process_name",
	"state",
	"bytes_in",
	"bytes_out",
	"packets_in",
	"packets_out",
	"rate_in_bytes_sec",
	"rate_out_bytes_sec",
	"rtt_us",
	"event",
	"duration_ms",
	"retrans",
	"lost_reason",
	"cgroup",
	"container",
	"netns",
	"uid",
	"attribution",
};

enum column {
	COL_TIMESTAMP,
	COL_PROTOCOL,
	COL_LOCAL_ADDR,
	COL_LOCAL_PORT,
	COL_REMOTE_ADDR,
	COL_REMOTE_PORT,
	COL_PID,
	COL_PROCESS_NAME,
	COL_STATE,
	COL_BYTES_IN,
	COL_BYTES_OUT,
	COL_PACKETS_IN,
	COL_PACKETS_OUT,
	COL_RATE_IN,
	COL_RATE_OUT,
	COL_RTT_US,
	COL_EVENT,
	COL_DURATION_MS,
	COL_RETRANS,
	COL_LOST_REASON,
	COL_CGROUP,
	COL_CONTAINER,
	COL_NETNS,
	COL_UID,
	COL_ATTRIBUTION,
	N_COLUMNS,
};

static bool read_u64(const char *text, uint64_t *ret_value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static bool read_counter(const char *text, uint64_t *ret_value, bool *ret_counted)
{
	*ret_counted = strcmp(text, "n/a") != 0;
	*ret_value = 0;
	return !*ret_counted || read_u64(text, ret_value);
}

/* Two decimals, as promised; empty when not known. */
static bool read_rate(const char *text, double *ret_rate, bool *ret_known)
{
	const char *dot = strchr(text, '.');
	char *end;

	*ret_rate = 0;
	*ret_known = *text != '\0';
	if (!*ret_known)
		return true;
	*ret_rate = strtod(text, &end);
	return *end == '\0' && dot && strlen(dot) == 3 && *ret_rate >= 0;
}

static bool read_endpoint(const char *addr, const char *port, struct traffic_endpoint *ret_endpoint)
{
	uint64_t number;

	if (!read_u64(port, &number) || number > UINT16_MAX)
		return false;
	return traffic_endpoint_parse(addr, (uint16_t)number, ret_endpoint) == 0;
}

/* RFC 3339 in UTC: 2026-11-21T08:54:52.123Z */
static bool read_time(const char *text, uint64_t *ret_ms)
{
	struct tm tm = {.tm_isdst = 0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	unsigned int ms;
	int used = 0;

	if (!rest || sscanf(rest, ".%3uZ%n", &ms, &used) != 1 || used != 5 || rest[used])
		return false;
	*ret_ms = (uint64_t)timegm(&tm) * 1000 + ms;
	return true;
}

static bool read_numbers(const struct csv_table *table, size_t i, struct tcptop_row *row)
{
	bool in = false, out = false, packets = false;
	uint64_t pid = 0;

	if (!read_counter(csv_field(table, i, COL_BYTES_IN), &row->bytes_in, &in) ||
	    !read_counter(csv_field(table, i, COL_BYTES_OUT), &row->bytes_out, &out) ||
	    !read_counter(csv_field(table, i, COL_PACKETS_IN), &row->packets_in, &packets) ||
	    !read_counter(csv_field(table, i, COL_PACKETS_OUT), &row->packets_out, &packets))
		return false;
	row->counted = in && out && packets;
	if (!read_rate(csv_field(table, i, COL_RATE_IN), &row->rate_in, &row->rate_known) ||
	    !read_rate(csv_field(table, i, COL_RATE_OUT), &row->rate_out, &row->rate_known))
		return false;
	if (*csv_field(table, i, COL_PID) && !read_u64(csv_field(table, i, COL_PID), &pid))
		return false;
	row->pid = (pid_t)pid;
	if (*csv_field(table, i, COL_RETRANS) &&
	    !read_u64(csv_field(table, i, COL_RETRANS), &row->retrans))
		row->retrans = 0;
	return true;
}

static bool read_row(const struct csv_table *table, size_t i, struct tcptop_row *row)
{
	const char *event = csv_field(table, i, COL_EVENT);
	const char *protocol = csv_field(table, i, COL_PROTOCOL);

	row->timestamp = csv_field(table, i, COL_TIMESTAMP);
	row->local_addr = csv_field(table, i, COL_LOCAL_ADDR);
	row->remote_addr = csv_field(table, i, COL_REMOTE_ADDR);
	row->process_name = csv_field(table, i, COL_PROCESS_NAME);
	row->state = csv_field(table, i, COL_STATE);
	row->rtt_us = csv_field(table, i, COL_RTT_US);
	row->lost_reason = csv_field(table, i, COL_LOST_REASON);
	row->netns = csv_field(table, i, COL_NETNS);
	row->attribution = csv_field(table, i, COL_ATTRIBUTION);
	row->duration_known = *csv_field(table, i, COL_DURATION_MS) != '\0';
	row->tcp = strcmp(protocol, "TCP") == 0;
	row->closed = strcmp(event, "closed") == 0;
	return (row->tcp || strcmp(protocol, "UDP") == 0) &&
	       (row->closed || strcmp(event, "update") == 0) &&
	       read_time(row->timestamp, &row->time_ms) && read_numbers(table, i, row) &&
	       read_endpoint(row->local_addr, csv_field(table, i, COL_LOCAL_PORT), &row->local) &&
	       read_endpoint(row->remote_addr, csv_field(table, i, COL_REMOTE_PORT), &row->remote);
}

static bool header_is_ours(const struct csv_table *table)
{
	if (table->n_columns != N_COLUMNS)
		return false;
	for (int i = 0; i < N_COLUMNS; i++) {
		if (csv_column(table, COLUMNS[i]) != i)
			return false;
	}
	return true;
}

static void note_bad_row(const struct csv_table *table, size_t row)
{
	char text[1024] = "";
	size_t len = 0;

	for (int i = 0; i < N_COLUMNS && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s|",
					csv_field(table, row, i));
	tap_note("row %zu of the log is not what is documented: %s", row + 1, text);
}

int tcptop_rows_read(const char *log_path, struct tcptop_rows *ret_rows)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = NULL;
	CLEANUP(free_p) struct tcptop_row *rows = NULL;
	int r = csv_read_file(log_path, &table);

	if (r < 0)
		return r;
	if (!header_is_ours(table))
		return -EBADMSG;
	rows = calloc(table->n_rows + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_rows; i++) {
		if (!read_row(table, i, &rows[i])) {
			note_bad_row(table, i);
			return -EBADMSG;
		}
	}
	ret_rows->n = table->n_rows;
	ret_rows->rows = STEAL(rows);
	ret_rows->table = STEAL(table);
	return 0;
}

void tcptop_rows_done(struct tcptop_rows *rows)
{
	csv_table_free(rows->table);
	free(rows->rows);
	*rows = (struct tcptop_rows){.n = 0};
}

static bool row_matches(const struct tcptop_row *row, const struct traffic_end *end,
			enum tcptop_rows_kind kind)
{
	if (row->tcp == end->udp || (kind == TCPTOP_ROWS_UPDATE && row->closed) ||
	    (kind == TCPTOP_ROWS_CLOSED && !row->closed))
		return false;
	return traffic_endpoint_equal(&row->local, &end->local) &&
	       traffic_endpoint_equal(&row->remote, &end->remote);
}

const struct tcptop_row *tcptop_rows_next(const struct tcptop_rows *rows,
					  const struct traffic_end *end, enum tcptop_rows_kind kind,
					  const struct tcptop_row *after)
{
	for (size_t i = after ? (size_t)(after - rows->rows) + 1 : 0; i < rows->n; i++) {
		if (row_matches(&rows->rows[i], end, kind))
			return &rows->rows[i];
	}
	return NULL;
}

size_t tcptop_rows_count(const struct tcptop_rows *rows, const struct traffic_end *end,
			 enum tcptop_rows_kind kind)
{
	const struct tcptop_row *row = NULL;
	size_t n = 0;

	while ((row = tcptop_rows_next(rows, end, kind, row)))
		n++;
	return n;
}

const struct tcptop_row *tcptop_rows_last(const struct tcptop_rows *rows,
					  const struct traffic_end *end, enum tcptop_rows_kind kind)
{
	for (size_t i = rows->n; i > 0; i--) {
		if (row_matches(&rows->rows[i - 1], end, kind))
			return &rows->rows[i - 1];
	}
	return NULL;
}

const struct tcptop_row *tcptop_rows_check_closed(const struct tcptop_rows *rows,
						  const struct traffic_end *end, const char *name)
{
	const struct tcptop_row *row = tcptop_rows_last(rows, end, TCPTOP_ROWS_CLOSED);

	is_int(end->error, 0, "%s: the application got through", name);
	is_int(tcptop_rows_count(rows, end, TCPTOP_ROWS_CLOSED), 1, "%s: one closed row", name);
	if (!row)
		return NULL;
	is_str(row->state, "CLOSED", "%s: state", name);
	is_int(row->pid, end->pid, "%s: owner", name);
	is_int(row->bytes_out, end->sent, "%s: bytes sent", name);
	is_int(row->bytes_in, end->received, "%s: bytes received", name);
	return row;
}

const struct tcptop_row *tcptop_rows_check_udp(const struct tcptop_rows *rows,
					       const struct traffic_end *end, const char *name)
{
	const struct tcptop_row *row = tcptop_rows_last(rows, end, TCPTOP_ROWS_ANY);

	is_int(end->error, 0, "%s: the application got through", name);
	ok(row, "%s: has a row", name);
	if (!row)
		return NULL;
	is_str(row->rtt_us, "N/A", "%s: no round trip time", name);
	is_int(row->pid, end->pid, "%s: owner", name);
	is_int(row->bytes_out, end->sent, "%s: bytes sent", name);
	is_int(row->bytes_in, end->received, "%s: bytes received", name);
	is_int(row->packets_out, end->sent_packets, "%s: datagrams sent", name);
	is_int(row->packets_in, end->received_packets, "%s: datagrams received", name);
	return row;
}

int tcptop_rows_await(const char *log_path, const struct traffic_end *end,
		      bool (*accept)(const struct tcptop_row *row, const void *user),
		      const void *user, struct tcptop_rows *ret_rows)
{
	for (int ms = 0; ms < TCPTOP_RUN_TIMEOUT_MS; ms += POLL_STEP_MS) {
		struct tcptop_rows rows = {.n = 0};
		const struct tcptop_row *row = NULL;
		/* A torn last row while a tick is being written is no failure here. */
		int r = tcptop_rows_read(log_path, &rows);

		if (r < 0 && r != -EBADMSG)
			return r;
		while (r == 0 && (row = tcptop_rows_next(&rows, end, TCPTOP_ROWS_ANY, row))) {
			if (!accept || accept(row, user)) {
				*ret_rows = rows;
				return 0;
			}
		}
		tcptop_rows_done(&rows);
		poll(NULL, 0, POLL_STEP_MS);
	}
	return -ETIMEDOUT;
}
