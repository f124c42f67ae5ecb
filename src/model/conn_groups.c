/* SPDX-License-Identifier: MIT */

/*
 * One pass finds each row's group by a hash of what it is grouped by, and adds it up; a second one
 * lays the rows of each group side by side. The groups are then sorted by the query itself, as
 * rows that hold their sums.
 */

#include "model/conn_groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_index.h"
#include "base/siphash.h"
#include "model/group_folds.h"
#include "model/key_map.h"

#define PREFETCH_ROWS 20

/* A group while it is put together. */
struct part {
	struct conn_group group;
	uint32_t first;    /* of its rows in by_part, and of their round trips in by_srtt */
	uint32_t n_filled; /* so far */
	uint32_t n_srtts;
	bool has_tcp;
	bool counts; /* of at least one row */
	bool is_old; /* since before all that is known */
};

struct conn_groups {
	struct group_folds folds;
	uint8_t key[16]; /* of the hashes */
	struct key_map index;
	struct key_map names; /* the key of each process's control group, asked for once a run */

	struct part *parts; /* room for max_rows each */
	uint32_t *part_of;  /* by row */
	uint32_t *srtts;    /* by row */
	uint32_t *by_srtt;  /* those of each part side by side */
	const struct conn_row **by_part;
	const struct conn_row **heads;
	struct conn_line *lines; /* room for twice as many */
	size_t max_rows;
	size_t n_parts;

	struct conn_row *sums; /* heads of the parts of more than one row */
	uint32_t *sum_parts;
	size_t n_sums;
	size_t max_sums;
	struct conn_result order;
};

/* One run. */
struct run {
	struct conn_groups *groups;
	enum conn_grouping by;
	const struct conn_query *query;
	const struct conn_result *result;
};

const char *conn_grouping_name(enum conn_grouping grouping)
{
	static const char *const names[CONN_GROUPINGS] = {
		[CONN_GROUP_NONE] = "none",     [CONN_GROUP_PROCESS] = "process",
		[CONN_GROUP_REMOTE] = "remote", [CONN_GROUP_PORT] = "port",
		[CONN_GROUP_CGROUP] = "cgroup",
	};

	return (unsigned)grouping < CONN_GROUPINGS ? names[grouping] : NULL;
}

int conn_groups_new(struct conn_groups **ret_groups)
{
	struct conn_groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	hash_key(groups->key);
	*ret_groups = groups;
	return 0;
}

static void free_rows(struct conn_groups *groups)
{
	free(groups->parts);
	free(groups->part_of);
	free(groups->srtts);
	free(groups->by_srtt);
	free(groups->by_part);
	free(groups->heads);
	free(groups->lines);
	groups->parts = NULL;
	groups->part_of = NULL;
	groups->srtts = NULL;
	groups->by_srtt = NULL;
	groups->by_part = NULL;
	groups->heads = NULL;
	groups->lines = NULL;
	groups->max_rows = 0;
}

static void free_sums(struct conn_groups *groups)
{
	free(groups->sums);
	free(groups->sum_parts);
	groups->sums = NULL;
	groups->sum_parts = NULL;
	groups->max_sums = 0;
}

struct conn_groups *conn_groups_free(struct conn_groups *groups)
{
	if (!groups)
		return NULL;
	group_folds_done(&groups->folds);
	key_map_done(&groups->index);
	key_map_done(&groups->names);
	free_rows(groups);
	free_sums(groups);
	conn_result_done(&groups->order);
	free(groups);
	return NULL;
}

void conn_groups_fold(struct conn_groups *groups, uint64_t key, bool folded)
{
	group_folds_set(&groups->folds, key, folded);
}

void conn_groups_fold_all(struct conn_groups *groups, bool folded)
{
	group_folds_set_all(&groups->folds, folded);
}

