/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A JSON writer (RFC 8259) onto a str_buf: no tree, no allocation of its own, nesting bounded. The
 * caller says what comes, in order; commas are put where they belong. key is the member's name
 * inside an object and NULL inside an array and at the top; keys are our own words, not escaped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"

#define JSON_DEPTH_MAX 32

struct json {
	struct str_buf *buf; /* borrowed */
	uint32_t filled;     /* bit per level: it has a member already */
	uint32_t arrays;     /* bit per level: it is an array */
	uint8_t depth;
};

void json_init(struct json *json, struct str_buf *buf);

/* What was opened must be closed; more than JSON_DEPTH_MAX levels is the caller's mistake. */
void json_begin_object(struct json *json, const char *key);
void json_begin_array(struct json *json, const char *key);
void json_end(struct json *json);
/* Ends a line of NDJSON; everything must be closed. */
void json_end_line(struct json *json);

void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool value);
/* All 64 bits as an integer: readers that keep numbers as doubles are exact to 2^53. */
void json_u64(struct json *json, const char *key, uint64_t value);
/* null when value is not a finite number. */
void json_fixed(struct json *json, const char *key, double value, unsigned int decimals);
/*
 * Bytes from anywhere. Controls, DEL, C1 and bidi controls become \uXXXX, so that the line can be
 * shown on a terminal; a byte that is not UTF-8 becomes U+FFFD.
 */
void json_bytes(struct json *json, const char *key, const char *bytes, size_t len);
void json_text(struct json *json, const char *key, const char *text);

/* For a string the caller makes in place between the two; it must need no escapes. */
struct str_buf *json_begin_plain(struct json *json, const char *key);
void json_end_plain(struct json *json);
