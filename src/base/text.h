/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Text from outside (process names, cgroups, DNS) made fit for a terminal or a log, and numbers
 * that read the same in every locale. A character is one UTF-8 code point; all else is a bad byte.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"

/*
 * Decodes the character at bytes and returns its length, 1 to 4. Returns 0 for len 0 and for a
 * byte that begins no character: overlong forms, surrogates and values past U+10FFFF are none
 * (RFC 3629 3). *ret_code is then untouched.
 */
size_t text_utf8_next(const char *bytes, size_t len, uint32_t *ret_code);

/* True for what must not reach a terminal raw: C0, DEL, C1 and the bidi controls (UAX #9). */
bool text_is_control(uint32_t code);

/*
 * Appends bytes with each byte of a control and each bad byte as \xNN (lower-case hex). A
 * backslash stays one backslash: this is for eyes, it is not meant to be undone.
 */
void text_escape(struct str_buf *buf, const char *bytes, size_t len);

/* Characters in the text; a bad byte counts as one. */
size_t text_length(const char *text, size_t len);

/* Cuts what stands past start to max characters (at least 1), the last of them then '~'. */
void text_truncate(struct str_buf *buf, size_t start, size_t max);

/* Fills with spaces until what stands past start is width characters. */
void text_pad(struct str_buf *buf, size_t start, size_t width);

/*
 * Appends value with 0 to 9 decimals, ties to even as printf does, and always with '.': LC_NUMERIC
 * is not asked. Below 0 and not-a-number are 0; past 2^64 / 10^decimals the text stays there.
 */
void text_fixed(struct str_buf *buf, double value, unsigned int decimals);
