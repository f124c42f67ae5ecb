/* SPDX-License-Identifier: MIT */
#include "view/keys.h"

#include <string.h>

#include "view/glyph.h"

const struct key_binding *keys_find(const struct key_binding *bindings, size_t n, uint32_t key)
{
	if (key == KEY_NONE_PRESSED)
		return NULL;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < KEYS_PER_BINDING && bindings[i].keys[k]; k++)
			if (bindings[i].keys[k] == key)
				return &bindings[i];
	return NULL;
}

void keys_name(struct str_buf *buf, uint32_t key)
{
	static const char *const names[] = {
		[KEYS_UP - KEYS_BASE] = "Up",
		[KEYS_DOWN - KEYS_BASE] = "Down",
		[KEYS_LEFT - KEYS_BASE] = "Left",
		[KEYS_RIGHT - KEYS_BASE] = "Right",
		[KEYS_PAGE_UP - KEYS_BASE] = "PgUp",
		[KEYS_PAGE_DOWN - KEYS_BASE] = "PgDn",
		[KEYS_HOME - KEYS_BASE] = "Home",
		[KEYS_END - KEYS_BASE] = "End",
		[KEYS_ENTER - KEYS_BASE] = "Enter",
		[KEYS_ESCAPE - KEYS_BASE] = "Esc",
		[KEYS_BACKSPACE - KEYS_BASE] = "Backspace",
		[KEYS_DELETE - KEYS_BASE] = "Del",
		[KEYS_INSERT - KEYS_BASE] = "Ins",
		[KEYS_TAB - KEYS_BASE] = "Tab",
		[KEYS_BACK_TAB - KEYS_BASE] = "Shift-Tab",
	};
	char utf8[GLYPH_UTF8_MAX];

	if (key >= KEYS_F1 && key <= KEYS_F12)
		str_buf_printf(buf, "F%u", (unsigned int)(key - KEYS_F1 + 1));
	else if (key > KEYS_BASE && key < KEYS_F1)
		str_buf_puts(buf, names[key - KEYS_BASE]);
	else if (key == ' ')
		str_buf_puts(buf, "Space");
	else if (key < ' ')
		str_buf_add(buf, (char[]){'^', (char)(key + '@')}, 2);
	else if (glyph_kind(key) == GLYPH_NARROW || glyph_kind(key) == GLYPH_WIDE)
		str_buf_add(buf, utf8, glyph_utf8(key, utf8));
	else
		str_buf_putc(buf, '?');
}

/* All the names of a binding's keys, a blank between; NULL on -ENOMEM. */
static const char *binding_names(struct str_buf *buf, const struct key_binding *binding)
{
	str_buf_clear(buf);
	str_buf_puts(buf, "");
	for (size_t k = 0; k < KEYS_PER_BINDING && binding->keys[k]; k++) {
		if (k)
			str_buf_putc(buf, ' ');
		keys_name(buf, binding->keys[k]);
	}
	return buf->error ? NULL : buf->data;
}

/* The name of its first key. */
static const char *hint_name(struct str_buf *buf, const struct key_binding *binding)
{
	str_buf_clear(buf);
	keys_name(buf, binding->keys[0]);
	return buf->error ? "" : buf->data;
}

static int columns_of(const char *text)
{
	return text_columns(text, strlen(text));
}

/* Columns of the hints with one blank between two of them. */
static int hints_columns(const struct key_binding *bindings, size_t n, int *ret_count)
{
	struct str_buf name = {0};
	int columns = 0;
	int count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!bindings[i].hint)
			continue;
		columns += columns_of(hint_name(&name, &bindings[i])) + 1 +
			   columns_of(bindings[i].hint) + (count > 0);
		count++;
	}
	str_buf_done(&name);
	*ret_count = count;
	return columns;
}

void keys_draw_hints(struct area area, int y, const struct key_binding *bindings, size_t n)
{
	struct str_buf name = {0};
	int count;
	int columns = hints_columns(bindings, n, &count);
	int gap = columns + count - 1 <= area.width ? 2 : 1;
	int x = 0;

	for (size_t i = 0; i < n; i++) {
		const char *hint = bindings[i].hint;
		const char *key;

		if (!hint)
			continue;
		key = hint_name(&name, &bindings[i]);
		if (x + columns_of(key) + 1 + columns_of(hint) > area.width)
			break;
		x = area_text(area, x, y, ROLE_KEY, key) + 1;
		x = area_text(area, x, y, ROLE_DIM, hint) + gap;
	}
	str_buf_done(&name);
}

