/* SPDX-License-Identifier: MIT */
#include "view/conn_cell.h"

#include <string.h>

#include "base/text.h"
#include "view/figures.h"

/* Where the eye is led to. Two in a hundred sent again is where TCP's throughput falls apart. */
#define RETRANS_BAD 0.02
#define RETRANS_WARNING 0.005
#define RTT_WARNING_US 200000
/* Below this a rate is background noise. */
#define RATE_QUIET 1024.0

void conn_cell_escape(struct str_buf *buf, const char *text)
{
	text_escape(buf, text, strlen(text));
}

void conn_cell_process(const struct conn_scene *scene, const struct conn_row *row,
		       struct str_buf *buf)
{
	const char *name = conn_text_process(row, scene->words);
	const char *reason = weir_unknown_name((enum weir_unknown)row->owner.unknown);

	if (row->owner.evidence == WEIR_EVIDENCE_LISTENER)
		str_buf_putc(buf, '~');
	if (*reason && strcmp(name, reason) == 0) {
		name = scene->words->redact.cmd ? "" : row->owner.comm;
		str_buf_puts(buf, reason);
		str_buf_puts(buf, *name ? ":" : "");
	} else if (*reason) {
		str_buf_puts(buf, reason);
		str_buf_putc(buf, ':');
	}
	conn_cell_escape(buf, name);
}

const char *conn_cell_state(const struct conn_row *row)
{
	static const char *const names[] = {
		[WEIR_TCP_NONE] = "-",
		[WEIR_TCP_ESTABLISHED] = "EST",
		[WEIR_TCP_SYN_SENT] = "SYN-SENT",
		[WEIR_TCP_SYN_RECV] = "SYN-RECV",
		[WEIR_TCP_FIN_WAIT1] = "FINWAIT1",
		[WEIR_TCP_FIN_WAIT2] = "FINWAIT2",
		[WEIR_TCP_TIME_WAIT] = "TIMEWAIT",
		[WEIR_TCP_CLOSE] = "closed",
		[WEIR_TCP_CLOSE_WAIT] = "CLOSEWAIT",
		[WEIR_TCP_LAST_ACK] = "LASTACK",
		[WEIR_TCP_LISTEN] = "LISTEN",
		[WEIR_TCP_CLOSING] = "CLOSING",
		[WEIR_TCP_NEW_SYN_RECV] = "SYN-RECV",
	};

	if (row->flags & WEIR_CONN_CONNECT_FAILED)
		return "failed";
	if (conn_text_is_closed(row))
		return "closed";
	if (row->id.proto == WEIR_PROTO_UDP)
		return "-";
	return row->state < sizeof(names) / sizeof(names[0]) ? names[row->state] : "unknown";
}

static enum role pid_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	if (!cell->row->owner.pid) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	str_buf_u64(buf, cell->row->owner.pid);
	return ROLE_NORMAL;
}

static enum role process_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const struct conn_row *row = cell->row;

	conn_cell_process(cell->scene, row, buf);
	if (!row->owner.pid)
		return ROLE_DIM;
	return conn_text_has_rates(row) && row->rate_in + row->rate_out >= 1 ? ROLE_STRONG
									     : ROLE_NORMAL;
}

static enum role user_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	char scratch[16];
	const char *user = conn_text_user(cell->row, cell->scene->words, scratch);

	conn_cell_escape(buf, *user ? user : "-");
	return *user ? ROLE_NORMAL : ROLE_DIM;
}

static enum role proto_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	str_buf_putc(buf, conn_text_proto(cell->row)[0]);
	if (cell->row->flags & WEIR_CONN_PARTIAL)
		str_buf_putc(buf, '*');
	return ROLE_NORMAL;
}

/*
 * Who connected. Certain is: who called connect() or waits for its answer did, and a half-open one
 * came in. A connection of whose beginning we were witnesses, without a connect(), came in as well
 * unless it was handed on, which can escape us: that is marked as worked out, and so is the guess
 * by the listener.
 */
