/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A struct as the difference from another one of its kind, by a table of its members: first which
 * of them differ, one bit each, then those, in the table's order.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum recording_kind {
	RECORDING_NUMBER, /* unsigned: the difference, folded, as a varint */
	RECORDING_BYTES,  /* as they are */
	RECORDING_TEXT,   /* as they are; the last one is NUL */
};

struct recording_field {
	uint16_t offset;
	uint8_t size; /* a number's: 1, 2, 4 or 8 */
	uint8_t kind; /* enum recording_kind */
	uint32_t max; /* of a number; 0: what its size can hold */
};

/* A number's bits are taken as they are: a bool is 0 or 1, and whatever else it may hold by
 * mistake. */
#define RECORDING_FIELD(type, member, kind_, max_)                                                 \
	{                                                                                          \
		.offset = offsetof(type, member), .size = sizeof(((type *)0)->member),             \
		.kind = (kind_), .max = (max_),                                                    \
	}

#define RECORDING_FIELDS_MAX 64

struct recording_fields {
	const struct recording_field *fields;
	uint8_t n; /* at most RECORDING_FIELDS_MAX */
};

/* Bytes that a struct of these fields takes at most. */
size_t recording_fields_room(const struct recording_fields *table);

/* Writes what now has otherwise than before, and returns the end of it. */
uint8_t *recording_fields_put(const struct recording_fields *table, const void *before,
			      const void *now, uint8_t *to);

/* Reads the same: what is in *inout becomes what was written. -EBADMSG: it cannot be; *inout is
 * then in between. */
int recording_fields_get(const struct recording_fields *table, struct bytes *in, void *inout);
