/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The rows of the last frame, in its order, and how the next frame comes of them: each of its rows
 * is one of the last frame's, known by its place there, or a new one. What is not taken over is
 * gone. Writer and reader do the same steps.
 *
 *	recording_rows_begin
 *	recording_rows_keep, recording_rows_add    for each row of the next frame, in order
 *	recording_rows_end
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_index.h"
#include "export/recording_layout.h"

#define RECORDING_ROWS_MAX 10000000

/* Apart from the rows, so that going over all of them stays within the cache. */
struct recording_mark {
	uint32_t frame; /* the last one it was in */
	uint32_t place; /* in that frame; if it is free: the next free one */
};

struct recording_rows {
	struct recording_entry *entries;
	struct recording_mark *marks; /* of each entry */
	uint32_t n_entries;           /* ever used: all beyond are untouched */
	uint32_t max_entries;
	uint32_t free;  /* the first free one; HASH_INDEX_NONE: none */
	uint32_t *last; /* entries of the last frame, in its order */
	uint32_t n_last;
	uint32_t max_last;
	uint32_t *next; /* of the frame that is being made */
	uint32_t n_next;
	uint32_t max_next;
	uint32_t n_kept; /* of the last one */
	uint32_t frame;  /* number of the frame that is being made */
	bool is_indexed; /* rows can be found by what they are, not only by their place */
	struct hash_index index;
	uint8_t key[16];
};

void recording_rows_init(struct recording_rows *rows, bool is_indexed);
void recording_rows_done(struct recording_rows *rows);

/* Forgets all rows; what was begun is ended. */
void recording_rows_clear(struct recording_rows *rows);

/* Makes room for a frame of n rows, at most RECORDING_ROWS_MAX. -ENOMEM: nothing is begun. */
int recording_rows_begin(struct recording_rows *rows, size_t n);

/* Takes over the row at this place; NULL: there is none, or it has been taken over. */
struct recording_entry *recording_rows_keep(struct recording_rows *rows, uint32_t place);

/* A new row, all zero but for its row, which is copied. -ENOMEM. */
int recording_rows_add(struct recording_rows *rows, const struct conn_row *row,
		       struct recording_entry **ret_entry);

/* The next frame is now the last. */
void recording_rows_end(struct recording_rows *rows);

/* The row at a place of the last frame, or of the one that is being made. */
struct recording_entry *recording_rows_at(const struct recording_rows *rows, uint32_t place);
struct recording_entry *recording_rows_made(const struct recording_rows *rows, uint32_t place);

/* The place of this connection in the last frame, if it has not been taken over; HASH_INDEX_NONE:
 * there is none. Only with is_indexed. */
uint32_t recording_rows_find(const struct recording_rows *rows, const struct weir_conn_id *id);
