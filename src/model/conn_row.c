/* SPDX-License-Identifier: MIT */
#include "model/conn_row.h"

#include <stddef.h>

typedef const char *(*name_fn)(void *user, const struct conn_row *row);

/* What the host says, "" when it was not asked or does not know. */
static const char *ask(const struct conn_names *names, name_fn fn, const struct conn_row *row)
{
	const char *text = names && fn ? fn(names->user, row) : NULL;

	return text ? text : "";
}

static const char *format_decimal(uint32_t value, char scratch[16])
{
	char *at = scratch + 15;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return at;
}

const char *conn_row_process(const struct conn_row *row, const struct conn_names *names)
{
	const char *text = ask(names, names ? names->process : NULL, row);

	if (*text)
		return text;
	if (row->owner.pid && row->owner.comm[0])
		return row->owner.comm;
	text = weir_unknown_name((enum weir_unknown)row->owner.unknown);
	return *text ? text : "unknown";
}

const char *conn_row_user(const struct conn_row *row, const struct conn_names *names,
			  char scratch[16])
{
	const char *text = ask(names, names ? names->user_name : NULL, row);

	if (*text || row->owner.uid == UINT32_MAX)
		return text;
	return format_decimal(row->owner.uid, scratch);
}

const char *conn_row_cgroup(const struct conn_row *row, const struct conn_names *names)
{
	return ask(names, names ? names->cgroup : NULL, row);
}

const char *conn_row_container(const struct conn_row *row, const struct conn_names *names)
{
	return ask(names, names ? names->container : NULL, row);
}

const char *conn_row_workspace(const struct conn_row *row, const struct conn_names *names)
{
	return ask(names, names ? names->workspace : NULL, row);
}

const char *conn_row_netns(const struct conn_row *row, const struct conn_names *names,
			   char scratch[16])
{
	const char *text = ask(names, names ? names->netns : NULL, row);

	if (*text || !row->id.netns)
		return text;
	return format_decimal(row->id.netns, scratch);
}

const char *conn_row_attribution(const struct conn_row *row)
{
	switch ((enum weir_evidence)row->owner.evidence) {
	case WEIR_EVIDENCE_LISTENER:
		return "listener-guess";
	case WEIR_EVIDENCE_CREATE:
		return "create";
	case WEIR_EVIDENCE_DESTROY:
		return "destroy";
	case WEIR_EVIDENCE_FILE:
		return "task_file";
	case WEIR_EVIDENCE_CALL:
		return "call";
	case WEIR_EVIDENCE_TRANSITION:
		return "transition";
	case WEIR_EVIDENCE_CONNECT:
		return "connect";
	case WEIR_EVIDENCE_NONE:
		break;
	}
	return "";
}

double conn_row_retrans_share(const struct conn_row *row)
{
	double again = (double)row->tcp.retrans_bytes;
	double first = (double)row->counters.bytes_out;

	if (!row->tcp.retrans_bytes) {
		again = row->tcp.retrans;
		first = (double)row->counters.packets_out;
	}
	return again > 0 ? again / (again + first) : 0;
}

uint16_t conn_row_service_port(const struct conn_row *row)
{
	const struct weir_conn_id *id = &row->id;

	if (id->proto == WEIR_PROTO_TCP && row->owner.evidence == WEIR_EVIDENCE_CONNECT)
		return id->remote_port;
	if (row->owner.evidence == WEIR_EVIDENCE_LISTENER)
		return id->local_port;
	if (!id->local_port || !id->remote_port)
		return id->local_port ? id->local_port : id->remote_port;
	return id->local_port < id->remote_port ? id->local_port : id->remote_port;
}
