/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn_events.h"
#include "model/conn_query.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW (100 * SEC)

/* Names live in one buffer, as the contract allows: a caller that keeps one sees it overwritten. */
static const char *process_of(void *user, const struct conn_row *row)
{
	snprintf(user, 300, "%s", row->owner.comm);
	return user;
}

/* Four rows, a to d by cookie; what each key is about differs so that every order is another. */
static void fill(struct conn_row rows[4])
{
	static const char *const locals[] = {"10.0.0.2", "2001:db8::2", "10.0.0.2", "2001:db8::1"};
	static const char *const comms[] = {"nginx-worker-a", "Nginx-worker-b", "bash", ""};

	for (uint32_t i = 0; i < 4; i++) {
		struct conn_row *row = &rows[i];

		*row = (struct conn_row){.id = id_with_cookie(WEIR_PROTO_TCP, i + 1)};
		row->id.local = addr_of(locals[i]);
		row->id.local_port = (uint16_t)(4 - i);
		row->id.remote_port = 443;
		row->owner = owner_of(comms[i][0] ? 100 - i : 0, comms[i], WEIR_EVIDENCE_FILE);
		row->counters.bytes_in = (uint64_t[]){5, 7, 7, 1}[i];
		row->counters.bytes_out = (uint64_t[]){9, 0, 1, 2}[i];
		row->counters.packets_in = i;
		row->rate_known = i != 3;
		row->rate_in = (double[]){0.5, 3e9, 2, 0}[i];
		row->rate_out = (double[]){1, 0, 4, 0}[i];
		row->tcp.srtt_us = (uint32_t[]){30, 0, 10, 20}[i];
		row->tcp.retrans = i / 2;
		row->opened_ns = (uint64_t[]){90, 10, 0, 50}[i] * SEC;
		row->state = (uint8_t[]){WEIR_TCP_ESTABLISHED, WEIR_TCP_CLOSE_WAIT, WEIR_TCP_LISTEN,
					 WEIR_TCP_CLOSE}[i];
	}
	rows[2].id.proto = WEIR_PROTO_UDP;
	rows[2].owner.uid = 5;
	rows[0].owner.uid = 1000;
}

static const struct {
	const char *keys;
	const char *want;
} orders[] = {
	{"rate", "bcad"},  /* numbers fall, the unknown comes last */
	{"-rate", "acbd"}, /* whichever way */
	{"rx_rate", "bcad"},
	{"tx_rate", "cabd"},
	{"rx", "bcad"}, /* b and c are equal: by identity */
	{"rx,tx", "cbad"},
	{"-rx,-tx", "dabc"},
	{"rx,-tx", "bcad"},
	{"tx", "adcb"},
	{"total", "acbd"},
	{"pid", "abcd"},
	{"-pid", "cbad"},
	{"lport", "abcd"},
	{"-lport", "dcba"},
	{"rport", "abcd"},
	{"rport,-lport", "dcba"},
	{"process", "cabd"}, /* texts rise, whatever the case; d is "unknown" */
	{"-process", "dbac"},
	{"user", "acbd"}, /* "1000", "5", unknown */
	{"-user", "cabd"},
	{"local", "cadb"}, /* IPv4 first, then the port */
	{"-local", "bdac"},
	{"remote", "abcd"},
	{"state", "dbac"},
	{"-state,rx", "cabd"},
	{"rtt", "adcb"},
	{"-rtt", "cdab"},
	{"retr", "dabc"}, /* UDP has none */
	{"age", "bdac"},
	{"-age", "adbc"},
	{"proto", "abdc"},
	{"-proto", "cabd"},
	{"packets", "dcba"},
	{"cgroup", "abcd"}, /* nobody knows it */
	{"CGROUP,Packets", "dcba"},
};

static void test_orders(void)
{
	struct conn_row rows[4];
	const struct conn_row *const given[] = {&rows[2], &rows[0], &rows[3], &rows[1]};
	char name[300];
	const struct conn_names names = {.user = name, .process = process_of};
	struct conn_result result = {0};

	fill(rows);
	for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
		struct conn_query query = {.names = &names};
		struct filter_error error = {0};
		char got[5] = "";

		is_int(conn_query_parse_sort(orders[i].keys, &query, &error), 0, "sort by %s",
		       orders[i].keys);
		is_int(conn_query_run(&query, given, 4, NOW, &result), 0, "run");
		for (size_t k = 0; k < result.n_rows && k < 4; k++)
			got[k] = (char)('a' + (int)(result.rows[k]->id.cookie - 1));
		is_str(got, orders[i].want, "by %s", orders[i].keys);
	}
	conn_result_done(&result);
}

