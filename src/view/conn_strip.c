/* SPDX-License-Identifier: MIT */
#include "view/conn_strip.h"

#include <string.h>

#define GAP "  "

struct conn_strip_piece *conn_strip_add(struct conn_strip *strip, const char *label, enum role role,
					uint8_t rank)
{
	struct conn_strip_piece *piece;

	if (strip->n == CONN_STRIP_PIECES)
		return &strip->pieces[CONN_STRIP_PIECES - 1];
	piece = &strip->pieces[strip->n++];
	str_buf_putc(&strip->text, '\0');
	*piece = (struct conn_strip_piece){
		.role = role, .rank = rank, .brief_rank = rank, .label = strip->text.len};
	str_buf_puts(&strip->text, label);
	str_buf_putc(&strip->text, '\0');
	piece->value = strip->text.len;
	return piece;
}

static const char *label_of(const struct conn_strip *strip, const struct conn_strip_piece *piece)
{
	return strip->text.data + piece->label;
}

static const char *value_of(const struct conn_strip *strip, const struct conn_strip_piece *piece)
{
	return strip->text.data + piece->value;
}

static int columns_of(const char *text)
{
	return text_columns(text, strlen(text));
}

static int value_columns(const struct conn_strip *strip, const struct conn_strip_piece *piece)
{
	int columns = columns_of(value_of(strip, piece));

	return piece->is_brief && columns > piece->brief ? piece->brief : columns;
}

static int piece_columns(const struct conn_strip *strip, const struct conn_strip_piece *piece)
{
	int label = columns_of(label_of(strip, piece));
	int value = value_columns(strip, piece);

	return label + value + (label && value);
}

/* What all pieces of one side take, with what stands between them. */
static int side_columns(const struct conn_strip *strip, bool right)
{
	int between = columns_of(right ? GAP : strip->separator);
	int columns = 0;

	for (size_t i = 0; i < strip->n; i++) {
		const struct conn_strip_piece *piece = &strip->pieces[i];

		if (!piece->is_out && piece->right == right)
			columns += (columns ? between : 0) + piece_columns(strip, piece);
	}
	return columns;
}

static bool is_too_wide(const struct conn_strip *strip, int width)
{
	int left = side_columns(strip, false);
	int right = side_columns(strip, true);

	return left + right + (left && right) > width;
}

static size_t count_pieces(const struct conn_strip *strip)
{
	size_t n = 0;

	for (size_t i = 0; i < strip->n; i++)
		n += !strip->pieces[i].is_out;
	return n;
}

/* The rank of what can be done next to a piece. */
static uint8_t next_rank(const struct conn_strip_piece *piece)
{
	return piece->brief && !piece->is_brief ? piece->brief_rank : piece->rank;
}

/* Shortens or leaves out the piece that matters least; false: there is one only, to be cut off. */
static bool shrink(struct conn_strip *strip)
{
	struct conn_strip_piece *least = NULL;

	for (size_t i = 0; i < strip->n; i++) {
		struct conn_strip_piece *piece = &strip->pieces[i];

		if (!piece->is_out && (!least || next_rank(piece) >= next_rank(least)))
			least = piece;
	}
	if (least && least->brief && !least->is_brief) {
		least->is_brief = true;
		return true;
	}
	if (!least || count_pieces(strip) <= 1)
		return false;
	least->is_out = true;
	return true;
}

static int draw_piece(const struct conn_strip *strip, const struct conn_strip_piece *piece,
		      struct area area, int x)
{
	const char *label = label_of(strip, piece);
	const char *value = value_of(strip, piece);
	int columns = value_columns(strip, piece);

	if (*label)
		x = area_text(area, x, 0, ROLE_DIM, label) + (columns > 0);
	if (piece->cut)
		area_fit(area, x, 0, columns, piece->role, value);
	else
		area_text(area_part(area, x, 0, columns, 1), 0, 0, piece->role, value);
	return x + columns;
}

static void draw_side(const struct conn_strip *strip, struct area area, int x, bool right)
{
	const char *between = right ? GAP : strip->separator;
	bool is_first = true;

	for (size_t i = 0; i < strip->n; i++) {
		const struct conn_strip_piece *piece = &strip->pieces[i];

		if (piece->is_out || piece->right != right)
			continue;
		if (!is_first)
			x = area_text(area, x, 0, ROLE_DIM, between);
		x = draw_piece(strip, piece, area, x);
		is_first = false;
	}
}

void conn_strip_draw(struct conn_strip *strip, struct area area, int y)
{
	str_buf_putc(&strip->text, '\0');
	if (!strip->text.error && strip->n) {
		struct area line = area_part(area, 0, y, area.width, 1);
		int right;

		while (is_too_wide(strip, area.width) && shrink(strip))
			;
		right = side_columns(strip, true);
		draw_side(strip, line, 0, false);
		draw_side(strip, line, right < area.width ? area.width - right : 0, true);
	}
	str_buf_clear(&strip->text);
	strip->n = 0;
}

void conn_strip_done(struct conn_strip *strip)
{
	str_buf_done(&strip->text);
}