/* The help screen is made of blocks, each a group: its heading, its bindings, an empty line. */
struct help {
	const struct key_binding *bindings;
	size_t n;
	struct str_buf names; /* of the binding at hand */
	int names_width;
	int column_width;
	int n_columns;
	int height; /* of the highest column */
};

static bool same_group(const struct key_binding *a, const struct key_binding *b)
{
	return strcmp(a->group ? a->group : "", b->group ? b->group : "") == 0;
}

/* Whether binding i is the first of its group that has a help text. */
static bool begins_group(const struct help *help, size_t i)
{
	if (!help->bindings[i].help)
		return false;
	for (size_t before = 0; before < i; before++)
		if (help->bindings[before].help &&
		    same_group(&help->bindings[before], &help->bindings[i]))
			return false;
	return true;
}

static int group_lines(const struct help *help, size_t first)
{
	int lines = 2;

	for (size_t i = first; i < help->n; i++)
		lines += help->bindings[i].help &&
			 same_group(&help->bindings[i], &help->bindings[first]);
	return lines;
}

/* How high the highest column gets when each holds `limit` lines at most, unless one group alone is
 * higher; -1: they are not enough columns for that. */
static int stacked_height(const struct help *help, int limit)
{
	int columns = 1;
	int height = 0;
	int y = 0;

	for (size_t i = 0; i < help->n; i++) {
		int lines = begins_group(help, i) ? group_lines(help, i) : 0;

		if (y > 0 && lines > 0 && y + lines - 1 > limit) {
			columns++;
			y = 0;
		}
		y += lines;
		if (y - 1 > height)
			height = y - 1;
	}
	return columns <= help->n_columns ? height : -1;
}

static void measure_help(struct help *help, int width)
{
	int texts_width = 0;
	int lines = 0;

	for (size_t i = 0; i < help->n; i++) {
		const char *names = binding_names(&help->names, &help->bindings[i]);
		int columns = names ? columns_of(names) : 0;

		if (!help->bindings[i].help)
			continue;
		if (columns > help->names_width)
			help->names_width = columns;
		if (columns_of(help->bindings[i].help) > texts_width)
			texts_width = columns_of(help->bindings[i].help);
		if (begins_group(help, i))
			lines += group_lines(help, i);
	}
	help->column_width = help->names_width + 2 + texts_width;
	help->n_columns = (width + 3) / (help->column_width + 3);
	if (help->n_columns < 1)
		help->n_columns = 1;
	help->height = lines ? lines - 1 : 0;
	for (int limit = lines / help->n_columns; limit < lines; limit++) {
		int height = stacked_height(help, limit);

		if (height < 0)
			continue;
		help->height = height;
		break;
	}
}

static void draw_group(struct help *help, struct area area, int y, size_t first)
{
	const struct key_binding *heading = &help->bindings[first];

	area_fit(area, 0, y++, area.width, ROLE_HEADING, heading->group ? heading->group : "");
	for (size_t i = first; i < help->n; i++) {
		const struct key_binding *binding = &help->bindings[i];
		const char *names;

		if (!binding->help || !same_group(binding, heading))
			continue;
		names = binding_names(&help->names, binding);
		area_fit(area, 0, y, help->names_width, ROLE_KEY, names ? names : "");
		area_fit(area, help->names_width + 2, y, area.width, ROLE_NORMAL, binding->help);
		y++;
	}
}

int keys_draw_help(struct area area, int top, const struct key_binding *bindings, size_t n)
{
	struct help help = {.bindings = bindings, .n = n};
	int column = 0;
	int y = 0;

	measure_help(&help, area.width);
	for (size_t i = 0; i < n; i++) {
		int lines = begins_group(&help, i) ? group_lines(&help, i) : 0;
		int x = column * (help.column_width + 3);

		if (!lines)
			continue;
		if (y > 0 && y + lines - 1 > help.height) {
			x = ++column * (help.column_width + 3);
			y = 0;
		}
		draw_group(&help, area_part(area, x, 0, help.column_width, area.height), y - top,
			   i);
		y += lines;
	}
	str_buf_done(&help.names);
	return help.height;
}