/* Keys that agree in all the bytes a rank holds, and beyond what a copy holds. */
static void test_long_texts(void)
{
	static const char *const comms[] = {"kworker/u16:10", "kworker/u16:1", "KWORKER/u16:1"};
	struct conn_row rows[3];
	const struct conn_row *const given[] = {&rows[0], &rows[1], &rows[2]};
	struct conn_query query = {0};
	struct conn_result result = {0};

	for (uint32_t i = 0; i < 3; i++) {
		rows[i] = (struct conn_row){.id = id_with_cookie(WEIR_PROTO_TCP, i + 1)};
		rows[i].owner = owner_of(1, comms[i], WEIR_EVIDENCE_FILE);
	}
	conn_query_parse_sort("process", &query, NULL);
	is_int(conn_query_run(&query, given, 3, NOW, &result), 0, "long names");
	ok(result.rows[0] == &rows[2] && result.rows[1] == &rows[1] && result.rows[2] == &rows[0],
	   "are told apart by their ends");
	conn_result_done(&result);
}

static const struct {
	const char *text;
	size_t column;
	const char *message;
} wrong[] = {
	{"", 1, "expected a sort key"},
	{"-", 2, "expected a sort key"},
	{"rate,", 6, "expected a sort key"},
	{",rate", 1, "expected a sort key"},
	{"speed", 1, "unknown sort key 'speed'"},
	{"rate,-speed", 7, "unknown sort key 'speed'"},
	{"rate, rx", 6, "unknown sort key"},
	{"--rate", 2, "unknown sort key '-rate'"},
	{"rat", 1, "unknown sort key 'rat'"},
	{"rx,tx,-rx", 8, "sort key given twice 'rx'"},
	{"\xc3\xa4,x", 1, "unknown sort key"},
	{"rate,\x1b[31m", 6, "unknown sort key"},
	{"rate,rx,tx,pid,rtt,retr,age,total,user", 35, "too many sort keys"},
};

static void test_wrong_keys(void)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		struct conn_query query = {.n_sort = 1, .sort = {{CONN_SORT_AGE, true}}};
		struct filter_error error = {0};

		is_int(conn_query_parse_sort(wrong[i].text, &query, &error), -EINVAL,
		       "sort keys %zu are refused", i);
		is_int(error.column, wrong[i].column, "at their column");
		is_str(error.message, wrong[i].message, "in words");
		ok(query.n_sort == 1 && query.sort[0].key == CONN_SORT_AGE, "the query as before");
	}
	is_int(conn_query_parse_sort("x", &(struct conn_query){0}, NULL), -EINVAL,
	       "nobody asks why");
}

static void test_key_names(void)
{
	struct conn_query query;
	bool right = true;

	for (unsigned i = 0; i < CONN_SORT_KEYS; i++)
		right = right &&
			conn_query_parse_sort(conn_sort_key_name((enum conn_sort_key)i), &query,
					      NULL) == 0 &&
			query.sort[0].key == i;
	ok(right, "each key is read by its name");
	ok(!conn_sort_key_name(CONN_SORT_KEYS), "no key, no name");
}

static bool has_odd_port(void *user, const struct conn_row *row, uint64_t now_ns)
{
	return *(int *)user && now_ns == NOW && row->id.local_port % 2;
}