static int reserve_rows(struct conn_groups *groups, size_t n_rows)
{
	size_t n = n_rows + n_rows / 8 + 64;

	if (n_rows <= groups->max_rows)
		return 0;
	free_rows(groups);
	groups->parts = malloc(n * sizeof(*groups->parts));
	groups->part_of = malloc(n * sizeof(*groups->part_of));
	groups->srtts = malloc(n * sizeof(*groups->srtts));
	groups->by_srtt = malloc(n * sizeof(*groups->by_srtt));
	groups->by_part = malloc(n * sizeof(const struct conn_row *));
	groups->heads = malloc(n * sizeof(const struct conn_row *));
	groups->lines = malloc(2 * n * sizeof(*groups->lines));
	if (!groups->parts || !groups->part_of || !groups->srtts || !groups->by_srtt ||
	    !groups->by_part || !groups->heads || !groups->lines) {
		free_rows(groups);
		return -ENOMEM;
	}
	groups->max_rows = n;
	return 0;
}

static int reserve_sums(struct conn_groups *groups, size_t n_sums)
{
	size_t n = n_sums + n_sums / 8 + 64;

	if (n_sums <= groups->max_sums)
		return 0;
	free_sums(groups);
	groups->sums = malloc(n * sizeof(*groups->sums));
	groups->sum_parts = malloc(n * sizeof(*groups->sum_parts));
	if (!groups->sums || !groups->sum_parts) {
		free_sums(groups);
		return -ENOMEM;
	}
	groups->max_sums = n;
	return 0;
}

/* What hashes are made of: the grouping first, so that no two of them share a key. */
struct key_words {
	uint64_t grouping;
	uint64_t words[2];
};

static uint64_t hash_words(const struct run *run, uint64_t first, uint64_t second)
{
	const struct key_words words = {run->by, {first, second}};

	return siphash24(run->groups->key, &words, sizeof(words));
}

static uint64_t process_key(const struct run *run, const struct conn_row *row)
{
	const struct weir_owner *owner = &row->owner;

	return owner->pid ? hash_words(run, owner->pid, owner->start_boot_ns)
			  : hash_words(run, 0, owner->unknown);
}

static uint64_t remote_key(const struct run *run, const struct conn_row *row)
{
	struct key_words words = {.grouping = run->by};

	_Static_assert(sizeof(words.words) == sizeof(row->id.remote), "an address is 16 bytes");
	memcpy(words.words, &row->id.remote, sizeof(words.words));
	return siphash24(run->groups->key, &words, sizeof(words));
}

static uint64_t cgroup_text_key(const struct run *run, const struct conn_row *row)
{
	const char *text = conn_row_container(row, run->query->names);

	if (!*text)
		text = conn_row_cgroup(row, run->query->names);
	if (!*text)
		return hash_words(run, row->cgroup_id, 0);
	return siphash24(run->groups->key, text, strlen(text));
}

/* The host tells a control group by the socket's, or by the process. */
static int cgroup_key(const struct run *run, const struct conn_row *row, uint64_t *ret_key)
{
	const struct weir_owner *owner = &row->owner;
	uint64_t who[3] = {row->cgroup_id, owner->pid, owner->start_boot_ns};
	uint64_t *key;
	int r;

	r = key_map_put(&run->groups->names, siphash24(run->groups->key, who, sizeof(who)), &key);
	if (r < 0)
		return r;
	if (*key == KEY_MAP_NONE)
		*key = cgroup_text_key(run, row);
	*ret_key = *key;
	return 0;
}

static int key_of(const struct run *run, const struct conn_row *row, uint64_t *ret_key)
{
	if (run->by == CONN_GROUP_CGROUP)
		return cgroup_key(run, row, ret_key);
	if (run->by == CONN_GROUP_PROCESS)
		*ret_key = process_key(run, row);
	else if (run->by == CONN_GROUP_REMOTE)
		*ret_key = remote_key(run, row);
	else
		*ret_key = hash_words(run, row->id.proto, conn_row_service_port(row));
	return 0;
}

