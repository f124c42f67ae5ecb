/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections as CSV, the format of `tcptop --log`: a header row, then a tick's rows, which all
 * carry one timestamp: the active connections first, then those that closed.
 *
 * Unknown is an empty field; "n/a" is a counter the source cannot count; "N/A" is what this
 * protocol does not have, and an RTT without a sample.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "model/conn_table.h"
#include "model/conn_text.h"

#define CONN_CSV_COLUMNS_MAX 25

struct conn_csv_columns {
	uint8_t ids[CONN_CSV_COLUMNS_MAX]; /* places in the table of columns in conn_csv.c */
	uint8_t n;
};

/* "default": the 16 a log always had; "all": these and the nine further ones; or a comma list of
 * column names. -EINVAL for an unknown or repeated name, which error then names; *ret_columns is
 * untouched. */
int conn_csv_columns_parse(const char *text, struct conn_csv_columns *ret_columns,
			   struct str_buf *error);

/* The same as parsing "default". */
struct conn_csv_columns conn_csv_columns_default(void);

/* Appends the header row. */
void conn_csv_header(struct str_buf *buf, const struct conn_csv_columns *columns);

/* Appends a tick's rows. Closed rows that linger among the active ones are left out: each close is
 * written once. realtime_ns is CLOCK_REALTIME at the tick. */
void conn_csv_tick(struct str_buf *buf, const struct conn_csv_columns *columns,
		   const struct conn_text_options *options, const struct conn_tick *tick,
		   uint64_t realtime_ns);
