/* SPDX-License-Identifier: MIT */
#include "view/conn_detail.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "view/conn_cell.h"
#include "view/conn_group_cell.h"
#include "view/conn_past_graph.h"
#include "view/figures.h"
#include "view/graph.h"

/* Facts flow like words: what does not fit into a line begins the next one, what does not fit into
 * the area is left out. */
struct flow {
	struct area area;
	const struct conn_scene *scene;
	struct str_buf buf; /* the value being made */
	int x;
	int y;
};

static const char *text_of(const struct str_buf *buf)
{
	return buf->len && !buf->error ? buf->data : "";
}

static void next_line(struct flow *flow)
{
	flow->y += flow->x > 0;
	flow->x = 0;
}

/* Puts label and value, and empties the buffer it is from. Too long for any line: cut off. */
static void put(struct flow *flow, const char *label, enum role role)
{
	const char *value = text_of(&flow->buf);
	int columns = text_columns(label, strlen(label)) + 1 + text_columns(value, strlen(value));

	if (flow->x && flow->x + 2 + columns > flow->area.width)
		next_line(flow);
	if (flow->x)
		flow->x += 2;
	if (flow->y < flow->area.height) {
		int x = area_text(flow->area, flow->x, flow->y, ROLE_DIM, label) + (*label != 0);

		area_fit(flow->area, x, flow->y, flow->area.width - x, role, value);
	}
	flow->x += *label ? columns : columns - 1;
	str_buf_clear(&flow->buf);
}

static void put_text(struct flow *flow, const char *label, enum role role, const char *text)
{
	conn_cell_escape(&flow->buf, text);
	put(flow, label, role);
}

static void put_number(struct flow *flow, const char *label, enum role role, uint64_t number)
{
	str_buf_u64(&flow->buf, number);
	put(flow, label, role);
}

static void put_ends(struct flow *flow, const struct conn_row *row)
{
	conn_text_local_endpoint(&flow->buf, row, flow->scene->words);
	put(flow, "local", ROLE_STRONG);
	if (conn_cell_has_peer(row)) {
		conn_text_remote_endpoint(&flow->buf, row, flow->scene->words);
		put(flow, "remote", ROLE_STRONG);
	} else {
		put_text(flow, "remote", ROLE_DIM, "any");
	}
}

static void put_age(struct flow *flow, const struct conn_row *row)
{
	uint64_t now_ns = flow->scene->frame ? flow->scene->frame->tick.now_ns : 0;

	if (row->opened_ns)
		units_duration(&flow->buf, conn_row_age_ns(row, now_ns));
	else
		str_buf_puts(&flow->buf, "not known");
	put(flow, conn_text_is_closed(row) ? "lasted" : "age",
	    row->opened_ns ? ROLE_NORMAL : ROLE_DIM);
}

static void put_state(struct flow *flow, const struct conn_row *row)
{
	const char *direction = conn_cell_direction(row);

	next_line(flow);
	str_buf_puts(&flow->buf, conn_text_proto(row));
	if (row->flags & WEIR_CONN_CONNECT_FAILED)
		str_buf_puts(&flow->buf, " connect failed");
	else if (conn_text_is_closed(row))
		str_buf_puts(&flow->buf, " closed");
	else if (row->id.proto == WEIR_PROTO_TCP)
		str_buf_printf(&flow->buf, " %s", conn_text_state(row));
	if (*direction != '-')
		str_buf_printf(&flow->buf, " %s", direction);
	put(flow, "", ROLE_NORMAL);
	put_age(flow, row);
}

static const char *limit_sentence(enum weir_limit limit)
{
	switch (limit) {
	case WEIR_LIMIT_NONE:
		return "none: it is idle";
	case WEIR_LIMIT_APP:
		return "app: our application sends no more";
	case WEIR_LIMIT_SNDBUF:
		return "sndbuf: our send buffer is too small";
	case WEIR_LIMIT_RWND:
		return "rwnd: the peer takes data too slowly";
	case WEIR_LIMIT_CWND:
		return "cwnd: as fast as the network lets it";
	case WEIR_LIMIT_LOSS:
		return "loss: the network loses segments";
	case WEIR_LIMIT_PEER:
		return "peer-not-reading: its window stays shut";
	case WEIR_LIMIT_READER:
		return "not-reading: our application does not";
	case WEIR_LIMIT_RECEIVING:
		return "receiving: the sender knows its limit";
	case WEIR_LIMIT_UNKNOWN:
	case WEIR_LIMITS:
		break;
	}
	return "not known";
}

