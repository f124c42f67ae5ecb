/* SPDX-License-Identifier: MIT */
#include "screen_order.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/conn_id.h"

struct screen_place {
	struct weir_conn_id id;
	const struct conn_row *row; /* while an order is applied */
	size_t rank;
};

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_tuples(const struct weir_conn_id *a, const struct weir_conn_id *b)
{
	int order = weir_addr_compare(&a->remote, &b->remote);

	if (!order)
		order = weir_addr_compare(&a->local, &b->local);
	if (!order)
		order = compare_u64(a->remote_port, b->remote_port);
	return order ? order : compare_u64(a->local_port, b->local_port);
}

/* As model/conn_id.h says what is equal. */
static int compare_ids(const struct weir_conn_id *a, const struct weir_conn_id *b)
{
	int order = compare_u64(a->proto, b->proto);

	if (!order)
		order = compare_u64(a->cookie, b->cookie);
	if (order)
		return order;
	return conn_id_is_life(a) ? compare_u64(a->generation, b->generation)
				  : compare_tuples(a, b);
}

static int by_id(const void *a, const void *b)
{
	const struct screen_place *x = a, *y = b;

	return compare_ids(&x->id, &y->id);
}

static int by_id_and_rank(const void *a, const void *b)
{
	const struct screen_place *x = a, *y = b;
	int order = compare_ids(&x->id, &y->id);

	return order ? order : compare_u64(x->rank, y->rank);
}

static int by_rank(const void *a, const void *b)
{
	const struct screen_place *x = a, *y = b;

	return compare_u64(x->rank, y->rank);
}

void screen_order_release(struct screen_order *order)
{
	free(order->places);
	free(order->scratch);
	*order = (struct screen_order){0};
}

/* Of a connection that is there twice the first place counts. */
static size_t drop_doubles(struct screen_place *places, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || compare_ids(&places[kept - 1].id, &places[i].id) != 0)
			places[kept++] = places[i];
	}
	return kept;
}

int screen_order_hold(struct screen_order *order, const struct conn_row *const *rows, size_t n)
{
	struct screen_place *places = calloc(n + 1, sizeof(*places));

	screen_order_release(order);
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		places[i] = (struct screen_place){.id = rows[i]->id, .rank = i};
	qsort(places, n, sizeof(*places), by_id_and_rank);
	*order = (struct screen_order){
		.held = true,
		.places = places,
		.n_places = drop_doubles(places, n),
		.n_given = n,
	};
	return 0;
}

static int reserve(struct screen_order *order, size_t n)
{
	struct screen_place *scratch;

	if (n <= order->max_scratch)
		return 0;
	n += n / 4 + 64;
	scratch = reallocarray(order->scratch, n, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	order->scratch = scratch;
	order->max_scratch = n;
	return 0;
}

int screen_order_apply(struct screen_order *order, const struct conn_row **rows, size_t n)
{
	int r;

	if (!order->held || n == 0)
		return 0;
	r = reserve(order, n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct screen_place key = {.id = rows[i]->id};
		const struct screen_place *known =
			bsearch(&key, order->places, order->n_places, sizeof(key), by_id);

		order->scratch[i] = (struct screen_place){
			.row = rows[i],
			.rank = known ? known->rank : order->n_given + i,
		};
	}
	qsort(order->scratch, n, sizeof(*order->scratch), by_rank);
	for (size_t i = 0; i < n; i++)
		rows[i] = order->scratch[i].row;
	return 0;
}
