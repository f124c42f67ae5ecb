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
#include "model/balance.h"
#include "model/conn_groups.h"
#include "model/conn_history.h"
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

static void keep(struct conn_table *table, uint64_t now_ns, struct conn_snapshot **ret_snapshot,
		 int *refused)
{
	struct conn_tick t;
	int r;

	tick(table, now_ns, &t, refused);
	r = conn_table_snapshot(table, ret_snapshot);
	note(r, refused);
	if (r < 0 && conn_table_snapshot(table, ret_snapshot) < 0)
		*refused = -1;
}

static bool rows_are(const struct conn_snapshot *snapshot, size_t n, uint64_t times)
{
	const struct conn_tick *t = &snapshot->tick;

	for (size_t i = 0; i < t->n_active; i++) {
		if (t->active[i]->counters.bytes_in != times * t->active[i]->id.cookie)
			return false;
	}
	return t->n_active == n;
}

/* Rows that are kept while they change, all of them, by events and by ticks, or go. */
static void keep_and_change(struct conn_table *table, int *refused)
{
	struct conn_snapshot *first = NULL;
	struct conn_snapshot *second = NULL;
	struct conn_snapshot *third = NULL;
	struct weir_conn_event event;

	for (uint64_t k = 1; k <= 2; k++) {
		for (uint64_t i = 1; i <= 300; i++) {
			event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i),
					  k * SEC, k * i, 0);
			feed(table, &event, refused);
		}
		keep(table, k * SEC, k == 1 ? &first : &second, refused);
	}
	keep(table, 3 * SEC, &third, refused);
	for (uint64_t i = 1; i <= 300; i++) {
		event = totals_of(WEIR_CONN_FINAL, id_with_cookie(WEIR_PROTO_TCP, i), 4 * SEC,
				  3 * i, 0);
		feed(table, &event, refused);
	}
	for (uint64_t k = 4; k <= 6; k++) {
		struct conn_tick t;

		tick(table, k * SEC, &t, refused);
	}
	for (uint64_t i = 301; i <= 310; i++) {
		event = totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), 6 * SEC, i,
				  0);
		feed(table, &event, refused);
	}
	if (*refused >= 0 &&
	    (!rows_are(first, 300, 1) || !rows_are(second, 300, 2) || !rows_are(third, 300, 2)))
		*refused = -1;
	conn_table_release(table, second);
	conn_table_release(table, third);
	conn_table_release(table, first);
}

static int conn_snapshot_story(size_t nth)
{
	struct conn_table *table = NULL;
	int refused = 0;

	fault_alloc_fail_at(nth);
	note(conn_table_new(NULL, &table), &refused);
	if (table)
		keep_and_change(table, &refused);
	else if (refused != 1)
		refused = -1;
	conn_table_free(table);
	return refused;
}

/* Groups of many rows and of one, folded ones, and then more of all. */
static void group_rows(struct conn_groups *groups, int *refused)
{
	struct conn_row rows[600] = {0};
	const struct conn_row *given[600];
	struct conn_query query = {.sort = {{CONN_SORT_LPORT, false}}, .n_sort = 1};
	struct conn_result result = {0};
	struct conn_lines lines;

	for (uint16_t i = 0; i < 600; i++) {
		rows[i].id.local_port = i;
		rows[i].owner.pid = 1 + i % 400;
		rows[i].cgroup_id = i;
		given[i] = &rows[i];
	}
	for (size_t n = 100; n <= 600; n += 500) {
		int r = conn_query_run(&query, given, n, SEC, &result);

		note(r, refused);
		if (r < 0)
			conn_query_run(&query, given, n, SEC, &result);
		for (int by = 0; by < CONN_GROUPINGS; by++) {
			enum conn_grouping grouping = (enum conn_grouping)by;

			r = conn_groups_run(groups, grouping, &query, &result, &lines);
			note(r, refused);
			if (r < 0 && conn_groups_run(groups, grouping, &query, &result, &lines) < 0)
				*refused = -1;
			if (by == CONN_GROUP_PROCESS && lines.n != n + (n < 400 ? n : 400))
				*refused = -1;
		}
	}
	conn_result_done(&result);
}