/* Why it is slow. Of what is over nothing can be said any more. */
static void put_limit(struct flow *flow, const struct conn_row *row)
{
	if (row->rcvbuf_drops) {
		str_buf_printf(&flow->buf, "%u datagrams: the receive buffer was full",
			       row->rcvbuf_drops);
		put(flow, "drops", ROLE_BAD);
	}
	if (row->id.proto == WEIR_PROTO_TCP && !conn_text_is_closed(row))
		put_text(flow, "limit", conn_cell_limit_role(row),
			 limit_sentence((enum weir_limit)row->limit));
}

static void put_way(struct flow *flow, bool in, uint64_t bytes, uint64_t packets)
{
	units_bytes(&flow->buf, &flow->scene->words->units, bytes);
	str_buf_printf(&flow->buf, " in %llu pkt", (unsigned long long)packets);
	put(flow, in ? "rx" : "tx", in ? ROLE_RX : ROLE_TX);
}

static void put_totals(struct flow *flow, const struct conn_row *row)
{
	const struct weir_conn_counters *counters = &row->counters;

	next_line(flow);
	if (!conn_text_has_counters(row)) {
		put_text(flow, "totals", ROLE_DIM, "n/a: this source cannot count them");
		return;
	}
	put_way(flow, true, counters->bytes_in, counters->packets_in);
	put_way(flow, false, counters->bytes_out, counters->packets_out);
	if (row->flags & WEIR_CONN_AT_LEAST)
		put_text(flow, "", ROLE_WARNING, "at least: its end escaped us");
	else if (row->flags & WEIR_CONN_PARTIAL)
		put_text(flow, "", ROLE_DIM, "* began before us");
}

static void put_queue(struct flow *flow, const char *label, uint32_t bytes)
{
	if (!bytes)
		return;
	units_bytes_short(&flow->buf, &flow->scene->words->units, bytes);
	put(flow, label, ROLE_NORMAL);
}

static void put_retrans(struct flow *flow, uint64_t segments, double share)
{
	str_buf_u64(&flow->buf, segments);
	if (segments) {
		str_buf_puts(&flow->buf, " (");
		figures_percent(&flow->buf, share);
		str_buf_puts(&flow->buf, "%)");
	}
	put(flow, "retr", conn_cell_retrans_role(share));
}

/* What the kernel's TCP knows. */
static void put_tcp(struct flow *flow, const struct conn_row *row)
{
	const struct weir_tcp_info *tcp = &row->tcp;

	if (row->id.proto != WEIR_PROTO_TCP)
		return;
	next_line(flow);
	units_rtt(&flow->buf, tcp->srtt_us);
	if (tcp->srtt_us && tcp->rttvar_us) {
		str_buf_puts(&flow->buf, flow->scene->ascii ? " +-" : " ±");
		units_rtt(&flow->buf, tcp->rttvar_us);
	}
	put(flow, "rtt", conn_cell_rtt_role(tcp->srtt_us));
	if (tcp->cwnd)
		put_number(flow, "cwnd", ROLE_NORMAL, tcp->cwnd);
	if (tcp->delivery_rate) {
		units_rate(&flow->buf, &flow->scene->words->units, (double)tcp->delivery_rate);
		put(flow, "delivery", ROLE_NORMAL);
	}
	put_retrans(flow, tcp->retrans, conn_row_retrans_share(row));
	put_queue(flow, "unsent", tcp->unsent_bytes);
	put_queue(flow, "unacked", tcp->unacked_bytes);
	put_queue(flow, "unread", tcp->unread_bytes);
}

static void put_command(struct flow *flow)
{
	const char *command = flow->scene->command_line;

	if (!command || !*command)
		return;
	next_line(flow);
	if (flow->scene->words->redact.cmd)
		put_text(flow, "cmd", ROLE_DIM, REDACTED);
	else
		put_text(flow, "cmd", ROLE_NORMAL, command);
}

