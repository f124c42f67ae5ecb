/* SPDX-License-Identifier: MIT */

/*
 * Sorting runs on 64 bits computed once a row from its first key. They decide alone for numbers,
 * and for texts and addresses unless their beginnings are equal. Equal numbers are common (a
 * thousand idle rows at rate 0), so 64 more bits decide among those; only then are rows looked at.
 */

#include "model/conn_query.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct conn_query_item {
	uint64_t rank;   /* by the first key; smaller comes first */
	uint64_t second; /* among equals of a rank that decides: by the second key, or the cookie */
	const struct conn_row *row;
};

/* Ranks of what is not known, and of the last of what is. */
#define RANK_UNKNOWN UINT64_MAX
#define RANK_LAST (UINT64_MAX - 1)

static const char *const key_names[CONN_SORT_KEYS] = {
	[CONN_SORT_RATE] = "rate",       [CONN_SORT_RX_RATE] = "rx_rate",
	[CONN_SORT_TX_RATE] = "tx_rate", [CONN_SORT_RX] = "rx",
	[CONN_SORT_TX] = "tx",           [CONN_SORT_TOTAL] = "total",
	[CONN_SORT_PID] = "pid",         [CONN_SORT_PROCESS] = "process",
	[CONN_SORT_USER] = "user",       [CONN_SORT_LOCAL] = "local",
	[CONN_SORT_REMOTE] = "remote",   [CONN_SORT_LPORT] = "lport",
	[CONN_SORT_RPORT] = "rport",     [CONN_SORT_STATE] = "state",
	[CONN_SORT_RTT] = "rtt",         [CONN_SORT_RETR] = "retr",
	[CONN_SORT_AGE] = "age",         [CONN_SORT_PROTO] = "proto",
	[CONN_SORT_PACKETS] = "packets", [CONN_SORT_CGROUP] = "cgroup",
};

/* One query over one set of rows. */
struct run {
	const struct conn_query *query;
	uint64_t now_ns;
};

const char *conn_sort_key_name(enum conn_sort_key key)
{
	return (unsigned)key < CONN_SORT_KEYS ? key_names[key] : NULL;
}

static int find_key(const char *word, size_t len)
{
	for (int i = 0; i < CONN_SORT_KEYS; i++) {
		if (strlen(key_names[i]) == len && strncasecmp(key_names[i], word, len) == 0)
			return i;
	}
	return -EINVAL;
}

/* Always -EINVAL, to be returned. The message is fit for a terminal: a word that is not is not
 * repeated. */
static int bad_sort(struct filter_error *ret_error, const char *text, const char *at, size_t len,
		    const char *what)
{
	bool plain = len < 40;

	if (!ret_error)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		plain = plain && at[i] > ' ' && at[i] < 0x7f;
	ret_error->column = text_length(text, (size_t)(at - text)) + 1;
	if (len && plain)
		snprintf(ret_error->message, sizeof(ret_error->message), "%s '%.*s'", what,
			 (int)len, at);
	else
		snprintf(ret_error->message, sizeof(ret_error->message), "%s", what);
	return -EINVAL;
}

int conn_query_parse_sort(const char *text, struct conn_query *query,
			  struct filter_error *ret_error)
{
	struct conn_sort sort[CONN_QUERY_KEYS_MAX];
	const char *at = text;
	size_t n = 0;

	for (;;) {
		bool reverse = *at == '-';
		const char *word = at + reverse;
		size_t len = strcspn(word, ",");
		int key = find_key(word, len);

		if (!len)
			return bad_sort(ret_error, text, word, 0, "expected a sort key");
		if (key < 0)
			return bad_sort(ret_error, text, word, len, "unknown sort key");
		for (size_t i = 0; i < n; i++) {
			if (sort[i].key == key)
				return bad_sort(ret_error, text, word, len, "sort key given twice");
		}
		if (n == CONN_QUERY_KEYS_MAX)
			return bad_sort(ret_error, text, word, 0, "too many sort keys");
		sort[n++] = (struct conn_sort){.key = (uint8_t)key, .reverse = reverse};
		if (!word[len])
			break;
		at = word + len + 1;
	}
	memcpy(query->sort, sort, n * sizeof(*sort));
	query->n_sort = n;
	return 0;
}

void conn_result_done(struct conn_result *result)
{
	free(result->rows);
	free(result->items);
	*result = (struct conn_result){0};
}