const char *conn_cell_direction(const struct conn_row *row)
{
	bool seen_to_begin = row->opened_ns && !(row->flags & WEIR_CONN_PARTIAL);

	if (row->owner.evidence == WEIR_EVIDENCE_CONNECT || row->flags & WEIR_CONN_CONNECT_FAILED)
		return "out";
	if (row->id.proto != WEIR_PROTO_TCP || row->state == WEIR_TCP_LISTEN)
		return "-";
	if (row->state == WEIR_TCP_SYN_SENT)
		return "out";
	if (row->state == WEIR_TCP_SYN_RECV || row->state == WEIR_TCP_NEW_SYN_RECV)
		return "in";
	if (row->owner.evidence == WEIR_EVIDENCE_LISTENER)
		return "~in";
	if (seen_to_begin && row->owner.evidence && !(row->flags & WEIR_CONN_OWNER_MOVED))
		return "~in";
	return "-";
}

static enum role dir_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const char *direction = conn_cell_direction(cell->row);

	str_buf_puts(buf, direction);
	return *direction == '-' ? ROLE_DIM : ROLE_NORMAL;
}

bool conn_cell_has_peer(const struct conn_row *row)
{
	return row->id.remote_port || !weir_addr_is_any(&row->id.remote);
}

static enum role local_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	conn_text_local_endpoint(buf, cell->row, cell->scene->words);
	return ROLE_NORMAL;
}

static enum role remote_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	/* Without a peer, its own end is what tells it from others. */
	if (!conn_cell_has_peer(cell->row)) {
		if (cell->tells_local)
			conn_text_local_endpoint(buf, cell->row, cell->scene->words);
		else
			str_buf_putc(buf, '*');
		return ROLE_DIM;
	}
	conn_text_remote_endpoint(buf, cell->row, cell->scene->words);
	return ROLE_NORMAL;
}

/* A word of at most 6 columns. */
static const char *limit_word(enum weir_limit limit)
{
	switch (limit) {
	case WEIR_LIMIT_UNKNOWN:
		return "-";
	case WEIR_LIMIT_PEER:
		return "peer";
	case WEIR_LIMIT_READER:
		return "reader";
	case WEIR_LIMIT_RECEIVING:
		return "recv";
	case WEIR_LIMIT_NONE:
	case WEIR_LIMIT_APP:
	case WEIR_LIMIT_SNDBUF:
	case WEIR_LIMIT_RWND:
	case WEIR_LIMIT_CWND:
	case WEIR_LIMIT_LOSS:
	case WEIR_LIMITS:
		break;
	}
	return weir_limit_name(limit);
}

/* What holds it back is not the application that sends. */
static bool is_held_back(const struct conn_row *row)
{
	return row->limit >= WEIR_LIMIT_SNDBUF && row->limit < WEIR_LIMIT_RECEIVING;
}

enum role conn_cell_limit_role(const struct conn_row *row)
{
	if (row->limit == WEIR_LIMIT_LOSS)
		return ROLE_BAD;
	if (row->limit == WEIR_LIMIT_CWND)
		return ROLE_NORMAL; /* so is every transfer that is as fast as the path */
	return is_held_back(row) ? ROLE_WARNING : ROLE_DIM;
}

static enum role drops_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	str_buf_puts(buf, "drop ");
	figures_count(buf, cell->row->rcvbuf_drops);
	return ROLE_BAD;
}

static enum role state_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const struct conn_row *row = cell->row;

	if (row->rcvbuf_drops && !conn_text_is_closed(row))
		return drops_cell(cell, buf);
	str_buf_puts(buf, conn_cell_state(row));
	if (row->flags & WEIR_CONN_CONNECT_FAILED)
		return ROLE_WARNING;
	if (row->state != WEIR_TCP_ESTABLISHED || conn_text_is_closed(row))
		return ROLE_NORMAL;
	if (!cell->tells_limit || !is_held_back(row))
		return ROLE_NORMAL;
	str_buf_putc(buf, ' ');
	str_buf_puts(buf, limit_word((enum weir_limit)row->limit));
	return conn_cell_limit_role(row);
}

enum role conn_cell_rate_role(double bytes_per_sec, enum role role)
{
	return bytes_per_sec >= RATE_QUIET ? role : ROLE_DIM;
}

static enum role rate_cell(const struct conn_cell *cell, double rate, enum role role,
			   struct str_buf *buf)
{
	if (!conn_text_has_rates(cell->row)) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	figures_rate(buf, &cell->scene->words->units, rate);
	return conn_cell_rate_role(rate, role);
}

