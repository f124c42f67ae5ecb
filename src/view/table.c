/* SPDX-License-Identifier: MIT */
#include "view/table.h"

#include <assert.h>
#include <string.h>

/* Marks the columns that fit, those of a low rank first. The first one that does not fit ends it:
 * a wider screen has all that a narrower one has. Returns the columns of the screen they take. */
static int choose(const struct table_column *columns, size_t n, int width, bool *chosen)
{
	int used = -1; /* there is no blank before the first */

	for (int rank = 0; rank <= UINT8_MAX; rank++) {
		for (size_t i = 0; i < n; i++) {
			if (columns[i].rank != rank)
				continue;
			if (rank > 0 && used + 1 + columns[i].width > width)
				return used;
			chosen[i] = true;
			used += 1 + columns[i].width;
		}
	}
	return used;
}

static bool can_grow(const struct table_field *field)
{
	return field->column->grow > 0 &&
	       (field->column->max_width == 0 || field->width < field->column->max_width);
}

/* Gives one column after the other to the field that has had the least of its share. */
static void share_out(struct table_layout *layout, int left)
{
	while (left-- > 0) {
		struct table_field *poorest = NULL;

		for (size_t i = 0; i < layout->n_fields; i++) {
			struct table_field *field = &layout->fields[i];

			if (!can_grow(field))
				continue;
			if (!poorest ||
			    (field->width - field->column->width) * poorest->column->grow <
				    (poorest->width - poorest->column->width) * field->column->grow)
				poorest = field;
		}
		if (!poorest)
			return;
		poorest->width++;
	}
}

/* Sets x of each field; cuts what reaches past the width, and drops what lies beyond it. */
static void place(struct table_layout *layout, int width)
{
	int x = 0;

	for (size_t i = 0; i < layout->n_fields; i++) {
		struct table_field *field = &layout->fields[i];

		if (x >= width) {
			layout->n_fields = i;
			return;
		}
		field->x = x;
		if (field->width > width - x)
			field->width = width - x;
		x += field->width + 1;
	}
}

void table_lay_out(const struct table_column *columns, size_t n, int width,
		   struct table_layout *ret_layout)
{
	bool chosen[TABLE_COLUMNS_MAX] = {false};
	int used;

	assert(n <= TABLE_COLUMNS_MAX);
	used = choose(columns, n, width, chosen);
	ret_layout->n_fields = 0;
	for (size_t i = 0; i < n; i++)
		if (chosen[i])
			ret_layout->fields[ret_layout->n_fields++] = (struct table_field){
				.column = &columns[i], .width = columns[i].width};
	share_out(ret_layout, width - used);
	place(ret_layout, width);
}

void table_keep_in_view(struct table_scroll *scroll, size_t n_rows, size_t lines)
{
	if (lines == 0)
		lines = 1;
	if (scroll->selected >= n_rows)
		scroll->selected = n_rows ? n_rows - 1 : 0;
	if (scroll->top > scroll->selected)
		scroll->top = scroll->selected;
	if (scroll->selected - scroll->top >= lines)
		scroll->top = scroll->selected - lines + 1;
	if (n_rows <= lines)
		scroll->top = 0;
	else if (scroll->top > n_rows - lines)
		scroll->top = n_rows - lines;
}

void table_move(struct table_scroll *scroll, long rows, size_t n_rows, size_t lines)
{
	size_t distance = rows < 0 ? -(size_t)rows : (size_t)rows;

	table_keep_in_view(scroll, n_rows, lines);
	if (rows < 0)
		scroll->selected -= distance < scroll->selected ? distance : scroll->selected;
	else if (n_rows > 0)
		scroll->selected = distance < n_rows - scroll->selected
					   ? scroll->selected + distance
					   : n_rows - 1;
	table_keep_in_view(scroll, n_rows, lines);
}

/* The mark stands right after the title; where the title fills its field, in the blank after the
 * field; and at the edge of the screen, in place of the title's last column. */
static void draw_sorted(struct area area, int y, const struct table_field *field, bool reverse)
{
	const char *mark = reverse ? "^" : "v";
	const char *title = field->column->title;
	int columns = text_columns(title, strlen(title));
	int end = field->x + field->width;
	int x;

	if (end < area.width && (field->column->right || columns >= field->width)) {
		if (field->column->right)
			area_right(area, field->x, y, field->width, ROLE_SORTED, title);
		else
			area_fit(area, field->x, y, field->width, ROLE_SORTED, title);
		area_text(area, end, y, ROLE_SORTED, mark);
		return;
	}
	if (columns > field->width - 1)
		columns = field->width - 1;
	x = field->column->right ? end - 1 - columns : field->x;
	area_text(area_part(area, x, y, columns, 1), 0, 0, ROLE_SORTED, title);
	area_text(area, x + columns, y, ROLE_SORTED, mark);
}

void table_draw_titles(struct area area, int y, const struct table_layout *layout, int sorted_id,
		       bool reverse)
{
	area_fill(area, 0, y, area.width, ROLE_HEADING, ' ');
	for (size_t i = 0; i < layout->n_fields; i++) {
		const struct table_field *field = &layout->fields[i];

		if (sorted_id >= 0 && field->column->id == sorted_id)
			draw_sorted(area, y, field, reverse);
		else if (field->column->right)
			area_right(area, field->x, y, field->width, ROLE_HEADING,
				   field->column->title);
		else
			area_fit(area, field->x, y, field->width, ROLE_HEADING,
				 field->column->title);
	}
}