/* Numbers that are never negative order as their bits do. */
static uint64_t double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* False: the row does not know, or the key is no number. */
static bool get_rate(const struct conn_row *row, enum conn_sort_key key, bool smooth,
		     uint64_t *ret_value)
{
	double rate = 0;

	if (!row->rate_known && !smooth)
		return false;
	if (key != CONN_SORT_TX_RATE)
		rate += smooth ? (double)row->smooth_in : row->rate_in;
	if (key != CONN_SORT_RX_RATE)
		rate += smooth ? (double)row->smooth_out : row->rate_out;
	*ret_value = double_bits(rate);
	/* A smooth rate outlasts a tick in which the true one is not known: nothing jumps. */
	return (row->rate_known || rate > 0) && !(row->flags & WEIR_CONN_NO_COUNTERS);
}

static bool get_counter(const struct conn_row *row, enum conn_sort_key key, uint64_t *ret_value)
{
	const struct weir_conn_counters *counters = &row->counters;

	*ret_value = 0;
	if (key == CONN_SORT_RX || key == CONN_SORT_TOTAL)
		*ret_value += counters->bytes_in;
	if (key == CONN_SORT_TX || key == CONN_SORT_TOTAL)
		*ret_value += counters->bytes_out;
	if (key == CONN_SORT_PACKETS)
		*ret_value = counters->packets_in + counters->packets_out;
	return !(row->flags & WEIR_CONN_NO_COUNTERS);
}

/* The value of a numeric key. False: the row does not know it. */
static bool get_number(const struct run *run, const struct conn_row *row, enum conn_sort_key key,
		       uint64_t *ret_value)
{
	switch ((int)key) {
	case CONN_SORT_RATE:
	case CONN_SORT_RX_RATE:
	case CONN_SORT_TX_RATE:
		return get_rate(row, key, run->query->smooth, ret_value);
	case CONN_SORT_PID:
		*ret_value = row->owner.pid;
		return row->owner.pid != 0;
	case CONN_SORT_LPORT:
		*ret_value = row->id.local_port;
		return true;
	case CONN_SORT_RPORT:
		*ret_value = row->id.remote_port;
		return true;
	case CONN_SORT_RTT:
		*ret_value = row->tcp.srtt_us;
		return row->tcp.srtt_us != 0;
	case CONN_SORT_RETR:
		*ret_value = double_bits(conn_row_retrans_share(row));
		return row->id.proto == WEIR_PROTO_TCP && !(row->flags & WEIR_CONN_NO_COUNTERS);
	case CONN_SORT_AGE:
		*ret_value = conn_row_age_ns(row, run->now_ns);
		return row->opened_ns != 0;
	default:
		return get_counter(row, key, ret_value);
	}
}

static bool is_addr(enum conn_sort_key key)
{
	return key == CONN_SORT_LOCAL || key == CONN_SORT_REMOTE;
}

static bool is_text(enum conn_sort_key key)
{
	return key == CONN_SORT_PROCESS || key == CONN_SORT_USER || key == CONN_SORT_STATE ||
	       key == CONN_SORT_PROTO || key == CONN_SORT_CGROUP;
}

static const char *get_text(const struct run *run, const struct conn_row *row,
			    enum conn_sort_key key, char scratch[16])
{
	switch ((int)key) {
	case CONN_SORT_PROCESS:
		return conn_row_process(row, run->query->names);
	case CONN_SORT_USER:
		return conn_row_user(row, run->query->names, scratch);
	case CONN_SORT_CGROUP:
		return conn_row_cgroup(row, run->query->names);
	case CONN_SORT_STATE:
		return weir_tcp_state_name((enum weir_tcp_state)row->state);
	default:
		return row->id.proto == WEIR_PROTO_TCP ? "tcp" : "udp";
	}
}

static uint64_t rank_number(uint64_t value)
{
	return value < RANK_LAST ? value : RANK_LAST;
}

/* The first eight bytes in lower case, the first the heaviest. */
static uint64_t rank_text(const char *text)
{
	uint64_t rank = 0;

	for (int i = 0; i < 8; i++) {
		rank = rank << 8 | (uint8_t)tolower((unsigned char)*text);
		if (*text)
			text++;
	}
	return rank_number(rank);
}

/* IPv4 before IPv6: all of address and port of the one, the beginning of the other. */
static uint64_t rank_addr(const struct weir_addr *addr, uint16_t port)
{
	bool v4 = weir_addr_is_v4(addr);
	uint64_t rank = 0;

	for (int i = v4 ? 12 : 0; i < (v4 ? 16 : 8); i++)
		rank = rank << 8 | addr->bytes[i];
	rank = v4 ? rank << 16 | port : rank >> 1 | 1ULL << 63;
	return rank_number(rank);
}