static void add_row(struct part *part, const struct conn_row *row)
{
	struct conn_group *group = &part->group;

	group->n_rows++;
	group->n_closed += row->closed_ns != 0;
	group->counters.bytes_in += row->counters.bytes_in;
	group->counters.bytes_out += row->counters.bytes_out;
	group->counters.packets_in += row->counters.packets_in;
	group->counters.packets_out += row->counters.packets_out;
	if (row->rate_known) {
		group->rate_known = true;
		group->rate_in += row->rate_in;
		group->rate_out += row->rate_out;
	}
	group->smooth_in += row->smooth_in;
	group->smooth_out += row->smooth_out;
	group->retrans += row->tcp.retrans;
	part->has_tcp |= row->id.proto == WEIR_PROTO_TCP;
	part->counts |= !(row->flags & WEIR_CONN_NO_COUNTERS);
	part->is_old |= !row->opened_ns;
	if (part->is_old)
		group->opened_ns = 0;
	else if (!group->opened_ns || row->opened_ns < group->opened_ns)
		group->opened_ns = row->opened_ns;
}

static int find_part(const struct run *run, const struct conn_row *row, uint32_t *ret_part)
{
	struct conn_groups *groups = run->groups;
	uint64_t key;
	uint64_t *part;
	int r;

	r = key_of(run, row, &key);
	if (r >= 0)
		r = key_map_put(&groups->index, key, &part);
	if (r < 0)
		return r;
	if (*part == KEY_MAP_NONE) {
		*part = groups->n_parts++;
		groups->parts[*part] = (struct part){
			.group.key = key,
			.group.lead = row,
			.group.folded = group_folds_has(&groups->folds, key),
		};
	}
	*ret_part = (uint32_t)*part;
	return 0;
}

/* Rows come in an order that memory does not have, so what is ahead is asked for early: most of a
 * run's time would else be spent waiting for it. */
static void prefetch_row(const struct conn_row *row)
{
	for (size_t at = 0; at < sizeof(*row); at += 64)
		__builtin_prefetch((const char *)row + at);
	__builtin_prefetch(&row->rate_known); /* its last byte */
}

static int sum_up(const struct run *run)
{
	struct conn_groups *groups = run->groups;
	size_t n = run->result->n_rows;
	int r;

	groups->n_parts = 0;
	key_map_clear(&groups->index);
	key_map_clear(&groups->names);
	for (size_t i = 0; i < n; i++) {
		const struct conn_row *row = run->result->rows[i];

		if (i + PREFETCH_ROWS < n)
			prefetch_row(run->result->rows[i + PREFETCH_ROWS]);
		r = find_part(run, row, &groups->part_of[i]);
		if (r < 0)
			return r;
		groups->srtts[i] = row->tcp.srtt_us;
		add_row(&groups->parts[groups->part_of[i]], row);
	}
	return 0;
}

/* The rows of each part side by side, in their order, and what is known of their round trips. */
static void lay_out(const struct run *run)
{
	struct conn_groups *groups = run->groups;
	uint32_t first = 0;

	for (size_t i = 0; i < groups->n_parts; i++) {
		groups->parts[i].first = first;
		first += (uint32_t)groups->parts[i].group.n_rows;
	}
	for (size_t i = 0; i < run->result->n_rows; i++) {
		struct part *part = &groups->parts[groups->part_of[i]];

		groups->by_part[part->first + part->n_filled++] = run->result->rows[i];
		if (groups->srtts[i])
			groups->by_srtt[part->first + part->n_srtts++] = groups->srtts[i];
	}
}

/* The value that is nth, from 0, in order (Hoare's FIND). */
static uint32_t select_nth(uint32_t *values, size_t n, size_t nth)
{
	size_t low = 0;
	size_t high = n - 1;

	while (low < high) {
		uint32_t pivot = values[(low + high) / 2];
		size_t i = low;
		size_t j = high;

		for (;; i++, j--) {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i >= j)
				break;
			values[i] ^= values[j];
			values[j] ^= values[i];
			values[i] ^= values[j];
		}
		if (nth <= j)
			high = j;
		else
			low = j + 1;
	}
	return values[nth];
}

