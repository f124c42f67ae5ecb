/* SPDX-License-Identifier: MIT */
#include "view/menu.h"

#include <string.h>

#include "view/keys.h"

#define PAGE 10

static void move(struct menu *menu, size_t distance, bool up)
{
	if (menu->n_items == 0)
		return;
	if (up)
		menu->selected -= distance < menu->selected ? distance : menu->selected;
	else
		menu->selected = distance < menu->n_items - menu->selected
					 ? menu->selected + distance
					 : menu->n_items - 1;
}

static enum menu_answer choose(struct menu *menu, bool toggle)
{
	if (menu->selected >= menu->n_items)
		return MENU_STAY;
	if (!toggle)
		return MENU_CHOSE;
	menu->items[menu->selected].marked = !menu->items[menu->selected].marked;
	return MENU_TOGGLE;
}

enum menu_answer menu_key(struct menu *menu, uint32_t key)
{
	for (size_t i = 0; i < menu->n_items; i++)
		if (key && menu->items[i].key == key) {
			menu->selected = i;
			return choose(menu, menu->checks);
		}
	switch (key) {
	case KEYS_UP:
	case 'k':
		move(menu, 1, true);
		return MENU_STAY;
	case KEYS_DOWN:
	case 'j':
		move(menu, 1, false);
		return MENU_STAY;
	case KEYS_PAGE_UP:
		move(menu, PAGE, true);
		return MENU_STAY;
	case KEYS_PAGE_DOWN:
		move(menu, PAGE, false);
		return MENU_STAY;
	case KEYS_HOME:
	case 'g':
		move(menu, MENU_ITEMS_MAX, true);
		return MENU_STAY;
	case KEYS_END:
	case 'G':
		move(menu, MENU_ITEMS_MAX, false);
		return MENU_STAY;
	case ' ':
		return menu->checks ? choose(menu, true) : MENU_STAY;
	case KEYS_ENTER:
		return choose(menu, false);
	case KEYS_ESCAPE:
	case 'q':
		return MENU_LEAVE;
	default:
		return MENU_STAY;
	}
}

static int columns_of(const char *text)
{
	return text ? text_columns(text, strlen(text)) : 0;
}

static int key_columns(const struct menu_item *item, struct str_buf *name)
{
	str_buf_clear(name);
	if (item->key)
		keys_name(name, item->key);
	return name->error || !name->len ? 0 : columns_of(name->data);
}

/* Where the parts of an item stand, from the left: key, check, text. */
struct menu_columns {
	int key_width; /* 0: no item has one */
	int text_x;
	int width;
};

static struct menu_columns measure(const struct menu *menu)
{
	struct str_buf name = {0};
	struct menu_columns columns = {0};
	int text_width = 0;

	for (size_t i = 0; i < menu->n_items; i++) {
		int key_width = key_columns(&menu->items[i], &name);

		if (key_width > columns.key_width)
			columns.key_width = key_width;
		if (columns_of(menu->items[i].text) > text_width)
			text_width = columns_of(menu->items[i].text);
	}
	str_buf_done(&name);
	columns.text_x = columns.key_width ? columns.key_width + 2 : 0;
	if (menu->checks)
		columns.text_x += 4;
	columns.width = columns.text_x + text_width;
	if (columns_of(menu->note) > columns.width)
		columns.width = columns_of(menu->note);
	if (columns_of(menu->title) > columns.width)
		columns.width = columns_of(menu->title);
	return columns;
}

static void draw_item(struct area area, int y, const struct menu_item *item,
		      const struct menu_columns *columns, bool checks)
{
	struct str_buf name = {0};

	if (key_columns(item, &name) > 0)
		area_fit(area, 0, y, columns->key_width, ROLE_KEY, name.data);
	if (checks)
		area_text(area, columns->text_x - 4, y, ROLE_NORMAL,
			  item->open     ? "[~]"
			  : item->marked ? "[x]"
					 : "[ ]");
	area_fit(area, columns->text_x, y, area.width, ROLE_NORMAL, item->text);
	str_buf_done(&name);
}

/* The items around the selected one that fit. The last column is for the marks that tell of more.
 */
static void draw_items(struct area area, const struct menu *menu,
		       const struct menu_columns *columns)
{
	struct area texts = area_part(area, 0, 0, area.width - 1, area.height);
	size_t lines = (size_t)area.height;
	size_t top = menu->selected > lines / 2 ? menu->selected - lines / 2 : 0;

	if (menu->n_items <= lines)
		top = 0;
	else if (top > menu->n_items - lines)
		top = menu->n_items - lines;
	for (size_t i = top; i < menu->n_items && i - top < lines; i++) {
		int y = (int)(i - top);

		draw_item(texts, y, &menu->items[i], columns, menu->checks);
		if (i == menu->selected)
			area_select(texts, y);
	}
	if (top > 0)
		area_text(area, area.width - 1, 0, ROLE_DIM, "^");
	if (menu->n_items - top > lines)
		area_text(area, area.width - 1, area.height - 1, ROLE_DIM, "v");
}

/* A frame costs two lines and four columns; a small screen is better used for the items. */
static bool has_room_for_box(struct area area)
{
	return area.height >= 5 && area.width >= 16;
}

void menu_draw(struct area area, const struct menu *menu, bool ascii)
{
	struct menu_columns columns = measure(menu);
	int note_lines = menu->note ? 1 : 0;
	int width = columns.width + 4;
	int height = (int)menu->n_items + note_lines + 2;
	struct area inner;

	if (has_room_for_box(area)) {
		width = width < area.width ? width : area.width;
		height = height < area.height ? height : area.height;
		area = area_part(area, (area.width - width) / 2, (area.height - height) / 2, width,
				 height);
		inner = area_box(area, ROLE_HEADING, menu->title, ascii);
		inner = area_part(inner, 1, 0, inner.width - 1, inner.height);
	} else {
		area_clear(area, ROLE_NORMAL);
		inner = area;
	}
	if (menu->note && inner.height > 1) {
		area_fit(inner, 0, 0, inner.width, ROLE_MESSAGE, menu->note);
		inner = area_part(inner, 0, 1, inner.width, inner.height - 1);
	}
	draw_items(inner, menu, &columns);
}
