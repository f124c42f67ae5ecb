/* SPDX-License-Identifier: MIT */
#include "view/line_edit.h"

#include <string.h>

#include "base/text.h"
#include "view/glyph.h"
#include "view/keys.h"

#define CONTROL(letter) ((letter) - '@')

/* Offset of the glyph that ends at `at`; a glyph is moved over and deleted as a whole. */
static size_t before(const struct line_edit *edit, size_t at)
{
	size_t previous = 0;

	for (size_t next = 0; next < at;) {
		previous = next;
		next += glyph_next(edit->text + next, edit->len - next).bytes;
	}
	return previous;
}

static size_t after(const struct line_edit *edit, size_t at)
{
	return at < edit->len ? at + glyph_next(edit->text + at, edit->len - at).bytes : at;
}

static void cut(struct line_edit *edit, size_t from, size_t to)
{
	memmove(edit->text + from, edit->text + to, edit->len - to + 1);
	edit->len -= to - from;
	edit->cursor = from;
}

static bool is_typed(uint32_t code)
{
	return code < KEYS_BASE && glyph_kind(code) != GLYPH_HIDDEN;
}

static void insert(struct line_edit *edit, uint32_t code)
{
	char utf8[GLYPH_UTF8_MAX];
	size_t n = glyph_utf8(code, utf8);

	if (edit->len + n >= LINE_EDIT_MAX)
		return;
	memmove(edit->text + edit->cursor + n, edit->text + edit->cursor,
		edit->len - edit->cursor + 1);
	memcpy(edit->text + edit->cursor, utf8, n);
	edit->len += n;
	edit->cursor += n;
}

void line_edit_set(struct line_edit *edit, const char *text)
{
	size_t left = strlen(text);

	*edit = (struct line_edit){0};
	while (left > 0) {
		uint32_t code = 0;
		size_t step = text_utf8_next(text, left, &code);

		if (step && is_typed(code))
			insert(edit, code);
		step = step ? step : 1;
		text += step;
		left -= step;
	}
}

/* Where the word before the cursor begins: blanks, then what is none. */
static size_t word_start(const struct line_edit *edit)
{
	size_t at = edit->cursor;

	while (at > 0 && edit->text[at - 1] == ' ')
		at--;
	while (at > 0 && edit->text[at - 1] != ' ')
		at--;
	return at;
}

bool line_edit_key(struct line_edit *edit, uint32_t key)
{
	switch (key) {
	case KEYS_LEFT:
		edit->cursor = before(edit, edit->cursor);
		return true;
	case KEYS_RIGHT:
		edit->cursor = after(edit, edit->cursor);
		return true;
	case KEYS_HOME:
	case CONTROL('A'):
		edit->cursor = 0;
		return true;
	case KEYS_END:
	case CONTROL('E'):
		edit->cursor = edit->len;
		return true;
	case KEYS_BACKSPACE:
		cut(edit, before(edit, edit->cursor), edit->cursor);
		return true;
	case KEYS_DELETE:
		cut(edit, edit->cursor, after(edit, edit->cursor));
		return true;
	case CONTROL('U'):
		cut(edit, 0, edit->cursor);
		return true;
	case CONTROL('K'):
		cut(edit, edit->cursor, edit->len);
		return true;
	case CONTROL('W'):
		cut(edit, word_start(edit), edit->cursor);
		return true;
	default:
		if (!is_typed(key))
			return false;
		insert(edit, key);
		return true;
	}
}

/* Offset of the character with this number. */
static size_t offset_of(const struct line_edit *edit, int character)
{
	size_t at = 0;

	while (character-- > 0 && at < edit->len) {
		uint32_t code;

		at += text_utf8_next(edit->text + at, edit->len - at, &code);
	}
	return at;
}

static void mark_error(struct area area, int x, int y, const struct line_edit *edit, int error_at)
{
	size_t at = offset_of(edit, error_at);
	size_t end = after(edit, at);
	char bad[LINE_EDIT_MAX + 1] = " "; /* an error past the end is a blank there */

	if (end > at) {
		memcpy(bad, edit->text + at, end - at);
		bad[end - at] = '\0';
	}
	area_text(area, x + text_columns(edit->text, at), y, ROLE_BAD, bad);
}

void line_edit_draw(struct area area, int y, const char *prompt, const struct line_edit *edit,
		    int error_at)
{
	/* At least half of the line is for the text. */
	int prompt_end = area_fit(area, 0, y, area.width / 2, ROLE_KEY, prompt);
	struct area line = area_part(area, prompt_end, y, area.width - prompt_end, 1);
	int cursor = text_columns(edit->text, edit->cursor);
	int shift = cursor < line.width ? 0 : cursor - line.width + 1;

	if (line.width < 1 || line.height < 1)
		return;
	area_fill(line, 0, 0, line.width, ROLE_INPUT, ' ');
	area_text(line, -shift, 0, ROLE_INPUT, edit->text);
	if (error_at >= 0)
		mark_error(line, -shift, 0, edit, error_at);
	area.cells->cursor_x = line.x + cursor - shift;
	area.cells->cursor_y = line.y;
}
