/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a character does on a screen: how many columns it takes, and whether it may get there.
 *
 * The tables are our own (Unicode 14, UAX #11 and the general categories), not libc's wcwidth():
 * that one asks the process's locale, knows nothing beyond ASCII in the C locale, and differs from
 * release to release, so that no grid could be compared with what was expected of it.
 */

#include <stddef.h>
#include <stdint.h>

enum glyph_kind {
	GLYPH_NARROW, /* one column */
	GLYPH_WIDE,   /* two */
	GLYPH_MARK,   /* none: it stands on the character before */
	GLYPH_HIDDEN, /* not to be shown: controls, bidi, what cannot be seen, and what joins its
		       * neighbours into one on some terminals only */
};

enum glyph_kind glyph_kind(uint32_t code);

/* What fills one place on the screen: a character with what stands on it. */
struct glyph {
	uint32_t code; /* never hidden: '?' instead */
	uint32_t mark; /* the first of its marks; 0: none */
	int columns;   /* 1 or 2 */
	size_t bytes;  /* how many of the text it is made of */
};

/* The glyph that text begins with; len is at least 1. Takes anything: a hidden character, a bad
 * byte, and a mark with nothing to stand on are a '?' each. Further marks are left out. */
struct glyph glyph_next(const char *text, size_t len);

#define GLYPH_UTF8_MAX 4

/* Writes the character in UTF-8; returns its length, 1 to 4. */
size_t glyph_utf8(uint32_t code, char to[GLYPH_UTF8_MAX]);
