/* SPDX-License-Identifier: MIT */

/*
 * A ring of ticks for all together, and one for each connection that had a rate in them. Idle rows,
 * which are most, are not looked up: a connection that is not told of in a tick rested in it.
 */

#include "model/conn_history.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hash_index.h"
#include "model/conn_id.h"

#define TICKS CONN_HISTORY_TICKS
#define MAX_CONNS 4096
#define NONE HASH_INDEX_NONE
#define NS_PER_SEC 1000000000ULL

/* Of one connection; ring[tick % TICKS] from the first tick to the last. */
struct past {
	struct weir_conn_id id;
	uint64_t first_tick;
	uint64_t last_tick;   /* told; it rested in those after it */
	uint64_t active_tick; /* the last one with a rate above 0 */
	uint32_t previous;    /* by active_tick, with exceptions: see admit() */
	uint32_t next;
	float smooth;
	float in[TICKS];
	float out[TICKS];
};

struct conn_history {
	struct past *pasts;
	uint32_t n;
	uint32_t max;
	uint32_t idlest;
	uint32_t busiest;
	struct hash_index index;
	uint8_t key[16];
	uint64_t n_ticks;
	uint64_t now_ns; /* of the last tick */
	double in[TICKS];
	double out[TICKS];
};

struct conn_history *conn_history_free(struct conn_history *history)
{
	if (!history)
		return NULL;
	hash_index_done(&history->index);
	free(history->pasts);
	free(history);
	return NULL;
}

DEFINE_CLEANUP(conn_history_free_p, struct conn_history *, conn_history_free)

int conn_history_new(size_t max_conns, struct conn_history **ret_history)
{
	CLEANUP(conn_history_free_p)
	struct conn_history *history = calloc(1, sizeof(*history));

	if (!history)
		return -ENOMEM;
	history->max = max_conns ? (uint32_t)max_conns : MAX_CONNS;
	/* What is not used is not touched, so it takes no memory. */
	history->pasts = malloc(history->max * sizeof(*history->pasts));
	if (!history->pasts)
		return -ENOMEM;
	history->idlest = NONE;
	history->busiest = NONE;
	hash_key(history->key);
	*ret_history = STEAL(history);
	return 0;
}

static void begin_anew(struct conn_history *history)
{
	hash_index_done(&history->index);
	history->n = 0;
	history->idlest = NONE;
	history->busiest = NONE;
	history->n_ticks = 0;
	history->now_ns = 0;
}

static uint32_t find(const struct conn_history *history, uint64_t hash,
		     const struct weir_conn_id *id)
{
	uint32_t at;

	for (uint32_t slot = hash_index_first(&history->index, hash, &at); slot != NONE;
	     slot = hash_index_next(&history->index, hash, &at)) {
		if (conn_id_equal(&history->pasts[slot].id, id))
			return slot;
	}
	return NONE;
}

static void append(struct conn_history *history, uint32_t slot)
{
	struct past *past = &history->pasts[slot];

	past->previous = history->busiest;
	past->next = NONE;
	if (history->busiest == NONE)
		history->idlest = slot;
	else
		history->pasts[history->busiest].next = slot;
	history->busiest = slot;
}

static void take_out(struct conn_history *history, uint32_t slot)
{
	const struct past *past = &history->pasts[slot];

	if (past->previous == NONE)
		history->idlest = past->next;
	else
		history->pasts[past->previous].next = past->next;
	if (past->next == NONE)
		history->busiest = past->previous;
	else
		history->pasts[past->next].previous = past->previous;
}

static float weight_of(const struct conn_row *row)
{
	return row->smooth_in + row->smooth_out;
}

/*
 * A slot for a connection that is not known, NONE if it must do without. Who was idle for longer
 * than a tick makes room. Among more active ones than there is room for, one that moves twice as
 * much does: only one is asked for each that comes, so that this costs next to nothing, and the
 * large ones find their place within a few ticks.
 */
static uint32_t admit(struct conn_history *history, const struct conn_row *row)
{
	uint32_t slot = history->idlest;
	struct past *past;

	if (history->n < history->max) {
		slot = history->n++;
		append(history, slot);
		return slot;
	}
	past = &history->pasts[slot];
	if (past->active_tick + 1 >= history->n_ticks && weight_of(row) <= 2 * past->smooth) {
		take_out(history, slot);
		append(history, slot);
		return NONE;
	}
	hash_index_remove(&history->index, conn_id_hash(history->key, &past->id), slot);
	return slot;
}

static void put(struct past *past, uint64_t tick, float in, float out)
{
	past->in[tick % TICKS] = in;
	past->out[tick % TICKS] = out;
}

