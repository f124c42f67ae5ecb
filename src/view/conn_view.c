/* SPDX-License-Identifier: MIT */

/*
 *   header   two lines, one below 10, none below 6
 *   titles   from 4 lines on
 *   rows
 *   detail   if asked for: three eighths of the screen, but two rows stay
 *   footer   what is typed, an answer, or hints; from 6 lines on, or if there is something to say
 */

#include "view/conn_view.h"

#include <string.h>

#include "base/cleanup.h"
#include "view/conn_cell.h"
#include "view/conn_columns.h"
#include "view/conn_detail.h"
#include "view/conn_group_cell.h"
#include "view/conn_header.h"
#include "view/conn_past_graph.h"

#define DETAIL_LINES_MAX 24
/* Narrower than this, a column of its own is too much for the mark of the selected row. */
#define MARK_MIN_WIDTH 12
#define ROWS_BESIDE_DETAIL 2

/* How many lines each part has. */
struct parts {
	int header;
	int titles;
	int rows;
	int detail;
	int footer;
};

static int footer_lines(const struct conn_scene *scene, int height)
{
	if (scene->input && scene->message && height >= 8)
		return 2;
	if (scene->input || scene->message)
		return height >= 2 ? 1 : 0;
	return height >= 6 ? 1 : 0;
}

static struct parts parts_of(const struct conn_scene *scene, int height)
{
	struct parts parts = {
		.header = height >= 10  ? 2
			  : height >= 6 ? 1
					: 0,
		.titles = height >= 4 ? 1 : 0,
		.footer = footer_lines(scene, height),
	};
	int left = height - parts.header - parts.titles - parts.footer;

	if (scene->detail && scene->n_lines) {
		parts.detail = height * 3 / 8;
		if (parts.detail > DETAIL_LINES_MAX)
			parts.detail = DETAIL_LINES_MAX;
		if (parts.detail > left - ROWS_BESIDE_DETAIL)
			parts.detail = left - ROWS_BESIDE_DETAIL;
		if (parts.detail < 2)
			parts.detail = 0;
	}
	parts.rows = left - parts.detail;
	return parts;
}

int conn_view_table_lines(const struct conn_scene *scene, int height)
{
	return parts_of(scene, height).rows;
}

/* Drawing a table: where, by which columns, and the words of a cell being made. */
struct canvas {
	const struct conn_scene *scene;
	struct area area; /* the rows' and their marks' */
	struct conn_columns columns;
	struct str_buf buf;
	int mark_columns; /* at the left, for the mark of the selected row */
};

/* Empties the buffer for the next cell. */
static struct str_buf *begin_text(struct canvas *canvas)
{
	str_buf_clear(&canvas->buf);
	return &canvas->buf;
}

static const char *text_of(const struct canvas *canvas)
{
	return canvas->buf.len && !canvas->buf.error ? canvas->buf.data : "";
}

static struct area field_area(const struct canvas *canvas, const struct table_field *field, int y)
{
	return area_part(canvas->area, canvas->mark_columns + field->x, y, field->width, 1);
}

/* An address that is too long loses its end, its port never. */
static void draw_endpoint(struct area area, enum role role, const char *text)
{
	const char *port = strrchr(text, ':');
	int columns = text_columns(text, strlen(text));
	int tail;

	if (!port || columns <= area.width) {
		area_fit(area, 0, 0, area.width, role, text);
		return;
	}
	/* The bracket is worth its column: it says where the address ends. */
	if (port > text && port[-1] == ']')
		port--;
	tail = text_columns(port, strlen(port));
	if (tail + 4 > area.width) {
		area_fit(area, 0, 0, area.width, role, text);
		return;
	}
	area_fit(area, 0, 0, area.width - tail, role, text);
	area_text(area, area.width - tail, 0, role, port);
}

static void draw_cell(struct area area, const struct table_column *column, enum role role,
		      const char *text)
{
	if (column->right)
		area_right(area, 0, 0, area.width, role, text);
	else if (column->id == CONN_COLUMN_LOCAL || column->id == CONN_COLUMN_REMOTE)
		draw_endpoint(area, role, text);
	else if (column->id == CONN_COLUMN_CGROUP && text[0] == '/')
		area_fit_tail(area, 0, 0, area.width, role, text);
	else
		area_fit(area, 0, 0, area.width, role, text);
}

