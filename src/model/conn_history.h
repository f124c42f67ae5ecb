/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The last minutes of rates, of the connections that have any and of the host as a whole: what the
 * graphs are drawn from. Bounded: of more connections than max, those idle longest are forgotten.
 */

#include <stddef.h>
#include <stdint.h>

#include "model/conn_table.h"

#define CONN_HISTORY_TICKS 240

struct conn_history;

/* Both rates of one connection, oldest first; -1 where there was no observation. */
struct conn_past {
	double in[CONN_HISTORY_TICKS];
	double out[CONN_HISTORY_TICKS];
	size_t n;
};

/* max_conns 0: 4096. -ENOMEM. */
int conn_history_new(size_t max_conns, struct conn_history **ret_history);
struct conn_history *conn_history_free(struct conn_history *history);

/* Takes in a tick; a tick no later than the last one (a replay that went back) begins anew. */
int conn_history_add(struct conn_history *history, const struct conn_tick *tick);

/* The last n ticks at most. An unknown connection has n 0. */
void conn_history_get(const struct conn_history *history, const struct weir_conn_id *id,
		      struct conn_past *ret_past);
/* Of all rows together. */
void conn_history_total(const struct conn_history *history, struct conn_past *ret_past);