/* A row that sorts as the group does. What rows do not sum up to is as in the first of them. */
static void fill_sum(const struct part *part, struct conn_row *ret_row)
{
	const struct conn_group *group = &part->group;

	*ret_row = *group->lead;
	/* Among equals groups keep their order, whichever row comes first in them. */
	ret_row->id.cookie = group->key;
	if (part->has_tcp)
		ret_row->id.proto = WEIR_PROTO_TCP;
	ret_row->counters = group->counters;
	ret_row->rate_known = group->rate_known;
	ret_row->rate_in = group->rate_in;
	ret_row->rate_out = group->rate_out;
	ret_row->smooth_in = group->smooth_in;
	ret_row->smooth_out = group->smooth_out;
	ret_row->tcp.srtt_us = group->srtt_us;
	ret_row->tcp.retrans = group->retrans < UINT32_MAX ? (uint32_t)group->retrans : UINT32_MAX;
	ret_row->opened_ns = group->opened_ns;
	ret_row->closed_ns = 0;
	ret_row->flags = part->counts ? 0 : WEIR_CONN_NO_COUNTERS;
}

/* A part of one row is that row. */
static int fill_heads(struct conn_groups *groups)
{
	size_t n_sums = 0;
	int r;

	for (size_t i = 0; i < groups->n_parts; i++)
		n_sums += groups->parts[i].group.n_rows > 1;
	r = reserve_sums(groups, n_sums);
	if (r < 0)
		return r;
	groups->n_sums = 0;
	for (size_t i = 0; i < groups->n_parts; i++) {
		struct part *part = &groups->parts[i];
		size_t at = groups->n_sums;

		groups->heads[i] = part->group.lead;
		if (part->n_srtts)
			part->group.srtt_us = select_nth(groups->by_srtt + part->first,
							 part->n_srtts, (part->n_srtts - 1) / 2);
		if (part->group.n_rows == 1)
			continue;
		fill_sum(part, &groups->sums[at]);
		groups->sum_parts[at] = (uint32_t)i;
		groups->heads[i] = &groups->sums[at];
		groups->n_sums++;
	}
	return 0;
}

/* The part a head stands for. */
static int part_of_head(const struct run *run, const struct conn_row *head, uint32_t *ret_part)
{
	const struct conn_groups *groups = run->groups;

	if (head >= groups->sums && head < groups->sums + groups->n_sums) {
		*ret_part = groups->sum_parts[head - groups->sums];
		return 0;
	}
	return find_part(run, head, ret_part);
}

static size_t add_lines(struct conn_groups *groups, const struct part *part, size_t n)
{
	groups->lines[n++] = (struct conn_line){.group = &part->group};
	if (part->group.folded)
		return n;
	for (size_t i = 0; i < part->group.n_rows; i++)
		groups->lines[n++] = (struct conn_line){
			.group = &part->group,
			.row = groups->by_part[part->first + i],
		};
	return n;
}

static int run_grouped(const struct run *run, struct conn_lines *ret_lines)
{
	struct conn_groups *groups = run->groups;
	struct conn_query query = *run->query;
	uint32_t part;
	size_t n = 0;
	int r;

	query.filter = NULL;
	query.match = NULL;
	query.limit = 0;
	r = sum_up(run);
	if (r < 0)
		return r;
	lay_out(run);
	r = fill_heads(groups);
	if (r >= 0)
		r = conn_query_run(&query, groups->heads, groups->n_parts, run->result->now_ns,
				   &groups->order);
	if (r < 0)
		return r;
	for (size_t i = 0; i < groups->order.n_rows; i++) {
		r = part_of_head(run, groups->order.rows[i], &part);
		if (r < 0)
			return r;
		n = add_lines(groups, &groups->parts[part], n);
	}
	*ret_lines = (struct conn_lines){groups->lines, n};
	return 0;
}

int conn_groups_run(struct conn_groups *groups, enum conn_grouping by,
		    const struct conn_query *query, const struct conn_result *result,
		    struct conn_lines *ret_lines)
{
	const struct run run = {groups, by, query, result};
	int r;

	r = reserve_rows(groups, result->n_rows);
	if (r < 0)
		return r;
	if (by != CONN_GROUP_NONE)
		return run_grouped(&run, ret_lines);
	for (size_t i = 0; i < result->n_rows; i++)
		groups->lines[i] = (struct conn_line){.row = result->rows[i]};
	*ret_lines = (struct conn_lines){groups->lines, result->n_rows};
	return 0;
}