static void draw_row(struct canvas *canvas, int y, const struct conn_line *line)
{
	const struct conn_scene *scene = canvas->scene;
	const struct conn_cell cell = {scene, line->row, !canvas->columns.has_limit,
				       !canvas->columns.has_local};
	const struct table_layout *layout = &canvas->columns.layout;

	for (size_t i = 0; i < layout->n_fields; i++) {
		const struct table_field *field = &layout->fields[i];
		enum conn_column column = (enum conn_column)field->column->id;
		struct area area = field_area(canvas, field, y);
		enum role role;

		if (column == CONN_COLUMN_GRAPH) {
			conn_past_graph_draw(area, scene, line->row);
			continue;
		}
		role = conn_cell_row(&cell, column, begin_text(canvas));
		/* The head has said it. */
		if (line->group && conn_group_cell_shares(scene->grouping, column))
			role = ROLE_DIM;
		draw_cell(area, field->column, role, text_of(canvas));
	}
}

static bool is_figure(const struct table_field *field)
{
	return field->column->id >= CONN_COLUMN_STATE;
}

/* "- nginx  pid 1423      34 conn": what all its rows share, as far as the first of the figures. */
static void draw_head_name(struct canvas *canvas, int y, const struct conn_group *group)
{
	const struct table_layout *layout = &canvas->columns.layout;
	const struct conn_scene *scene = canvas->scene;
	int end = canvas->area.width;
	struct area area;
	bool has_count = false;

	for (size_t i = layout->n_fields; i-- > 0;) {
		if (is_figure(&layout->fields[i]))
			end = canvas->mark_columns + layout->fields[i].x - 1;
		has_count |= layout->fields[i].column->id == CONN_COLUMN_STATE;
	}
	area = area_part(canvas->area, canvas->mark_columns, y, end - canvas->mark_columns, 1);
	begin_text(canvas);
	str_buf_puts(&canvas->buf, scene->ascii    ? group->folded ? "+ " : "- "
				   : group->folded ? "▸ "
						   : "▾ ");
	conn_group_cell_name(scene, group, &canvas->buf);
	if (!has_count)
		str_buf_printf(&canvas->buf, " (%zu)", group->n_rows - group->n_closed);
	area_fit(area, 0, 0, area.width, ROLE_GROUP, text_of(canvas));
}

static void draw_head(struct canvas *canvas, int y, const struct conn_group *group)
{
	const struct table_layout *layout = &canvas->columns.layout;

	draw_head_name(canvas, y, group);
	for (size_t i = 0; i < layout->n_fields; i++) {
		const struct table_field *field = &layout->fields[i];
		enum role role;

		if (!is_figure(field))
			continue;
		role = conn_group_cell(canvas->scene, group, (enum conn_column)field->column->id,
				       begin_text(canvas));
		if (field->column->id == CONN_COLUMN_STATE)
			area_right(field_area(canvas, field, y), 0, 0, field->width, role,
				   text_of(canvas));
		else
			draw_cell(field_area(canvas, field, y), field->column, role,
				  text_of(canvas));
	}
}

static const char *nothing_words(const struct conn_scene *scene)
{
	if (!scene->frame)
		return "Waiting for the first look at the connections.";
	if (scene->filter_text && *scene->filter_text)
		return "No connection matches the filter.";
	if (scene->selection_text && *scene->selection_text &&
	    strcmp(scene->selection_text, "all") != 0)
		return "No connection is among those asked for.";
	return "No connections.";
}

static void draw_lines(struct canvas *canvas, struct table_scroll scroll)
{
	const struct conn_scene *scene = canvas->scene;

	if (!scene->n_lines) {
		area_fit(canvas->area, canvas->mark_columns, 0, canvas->area.width, ROLE_DIM,
			 nothing_words(scene));
		return;
	}
	for (int y = 0; y < canvas->area.height; y++) {
		size_t at = scroll.top + (size_t)y;

		if (at >= scene->n_lines)
			return;
		if (scene->lines[at].row)
			draw_row(canvas, y, &scene->lines[at]);
		else
			draw_head(canvas, y, scene->lines[at].group);
		if (at != scroll.selected)
			continue;
		if (canvas->mark_columns)
			area_text(canvas->area, 0, y, ROLE_STRONG, ">");
		area_select(canvas->area, y);
	}
}

