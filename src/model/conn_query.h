/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which rows, in which order, how many: from the rows of a tick to what is shown of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conn_row.h"
#include "model/filter.h"

#define CONN_QUERY_KEYS_MAX 8

enum conn_sort_key {
	CONN_SORT_RATE, /* both directions */
	CONN_SORT_RX_RATE,
	CONN_SORT_TX_RATE,
	CONN_SORT_RX,
	CONN_SORT_TX,
	CONN_SORT_TOTAL,
	CONN_SORT_PID,
	CONN_SORT_PROCESS,
	CONN_SORT_USER,
	CONN_SORT_LOCAL,
	CONN_SORT_REMOTE,
	CONN_SORT_LPORT,
	CONN_SORT_RPORT,
	CONN_SORT_STATE,
	CONN_SORT_RTT,
	CONN_SORT_RETR,
	CONN_SORT_AGE,
	CONN_SORT_PROTO,
	CONN_SORT_PACKETS,
	CONN_SORT_CGROUP,
	CONN_SORT_KEYS,
};

struct conn_sort {
	uint8_t key;  /* enum conn_sort_key */
	bool reverse; /* turns over the key's own order: numbers fall, texts and addresses rise */
};

/* All is borrowed. Zeroed, it takes every row in the order given. */
struct conn_query {
	const struct filter *filter; /* NULL: every row */
	/* A further condition; NULL: none. */
	bool (*match)(void *user, const struct conn_row *row, uint64_t now_ns);
	void *match_user;
	const struct conn_names *names; /* may be NULL */
	struct conn_sort sort[CONN_QUERY_KEYS_MAX];
	size_t n_sort;
	size_t limit; /* rows wanted at most; 0: all */
	bool smooth;  /* the keys of rates use those evened out */
};

struct conn_query_item;

/* Kept by the caller from run to run, so that a run of the same size does not allocate. Zeroed, it
 * is ready. */
struct conn_result {
	const struct conn_row **rows; /* borrowed as the rows given were */
	size_t n_rows;
	size_t n_matched; /* before the limit */
	uint64_t now_ns;  /* as the run was given it */
	struct conn_query_item *items;
	size_t max_rows; /* room in rows and items */
};

void conn_result_done(struct conn_result *result);

/*
 * Reads "rate,-local" into query->sort and n_sort. -EINVAL: *ret_error (may be NULL) names the bad
 * key and its column, and the query is as before.
 */
int conn_query_parse_sort(const char *text, struct conn_query *query,
			  struct filter_error *ret_error);

/* The word of a key in --sort; NULL for a number that is none. */
const char *conn_sort_key_name(enum conn_sort_key key);

/*
 * Runs a query over n_rows rows. What a row does not know comes last, whichever way a key is
 * turned; rows with equal keys stand in the order of their identities, so nothing jumps between
 * ticks. Without keys the order is kept. -ENOMEM: *result is empty and may be used again.
 */
int conn_query_run(const struct conn_query *query, const struct conn_row *const *rows,
		   size_t n_rows, uint64_t now_ns, struct conn_result *result);