static uint64_t rank_of(const struct run *run, const struct conn_row *row,
			const struct conn_sort *sort)
{
	enum conn_sort_key key = (enum conn_sort_key)sort->key;
	const struct weir_conn_id *id = &row->id;
	char scratch[16];
	const char *text;
	uint64_t value;
	uint64_t rank;
	bool falls = sort->reverse;

	if (key == CONN_SORT_LOCAL) {
		rank = rank_addr(&id->local, id->local_port);
	} else if (key == CONN_SORT_REMOTE) {
		rank = rank_addr(&id->remote, id->remote_port);
	} else if (is_text(key)) {
		text = get_text(run, row, key, scratch);
		if (!*text)
			return RANK_UNKNOWN;
		rank = rank_text(text);
	} else {
		if (!get_number(run, row, key, &value))
			return RANK_UNKNOWN;
		rank = rank_number(value);
		falls = !falls;
	}
	return falls ? RANK_LAST - rank : rank;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_addr(const struct weir_conn_id *a, const struct weir_conn_id *b, bool local)
{
	int order = local ? weir_addr_compare(&a->local, &b->local)
			  : weir_addr_compare(&a->remote, &b->remote);

	if (order)
		return order;
	return local ? compare_u64(a->local_port, b->local_port)
		     : compare_u64(a->remote_port, b->remote_port);
}

/* One text is borrowed until the other is asked for, so it is copied; what 256 bytes cannot tell
 * apart is equal. */
static int compare_text(const struct run *run, const struct conn_row *a, const struct conn_row *b,
			enum conn_sort_key key)
{
	char scratch[16];
	char copy[256];
	const char *text;
	int order;

	snprintf(copy, sizeof(copy), "%s", get_text(run, a, key, scratch));
	text = get_text(run, b, key, scratch);
	order = strncasecmp(copy, text, sizeof(copy) - 1);
	return order ? order : strncmp(copy, text, sizeof(copy) - 1);
}

/* What equal ranks have left undecided. */
static int compare_rest(const struct run *run, const struct conn_row *a, const struct conn_row *b,
			const struct conn_sort *sort)
{
	enum conn_sort_key key = (enum conn_sort_key)sort->key;
	int order = 0;

	if (is_addr(key))
		order = compare_addr(&a->id, &b->id, key == CONN_SORT_LOCAL);
	else if (is_text(key))
		order = compare_text(run, a, b, key);
	return sort->reverse ? -order : order;
}

static int compare_ids(const struct weir_conn_id *a, const struct weir_conn_id *b)
{
	int order = compare_u64(a->cookie, b->cookie);

	if (!order)
		order = compare_u64(a->generation, b->generation);
	if (!order)
		order = compare_u64(a->proto, b->proto);
	if (!order)
		order = compare_addr(a, b, true);
	if (!order)
		order = compare_addr(a, b, false);
	return order ? order : compare_u64(a->netns, b->netns);
}

/* Kept out of the sort's loop: most pairs differ in rank. */
static int __attribute__((noinline))
compare_rows(const struct run *run, const struct conn_row *a, const struct conn_row *b)
{
	const struct conn_query *query = run->query;
	int order = compare_rest(run, a, b, &query->sort[0]);

	for (size_t i = 1; !order && i < query->n_sort; i++) {
		const struct conn_sort *sort = &query->sort[i];

		order = compare_u64(rank_of(run, a, sort), rank_of(run, b, sort));
		if (!order)
			order = compare_rest(run, a, b, sort);
	}
	if (!order)
		order = compare_ids(&a->id, &b->id);
	return order ? order : compare_u64(a->opened_ns, b->opened_ns);
}

static bool comes_after(const struct run *run, const struct conn_query_item *a,
			const struct conn_query_item *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->second != b->second)
		return a->second > b->second;
	return compare_rows(run, a->row, b->row) > 0;
}

/* Restores the heap, last of all at the top, below a new item at. */
static void sift_down(const struct run *run, struct conn_query_item *heap, size_t n, size_t at)
{
	struct conn_query_item item = heap[at];

	for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
		if (child + 1 < n && comes_after(run, &heap[child + 1], &heap[child]))
			child++;
		if (!comes_after(run, &heap[child], &item))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = item;
}

/* The first n_first of n items, in order, into their beginning: a heap of as many as are wanted
 * goes over the others, and is then emptied from its end. */
static void select_first(const struct run *run, struct conn_query_item *items, size_t n,
			 size_t n_first)
{
	for (size_t i = n_first / 2; i-- > 0;)
		sift_down(run, items, n_first, i);
	for (size_t i = n_first; i < n; i++) {
		if (!comes_after(run, &items[0], &items[i]))
			continue;
		items[0] = items[i];
		sift_down(run, items, n_first, 0);
	}
	for (size_t i = n_first; i-- > 1;) {
		struct conn_query_item last = items[0];

		items[0] = items[i];
		sift_down(run, items, i, 0);
		items[i] = last;
	}
}

