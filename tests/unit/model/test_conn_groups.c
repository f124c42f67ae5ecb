/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "conn_events.h"
#include "model/conn_groups.h"
#include "model/group_folds.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW (100 * SEC)

static const char *container_of(void *user, const struct conn_row *row)
{
	++*(unsigned *)user;
	return row->cgroup_id == 1 || row->cgroup_id == 2 ? "web.service" : "";
}

static const char *cgroup_of(void *user, const struct conn_row *row)
{
	(void)user;
	return row->cgroup_id == 3 ? "/user.slice" : "";
}

/* A row in a line of a table; its name is its remote port's letter. */
struct fact {
	char letter; /* 'a' … */
	uint8_t proto;
	const char *remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t pid;
	uint8_t evidence;
	uint8_t unknown;
	uint64_t cgroup;
	uint64_t rx;
	double rate; /* below 0: not known */
	uint32_t srtt;
	uint64_t opened;
};

static const struct fact facts[] = {
	{'a', 6, "10.0.0.1", 443, 50001, 7, WEIR_EVIDENCE_FILE, 0, 1, 100, 5, 30, 50},
	{'b', 6, "10.0.0.1", 443, 50002, 7, WEIR_EVIDENCE_FILE, 0, 2, 200, 6, 0, 40},
	{'c', 17, "10.0.0.2", 40000, 53, 8, WEIR_EVIDENCE_CALL, 0, 3, 1, -1, 0, 60},
	{'d', 6, "10.0.0.2", 50001, 443, 7, WEIR_EVIDENCE_CONNECT, 0, 3, 900, 1, 10, 0},
	{'e', 6, "10.0.0.3", 8443, 51024, 0, 0, WEIR_UNKNOWN_EXITED, 9, 2, 0, 20, 90},
	{'f', 6, "10.0.0.3", 8443, 1025, 0, WEIR_EVIDENCE_LISTENER, WEIR_UNKNOWN_EXITED, 9, 3, 0,
	 40, 90},
	{'g', 6, "10.0.0.1", 1025, 8443, 9, WEIR_EVIDENCE_CONNECT, 0, 0, 4, 9, 0, 90},
	{'h', 6, "10.0.0.4", 5000, 443, 0, 0, WEIR_UNKNOWN_KERNEL, 0, 6, 3, 0, 90},
};

#define N_FACTS N_ELEMENTS(facts)

static void fill(struct conn_row rows[N_FACTS], const struct conn_row *given[N_FACTS])
{
	for (size_t i = 0; i < N_FACTS; i++) {
		const struct fact *fact = &facts[i];

		rows[i] = (struct conn_row){
			.id = id_with_cookie((enum weir_proto)fact->proto, i + 1),
			.owner = owner_of(fact->pid, "", (enum weir_evidence)fact->evidence),
			.counters = {fact->rx, 2 * fact->rx, 1, 2},
			.tcp = {.srtt_us = fact->srtt, .retrans = 1},
			.cgroup_id = fact->cgroup,
			.opened_ns = fact->opened * SEC,
			.rate_in = fact->rate,
			.rate_known = fact->rate >= 0,
			.smooth_out = (float)i,
		};
		rows[i].id.remote = addr_of(fact->remote);
		rows[i].id.local_port = fact->local_port;
		rows[i].id.remote_port = fact->remote_port;
		rows[i].owner.unknown = fact->unknown;
		given[i] = &rows[i];
	}
}

/* "ab|c-|…": the letters of each group, '-' where they are not shown. */
static void draw(const struct conn_lines *lines, char *text)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct conn_line *line = &lines->line[i];

		if (!line->row && i)
			*text++ = '|';
		if (!line->row && line->group->folded)
			*text++ = '-';
		if (line->row)
			*text++ = (char)('a' + (int)(line->row->id.cookie - 1));
	}
	*text = '\0';
}

static struct conn_lines run(struct conn_groups *groups, enum conn_grouping by, const char *keys,
			     const struct conn_row *const *given, struct conn_result *result)
{
	static unsigned asked;
	static const struct conn_names names = {
		.user = &asked, .container = container_of, .cgroup = cgroup_of};
	struct conn_query query = {.names = &names};
	struct conn_lines lines = {0};

	if (keys)
		conn_query_parse_sort(keys, &query, NULL);
	conn_query_run(&query, given, N_FACTS, NOW, result);
	is_int(conn_groups_run(groups, by, &query, result, &lines), 0, "by %s",
	       conn_grouping_name(by));
	return lines;
}

