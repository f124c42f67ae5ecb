/* SPDX-License-Identifier: MIT */
#include "export/conn_csv.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "export/csv.h"

#define NOT_COUNTED "n/a"
#define NOT_HERE "N/A"
#define N_DEFAULT_COLUMNS 16

struct row_context {
	const struct conn_row *row;
	const struct conn_text_options *options;
	const char *timestamp;
	uint64_t now_ns;
};

static bool is_udp(const struct conn_row *row)
{
	return row->id.proto == WEIR_PROTO_UDP;
}

static void add_counter(struct csv *csv, const struct conn_row *row, uint64_t value)
{
	if (conn_text_has_counters(row))
		csv_add_u64(csv, value);
	else
		csv_add_text(csv, NOT_COUNTED);
}

static void add_rate(struct csv *csv, const struct conn_row *row, double rate)
{
	if (conn_text_has_rates(row))
		csv_add_fixed(csv, rate, 2);
	else
		csv_add_empty(csv);
}

static void timestamp(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, c->timestamp);
}

static void protocol(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_proto(c->row));
}

static void local_addr(struct csv *csv, const struct row_context *c)
{
	conn_text_local_addr(csv_begin_plain(csv), c->row);
}

static void local_port(struct csv *csv, const struct row_context *c)
{
	csv_add_u64(csv, c->row->id.local_port);
}

static void remote_addr(struct csv *csv, const struct row_context *c)
{
	conn_text_remote_addr(csv_begin_plain(csv), c->row, c->options);
}

static void remote_port(struct csv *csv, const struct row_context *c)
{
	csv_add_u64(csv, c->row->id.remote_port);
}

static void pid(struct csv *csv, const struct row_context *c)
{
	if (c->row->owner.pid)
		csv_add_u64(csv, c->row->owner.pid);
	else
		csv_add_empty(csv);
}

static void process_name(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_process(c->row, c->options));
}

static void state(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_state(c->row));
}

static void bytes_in(struct csv *csv, const struct row_context *c)
{
	add_counter(csv, c->row, c->row->counters.bytes_in);
}

static void bytes_out(struct csv *csv, const struct row_context *c)
{
	add_counter(csv, c->row, c->row->counters.bytes_out);
}

static void packets_in(struct csv *csv, const struct row_context *c)
{
	add_counter(csv, c->row, c->row->counters.packets_in);
}

static void packets_out(struct csv *csv, const struct row_context *c)
{
	add_counter(csv, c->row, c->row->counters.packets_out);
}

static void rate_in(struct csv *csv, const struct row_context *c)
{
	add_rate(csv, c->row, c->row->rate_in);
}

static void rate_out(struct csv *csv, const struct row_context *c)
{
	add_rate(csv, c->row, c->row->rate_out);
}

static void rtt_us(struct csv *csv, const struct row_context *c)
{
	if (is_udp(c->row) || !c->row->tcp.srtt_us)
		csv_add_text(csv, NOT_HERE);
	else
		csv_add_u64(csv, c->row->tcp.srtt_us);
}

static void event(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_is_closed(c->row) ? "closed" : "update");
}

static void duration_ms(struct csv *csv, const struct row_context *c)
{
	if (c->row->opened_ns)
		csv_add_u64(csv, conn_row_age_ns(c->row, c->now_ns) / 1000000);
	else
		csv_add_empty(csv);
}

static void retrans(struct csv *csv, const struct row_context *c)
{
	if (is_udp(c->row))
		csv_add_text(csv, NOT_HERE);
	else
		add_counter(csv, c->row, c->row->tcp.retrans);
}

static void lost_reason(struct csv *csv, const struct row_context *c)
{
	conn_text_lost_reason(csv_begin_plain(csv), c->row);
}

static void cgroup(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_cgroup(c->row, c->options));
}

static void container(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_text_container(c->row, c->options));
}

static void netns(struct csv *csv, const struct row_context *c)
{
	char scratch[16];

	csv_add_text(csv, conn_row_netns(c->row, c->options->names, scratch));
}

static void uid(struct csv *csv, const struct row_context *c)
{
	if (c->options->redact.user)
		csv_add_text(csv, REDACTED);
	else if (c->row->owner.uid != UINT32_MAX)
		csv_add_u64(csv, c->row->owner.uid);
	else
		csv_add_empty(csv);
}