static void add_row(struct conn_history *history, uint32_t slot, const struct conn_row *row)
{
	struct past *past = &history->pasts[slot];
	uint64_t tick = history->n_ticks;
	bool is_active = row->rate_known && (row->rate_in > 0 || row->rate_out > 0);

	if (past->last_tick + TICKS < tick)
		past->last_tick = tick - TICKS;
	while (++past->last_tick < tick)
		put(past, past->last_tick, 0, 0);
	past->last_tick = tick;
	past->smooth = weight_of(row);
	if (row->rate_known)
		put(past, tick, (float)row->rate_in, (float)row->rate_out);
	else
		put(past, tick, -1, -1);
	if (!is_active)
		return;
	past->active_tick = tick;
	take_out(history, slot);
	append(history, slot);
}

/* A row that rests in this tick needs nothing, and one whose rate is not known only if it is
 * remembered. */
static int take_row(struct conn_history *history, const struct conn_row *row)
{
	bool is_resting = row->rate_known && !(row->rate_in > 0) && !(row->rate_out > 0);
	uint64_t hash;
	uint32_t slot;
	int r;

	if (is_resting || (!row->rate_known && !history->n))
		return 0;
	hash = conn_id_hash(history->key, &row->id);
	slot = find(history, hash, &row->id);
	if (slot == NONE && row->rate_known) {
		r = hash_index_reserve(&history->index);
		if (r < 0)
			return r;
		slot = admit(history, row);
		if (slot == NONE)
			return 0;
		history->pasts[slot].id = row->id;
		history->pasts[slot].first_tick = history->n_ticks;
		history->pasts[slot].last_tick = history->n_ticks - 1;
		hash_index_add(&history->index, hash, slot);
	}
	if (slot != NONE)
		add_row(history, slot, row);
	return 0;
}

struct sums {
	uint64_t in;
	uint64_t out;
	size_t n_known;
};

/* Every row is taken in, even if there is no memory for some. */
static int take_rows(struct conn_history *history, const struct conn_row *const *rows,
		     size_t n_rows, struct sums *sums)
{
	int error = 0;

	for (size_t i = 0; i < n_rows; i++) {
		const struct conn_row *row = rows[i];
		int r;

		sums->in += row->delta_in;
		sums->out += row->delta_out;
		sums->n_known += row->rate_known;
		r = take_row(history, row);
		if (r < 0)
			error = r;
	}
	return error;
}

/* Bytes over the whole tick: the rates of connections that lived for a part of it do not add up. */
static void add_total(struct conn_history *history, const struct conn_tick *tick,
		      const struct sums *sums)
{
	double seconds = (double)(tick->now_ns - history->now_ns) / (double)NS_PER_SEC;
	bool is_known = history->now_ns && (sums->n_known || !(tick->n_active + tick->n_closed));

	history->in[history->n_ticks % TICKS] = is_known ? (double)sums->in / seconds : -1;
	history->out[history->n_ticks % TICKS] = is_known ? (double)sums->out / seconds : -1;
}

int conn_history_add(struct conn_history *history, const struct conn_tick *tick)
{
	struct sums sums = {0};
	int r;
	int error;

	if (history->n_ticks && tick->now_ns <= history->now_ns)
		begin_anew(history);
	/* Ticks are counted from 1, so that there is one before each. */
	history->n_ticks++;
	error = take_rows(history, tick->active, tick->n_active, &sums);
	r = take_rows(history, tick->closed, tick->n_closed, &sums);
	if (r < 0)
		error = r;
	add_total(history, tick, &sums);
	history->now_ns = tick->now_ns;
	return error;
}

/* The first of the ticks a ring still has. */
static uint64_t first_kept(const struct conn_history *history, uint64_t first_tick)
{
	return first_tick + TICKS > history->n_ticks ? first_tick : history->n_ticks - TICKS + 1;
}

void conn_history_get(const struct conn_history *history, const struct weir_conn_id *id,
		      struct conn_past *ret_past)
{
	uint32_t slot = find(history, conn_id_hash(history->key, id), id);
	const struct past *past;

	ret_past->n = 0;
	if (slot == NONE)
		return;
	past = &history->pasts[slot];
	for (uint64_t tick = first_kept(history, past->first_tick); tick <= history->n_ticks;
	     tick++) {
		bool rested = tick > past->last_tick;

		ret_past->in[ret_past->n] = rested ? 0 : (double)past->in[tick % TICKS];
		ret_past->out[ret_past->n++] = rested ? 0 : (double)past->out[tick % TICKS];
	}
}

void conn_history_total(const struct conn_history *history, struct conn_past *ret_past)
{
	ret_past->n = 0;
	for (uint64_t tick = first_kept(history, 1); tick <= history->n_ticks; tick++) {
		ret_past->in[ret_past->n] = history->in[tick % TICKS];
		ret_past->out[ret_past->n++] = history->out[tick % TICKS];
	}
}