static const struct {
	enum conn_grouping by;
	const char *keys;
	const char *want;
} drawings[] = {
	{CONN_GROUP_NONE, NULL, "abcdefgh"},
	{CONN_GROUP_NONE, "-rx", "cefghabd"},
	/* In the order in which they first appear. */
	{CONN_GROUP_PROCESS, NULL, "abd|c|ef|g|h"},
	{CONN_GROUP_REMOTE, NULL, "abg|cd|ef|h"},
	{CONN_GROUP_PORT, NULL, "abdh|c|efg"},
	{CONN_GROUP_CGROUP, NULL, "ab|cd|ef|gh"},
	/* By their sums, and rows by their own. */
	{CONN_GROUP_PROCESS, "rx", "dba|h|fe|g|c"},
	{CONN_GROUP_PROCESS, "-rx", "c|g|ef|h|abd"},
	{CONN_GROUP_PROCESS, "rate", "bad|g|h|ef|c"},
	{CONN_GROUP_REMOTE, "rate", "gba|h|dc|ef"},
	{CONN_GROUP_PROCESS, "pid", "g|c|abd|h|ef"},
	{CONN_GROUP_REMOTE, "remote", "gab|cd|fe|h"},
	{CONN_GROUP_PROCESS, "rtt", "fe|adb|c|g|h"},    /* medians: 20, 10 */
	{CONN_GROUP_PROCESS, "age,rx", "c|h|fe|g|bad"}, /* of a group: its oldest */
	{CONN_GROUP_PROCESS, "packets,-rx", "abd|ef|c|g|h"},
};

static void test_drawings(void)
{
	struct conn_row rows[N_FACTS];
	const struct conn_row *given[N_FACTS];
	struct conn_result result = {0};
	struct conn_groups *groups = NULL;
	char got[64];

	fill(rows, given);
	is_int(conn_groups_new(&groups), 0, "groups");
	for (size_t i = 0; i < N_ELEMENTS(drawings); i++) {
		struct conn_lines lines =
			run(groups, drawings[i].by, drawings[i].keys, given, &result);

		draw(&lines, got);
		is_str(got, drawings[i].want, "sorted by %s",
		       drawings[i].keys ? drawings[i].keys : "nothing");
	}
	conn_groups_free(groups);
	conn_result_done(&result);
}

static void test_sums(void)
{
	struct conn_row rows[N_FACTS];
	const struct conn_row *given[N_FACTS];
	struct conn_result result = {0};
	struct conn_groups *groups = NULL;
	struct conn_lines lines;
	const struct conn_group *group;

	fill(rows, given);
	conn_groups_new(&groups);
	lines = run(groups, CONN_GROUP_PROCESS, NULL, given, &result);
	group = lines.line[0].group;
	ok(group->n_rows == 3 && group->lead == &rows[0] && lines.line[1].group == group,
	   "three rows, led by the first");
	is_int(group->n_closed, 0, "all of them open");
	ok(group->counters.bytes_in == 1200 && group->counters.bytes_out == 2400 &&
		   group->counters.packets_in == 3 && group->counters.packets_out == 6,
	   "their counters");
	ok(group->rate_known && group->rate_in == 12 && group->rate_out == 0, "their rates");
	ok(group->smooth_in == 0 && group->smooth_out == 4, "their smooth rates");
	is_int(group->retrans, 3, "their retransmissions");
	is_int(group->srtt_us, 10, "the lower median of the round trips known, 10 and 30");
	is_int(group->opened_ns, 0, "of one the beginning is not known");
	group = lines.line[4].group;
	ok(group->lead == &rows[2] && group->opened_ns == 60 * SEC && !group->rate_known,
	   "one row alone is its own sum");
	group = lines.line[6].group;
	is_int(group->opened_ns, 90 * SEC, "the oldest beginning");
	is_int(group->srtt_us, 20, "the median of 20 and 40");
	conn_groups_free(groups);
	conn_result_done(&result);
}

static void test_folding(void)
{
	struct conn_row rows[N_FACTS];
	const struct conn_row *given[N_FACTS];
	struct conn_result result = {0};
	struct conn_groups *groups = NULL;
	struct conn_lines lines;
	uint64_t key;
	char got[64];

	fill(rows, given);
	conn_groups_new(&groups);
	lines = run(groups, CONN_GROUP_PROCESS, NULL, given, &result);
	key = lines.line[4].group->key;
	conn_groups_fold(groups, key, true);
	conn_groups_fold(groups, key, true);
	lines = run(groups, CONN_GROUP_PROCESS, NULL, given, &result);
	draw(&lines, got);
	is_str(got, "abd|-|ef|g|h", "one is folded");
	lines = run(groups, CONN_GROUP_REMOTE, "rx", given, &result);
	draw(&lines, got);
	is_str(got, "dc|bag|h|fe", "of no other grouping");
	lines = run(groups, CONN_GROUP_PROCESS, "rx", given, &result);
	draw(&lines, got);
	is_str(got, "dba|h|fe|g|-", "and remembered, wherever it stands");
	conn_groups_fold_all(groups, true);
	conn_groups_fold(groups, key, false);
	lines = run(groups, CONN_GROUP_PROCESS, NULL, given, &result);
	draw(&lines, got);
	is_str(got, "-|c|-|-|-", "all but one are folded");
	ok(lines.line[0].group->n_rows == 3, "and their heads still count their rows");
	conn_groups_fold_all(groups, false);
	lines = run(groups, CONN_GROUP_PROCESS, NULL, given, &result);
	draw(&lines, got);
	is_str(got, "abd|c|ef|g|h", "all are unfolded");
	conn_groups_free(groups);
	conn_result_done(&result);
}

