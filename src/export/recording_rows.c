/* SPDX-License-Identifier: MIT */
#include "export/recording_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "model/conn_id.h"

#define FIRST_ROOM 64

void recording_rows_init(struct recording_rows *rows, bool is_indexed)
{
	*rows = (struct recording_rows){.is_indexed = is_indexed, .free = HASH_INDEX_NONE};
	hash_key(rows->key);
}

void recording_rows_done(struct recording_rows *rows)
{
	free(rows->entries);
	free(rows->marks);
	free(rows->last);
	free(rows->next);
	hash_index_done(&rows->index);
	*rows = (struct recording_rows){0};
}

void recording_rows_clear(struct recording_rows *rows)
{
	rows->n_entries = 0;
	rows->free = HASH_INDEX_NONE;
	rows->n_last = 0;
	rows->n_next = 0;
	hash_index_done(&rows->index);
}

int recording_rows_begin(struct recording_rows *rows, size_t n)
{
	if (n > rows->max_next) {
		size_t more = n + n / 8; /* a row more each frame shall not allocate each frame */
		uint32_t *next = malloc(more * sizeof(*next));

		if (!next)
			return -ENOMEM;
		free(rows->next);
		rows->next = next;
		rows->max_next = (uint32_t)more;
	}
	rows->n_next = 0;
	rows->n_kept = 0;
	rows->frame++;
	return 0;
}

struct recording_entry *recording_rows_at(const struct recording_rows *rows, uint32_t place)
{
	return &rows->entries[rows->last[place]];
}

struct recording_entry *recording_rows_made(const struct recording_rows *rows, uint32_t place)
{
	return &rows->entries[rows->next[place]];
}

static bool is_taken(const struct recording_rows *rows, uint32_t number)
{
	return rows->marks[number].frame == rows->frame;
}

/* The entry is the next one in the frame that is being made. */
static void take(struct recording_rows *rows, uint32_t number)
{
	rows->marks[number] = (struct recording_mark){rows->frame, rows->n_next};
	rows->next[rows->n_next++] = number;
}

struct recording_entry *recording_rows_keep(struct recording_rows *rows, uint32_t place)
{
	uint32_t number;

	if (place >= rows->n_last)
		return NULL;
	number = rows->last[place];
	if (is_taken(rows, number))
		return NULL;
	take(rows, number);
	rows->n_kept++;
	return &rows->entries[number];
}

static int grow(struct recording_rows *rows)
{
	uint32_t more = rows->max_entries ? rows->max_entries * 2 : FIRST_ROOM;
	struct recording_entry *entries = realloc(rows->entries, more * sizeof(*entries));
	struct recording_mark *marks;

	if (!entries)
		return -ENOMEM;
	rows->entries = entries;
	marks = realloc(rows->marks, more * sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	rows->marks = marks;
	rows->max_entries = more;
	return 0;
}

static int take_free(struct recording_rows *rows, uint32_t *ret_entry)
{
	int r;

	if (rows->free != HASH_INDEX_NONE) {
		*ret_entry = rows->free;
		rows->free = rows->marks[rows->free].place;
		return 0;
	}
	r = rows->n_entries < rows->max_entries ? 0 : grow(rows);
	if (r == 0)
		*ret_entry = rows->n_entries++;
	return r;
}

int recording_rows_add(struct recording_rows *rows, const struct conn_row *row,
		       struct recording_entry **ret_entry)
{
	uint32_t number = HASH_INDEX_NONE;
	int r = rows->is_indexed ? hash_index_reserve(&rows->index) : 0;

	if (r == 0)
		r = take_free(rows, &number);
	if (r < 0)
		return r;
	rows->entries[number] = (struct recording_entry){.row = *row};
	take(rows, number);
	if (rows->is_indexed)
		hash_index_add(&rows->index, conn_id_hash(rows->key, &row->id), number);
	*ret_entry = &rows->entries[number];
	return 0;
}

static void remove_entry(struct recording_rows *rows, uint32_t number)
{
	const struct weir_conn_id *id = &rows->entries[number].row.id;

	if (rows->is_indexed)
		hash_index_remove(&rows->index, conn_id_hash(rows->key, id), number);
	rows->marks[number].place = rows->free;
	rows->free = number;
}

void recording_rows_end(struct recording_rows *rows)
{
	uint32_t *last = rows->last;
	uint32_t max_last = rows->max_last;

	for (uint32_t i = 0; rows->n_kept < rows->n_last && i < rows->n_last; i++) {
		if (!is_taken(rows, rows->last[i]))
			remove_entry(rows, rows->last[i]);
	}
	rows->last = rows->next;
	rows->n_last = rows->n_next;
	rows->max_last = rows->max_next;
	rows->next = last;
	rows->max_next = max_last;
	rows->n_next = 0;
}

uint32_t recording_rows_find(const struct recording_rows *rows, const struct weir_conn_id *id)
{
	uint64_t hash = conn_id_hash(rows->key, id);
	uint32_t at, number;

	for (number = hash_index_first(&rows->index, hash, &at); number != HASH_INDEX_NONE;
	     number = hash_index_next(&rows->index, hash, &at)) {
		if (!is_taken(rows, number) && conn_id_equal(&rows->entries[number].row.id, id))
			return rows->marks[number].place;
	}
	return HASH_INDEX_NONE;
}