static enum role total_cell(const struct conn_cell *cell, uint64_t bytes, enum role role,
			    struct str_buf *buf)
{
	if (!conn_text_has_counters(cell->row)) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	if (cell->row->flags & WEIR_CONN_AT_LEAST)
		str_buf_putc(buf, '>');
	figures_bytes(buf, &cell->scene->words->units, (double)bytes);
	return bytes ? role : ROLE_DIM;
}

static enum role traffic_cell(const struct conn_cell *cell, enum conn_column column,
			      struct str_buf *buf)
{
	const struct conn_row *row = cell->row;
	bool first = column == CONN_COLUMN_RX || column == CONN_COLUMN_TX;
	bool in = column == CONN_COLUMN_RX || column == CONN_COLUMN_RX_TOTAL;
	enum role role = in ? ROLE_RX : ROLE_TX;

	if (first == cell->scene->totals)
		return total_cell(cell, in ? row->counters.bytes_in : row->counters.bytes_out, role,
				  buf);
	return rate_cell(cell, in ? row->rate_in : row->rate_out, role, buf);
}

enum role conn_cell_rtt_role(uint32_t srtt_us)
{
	if (!srtt_us)
		return ROLE_DIM;
	return srtt_us >= RTT_WARNING_US ? ROLE_WARNING : ROLE_NORMAL;
}

static enum role rtt_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	uint32_t srtt_us = cell->row->id.proto == WEIR_PROTO_UDP ? 0 : cell->row->tcp.srtt_us;

	figures_ms(buf, srtt_us);
	return conn_cell_rtt_role(srtt_us);
}

enum role conn_cell_retrans_role(double share)
{
	if (share >= RETRANS_BAD)
		return ROLE_BAD;
	if (share >= RETRANS_WARNING)
		return ROLE_WARNING;
	return share > 0 ? ROLE_NORMAL : ROLE_DIM;
}

static enum role retr_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const struct conn_row *row = cell->row;
	double share = conn_row_retrans_share(row);

	if (row->id.proto == WEIR_PROTO_UDP || !conn_text_has_counters(row)) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	figures_percent(buf, share);
	return conn_cell_retrans_role(share);
}

static enum role limit_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	str_buf_puts(buf, limit_word((enum weir_limit)cell->row->limit));
	return conn_cell_limit_role(cell->row);
}

static enum role age_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const struct conn_frame *frame = cell->scene->frame;

	if (!cell->row->opened_ns || !frame) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	figures_age(buf, conn_row_age_ns(cell->row, frame->tick.now_ns));
	return ROLE_NORMAL;
}

static enum role cgroup_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	const char *name = conn_text_container(cell->row, cell->scene->words);

	if (!*name)
		name = conn_text_cgroup(cell->row, cell->scene->words);
	conn_cell_escape(buf, *name ? name : "-");
	return *name ? ROLE_NORMAL : ROLE_DIM;
}

static enum role graph_cell(const struct conn_cell *cell, struct str_buf *buf)
{
	(void)cell;
	(void)buf;
	return ROLE_DIM;
}

enum role conn_cell_row(const struct conn_cell *cell, enum conn_column column, struct str_buf *buf)
{
	static enum role (*const cells[CONN_COLUMNS])(const struct conn_cell *cell,
						      struct str_buf *buf) = {
		[CONN_COLUMN_PID] = pid_cell,       [CONN_COLUMN_PROCESS] = process_cell,
		[CONN_COLUMN_USER] = user_cell,     [CONN_COLUMN_PROTO] = proto_cell,
		[CONN_COLUMN_DIR] = dir_cell,       [CONN_COLUMN_LOCAL] = local_cell,
		[CONN_COLUMN_REMOTE] = remote_cell, [CONN_COLUMN_STATE] = state_cell,
		[CONN_COLUMN_RTT] = rtt_cell,       [CONN_COLUMN_RETR] = retr_cell,
		[CONN_COLUMN_LIMIT] = limit_cell,   [CONN_COLUMN_AGE] = age_cell,
		[CONN_COLUMN_CGROUP] = cgroup_cell, [CONN_COLUMN_GRAPH] = graph_cell,
	};
	enum role role;

	role = cells[column] ? cells[column](cell, buf) : traffic_cell(cell, column, buf);
	return conn_text_is_closed(cell->row) && role != ROLE_WARNING ? ROLE_CLOSED : role;
}