static void test_selection(void)
{
	struct conn_row rows[4];
	const struct conn_row *const given[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
	struct conn_query query = {0};
	struct conn_result result = {0};
	struct filter *filter = NULL;
	int yes = 1;

	fill(rows);
	conn_query_run(&query, given, 4, NOW, &result);
	ok(result.n_rows == 4 && memcmp(result.rows, given, sizeof(given)) == 0,
	   "an empty query takes all, in their order");
	query.limit = 3;
	conn_query_run(&query, given, 4, NOW, &result);
	ok(result.n_rows == 3 && result.n_matched == 4 && result.rows[2] == &rows[2],
	   "a limit takes the first");
	conn_query_parse_sort("rx", &query, NULL);
	conn_query_run(&query, given, 4, NOW, &result);
	ok(result.n_rows == 3 && result.rows[0] == &rows[1] && result.rows[2] == &rows[0],
	   "the first of the sorted");
	is_int(filter_parse("tcp", &filter, NULL), 0, "a filter");
	query.filter = filter;
	conn_query_run(&query, given, 4, NOW, &result);
	ok(result.n_rows == 3 && result.n_matched == 3 && result.rows[1] == &rows[0],
	   "filtered and sorted");
	query.match = has_odd_port;
	query.match_user = &yes;
	conn_query_run(&query, given, 4, NOW, &result);
	ok(result.n_rows == 2 && result.rows[0] == &rows[1] && result.rows[1] == &rows[3],
	   "and under a further condition");
	conn_query_run(&query, given, 0, NOW, &result);
	is_int(result.n_rows, 0, "of nothing, nothing");
	filter_free(filter);
	conn_result_done(&result);
}

static void test_smooth(void)
{
	static const char *const want[][2] = {
		{"rate", "dcba"}, {"-rate", "abcd"}, {"rx_rate", "bdca"}, {"tx_rate", "dcab"}};
	struct conn_row rows[4];
	const struct conn_row *const given[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
	struct conn_query query = {.smooth = true};
	struct conn_result result = {0};

	fill(rows);
	for (size_t i = 0; i < 4; i++) {
		rows[i].rate_known = i != 1; /* b's is not, in this tick */
		rows[i].smooth_in = (float[]){1, 30, 10, 11}[i];
		rows[i].smooth_out = (float[]){3, 1, 30, 90}[i];
	}
	for (size_t i = 0; i < N_ELEMENTS(want); i++) {
		char got[5] = "";

		conn_query_parse_sort(want[i][0], &query, NULL);
		conn_query_run(&query, given, 4, NOW, &result);
		for (size_t k = 0; k < 4; k++)
			got[k] = (char)('a' + (int)(result.rows[k]->id.cookie - 1));
		is_str(got, want[i][1], "by the smooth %s", want[i][0]);
	}
	is_int(result.now_ns, NOW, "a result knows its time");
	conn_result_done(&result);
}

static int by_rx(const void *a, const void *b)
{
	const struct conn_row *x = *(const struct conn_row *const *)a;
	const struct conn_row *y = *(const struct conn_row *const *)b;

	if (x->counters.bytes_in != y->counters.bytes_in)
		return x->counters.bytes_in < y->counters.bytes_in ? 1 : -1;
	return x->id.cookie < y->id.cookie ? -1 : 1;
}

/* Against libc, for many sizes and limits, with few values so that many rows are equal. */
static void test_against_qsort(void)
{
	enum { N = 500 };
	struct conn_row *rows = calloc(N, sizeof(*rows));
	const struct conn_row *given[N];
	const struct conn_row *want[N];
	struct conn_query query = {0};
	struct conn_result result = {0};
	uint32_t random = 7;
	bool right = true;

	conn_query_parse_sort("rx", &query, NULL);
	for (size_t n = 1; n <= N; n += n < 20 ? 1 : 37) {
		for (size_t i = 0; i < n; i++) {
			random = random * 1664525 + 1013904223;
			rows[i].id = id_with_cookie(WEIR_PROTO_TCP, (random ^ i << 12) + 1);
			rows[i].counters.bytes_in = random >> 28;
			given[i] = want[i] = &rows[i];
		}
		qsort(want, n, sizeof(want[0]), by_rx);
		for (query.limit = 0; query.limit <= n; query.limit += 1 + n / 20) {
			conn_query_run(&query, given, n, NOW, &result);
			right = right && result.n_rows == (query.limit ? query.limit : n) &&
				memcmp(result.rows, want, result.n_rows * sizeof(want[0])) == 0;
		}
	}
	ok(right, "the same order as libc's, for every size and limit");
	conn_result_done(&result);
	free(rows);
}

int main(void)
{
	test_orders();
	test_long_texts();
	test_wrong_keys();
	test_key_names();
	test_selection();
	test_smooth();
	test_against_qsort();
	return tap_done();
}
