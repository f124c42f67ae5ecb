/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Rows put together: by process, by remote address, by service port, by control group. In: the
 * rows of a query, in their order. Out: lines, each a group's head or one of its rows, groups in
 * the order of their own sums by the same sort keys.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn_query.h"

enum conn_grouping {
	CONN_GROUP_NONE,
	CONN_GROUP_PROCESS, /* pid and start time; unknown owners by the reason */
	CONN_GROUP_REMOTE,  /* remote address */
	CONN_GROUP_PORT,    /* protocol and the service's port: the lower of the two, or the one
			       that is listened on where that is known */
	CONN_GROUP_CGROUP,  /* container or unit, else the path */
	CONN_GROUPINGS,
};

/* "none", "process", "remote", "port", "cgroup"; NULL for a number that is none. */
const char *conn_grouping_name(enum conn_grouping grouping);

struct conn_group {
	uint64_t key;                /* stands for the same group from tick to tick */
	const struct conn_row *lead; /* its first row: what they have in common can be read there */
	size_t n_rows;
	size_t n_closed;                    /* of them */
	struct weir_conn_counters counters; /* sums */
	double rate_in;
	double rate_out;
	float smooth_in;
	float smooth_out;
	uint64_t retrans;
	uint64_t opened_ns; /* the oldest; 0: one of them is not known */
	uint32_t srtt_us;   /* the median of those known; 0: none is */
	bool rate_known;    /* of at least one */
	bool folded;
};

/* A line to be shown: a group's head (row NULL), or a row (group NULL where there are no groups).
 */
struct conn_line {
	const struct conn_group *group;
	const struct conn_row *row;
};

struct conn_groups; /* memory, and which groups are folded, from run to run */

int conn_groups_new(struct conn_groups **ret_groups);
struct conn_groups *conn_groups_free(struct conn_groups *groups);

/* Which groups show only their head. fold_all also says how groups that are new begin. Of those
 * told one by one thousands are remembered (model/group_folds.h), present or not. */
void conn_groups_fold(struct conn_groups *groups, uint64_t key, bool folded);
void conn_groups_fold_all(struct conn_groups *groups, bool folded);

/* Some lines of a run, borrowed until the next one and as the rows are. */
struct conn_lines {
	const struct conn_line *line;
	size_t n;
};

/* Makes the lines of the rows that query has found. -ENOMEM: the groups may be used again. */
int conn_groups_run(struct conn_groups *groups, enum conn_grouping by,
		    const struct conn_query *query, const struct conn_result *result,
		    struct conn_lines *ret_lines);