static void test_memory_of_folds(void)
{
	struct group_folds folds = {0};
	bool right = true;

	for (uint64_t key = 1; key <= 6000; key++)
		group_folds_set(&folds, key << 32 | key % 3, true);
	for (uint64_t key = 1; key <= 6000; key++)
		right = right &&
			group_folds_has(&folds, key << 32 | key % 3) == (key > 6000 - 4096);
	ok(right, "of too many the last ones are remembered");
	for (uint64_t key = 5000; key <= 6000; key++)
		group_folds_set(&folds, key << 32 | key % 3, false);
	for (uint64_t key = 1; key <= 6000; key++)
		right = right && group_folds_has(&folds, key << 32 | key % 3) ==
					 (key > 6000 - 4096 && key < 5000);
	ok(right, "and those taken back are not");
	group_folds_done(&folds);
}

static uint32_t median_by_sorting(uint32_t *values, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k && values[k - 1] > values[k]; k--) {
			uint32_t kept = values[k];

			values[k] = values[k - 1];
			values[k - 1] = kept;
		}
	}
	return values[(n - 1) / 2];
}

/* Against sorting, for many sizes and many equal values. */
static void test_medians(void)
{
	enum { N = 90 };
	struct conn_row rows[N];
	const struct conn_row *given[N];
	uint32_t values[N];
	struct conn_query query = {0};
	struct conn_result result = {0};
	struct conn_groups *groups = NULL;
	struct conn_lines lines;
	uint32_t random = 1;
	bool right = true;

	conn_groups_new(&groups);
	for (size_t n = 2; n <= N; n++) {
		for (size_t i = 0; i < n; i++) {
			random = random * 1664525 + 1013904223;
			values[i] = 1 + (random >> 16) % (n % 2 ? 5 : 1000);
			rows[i] = (struct conn_row){.id = id_of(WEIR_PROTO_TCP),
						    .tcp.srtt_us = values[i]};
			given[i] = &rows[i];
		}
		conn_query_run(&query, given, n, NOW, &result);
		right = right &&
			conn_groups_run(groups, CONN_GROUP_REMOTE, &query, &result, &lines) == 0 &&
			lines.n == n + 1 &&
			lines.line[0].group->srtt_us == median_by_sorting(values, n);
	}
	ok(right, "the median is what sorting gives");
	conn_query_run(&query, given, 0, NOW, &result);
	is_int(conn_groups_run(groups, CONN_GROUP_PORT, &query, &result, &lines), 0, "of nothing");
	is_int(lines.n, 0, "nothing");
	conn_groups_free(groups);
	conn_result_done(&result);
}

/* The host is asked for names as rarely as can be. */
static void test_asking(void)
{
	struct conn_row rows[50];
	const struct conn_row *given[50];
	unsigned asked = 0;
	const struct conn_names names = {.user = &asked, .container = container_of};
	struct conn_query query = {.names = &names};
	struct conn_result result = {0};
	struct conn_groups *groups = NULL;
	struct conn_lines lines;

	for (size_t i = 0; i < 50; i++) {
		rows[i] = (struct conn_row){.id = id_of(WEIR_PROTO_TCP), .cgroup_id = 1 + i % 5};
		given[i] = &rows[i];
	}
	conn_groups_new(&groups);
	conn_query_run(&query, given, 50, NOW, &result);
	conn_groups_run(groups, CONN_GROUP_CGROUP, &query, &result, &lines);
	is_int(lines.n, 54, "two control groups are one container");
	is_int(asked, 5, "each was asked for once");
	conn_groups_free(groups);
	conn_result_done(&result);
}

int main(void)
{
	test_drawings();
	test_sums();
	test_folding();
	test_memory_of_folds();
	test_medians();
	test_asking();
	is_str(conn_grouping_name(CONN_GROUP_PORT), "port", "a grouping has a name");
	ok(!conn_grouping_name(CONN_GROUPINGS), "what is none has none");
	return tap_done();
}
