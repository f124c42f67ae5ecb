/* SPDX-License-Identifier: MIT */
#include "export/conn_json.h"

#include "export/json.h"

/* What all lines of a tick share. */
struct line_context {
	const struct conn_text_options *options;
	const char *time;
	uint64_t now_ns;
};

static void begin_line(struct json *json, const char *type, const char *time)
{
	json_begin_object(json, NULL);
	json_u64(json, "v", CONN_JSON_VERSION);
	json_text(json, "type", type);
	json_text(json, "time", time);
}

static void end_line(struct json *json)
{
	json_end(json);
	json_end_line(json);
}

static void add_known_u64(struct json *json, const char *key, bool known, uint64_t value)
{
	if (known)
		json_u64(json, key, value);
	else
		json_null(json, key);
}

static void add_known_text(struct json *json, const char *key, const char *text)
{
	if (*text)
		json_text(json, key, text);
	else
		json_null(json, key);
}

static void add_lost(struct json *json, const struct conn_json_tick *about)
{
	static const struct weir_conn_source_stats no_source;
	static const struct conn_table_stats no_table;
	const struct weir_conn_source_stats *source = about->source_stats;
	const struct conn_table_stats *table = about->table_stats;
	bool has_source = source;
	bool has_table = table;

	if (!has_source)
		source = &no_source;
	if (!has_table)
		table = &no_table;
	json_begin_object(json, "lost");
	add_known_u64(json, "finals", has_source, source->lost_finals);
	add_known_u64(json, "names", has_source, source->lost_names);
	add_known_u64(json, "sockets", has_source, source->lost_sockets);
	add_known_u64(json, "flows", has_source, source->lost_flows);
	add_known_u64(json, "bad_records", has_source, source->bad_records);
	add_known_u64(json, "evicted_conns", has_table, table->evicted);
	add_known_u64(json, "refused_events", has_table, table->refused);
	json_end(json);
}

static void add_tick_line(struct json *json, const struct conn_json_tick *about, const char *time,
			  size_t n_conns)
{
	begin_line(json, "tick", time);
	json_u64(json, "interval_ms", about->interval_ms);
	json_text(json, "source", about->source);
	json_u64(json, "conns", n_conns);
	add_lost(json, about);
	end_line(json);
}

static void add_endpoints(struct json *json, const struct conn_row *row,
			  const struct conn_text_options *options)
{
	json_begin_object(json, "local");
	conn_text_local_addr(json_begin_plain(json, "addr"), row);
	json_end_plain(json);
	json_u64(json, "port", row->id.local_port);
	json_end(json);
	json_begin_object(json, "remote");
	conn_text_remote_addr(json_begin_plain(json, "addr"), row, options);
	json_end_plain(json);
	json_u64(json, "port", row->id.remote_port);
	json_end(json);
}

static void add_owner(struct json *json, const struct conn_row *row,
		      const struct conn_text_options *options)
{
	char scratch[16];

	add_known_u64(json, "pid", row->owner.pid != 0, row->owner.pid);
	json_text(json, "process", conn_text_process(row, options));
	if (row->owner.unknown != WEIR_UNKNOWN_NOT)
		json_text(json, "unknown",
			  weir_unknown_name((enum weir_unknown)row->owner.unknown));
	add_known_text(json, "attribution", conn_row_attribution(row));
	add_known_u64(json, "uid", row->owner.uid != UINT32_MAX && !options->redact.user,
		      row->owner.uid);
	add_known_text(json, "user", conn_text_user(row, options, scratch));
	add_known_text(json, "cgroup", conn_text_cgroup(row, options));
	add_known_text(json, "container", conn_text_container(row, options));
	add_known_text(json, "netns", conn_row_netns(row, options->names, scratch));
}

static void add_rate(struct json *json, const char *key, const struct conn_row *row, double rate)
{
	if (conn_text_has_rates(row))
		json_fixed(json, key, rate, 2);
	else
		json_null(json, key);
}

static void add_counters(struct json *json, const struct conn_row *row)
{
	bool known = conn_text_has_counters(row);

	add_known_u64(json, "bytes_in", known, row->counters.bytes_in);
	add_known_u64(json, "bytes_out", known, row->counters.bytes_out);
	add_known_u64(json, "packets_in", known, row->counters.packets_in);
	add_known_u64(json, "packets_out", known, row->counters.packets_out);
	add_rate(json, "rate_in_bytes_per_sec", row, row->rate_in);
	add_rate(json, "rate_out_bytes_per_sec", row, row->rate_out);
}