/* How the owner is known, or why it is not. */
static const char *owner_words(const struct weir_owner *owner)
{
	static const char *const evidence[] = {
		[WEIR_EVIDENCE_NONE] = "as the source says",
		[WEIR_EVIDENCE_LISTENER] = "~guess: listens on the port",
		[WEIR_EVIDENCE_CREATE] = "by socket()",
		[WEIR_EVIDENCE_DESTROY] = "by close() after a reset",
		[WEIR_EVIDENCE_FILE] = "by its descriptor",
		[WEIR_EVIDENCE_CALL] = "by send or receive",
		[WEIR_EVIDENCE_TRANSITION] = "by a change of state",
		[WEIR_EVIDENCE_CONNECT] = "by connect()",
	};
	static const char *const unknown[] = {
		[WEIR_UNKNOWN_EXITED] = "exited before it was looked for",
		[WEIR_UNKNOWN_OTHER_NETNS] = "in another network namespace",
		[WEIR_UNKNOWN_NO_CAP] = "hidden from us: no CAP_SYS_PTRACE",
		[WEIR_UNKNOWN_KERNEL] = "the kernel itself",
	};

	if (owner->unknown && owner->unknown < sizeof(unknown) / sizeof(unknown[0]))
		return unknown[owner->unknown];
	if (owner->evidence < sizeof(evidence) / sizeof(evidence[0]))
		return evidence[owner->evidence];
	return evidence[WEIR_EVIDENCE_NONE];
}

static void put_user(struct flow *flow, const struct conn_row *row)
{
	const struct conn_text_options *words = flow->scene->words;
	char scratch[16];
	char uid[16];
	const char *user = conn_text_user(row, words, scratch);

	if (!*user)
		return;
	conn_cell_escape(&flow->buf, user);
	/* The number beside the name; where there is no name it is the number already. */
	snprintf(uid, sizeof(uid), "%u", row->owner.uid);
	if (!words->redact.user && row->owner.uid != UINT32_MAX && strcmp(user, uid) != 0)
		str_buf_printf(&flow->buf, " (%s)", uid);
	put(flow, "user", ROLE_NORMAL);
}

static void put_cgroup(struct flow *flow, const struct conn_row *row)
{
	const char *cgroup = conn_text_cgroup(row, flow->scene->words);

	if (*cgroup)
		put_text(flow, "cgroup", ROLE_NORMAL, cgroup);
}

static void put_identity(struct flow *flow, const struct conn_row *row)
{
	char scratch[16];
	const char *netns = conn_row_netns(row, flow->scene->words->names, scratch);

	next_line(flow);
	put_text(flow, "owner", ROLE_NORMAL, owner_words(&row->owner));
	put_user(flow, row);
	if (*netns)
		put_text(flow, "netns", ROLE_NORMAL, netns);
	if (row->id.cookie) {
		str_buf_u64(&flow->buf, row->id.cookie);
		if (row->id.generation)
			str_buf_printf(&flow->buf, ".%u", row->id.generation);
		put(flow, "cookie", ROLE_NORMAL);
	}
	put_cgroup(flow, row);
}

static void put_row(struct flow *flow, const struct conn_row *row)
{
	put_ends(flow, row);
	put_state(flow, row);
	put_limit(flow, row);
	put_totals(flow, row);
	put_tcp(flow, row);
	put_command(flow);
	put_identity(flow, row);
}

static void put_group_cell(struct flow *flow, const char *label, const struct conn_group *group,
			   enum conn_column column)
{
	enum role role = conn_group_cell(flow->scene, group, column, &flow->buf);

	put(flow, label, role);
}

static void put_group(struct flow *flow, const struct conn_group *group)
{
	const struct conn_row *lead = group->lead;

	put_number(flow, "connections", ROLE_STRONG, group->n_rows - group->n_closed);
	if (group->n_closed)
		put_number(flow, "closed", ROLE_DIM, group->n_closed);
	put_group_cell(flow, flow->scene->totals ? "rx" : "rx/s", group, CONN_COLUMN_RX);
	put_group_cell(flow, flow->scene->totals ? "tx" : "tx/s", group, CONN_COLUMN_TX);
	put_group_cell(flow, "oldest", group, CONN_COLUMN_AGE);
	next_line(flow);
	put_way(flow, true, group->counters.bytes_in, group->counters.packets_in);
	put_way(flow, false, group->counters.bytes_out, group->counters.packets_out);
	next_line(flow);
	put_group_cell(flow, "median rtt ms", group, CONN_COLUMN_RTT);
	put_number(flow, "retr", ROLE_NORMAL, group->retrans);
	if (conn_cell_has_peer(lead)) {
		conn_text_remote_endpoint(&flow->buf, lead, flow->scene->words);
		put(flow, "first", ROLE_NORMAL);
	}
	if (flow->scene->grouping == CONN_GROUP_PROCESS) {
		put_command(flow);
		next_line(flow);
		put_user(flow, lead);
		put_cgroup(flow, lead);
	}
}

