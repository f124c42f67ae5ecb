/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of a connection as every format and view tells them: what is redacted, what is closed,
 * what is not known. In: rows and the options all formats share. Out: raw words. They may hold any
 * bytes; escaping is the format's own business.
 */

#include "base/str_buf.h"
#include "base/units.h"
#include "model/conn_row.h"
#include "model/redact.h"

/* Names for addresses and ports, for people's eyes only: CSV and JSON stay numeric. */
struct endpoint_names {
	void *user;
	/* The name, borrowed until the next call, or NULL when there is none. Either may be NULL.
	 */
	const char *(*host)(void *user, const struct weir_addr *addr);
	const char *(*service)(void *user, uint16_t port, uint8_t proto);
};

/* Zeroed, it is the default of all of them. */
struct conn_text_options {
	const struct conn_names *names;         /* may be NULL */
	const struct endpoint_names *endpoints; /* may be NULL: numeric */
	struct redact redact;
	struct units units;
};

static inline bool conn_text_is_closed(const struct conn_row *row)
{
	return row->closed_ns != 0;
}

static inline bool conn_text_has_counters(const struct conn_row *row)
{
	return !(row->flags & WEIR_CONN_NO_COUNTERS);
}

static inline bool conn_text_has_rates(const struct conn_row *row)
{
	return row->rate_known && conn_text_has_counters(row);
}

/* "TCP" or "UDP". */
const char *conn_text_proto(const struct conn_row *row);
/* "UDP" for UDP, "CLOSED" for what is over, the kernel's name otherwise. */
const char *conn_text_state(const struct conn_row *row);
/* The process's name; if it is not known, why; "redacted" where it must not be told. */
const char *conn_text_process(const struct conn_row *row, const struct conn_text_options *options);
/* "" when not known, "redacted" where it must not be told. scratch is used for numbers. */
const char *conn_text_user(const struct conn_row *row, const struct conn_text_options *options,
			   char scratch[16]);
const char *conn_text_cgroup(const struct conn_row *row, const struct conn_text_options *options);
const char *conn_text_container(const struct conn_row *row,
				const struct conn_text_options *options);

/* Numeric, without brackets; the remote one may be a hash. */
void conn_text_local_addr(struct str_buf *buf, const struct conn_row *row);
void conn_text_remote_addr(struct str_buf *buf, const struct conn_row *row,
			   const struct conn_text_options *options);
/* "10.0.0.1:443", "[2001:db8::1]:443", "h-0123456789abcdef:443", "web.example:https". Names are
 * already escaped. */
void conn_text_local_endpoint(struct str_buf *buf, const struct conn_row *row,
			      const struct conn_text_options *options);
void conn_text_remote_endpoint(struct str_buf *buf, const struct conn_row *row,
			       const struct conn_text_options *options);

/* What is missing from this row and why, joined by ';': the reason the owner is not known,
 * "rcvbuf:N" datagrams there was no room for, "connect-failed". */
void conn_text_lost_reason(struct str_buf *buf, const struct conn_row *row);