/* The kernel keeps RTT, its variance and the delivery rate at 0 until there is a sample. */
static void add_tcp(struct json *json, const struct conn_row *row)
{
	const struct weir_tcp_info *tcp = &row->tcp;
	bool known = conn_text_has_counters(row);

	add_known_u64(json, "rtt_us", tcp->srtt_us != 0, tcp->srtt_us);
	add_known_u64(json, "rttvar_us", tcp->srtt_us != 0, tcp->rttvar_us);
	add_known_u64(json, "cwnd_segments", known, tcp->cwnd);
	add_known_u64(json, "retrans_segments", known, tcp->retrans);
	add_known_u64(json, "retrans_bytes", known, tcp->retrans_bytes);
	add_known_u64(json, "delivery_rate_bytes_per_sec", tcp->delivery_rate != 0,
		      tcp->delivery_rate);
	add_known_u64(json, "busy_us", known, tcp->busy_us);
	add_known_u64(json, "rwnd_limited_us", known, tcp->rwnd_limited_us);
	add_known_u64(json, "sndbuf_limited_us", known, tcp->sndbuf_limited_us);
	add_known_u64(json, "unsent_bytes", known, tcp->unsent_bytes);
	add_known_u64(json, "unacked_bytes", known, tcp->unacked_bytes);
	add_known_u64(json, "unread_bytes", known, tcp->unread_bytes);
	if (conn_text_is_closed(row)) {
		json_bool(json, "connect_failed", row->flags & WEIR_CONN_CONNECT_FAILED);
		json_bool(json, "at_least", row->flags & WEIR_CONN_AT_LEAST);
	}
}

static void add_times(struct json *json, const struct conn_row *row, uint64_t now_ns)
{
	bool known = row->opened_ns != 0;
	uint64_t ago_ns = now_ns > row->opened_ns ? now_ns - row->opened_ns : 0;

	add_known_u64(json, "opened_ago_ms", known, ago_ns / 1000000);
	if (conn_text_is_closed(row))
		add_known_u64(json, "duration_ms", known, conn_row_age_ns(row, now_ns) / 1000000);
	json_bool(json, "partial", row->flags & WEIR_CONN_PARTIAL);
}

/* A u64 that readers which keep numbers as doubles would round: the cookie is an identity. */
static void add_identity(struct json *json, const struct conn_row *row)
{
	if (row->id.cookie) {
		str_buf_u64(json_begin_plain(json, "cookie"), row->id.cookie);
		json_end_plain(json);
	} else {
		json_null(json, "cookie");
	}
	json_u64(json, "generation", row->id.generation);
}

static void add_row_line(struct json *json, const struct conn_row *row,
			 const struct line_context *context)
{
	bool udp = row->id.proto == WEIR_PROTO_UDP;

	begin_line(json, conn_text_is_closed(row) ? "closed" : "conn", context->time);
	json_text(json, "proto", udp ? "udp" : "tcp");
	add_endpoints(json, row, context->options);
	if (!udp)
		json_text(json, "state", conn_text_state(row));
	add_owner(json, row, context->options);
	add_counters(json, row);
	if (udp)
		json_u64(json, "rcvbuf_drops", row->rcvbuf_drops);
	else
		add_tcp(json, row);
	add_times(json, row, context->now_ns);
	add_identity(json, row);
	end_line(json);
}

static size_t count_open(const struct conn_tick *tick)
{
	size_t n = 0;

	for (size_t i = 0; i < tick->n_active; i++)
		n += !conn_text_is_closed(tick->active[i]);
	return n;
}

void conn_json_start(struct str_buf *buf, uint64_t realtime_ns, const char *source)
{
	char time[UNITS_TIMESTAMP_MAX];
	struct json json;

	units_timestamp(realtime_ns, time);
	json_init(&json, buf);
	begin_line(&json, "start", time);
	json_text(&json, "source", source);
	end_line(&json);
}

void conn_json_tick(struct str_buf *buf, const struct conn_text_options *options,
		    const struct conn_tick *tick, const struct conn_json_tick *about)
{
	char time[UNITS_TIMESTAMP_MAX];
	struct line_context context = {.options = options, .time = time, .now_ns = tick->now_ns};
	struct json json;

	units_timestamp(about->realtime_ns, time);
	json_init(&json, buf);
	add_tick_line(&json, about, time, count_open(tick));
	for (size_t i = 0; i < tick->n_active; i++) {
		if (!conn_text_is_closed(tick->active[i]))
			add_row_line(&json, tick->active[i], &context);
	}
	for (size_t i = 0; i < tick->n_closed; i++)
		add_row_line(&json, tick->closed[i], &context);
}