static void draw_title(struct flow *flow, const struct conn_line *line, struct area area)
{
	const struct conn_row *row = line->row;
	const char *unit = "";
	int columns;
	int x;

	area_fill(area, 0, 0, area.width, ROLE_DIM, '-');
	if (row) {
		if (row->owner.pid)
			str_buf_printf(&flow->buf, " %u", row->owner.pid);
		str_buf_putc(&flow->buf, ' ');
		conn_cell_process(flow->scene, row, &flow->buf);
		unit = conn_text_container(row, flow->scene->words);
	} else {
		str_buf_putc(&flow->buf, ' ');
		conn_group_cell_name(flow->scene, line->group, &flow->buf);
	}
	str_buf_putc(&flow->buf, ' ');
	x = area_fit(area, 2, 0, area.width - 4, ROLE_STRONG, text_of(&flow->buf));
	str_buf_clear(&flow->buf);
	if (!*unit)
		return;
	str_buf_putc(&flow->buf, ' ');
	conn_cell_escape(&flow->buf, unit);
	str_buf_putc(&flow->buf, ' ');
	columns = text_columns(text_of(&flow->buf), flow->buf.len);
	if (x + 2 + columns + 2 <= area.width)
		area_text(area, area.width - 2 - columns, 0, ROLE_NORMAL, text_of(&flow->buf));
	str_buf_clear(&flow->buf);
}

/* One direction's rates over time, with what the highest bar stands for. */
static void draw_way(struct flow *flow, struct area area, const struct conn_past *past, bool in)
{
	const struct conn_frame *frame = flow->scene->frame;
	const double *ticks = in ? past->in : past->out;
	double values[CONN_HISTORY_TICKS];
	struct graph graph = {
		.values = values, .role = in ? ROLE_RX : ROLE_TX, .ascii = flow->scene->ascii};
	int y = in ? 0 : area.height - 1;
	int x = 16;

	area_text(area, 0, y, ROLE_DIM, in ? "rx" : "tx");
	for (size_t i = 0; i < past->n; i++)
		graph.max = ticks[i] > graph.max ? ticks[i] : graph.max;
	figures_rate_unit(&flow->buf, &flow->scene->words->units, graph.max);
	area_text(area, 3, y, graph.role, "max");
	area_right(area, 7, y, 8, graph.role, text_of(&flow->buf));
	str_buf_clear(&flow->buf);
	graph.n = conn_past_graph_values(ticks, past->n, area.width - x,
					 conn_past_graph_number(frame), values);
	area = area_part(area, x, 0, area.width - x, area.height);
	if (area.height == 1)
		graph_draw_line(area, 0, 0, area.width, &graph);
	else
		graph_draw_bars(area, &graph, !in);
}

/* In one line side by side, in more of them one upon the other with a common foot. */
static void draw_past(struct flow *flow, struct area area, const struct conn_row *row)
{
	struct conn_past past;
	int half = area.height / 2;

	if (!flow->scene->history || !flow->scene->frame || area.height < 1)
		return;
	conn_history_get(flow->scene->history, &row->id, &past);
	if (!past.n) {
		area_text(area, 0, 0, ROLE_DIM, "no rates yet");
		return;
	}
	if (area.height == 1) {
		half = area.width / 2;
		draw_way(flow, area_part(area, 0, 0, half - 1, 1), &past, true);
		draw_way(flow, area_part(area, half + 1, 0, area.width - half - 1, 1), &past,
			 false);
		return;
	}
	draw_way(flow, area_part(area, 0, 0, area.width, half), &past, true);
	draw_way(flow, area_part(area, 0, half, area.width, area.height - half), &past, false);
}

/* Of so many lines below the title: those for the graph. Facts wrap less on a wide screen. */
static int graph_lines(int lines, int width)
{
	int facts = width >= 140 ? 7 : 9;

	if (lines < 5)
		return 0;
	return lines < facts + 2 ? 1 : (lines - facts) / 2 * 2;
}

static void flow_done_p(struct flow *flow)
{
	str_buf_done(&flow->buf);
}

void conn_detail_draw(struct area area, const struct conn_scene *scene,
		      const struct conn_line *line)
{
	int graph = line->row ? graph_lines(area.height - 1, area.width) : 0;
	CLEANUP(flow_done_p)
	struct flow flow = {
		.area = area_part(area, 0, 1, area.width, area.height - 1 - graph),
		.scene = scene,
	};

	draw_title(&flow, line, area_part(area, 0, 0, area.width, 1));
	if (!line->row) {
		put_group(&flow, line->group);
		return;
	}
	put_row(&flow, line->row);
	draw_past(&flow, area_part(area, 0, area.height - graph, area.width, graph), line->row);
}
