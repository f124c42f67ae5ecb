/* SPDX-License-Identifier: MIT */
#include "model/conn_text.h"

#include <string.h>

#include "base/text.h"

const char *conn_text_proto(const struct conn_row *row)
{
	return row->id.proto == WEIR_PROTO_UDP ? "UDP" : "TCP";
}

const char *conn_text_state(const struct conn_row *row)
{
	if (row->id.proto == WEIR_PROTO_UDP)
		return "UDP";
	if (conn_text_is_closed(row) || row->state == WEIR_TCP_CLOSE)
		return "CLOSED";
	return weir_tcp_state_name((enum weir_tcp_state)row->state);
}

const char *conn_text_process(const struct conn_row *row, const struct conn_text_options *options)
{
	if (!options->redact.cmd)
		return conn_row_process(row, options->names);
	/* Why nobody is known tells nothing of who it was. */
	if (row->owner.unknown != WEIR_UNKNOWN_NOT)
		return weir_unknown_name((enum weir_unknown)row->owner.unknown);
	return REDACTED;
}

const char *conn_text_user(const struct conn_row *row, const struct conn_text_options *options,
			   char scratch[16])
{
	return options->redact.user ? REDACTED : conn_row_user(row, options->names, scratch);
}

/* "/user.slice/user-1000.slice/…/app-firefox.scope" tells both the user and the program. */
static bool hides_cgroup(const struct conn_text_options *options)
{
	return options->redact.user || options->redact.cmd;
}

const char *conn_text_cgroup(const struct conn_row *row, const struct conn_text_options *options)
{
	return hides_cgroup(options) ? REDACTED : conn_row_cgroup(row, options->names);
}

const char *conn_text_container(const struct conn_row *row, const struct conn_text_options *options)
{
	return hides_cgroup(options) ? REDACTED : conn_row_container(row, options->names);
}

static void numeric_addr(struct str_buf *buf, const struct weir_addr *addr)
{
	char text[WEIR_ADDR_TEXT_MAX];

	str_buf_add(buf, text, weir_addr_format(addr, text));
}

void conn_text_local_addr(struct str_buf *buf, const struct conn_row *row)
{
	numeric_addr(buf, &row->id.local);
}

void conn_text_remote_addr(struct str_buf *buf, const struct conn_row *row,
			   const struct conn_text_options *options)
{
	if (options->redact.remote_hash)
		redact_addr(&options->redact, buf, &row->id.remote);
	else
		numeric_addr(buf, &row->id.remote);
}

static void add_port(struct str_buf *buf, uint16_t port, uint8_t proto,
		     const struct endpoint_names *names)
{
	const char *service = NULL;

	if (names && names->service)
		service = names->service(names->user, port, proto);
	str_buf_putc(buf, ':');
	if (service)
		text_escape(buf, service, strlen(service));
	else
		str_buf_u64(buf, port);
}

static void add_endpoint(struct str_buf *buf, const struct weir_addr *addr, uint16_t port,
			 uint8_t proto, const struct endpoint_names *names)
{
	const char *host = NULL;

	if (names && names->host)
		host = names->host(names->user, addr);
	if (host) {
		text_escape(buf, host, strlen(host));
	} else if (weir_addr_is_v4(addr)) {
		numeric_addr(buf, addr);
	} else {
		str_buf_putc(buf, '[');
		numeric_addr(buf, addr);
		str_buf_putc(buf, ']');
	}
	add_port(buf, port, proto, names);
}

void conn_text_local_endpoint(struct str_buf *buf, const struct conn_row *row,
			      const struct conn_text_options *options)
{
	add_endpoint(buf, &row->id.local, row->id.local_port, row->id.proto, options->endpoints);
}

void conn_text_remote_endpoint(struct str_buf *buf, const struct conn_row *row,
			       const struct conn_text_options *options)
{
	if (!options->redact.remote_hash) {
		add_endpoint(buf, &row->id.remote, row->id.remote_port, row->id.proto,
			     options->endpoints);
		return;
	}
	redact_addr(&options->redact, buf, &row->id.remote);
	add_port(buf, row->id.remote_port, row->id.proto, options->endpoints);
}

void conn_text_lost_reason(struct str_buf *buf, const struct conn_row *row)
{
	const char *separator = "";

	if (row->owner.unknown != WEIR_UNKNOWN_NOT) {
		str_buf_puts(buf, weir_unknown_name((enum weir_unknown)row->owner.unknown));
		separator = ";";
	}
	if (row->rcvbuf_drops) {
		str_buf_puts(buf, separator);
		str_buf_puts(buf, "rcvbuf:");
		str_buf_u64(buf, row->rcvbuf_drops);
		separator = ";";
	}
	if (row->flags & WEIR_CONN_CONNECT_FAILED) {
		str_buf_puts(buf, separator);
		str_buf_puts(buf, "connect-failed");
		separator = ";";
	}
	if (row->flags & WEIR_CONN_AT_LEAST) {
		str_buf_puts(buf, separator);
		str_buf_puts(buf, "at-least");
	}
}