static void attribution(struct csv *csv, const struct row_context *c)
{
	csv_add_text(csv, conn_row_attribution(c->row));
}

/* The names are a promise to whoever reads logs; so is the order of the first 16. */
static const struct {
	const char *name;
	void (*add)(struct csv *csv, const struct row_context *c);
} table[CONN_CSV_COLUMNS_MAX] = {
	{"timestamp", timestamp},
	{"protocol", protocol},
	{"local_addr", local_addr},
	{"local_port", local_port},
	{"remote_addr", remote_addr},
	{"remote_port", remote_port},
	{"pid", pid},
	{"process_name", process_name},
	{"state", state},
	{"bytes_in", bytes_in},
	{"bytes_out", bytes_out},
	{"packets_in", packets_in},
	{"packets_out", packets_out},
	{"rate_in_bytes_sec", rate_in},
	{"rate_out_bytes_sec", rate_out},
	{"rtt_us", rtt_us},
	{"event", event},
	{"duration_ms", duration_ms},
	{"retrans", retrans},
	{"lost_reason", lost_reason},
	{"cgroup", cgroup},
	{"container", container},
	{"netns", netns},
	{"uid", uid},
	{"attribution", attribution},
};

static struct conn_csv_columns first_columns(uint8_t n)
{
	struct conn_csv_columns columns = {.n = n};

	for (uint8_t i = 0; i < n; i++)
		columns.ids[i] = i;
	return columns;
}

struct conn_csv_columns conn_csv_columns_default(void)
{
	return first_columns(N_DEFAULT_COLUMNS);
}

static int find_column(const char *name, size_t len)
{
	for (int i = 0; i < CONN_CSV_COLUMNS_MAX; i++) {
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
			return i;
	}
	return -ENOENT;
}

static int refuse(struct str_buf *error, const char *what, const char *name, size_t len)
{
	str_buf_puts(error, what);
	str_buf_puts(error, " '");
	text_escape(error, name, len);
	str_buf_putc(error, '\'');
	return -EINVAL;
}

static int parse_list(const char *text, struct conn_csv_columns *ret_columns, struct str_buf *error)
{
	struct conn_csv_columns columns = {0};

	for (;;) {
		size_t len = strcspn(text, ",");
		int id = find_column(text, len);

		if (id < 0)
			return refuse(error, "no log column", text, len);
		if (memchr(columns.ids, id, columns.n))
			return refuse(error, "log column given twice:", text, len);
		columns.ids[columns.n++] = (uint8_t)id;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret_columns = columns;
	return 0;
}

int conn_csv_columns_parse(const char *text, struct conn_csv_columns *ret_columns,
			   struct str_buf *error)
{
	if (strcmp(text, "default") == 0)
		*ret_columns = conn_csv_columns_default();
	else if (strcmp(text, "all") == 0)
		*ret_columns = first_columns(CONN_CSV_COLUMNS_MAX);
	else
		return parse_list(text, ret_columns, error);
	return 0;
}

void conn_csv_header(struct str_buf *buf, const struct conn_csv_columns *columns)
{
	struct csv csv;

	csv_init(&csv, buf);
	for (size_t i = 0; i < columns->n; i++)
		csv_add_text(&csv, table[columns->ids[i]].name);
	csv_end_row(&csv);
}

static void add_row(struct csv *csv, const struct conn_csv_columns *columns,
		    const struct row_context *context)
{
	for (size_t i = 0; i < columns->n; i++)
		table[columns->ids[i]].add(csv, context);
	csv_end_row(csv);
}

void conn_csv_tick(struct str_buf *buf, const struct conn_csv_columns *columns,
		   const struct conn_text_options *options, const struct conn_tick *tick,
		   uint64_t realtime_ns)
{
	char time[UNITS_TIMESTAMP_MAX];
	struct row_context context = {
		.options = options, .timestamp = time, .now_ns = tick->now_ns};
	struct csv csv;

	units_timestamp(realtime_ns, time);
	csv_init(&csv, buf);
	for (size_t i = 0; i < tick->n_active; i++) {
		context.row = tick->active[i];
		if (!conn_text_is_closed(context.row))
			add_row(&csv, columns, &context);
	}
	for (size_t i = 0; i < tick->n_closed; i++) {
		context.row = tick->closed[i];
		add_row(&csv, columns, &context);
	}
}
