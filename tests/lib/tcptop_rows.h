/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The rows of tcptop's log with all columns, as numbers where they are numbers, and the questions
 * tests ask of them. Addresses are compared in their v4-mapped form.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv_read.h"
#include "traffic.h"

struct tcptop_row {
	struct traffic_endpoint local;
	struct traffic_endpoint remote;
	const char *timestamp;
	const char *local_addr; /* as written */
	const char *remote_addr;
	const char *process_name;
	const char *state;
	const char *rtt_us;
	const char *lost_reason;
	const char *netns;
	const char *attribution;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t packets_in;
	uint64_t packets_out;
	uint64_t retrans;
	double rate_in;
	double rate_out;
	uint64_t time_ms; /* of the timestamp, since the epoch */
	pid_t pid;        /* 0: not known */
	bool tcp;
	bool counted; /* false: the counters are n/a */
	bool rate_known;
	bool closed;         /* event */
	bool duration_known; /* duration_ms is not empty */
};

struct tcptop_rows {
	struct csv_table *table; /* the texts */
	struct tcptop_row *rows;
	size_t n;
};

/* -EBADMSG: not the CSV that the documentation promises; and the errors of csv_read_file(). */
int tcptop_rows_read(const char *log_path, struct tcptop_rows *ret_rows);
void tcptop_rows_done(struct tcptop_rows *rows);

/* Which rows of one end of a connection (or of one UDP flow) are asked for. */
enum tcptop_rows_kind {
	TCPTOP_ROWS_UPDATE,
	TCPTOP_ROWS_CLOSED,
	TCPTOP_ROWS_ANY,
};

/* The next such row after `after` (NULL: from the first). NULL: no more. */
const struct tcptop_row *tcptop_rows_next(const struct tcptop_rows *rows,
					  const struct traffic_end *end, enum tcptop_rows_kind kind,
					  const struct tcptop_row *after);

size_t tcptop_rows_count(const struct tcptop_rows *rows, const struct traffic_end *end,
			 enum tcptop_rows_kind kind);

/* The last such row; NULL: none. */
const struct tcptop_row *tcptop_rows_last(const struct tcptop_rows *rows,
					  const struct traffic_end *end,
					  enum tcptop_rows_kind kind);

/* The TAP checks every closed TCP connection must pass: one closed row of its own, the owner's
 * pid, and the application's own byte counts. Returns the row, NULL if there is none. */
const struct tcptop_row *tcptop_rows_check_closed(const struct tcptop_rows *rows,
						  const struct traffic_end *end, const char *name);

/* The TAP checks of a UDP flow: its last row has the owner's pid and exact bytes and datagrams. */
const struct tcptop_row *tcptop_rows_check_udp(const struct tcptop_rows *rows,
					       const struct traffic_end *end, const char *name);

/* Waits until the log holds a row of this end for which accept says true (NULL: any), bounded by
 * TCPTOP_RUN_TIMEOUT_MS. *ret_rows holds the log as it was then. -ETIMEDOUT. */
int tcptop_rows_await(const char *log_path, const struct traffic_end *end,
		      bool (*accept)(const struct tcptop_row *row, const void *user),
		      const void *user, struct tcptop_rows *ret_rows);