static int conn_groups_story(size_t nth)
{
	struct conn_groups *groups = NULL;
	int refused = 0;

	fault_alloc_fail_at(nth);
	note(conn_groups_new(&groups), &refused);
	if (groups)
		group_rows(groups, &refused);
	conn_groups_free(groups);
	return refused;
}

static int conn_history_story(size_t nth)
{
	struct conn_row rows[200];
	const struct conn_row *given[200];
	struct conn_tick t = {.active = given, .n_active = 200, .now_ns = SEC};
	struct conn_history *history = NULL;
	struct conn_past past;
	int refused = 0;

	for (uint64_t i = 0; i < 200; i++) {
		rows[i] = (struct conn_row){.id = id_with_cookie(WEIR_PROTO_TCP, i + 1),
					    .rate_known = true,
					    .rate_in = 1};
		given[i] = &rows[i];
	}
	fault_alloc_fail_at(nth);
	note(conn_history_new(1000, &history), &refused);
	for (int i = 0; history && i < 2; i++, t.now_ns += SEC)
		note(conn_history_add(history, &t), &refused);
	if (history) {
		conn_history_get(history, &rows[199].id, &past);
		if (past.n < 1 || past.in[past.n - 1] != 1)
			refused = -1;
	}
	conn_history_free(history);
	return refused;
}

static int balance_story(size_t nth)
{
	struct balance_book *book = NULL;
	int refused = 0;

	fault_alloc_fail_at(nth);
	note(balance_book_new("eth0", &book), &refused);
	balance_book_free(book);
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

/* The next tick and a snapshot of it; the one before is released. */
static bool turn_over(struct conn_table *table, uint64_t now_ns, size_t n,
		      struct conn_snapshot **held)
{
	struct conn_snapshot *next = NULL;
	struct conn_tick t;

	if (conn_table_tick(table, now_ns, false, &t) < 0 || t.n_active != n ||
	    conn_table_snapshot(table, &next) < 0)
		return false;
	conn_table_release(table, *held);
	*held = next;
	return true;
}

static bool tell_all(struct conn_table *table, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++) {
		struct weir_conn_event event =
			totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i), SEC, i, i);

		if (conn_table_apply(table, &event) < 0)
			return false;
	}
	return true;
}

/* What a connection costs in all: its row, its share of the index and of two ticks' arrays, one in
 * a snapshot. The number of rows is the worst for the index, which has just doubled. */
static void test_cost(void)
{
	enum { N = 98305 };
	size_t live = fault_alloc_live_bytes();
	struct conn_table *table = NULL;
	struct conn_snapshot *held = NULL;
	size_t calls;
	bool right = conn_table_new(NULL, &table) == 0;

	ok(fault_alloc_live_bytes() - live < 1024, "an empty table takes next to nothing");
	right = right && tell_all(table, N);
	/* The rates, not known at first, become so while the first snapshot is held; then what that
	 * took is given back. */
	for (uint64_t i = 1; i <= 24; i++)
		right = right && turn_over(table, i * SEC, N, &held);
	ok((fault_alloc_live_bytes() - live) / N <= 400, "%zu bytes a connection, 400 at most",
	   (fault_alloc_live_bytes() - live) / N);
	for (uint64_t i = 1; i <= 6; i++) {
		calls = fault_alloc_calls();
		right = right && tell_all(table, N) && turn_over(table, (24 + i) * SEC, N, &held);
	}
	is_int(fault_alloc_calls() - calls, 0, "no allocation after warm-up");
	ok(right, "%d connections", N);
	ok((fault_alloc_live_bytes() - live) / N <= 700,
	   "%zu bytes if each changes under a snapshot", (fault_alloc_live_bytes() - live) / N);
	conn_table_release(table, held);
	conn_table_free(table);
	is_int(fault_alloc_live_bytes(), live, "and all of it given back");
}

int main(void)
{
	tell("conn_table", conn_table_story);
	tell("conn_snapshot", conn_snapshot_story);
	tell("conn_groups", conn_groups_story);
	tell("conn_history", conn_history_story);
	tell("balance", balance_story);
	tell("filter", filter_story);
	tell("conn_query", conn_query_story);
	tell("str_buf", str_buf_story);
	test_cost();
	return tap_done();
}
