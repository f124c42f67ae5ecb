/* SPDX-License-Identifier: MIT */
#pragma once

/* A connection table told in steps: events, ticks, and what is then known. */

#include <stdbool.h>

#include "conn_events.h"
#include "model/conn_table.h"
#include "tap.h"

/* A table and the outcome of its last tick. */
struct story {
	struct conn_table *table;
	struct conn_tick tick;
	struct conn_table_stats stats;
};

static inline void begin(struct story *s, const struct conn_table_options *options)
{
	*s = (struct story){0};
	is_int(conn_table_new(options, &s->table), 0, "a table");
}

static inline void end(struct story *s)
{
	conn_table_free(s->table);
}

static inline void apply(struct story *s, struct weir_conn_event event)
{
	int r = conn_table_apply(s->table, &event);

	if (r < 0)
		is_int(r, 0, "an event is taken");
}

static inline void tick(struct story *s, uint64_t now_ns)
{
	int r = conn_table_tick(s->table, now_ns, false, &s->tick);

	if (r < 0)
		is_int(r, 0, "a tick is made");
	conn_table_stats(s->table, &s->stats);
}

static inline void counts(struct story *s, size_t n_active, size_t n_closed, const char *what)
{
	ok(s->tick.n_active == n_active && s->tick.n_closed == n_closed,
	   "%s: %zu active, %zu closed", what, n_active, n_closed);
	if (s->tick.n_active != n_active || s->tick.n_closed != n_closed)
		tap_note("got %zu active, %zu closed", s->tick.n_active, s->tick.n_closed);
}

static inline void rates(const struct conn_row *row, double in, double out, const char *what)
{
	ok(row->rate_known && row->rate_in == in && row->rate_out == out, "%s: %g in, %g out", what,
	   in, out);
	if (!row->rate_known || row->rate_in != in || row->rate_out != out)
		tap_note("got known %d, %g in, %g out", row->rate_known, row->rate_in,
			 row->rate_out);
}