static void swap_items(struct conn_query_item *a, struct conn_query_item *b)
{
	struct conn_query_item kept = *a;

	*a = *b;
	*b = kept;
}

/* Parts n >= 3 items about one of them: what comes before it, itself, what comes after. Returns its
 * place. */
static size_t partition(const struct run *run, struct conn_query_item *items, size_t n)
{
	size_t low = 1;
	size_t high = n - 1;

	/* The median of three goes to the front. */
	if (comes_after(run, &items[n / 2], &items[n - 1]))
		swap_items(&items[n / 2], &items[n - 1]);
	if (comes_after(run, &items[0], &items[n - 1]))
		swap_items(&items[0], &items[n - 1]);
	else if (comes_after(run, &items[n / 2], &items[0]))
		swap_items(&items[0], &items[n / 2]);
	for (;;) {
		while (low <= high && comes_after(run, &items[0], &items[low]))
			low++;
		while (comes_after(run, &items[high], &items[0]))
			high--;
		if (low >= high)
			break;
		swap_items(&items[low++], &items[high--]);
	}
	swap_items(&items[0], &items[high]);
	return high;
}

/* All n items in order: quicksort, and the heap where it goes badly. depth bounds the stack. */
static void sort_all(const struct run *run, struct conn_query_item *items, size_t n, unsigned depth)
{
	size_t middle;

	while (n > 8 && depth) {
		depth--;
		middle = partition(run, items, n);
		if (middle < n - middle - 1) {
			sort_all(run, items, middle, depth);
			items += middle + 1;
			n -= middle + 1;
		} else {
			sort_all(run, items + middle + 1, n - middle - 1, depth);
			n = middle;
		}
	}
	select_first(run, items, n, n);
}

static void sort_items(const struct run *run, struct conn_query_item *items, size_t n,
		       size_t n_first)
{
	unsigned depth = 8;

	if (n_first < n / 8) {
		select_first(run, items, n, n_first);
		return;
	}
	for (size_t left = n; left; left /= 2)
		depth += 2;
	sort_all(run, items, n, depth);
}

static int reserve(struct conn_result *result, size_t n_rows)
{
	size_t max_rows = n_rows + n_rows / 8 + 64;

	if (n_rows <= result->max_rows)
		return 0;
	conn_result_done(result);
	result->rows = malloc(max_rows * sizeof(const struct conn_row *));
	result->items = malloc(max_rows * sizeof(*result->items));
	if (!result->rows || !result->items) {
		conn_result_done(result);
		return -ENOMEM;
	}
	result->max_rows = max_rows;
	return 0;
}

static bool is_wanted(const struct run *run, const struct conn_row *row)
{
	const struct conn_query *query = run->query;

	if (query->match && !query->match(query->match_user, row, run->now_ns))
		return false;
	return !query->filter || filter_match(query->filter, row, query->names, run->now_ns);
}

static void fill_item(const struct run *run, const struct conn_row *row,
		      struct conn_query_item *ret_item)
{
	const struct conn_query *query = run->query;
	enum conn_sort_key key = (enum conn_sort_key)query->sort[0].key;

	*ret_item = (struct conn_query_item){.row = row};
	if (!query->n_sort)
		return;
	ret_item->rank = rank_of(run, row, &query->sort[0]);
	if (is_addr(key) || is_text(key))
		return;
	ret_item->second = query->n_sort > 1 ? rank_of(run, row, &query->sort[1]) : row->id.cookie;
}

int conn_query_run(const struct conn_query *query, const struct conn_row *const *rows,
		   size_t n_rows, uint64_t now_ns, struct conn_result *result)
{
	const struct run run = {.query = query, .now_ns = now_ns};
	size_t n = 0;
	int r;

	result->n_rows = 0;
	result->n_matched = 0;
	result->now_ns = now_ns;
	r = reserve(result, n_rows);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_rows; i++) {
		if (!is_wanted(&run, rows[i]))
			continue;
		fill_item(&run, rows[i], &result->items[n++]);
	}
	result->n_matched = n;
	result->n_rows = query->limit && query->limit < n ? query->limit : n;
	if (query->n_sort)
		sort_items(&run, result->items, n, result->n_rows);
	for (size_t i = 0; i < result->n_rows; i++)
		result->rows[i] = result->items[i].row;
	return 0;
}
