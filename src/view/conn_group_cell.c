/* SPDX-License-Identifier: MIT */
#include "view/conn_group_cell.h"

#include "base/text.h"
#include "view/conn_cell.h"
#include "view/figures.h"

static void add_process(const struct conn_scene *scene, const struct conn_row *lead,
			struct str_buf *buf)
{
	const char *reason = weir_unknown_name((enum weir_unknown)lead->owner.unknown);

	/* Those whose owner is not known are together by the reason, whatever they were called. */
	if (!lead->owner.pid) {
		str_buf_puts(buf, *reason ? reason : "unknown");
		return;
	}
	conn_cell_process(scene, lead, buf);
	str_buf_printf(buf, "  pid %u", lead->owner.pid);
}

static void add_remote(const struct conn_scene *scene, const struct conn_row *lead,
		       struct str_buf *buf)
{
	const struct endpoint_names *names = scene->words->endpoints;
	const char *host = NULL;

	if (!conn_cell_has_peer(lead)) {
		str_buf_puts(buf, "any");
		return;
	}
	if (names && names->host && !scene->words->redact.remote_hash)
		host = names->host(names->user, &lead->id.remote);
	if (host)
		conn_cell_escape(buf, host);
	else
		conn_text_remote_addr(buf, lead, scene->words);
}

static void add_port(const struct conn_scene *scene, const struct conn_row *lead,
		     struct str_buf *buf)
{
	const struct endpoint_names *names = scene->words->endpoints;
	uint16_t port = conn_row_service_port(lead);
	const char *service = NULL;

	str_buf_printf(buf, "%s port %u", conn_text_proto(lead), port);
	if (names && names->service)
		service = names->service(names->user, port, lead->id.proto);
	if (!service)
		return;
	str_buf_puts(buf, "  ");
	conn_cell_escape(buf, service);
}

static void add_cgroup(const struct conn_scene *scene, const struct conn_row *lead,
		       struct str_buf *buf)
{
	const char *name = conn_text_container(lead, scene->words);

	if (!*name)
		name = conn_text_cgroup(lead, scene->words);
	conn_cell_escape(buf, *name ? name : "unknown cgroup");
}

void conn_group_cell_name(const struct conn_scene *scene, const struct conn_group *group,
			  struct str_buf *buf)
{
	switch (scene->grouping) {
	case CONN_GROUP_REMOTE:
		add_remote(scene, group->lead, buf);
		return;
	case CONN_GROUP_PORT:
		add_port(scene, group->lead, buf);
		return;
	case CONN_GROUP_CGROUP:
		add_cgroup(scene, group->lead, buf);
		return;
	case CONN_GROUP_NONE:
	case CONN_GROUP_PROCESS:
	case CONN_GROUPINGS:
		break;
	}
	add_process(scene, group->lead, buf);
}

bool conn_group_cell_shares(enum conn_grouping grouping, enum conn_column column)
{
	switch (grouping) {
	case CONN_GROUP_PROCESS:
		return column == CONN_COLUMN_PID || column == CONN_COLUMN_PROCESS ||
		       column == CONN_COLUMN_USER;
	case CONN_GROUP_CGROUP:
		return column == CONN_COLUMN_CGROUP;
	case CONN_GROUP_NONE:
	case CONN_GROUP_REMOTE:
	case CONN_GROUP_PORT:
	case CONN_GROUPINGS:
		break;
	}
	return false;
}

static enum role count_cell(const struct conn_group *group, struct str_buf *buf)
{
	if (group->n_closed == group->n_rows) {
		figures_count(buf, group->n_closed);
		str_buf_puts(buf, " over");
		return ROLE_DIM;
	}
	figures_count(buf, group->n_rows - group->n_closed);
	str_buf_puts(buf, " conn");
	return ROLE_GROUP;
}

static enum role rate_cell(const struct conn_scene *scene, const struct conn_group *group, bool in,
			   struct str_buf *buf)
{
	double rate = in ? group->rate_in : group->rate_out;

	if (!group->rate_known) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	figures_rate(buf, &scene->words->units, rate);
	return conn_cell_rate_role(rate, in ? ROLE_RX : ROLE_TX);
}

static enum role total_cell(const struct conn_scene *scene, const struct conn_group *group, bool in,
			    struct str_buf *buf)
{
	uint64_t bytes = in ? group->counters.bytes_in : group->counters.bytes_out;

	figures_bytes(buf, &scene->words->units, (double)bytes);
	if (!bytes)
		return ROLE_DIM;
	return in ? ROLE_RX : ROLE_TX;
}

static enum role retr_cell(const struct conn_group *group, struct str_buf *buf)
{
	double again = (double)group->retrans;
	double share = again > 0 ? again / (again + (double)group->counters.packets_out) : 0;

	figures_percent(buf, share);
	return conn_cell_retrans_role(share);
}

static enum role age_cell(const struct conn_scene *scene, const struct conn_group *group,
			  struct str_buf *buf)
{
	uint64_t now_ns = scene->frame ? scene->frame->tick.now_ns : 0;

	if (!group->opened_ns || now_ns < group->opened_ns) {
		str_buf_putc(buf, '-');
		return ROLE_DIM;
	}
	figures_age(buf, now_ns - group->opened_ns);
	return ROLE_NORMAL;
}

enum role conn_group_cell(const struct conn_scene *scene, const struct conn_group *group,
			  enum conn_column column, struct str_buf *buf)
{
	switch ((int)column) {
	case CONN_COLUMN_STATE:
		return count_cell(group, buf);
	case CONN_COLUMN_RX:
	case CONN_COLUMN_TX:
		return scene->totals ? total_cell(scene, group, column == CONN_COLUMN_RX, buf)
				     : rate_cell(scene, group, column == CONN_COLUMN_RX, buf);
	case CONN_COLUMN_RX_TOTAL:
	case CONN_COLUMN_TX_TOTAL:
		return scene->totals
			       ? rate_cell(scene, group, column == CONN_COLUMN_RX_TOTAL, buf)
			       : total_cell(scene, group, column == CONN_COLUMN_RX_TOTAL, buf);
	case CONN_COLUMN_RTT:
		figures_ms(buf, group->srtt_us);
		return conn_cell_rtt_role(group->srtt_us);
	case CONN_COLUMN_RETR:
		return retr_cell(group, buf);
	case CONN_COLUMN_AGE:
		return age_cell(scene, group, buf);
	default:
		return ROLE_GROUP;
	}
}
