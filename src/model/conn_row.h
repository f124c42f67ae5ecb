/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One connection as the table keeps it and as views and exports see it (const).
 * Texts that only the host can tell are asked for through struct conn_names.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

struct conn_row {
	struct weir_conn_id id;
	struct weir_conn_counters counters; /* totals; packets already widened past u32 */
	struct weir_tcp_info tcp;
	struct weir_owner owner;
	uint64_t cgroup_id;
	uint64_t opened_ns; /* 0: before we looked */
	uint64_t closed_ns; /* 0: open */
	uint64_t active_ns; /* last time a counter moved, or when the row was made */
	double rate_in;     /* bytes per second over the last tick; meaningless if !rate_known */
	double rate_out;
	uint64_t delta_in; /* bytes since the tick before: in all, what the totals rose by */
	uint64_t delta_out;
	float smooth_in; /* the rates, evened out over some seconds: what a screen sorts by */
	float smooth_out;
	uint32_t delta_retrans; /* bytes sent again since the tick before */
	uint32_t rcvbuf_drops;
	uint32_t version; /* the table's own, see model/conn_cells.h */
	uint8_t state;    /* enum weir_tcp_state */
	uint8_t flags;    /* enum weir_conn_flag */
	uint8_t limit;    /* enum weir_limit, of the last tick */
	bool rate_known;  /* false until there are two observations, and after a gap */
};

/* Nanoseconds the connection has lived at now_ns (or lived, if closed); 0 when not known. */
static inline uint64_t conn_row_age_ns(const struct conn_row *row, uint64_t now_ns)
{
	uint64_t end_ns = row->closed_ns ? row->closed_ns : now_ns;

	return row->opened_ns && end_ns > row->opened_ns ? end_ns - row->opened_ns : 0;
}

/* Of the payload sent, how much was sent again, 0 to 1; where bytes are not told, of the segments.
 */
double conn_row_retrans_share(const struct conn_row *row);

/* The port of the service: the remote one if we connected, the one that is listened on if that is
 * known; else the lower of the two is a good guess, the other one is ephemeral. */
uint16_t conn_row_service_port(const struct conn_row *row);

/*
 * Every function may be NULL, and so may the whole: then the row's own fields are used (comm, the
 * uid in digits, "" for cgroup and container, the namespace's inode in digits).
 * Returned texts are borrowed until the next call of the same function. They come from outside
 * (process names, cgroup names): whoever shows them escapes them.
 */
struct conn_names {
	void *user;
	const char *(*process)(void *user, const struct conn_row *row);
	const char *(*user_name)(void *user, const struct conn_row *row);
	const char *(*cgroup)(void *user, const struct conn_row *row);    /* its path */
	const char *(*container)(void *user, const struct conn_row *row); /* its id, or the unit */
	const char *(*netns)(void *user, const struct conn_row *row);
	const char *(*workspace)(void *user, const struct conn_row *row);
};

/* The process's name, or the reason why it is not known ("exited", "kernel", …); never "". */
const char *conn_row_process(const struct conn_row *row, const struct conn_names *names);
/* The other texts; "" when not known. scratch is used for numbers. */
const char *conn_row_user(const struct conn_row *row, const struct conn_names *names,
			  char scratch[16]);
const char *conn_row_cgroup(const struct conn_row *row, const struct conn_names *names);
const char *conn_row_container(const struct conn_row *row, const struct conn_names *names);
const char *conn_row_workspace(const struct conn_row *row, const struct conn_names *names);
const char *conn_row_netns(const struct conn_row *row, const struct conn_names *names,
			   char scratch[16]);
/* "connect", "transition", "task_file", "call", "destroy", "listener-guess"; "" when unknown. */
const char *conn_row_attribution(const struct conn_row *row);
