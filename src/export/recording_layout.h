/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which members of rows, owners and frames a recording keeps, in which order. The order and the
 * numbers of the enums behind them are the format: docs/recording.md.
 */

#include <stdint.h>

#include "export/recording_fields.h"
#include "model/conn_frame.h"
#include "model/conn_row.h"

enum recording_name {
	RECORDING_PROCESS,
	RECORDING_USER,
	RECORDING_CGROUP,
	RECORDING_CONTAINER,
	RECORDING_NETNS,
	RECORDING_WORKSPACE,
	RECORDING_NAMES,
};

/* Whose a connection is, and what that is called: what many rows have in common. */
struct recording_who {
	struct weir_owner owner;
	uint64_t cgroup_id;
	uint32_t netns;                  /* inode */
	uint32_t texts[RECORDING_NAMES]; /* numbers in the dictionary */
	uint32_t asked;                  /* the writer's: the frame its names were asked in */
};

/* A row as it is kept: its owner, cgroup_id and id.netns are those of who. */
struct recording_entry {
	struct conn_row row;
	uint32_t who; /* number in the dictionary */
};

/* A frame but for its rows and times. */
struct recording_facts {
	struct conn_frame frame;
	uint32_t host; /* numbers in the dictionary */
	uint32_t source;
};

/* All of a who, and what can change of it. */
extern const struct recording_fields recording_who_fields;
extern const struct recording_fields recording_who_texts;
extern const struct recording_fields recording_facts_fields;

/* Where a frame stands in time, CLOCK_MONOTONIC. */
struct recording_span {
	uint64_t before_ns; /* the frame before; 0: this one stands for itself */
	uint64_t now_ns;
};

/* Bytes that recording_row_put writes at most. */
size_t recording_row_room(void);

/* As recording_fields_put and _get do, but first all that follows from the rest is foreseen, and
 * only what came otherwise is written. before: the same connection in the frame before; or, with
 * is_new, any other row to begin from. */
uint8_t *recording_row_put(const struct recording_entry *before, const struct recording_entry *now,
			   bool is_new, const struct recording_span *span, uint8_t *to);
/* -EBADMSG: no row is written so. */
int recording_row_get(struct bytes *in, bool is_new, const struct recording_span *span,
		      struct recording_entry *inout);
