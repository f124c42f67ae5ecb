/* SPDX-License-Identifier: MIT */

/*
 * Each story is told once for every allocation in it, and that one fails. What is expected each
 * time: -ENOMEM and nothing else, the thing still usable, and in the end no byte left.
 */

#include <errno.h>
#include <string.h>

#include "base/str_buf.h"
#include "conn_events.h"
#include "fault_alloc.h"
#include "model/conn_query.h"
#include "model/conn_table.h"
#include "model/filter.h"
#include "tap.h"

/* No story allocates more often than this. */
#define MOST_ALLOCATIONS 200

/* Tells a story with allocation nth failing. Returns how many calls said -ENOMEM, or -1 if
 * something else went wrong. */
typedef int (*story_fn)(size_t nth);

static void tell(const char *name, story_fn story)
{
	size_t live = fault_alloc_live_bytes();
	bool failed = true;
	size_t nth;

	for (nth = 1; failed && nth <= MOST_ALLOCATIONS; nth++) {
		int refused = story(nth);

		failed = fault_alloc_failed();
		if (refused != failed || fault_alloc_live_bytes() != live)
			break;
	}
	ok(!failed, "%s: each of %zu allocations may fail", name, nth - 2);
	ok(nth > 2, "%s allocates at all", name);
	if (failed)
		tap_note("at allocation %zu, with %zu bytes left", nth,
			 fault_alloc_live_bytes() - live);
}

/* Counts -ENOMEM; any other error spoils the story. */
static void note(int r, int *refused)
{
	if (r == -ENOMEM && *refused >= 0)
		(*refused)++;
	else if (r < 0)
		*refused = -1;
}

/* An event that is refused is offered again, and then must be taken. */
static void feed(struct conn_table *table, const struct weir_conn_event *event, int *refused)
{
	int r = conn_table_apply(table, event);

	note(r, refused);
	if (r < 0 && conn_table_apply(table, event) < 0)
		*refused = -1;
}

static void tick(struct conn_table *table, uint64_t now_ns, struct conn_tick *ret_tick,
		 int *refused)
{
	int r = conn_table_tick(table, now_ns, true, ret_tick);

	note(r, refused);
	if (r < 0 && conn_table_tick(table, now_ns, true, ret_tick) < 0)
		*refused = -1;
}

/* Enough rows for several chunks, doublings of the index and of the tick's array. */
static void fill_and_close(struct conn_table *table, int *refused)
{
	struct conn_table_stats stats;
	struct conn_tick t = {0};

	for (uint64_t i = 1; i <= 1100; i++) {
		struct weir_conn_event event =
			totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, i);

		feed(table, &event, refused);
		if (i == 100)
			tick(table, SEC, &t, refused);
	}
	for (uint64_t i = 1; i <= 50; i++) {
		struct weir_conn_event event = totals_of(
			WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, 2 * i);

		feed(table, &event, refused);
	}
	tick(table, 2 * SEC, &t, refused);
	if (t.n_active != 1050 || t.n_closed != 50)
		*refused = -1;
	for (size_t i = 0; i < t.n_closed; i++) {
		if (t.closed[i]->counters.bytes_out != 2 * t.closed[i]->id.cookie)
			*refused = -1;
	}
	tick(table, 3 * SEC, &t, refused);
	conn_table_stats(table, &stats);
	if (t.n_active != 1050 || t.n_closed != 0 || stats.opened != 1100 || stats.closed != 50 ||
	    stats.refused > 1)
		*refused = -1;
}

static int conn_table_story(size_t nth)
{
	struct conn_table *table = NULL;
	int refused = 0;

	fault_alloc_fail_at(nth);
	note(conn_table_new(NULL, &table), &refused);
	if (table)
		fill_and_close(table, &refused);
	else if (refused != 1)
		refused = -1;
	conn_table_free(table);
	return refused;
}

static int filter_story(size_t nth)
{
	struct filter_error error = {.column = 7};
	struct filter *filter = NULL;
	int refused = 0;

	fault_alloc_fail_at(nth);
	note(filter_parse("tcp and (port in (1,2,3,4,5,6,7,8,9,10) or process ~ \"x\")", &filter,
			  &error),
	     &refused);
	if (!filter &&
	    (refused != 1 || error.column != 0 || strcmp(error.message, "out of memory") != 0))
		refused = -1;
	filter_free(filter);
	return refused;
}

static int conn_query_story(size_t nth)
{
	struct conn_row rows[300];
	const struct conn_row *given[300];
	struct conn_query query = {.sort = {{CONN_SORT_LPORT, false}}, .n_sort = 1};
	struct conn_result result = {0};
	int refused = 0;

	for (uint16_t i = 0; i < 300; i++) {
		rows[i] = (struct conn_row){.id = {.local_port = i}};
		given[i] = &rows[i];
	}
	fault_alloc_fail_at(nth);
	for (size_t n = 100; n <= 300; n += 200) {
		int r = conn_query_run(&query, given, n, SEC, &result);

		note(r, &refused);
		if (r < 0 &&
		    (result.n_rows != 0 || conn_query_run(&query, given, n, SEC, &result) < 0))
			refused = -1;
		if (result.n_rows != n || result.rows[0] != &rows[n - 1])
			refused = -1;
	}
	conn_result_done(&result);
	return refused;
}

static int str_buf_story(size_t nth)
{
	struct str_buf buf = {0};
	int refused = 0;
	size_t before;

	fault_alloc_fail_at(nth);
	for (int i = 0; i < 2000 && !buf.error; i++) {
		before = buf.len;
		str_buf_printf(&buf, "%d ", i);
		if (buf.error && (buf.len != before || (buf.data && buf.data[before])))
			refused = -1;
	}
	note(buf.error, &refused);
	str_buf_clear(&buf);
	str_buf_puts(&buf, "again");
	if (buf.error || strcmp(buf.data, "again") != 0)
		refused = -1;
	str_buf_done(&buf);
	return refused;
}

/* What a connection costs in all: its row, its share of the index and of the tick's array. The
 * number of rows is the worst for the index, which has just doubled. */
static void test_cost(void)
{
	enum { N = 98305 };
	size_t live = fault_alloc_live_bytes();
	struct conn_table *table = NULL;
	struct conn_tick t;
	size_t calls;
	bool right = conn_table_new(NULL, &table) == 0;

	ok(fault_alloc_live_bytes() - live < 1024, "an empty table takes next to nothing");
	for (int round = 0; round < 2; round++) {
		calls = fault_alloc_calls();
		for (uint64_t i = 1; i <= N; i++) {
			struct weir_conn_event event = totals_of(
				WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, i);

			right = right && conn_table_apply(table, &event) == 0;
		}
		right = right && conn_table_tick(table, SEC, false, &t) == 0 && t.n_active == N;
	}
	ok(right, "%d connections", N);
	is_int(fault_alloc_calls() - calls, 0, "no allocation after warm-up");
	ok((fault_alloc_live_bytes() - live) / N <= 400, "%zu bytes a connection, 400 at most",
	   (fault_alloc_live_bytes() - live) / N);
	conn_table_free(table);
	is_int(fault_alloc_live_bytes(), live, "and all of it given back");
}

int main(void)
{
	tell("conn_table", conn_table_story);
	tell("filter", filter_story);
	tell("conn_query", conn_query_story);
	tell("str_buf", str_buf_story);
	test_cost();
	return tap_done();
}
