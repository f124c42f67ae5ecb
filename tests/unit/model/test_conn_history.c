/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "conn_events.h"
#include "model/conn_history.h"
#include "tap.h"

#define MOST_ROWS 16

/* A tick in the making. */
struct moment {
	struct conn_row rows[MOST_ROWS];
	const struct conn_row *pointers[MOST_ROWS];
	size_t n;
};

static struct weir_conn_id id_number(uint64_t i)
{
	return id_with_cookie(WEIR_PROTO_TCP, i);
}

/* rate below 0: not known. */
static void tell(struct moment *m, uint64_t i, double rate, uint64_t bytes)
{
	m->rows[m->n] = (struct conn_row){
		.id = id_number(i),
		.rate_known = rate >= 0,
		.rate_in = rate >= 0 ? rate : 0,
		.rate_out = rate >= 0 ? rate / 2 : 0,
		.smooth_in = (float)rate,
		.delta_in = bytes,
		.delta_out = 2 * bytes,
	};
	m->pointers[m->n] = &m->rows[m->n];
	m->n++;
}

static void end_tick(struct conn_history *history, struct moment *m, uint64_t now_ns,
		     size_t n_closed)
{
	const struct conn_tick tick = {
		.active = m->pointers,
		.n_active = m->n - n_closed,
		.closed = m->pointers + m->n - n_closed,
		.n_closed = n_closed,
		.now_ns = now_ns,
	};

	if (conn_history_add(history, &tick) < 0)
		ok(false, "a tick is taken in");
	m->n = 0;
}

static void is_past(const struct conn_past *past, const char *want, const char *what)
{
	char got[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < past->n && len < sizeof(got) - 40; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%g/%g", i ? " " : "",
					past->in[i], past->out[i]);
	is_str(got, want, "%s", what);
}

static void is_past_of(const struct conn_history *history, uint64_t i, const char *want,
		       const char *what)
{
	struct weir_conn_id id = id_number(i);
	struct conn_past past;

	conn_history_get(history, &id, &past);
	is_past(&past, want, what);
}

static void test_story(void)
{
	struct conn_history *history = NULL;
	struct conn_past past;
	struct moment m = {0};

	is_int(conn_history_new(0, &history), 0, "a history");
	conn_history_total(history, &past);
	is_int(past.n, 0, "of nothing yet");
	tell(&m, 1, -1, 0);
	tell(&m, 2, 0, 0);
	end_tick(history, &m, 1 * SEC, 0);
	tell(&m, 1, 8, 8);
	tell(&m, 2, 0, 0);
	end_tick(history, &m, 2 * SEC, 0);
	tell(&m, 1, 0, 0);
	tell(&m, 2, 6, 12);
	end_tick(history, &m, 4 * SEC, 0);
	tell(&m, 1, 0, 0);
	tell(&m, 2, -1, 0);
	end_tick(history, &m, 5 * SEC, 0);
	tell(&m, 1, 4, 4);
	tell(&m, 2, 2, 1);
	tell(&m, 3, 1000, 10);
	end_tick(history, &m, 6 * SEC, 1);
	is_past_of(history, 1, "8/4 0/0 0/0 4/2", "rests are zeros");
	is_past_of(history, 2, "6/3 -1/-1 2/1", "what was not known is -1");
	is_past_of(history, 3, "1000/500", "what closed had a past too");
	is_past_of(history, 4, "", "nobody knows the fourth");
	conn_history_total(history, &past);
	is_past(&past, "-1/-1 8/16 6/12 0/0 15/30",
		"all together: bytes over the tick, whatever part of it they took");
	tell(&m, 1, 3, 3);
	end_tick(history, &m, 6 * SEC, 0);
	is_past_of(history, 1, "3/1.5", "a tick that is not later begins anew");
	is_past_of(history, 2, "", "for all");
	conn_history_total(history, &past);
	is_int(past.n, 1, "and all together");
	conn_history_free(history);
}

static void test_ring(void)
{
	struct conn_history *history = NULL;
	struct weir_conn_id id = id_number(1);
	struct conn_past past;
	struct moment m = {0};
	bool right = true;

	conn_history_new(0, &history);
	for (uint64_t i = 1; i <= 1000; i++) {
		tell(&m, 1, i % 7 ? (double)i : 0, i);
		tell(&m, 2, i == 5 || i == 900 ? (double)i : 0, 0);
		end_tick(history, &m, i * SEC, 0);
	}
	conn_history_get(history, &id, &past);
	for (size_t i = 0; i < past.n; i++) {
		size_t tick = 1000 - past.n + 1 + i;

		right = right && past.in[i] == (tick % 7 ? (double)tick : 0);
	}
	ok(right && past.n == CONN_HISTORY_TICKS, "the last ticks, oldest first");
	id = id_number(2);
	conn_history_get(history, &id, &past);
	for (size_t i = 0; i < past.n; i++)
		right = right && past.in[i] == (1000 - past.n + 1 + i == 900 ? 900 : 0);
	ok(right && past.n == CONN_HISTORY_TICKS, "a long rest leaves nothing old behind");
	conn_history_total(history, &past);
	ok(past.n == CONN_HISTORY_TICKS && past.in[CONN_HISTORY_TICKS - 1] == 1000, "all together");
	conn_history_free(history);
}

static bool is_known(const struct conn_history *history, uint64_t i)
{
	struct weir_conn_id id = id_number(i);
	struct conn_past past;

	conn_history_get(history, &id, &past);
	return past.n != 0;
}

static void test_bounds(void)
{
	struct conn_history *history = NULL;
	struct moment m = {0};

	conn_history_new(3, &history);
	for (uint64_t i = 1; i <= 3; i++) {
		tell(&m, i, 10, 0);
		end_tick(history, &m, i * SEC, 0);
	}
	tell(&m, 1, 10, 0);
	end_tick(history, &m, 4 * SEC, 0);
	tell(&m, 4, 1, 0);
	end_tick(history, &m, 5 * SEC, 0);
	ok(!is_known(history, 2) && is_known(history, 1) && is_known(history, 3) &&
		   is_known(history, 4),
	   "who was idle longest is forgotten");
	for (uint64_t t = 6; t < 9; t++) {
		for (uint64_t i = 1; i <= 6; i++)
			tell(&m, i, i == 6 ? 100 : 10, 0);
		end_tick(history, &m, t * SEC, 0);
	}
	ok(is_known(history, 6), "a large one finds room among small ones");
	is_int(is_known(history, 1) + is_known(history, 2) + is_known(history, 3) +
		       is_known(history, 4) + is_known(history, 5),
	       2, "at the cost of one of them");
	is_past_of(history, 6, "100/50 100/50 100/50", "and keeps it");
	conn_history_free(history);
}

/* Equals among too many do not push each other out: whoever has a past goes on having it. */
static void test_no_thrashing(void)
{
	struct conn_history *history = NULL;
	struct conn_past past;
	struct moment m = {0};
	size_t n = 0;

	conn_history_new(4, &history);
	for (uint64_t t = 1; t <= 10; t++) {
		for (uint64_t i = 1; i <= 12; i++)
			tell(&m, 1 + (i * 5 + t) % 12, 10, 0);
		end_tick(history, &m, t * SEC, 0);
	}
	for (uint64_t i = 1; i <= 12; i++) {
		struct weir_conn_id id = id_number(i);

		conn_history_get(history, &id, &past);
		n += past.n == 10;
	}
	is_int(n, 4, "as many as there is room for have their whole past");
	conn_history_free(history);
}

int main(void)
{
	test_story();
	test_ring();
	test_bounds();
	test_no_thrashing();
	return tap_done();
}