static void canvas_done_p(struct canvas *canvas)
{
	str_buf_done(&canvas->buf);
}

static void draw_table(struct area titles, struct area rows, const struct conn_scene *scene,
		       struct table_scroll scroll)
{
	CLEANUP(canvas_done_p)
	struct canvas canvas = {
		.scene = scene,
		.area = rows,
		.mark_columns = rows.width >= MARK_MIN_WIDTH,
	};
	const struct conn_query *query = scene->query;
	int mark = canvas.mark_columns;

	conn_columns_lay_out(scene, rows.width - mark, &canvas.columns);
	if (titles.height) {
		area_fill(titles, 0, 0, titles.width, ROLE_HEADING, ' ');
		table_draw_titles(area_part(titles, mark, 0, titles.width - mark, 1), 0,
				  &canvas.columns.layout,
				  conn_columns_sorted(scene, &canvas.columns),
				  query->n_sort && query->sort[0].reverse);
	}
	draw_lines(&canvas, scroll);
}

/* "3/214" at the right; returns the columns that are left for others. */
static int draw_position(struct area area, int y, const struct conn_scene *scene,
			 struct table_scroll scroll)
{
	struct str_buf buf = {0};
	int left = area.width;

	if (!scene->n_lines)
		return left;
	str_buf_printf(&buf, "%zu/%zu", scroll.selected + 1, scene->n_lines);
	if (!buf.error && (int)buf.len < area.width) {
		left = area.width - (int)buf.len;
		area_text(area, left, y, ROLE_DIM, buf.data);
		left--;
	}
	str_buf_done(&buf);
	return left;
}

static void draw_footer(struct area area, const struct conn_scene *scene,
			struct table_scroll scroll)
{
	int y = area.height - 1;

	if (scene->input) {
		line_edit_draw(area, y, scene->input_prompt ? scene->input_prompt : "",
			       scene->input, scene->input_error_at);
		y--;
	}
	if (y < 0)
		return;
	if (scene->message)
		area_fit(area, 0, y, area.width, scene->message_role, scene->message);
	else
		keys_draw_hints(
			area_part(area, 0, 0, draw_position(area, y, scene, scroll), area.height),
			y, scene->keys, scene->n_keys);
}

/* The next lines of an area. */
static struct area take_lines(struct area *area, int lines)
{
	struct area taken = area_part(*area, 0, 0, area->width, lines);

	*area = area_part(*area, 0, lines, area->width, area->height - lines);
	return taken;
}

void conn_view_draw(struct cells *cells, const struct conn_scene *scene)
{
	struct area left = cells_area(cells);
	struct parts parts = parts_of(scene, cells->height);
	struct table_scroll scroll = scene->scroll;
	struct area header = take_lines(&left, parts.header);
	struct area titles = take_lines(&left, parts.titles);
	struct area rows = take_lines(&left, parts.rows);
	struct area detail = take_lines(&left, parts.detail);
	struct area footer = take_lines(&left, parts.footer);

	cells->cursor_x = -1;
	cells->cursor_y = -1;
	area_clear(cells_area(cells), ROLE_NORMAL);
	table_keep_in_view(&scroll, scene->n_lines, (size_t)rows.height);
	if (header.height)
		conn_header_draw(header, scene);
	draw_table(titles, rows, scene, scroll);
	if (detail.height)
		conn_detail_draw(detail, scene, &scene->lines[scroll.selected]);
	if (footer.height)
		draw_footer(footer, scene, scroll);
}

void conn_view_line_text(const struct conn_scene *scene, const struct conn_line *line,
			 struct str_buf *buf)
{
	const struct conn_cell cell = {scene, line->row, false, false};
	const char *separator = "";

	if (!line->row)
		conn_group_cell_name(scene, line->group, buf);
	for (int i = line->row ? 0 : CONN_COLUMN_STATE; i < CONN_COLUMNS; i++) {
		enum conn_column column = (enum conn_column)i;

		if (column == CONN_COLUMN_GRAPH ||
		    (!line->row && (column == CONN_COLUMN_LIMIT || column == CONN_COLUMN_CGROUP)))
			continue;
		str_buf_puts(buf, line->row ? separator : "\t");
		separator = "\t";
		if (line->row)
			conn_cell_row(&cell, column, buf);
		else
			conn_group_cell(scene, line->group, column, buf);
	}
}
