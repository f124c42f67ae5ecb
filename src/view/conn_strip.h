/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One line of words about several things, of which those that matter most stay where there is no
 * room for all: pieces are shortened, then left out, the highest rank first. Some stand at the
 * left, some at the right.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "view/cells.h"

#define CONN_STRIP_PIECES 20

struct conn_strip_piece {
	size_t label; /* where it begins in text, and ends with a NUL */
	size_t value;
	int brief; /* columns of the value that will do; 0: all of it or nothing */
	bool cut;  /* a brief value ends in '~'; otherwise its beginning is complete */
	bool right;
	enum role role;
	uint8_t rank;       /* when it is left out */
	uint8_t brief_rank; /* when it is shortened; by default when it would be left out */
	bool is_brief;
	bool is_out;
};

struct conn_strip {
	struct str_buf text;
	const char *separator; /* between pieces at the left */
	struct conn_strip_piece pieces[CONN_STRIP_PIECES];
	size_t n;
};

/* Begins a piece: its value is what is appended to strip->text until the next one begins. label is
 * what stands dim before the value; "": nothing. Its place is always there: what is too much goes
 * into the last one. */
struct conn_strip_piece *conn_strip_add(struct conn_strip *strip, const char *label, enum role role,
					uint8_t rank);

/* Draws line y and forgets the pieces; only the memory is kept. */
void conn_strip_draw(struct conn_strip *strip, struct area area, int y);

void conn_strip_done(struct conn_strip *strip);
