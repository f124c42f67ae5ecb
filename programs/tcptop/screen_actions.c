/* SPDX-License-Identifier: MIT */
/* What the keys of the table do: one function each, and a table of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "screen.h"
#include "view/conn_columns.h"

static void move(struct screen *screen, long by)
{
	if (screen_rows_move(&screen->rows, by, screen_height(screen)) < 0)
		screen_say(screen, ROLE_BAD, "no memory for so many lines");
	screen_look_closer(screen);
}

static long page(const struct screen *screen)
{
	size_t height = screen_height(screen);

	return height > 1 ? (long)height : 1;
}

static void up(struct screen *screen)
{
	move(screen, -1);
}

static void down(struct screen *screen)
{
	move(screen, 1);
}

static void page_up(struct screen *screen)
{
	move(screen, -page(screen));
}

static void page_down(struct screen *screen)
{
	move(screen, page(screen));
}

static void half_up(struct screen *screen)
{
	move(screen, -(page(screen) + 1) / 2);
}

static void half_down(struct screen *screen)
{
	move(screen, (page(screen) + 1) / 2);
}

static void top(struct screen *screen)
{
	move(screen, -(long)screen->rows.n_lines);
}

static void bottom(struct screen *screen)
{
	move(screen, (long)screen->rows.n_lines);
}

void screen_sort(struct screen *screen, struct conn_sort sort)
{
	bool held = screen->rows.order.held;

	screen->rows.query.sort[0] = sort;
	screen->rows.query.n_sort = 1;
	screen_choose(screen);
	if (!held)
		return;
	/* Another order was asked for: that is the one to be held then. */
	screen_order_release(&screen->rows.order);
	screen_settle(screen);
	if (screen_rows_hold(&screen->rows) < 0)
		screen_say(screen, ROLE_BAD, "no memory to hold the order");
}

/* To the next column, so many steps to the right, of those to be seen that can be sorted by. */
static void sort_by_column(struct screen *screen, int step)
{
	struct conn_scene scene;
	struct conn_columns columns;
	enum conn_sort_key keys[CONN_COLUMNS];
	int n = 0, at = -1;

	screen_scene(screen, &scene);
	conn_columns_lay_out(&scene, screen->width, &columns);
	for (size_t i = 0; i < columns.layout.n_fields; i++) {
		enum conn_sort_key key = conn_column_sort(
			(enum conn_column)columns.layout.fields[i].column->id, screen->totals);

		if (key == CONN_SORT_KEYS)
			continue;
		if (key == (enum conn_sort_key)screen->rows.query.sort[0].key && at < 0)
			at = n;
		keys[n++] = key;
	}
	if (n == 0)
		return;
	/* From an order that has no column one gets to the first or the last. */
	at = at < 0 ? (step > 0 ? 0 : n - 1) : (at + step + n) % n;
	screen_sort(screen, (struct conn_sort){.key = (uint8_t)keys[at]});
}

static void sort_left(struct screen *screen)
{
	sort_by_column(screen, -1);
}

static void sort_right(struct screen *screen)
{
	sort_by_column(screen, 1);
}

static void fold(struct screen *screen, bool folded)
{
	const struct conn_line *line = screen_rows_selected(&screen->rows);

	if (!line || !line->group)
		return;
	conn_groups_fold(screen->rows.groups, line->group->key, folded);
	screen_rows_follow_group(&screen->rows, line->group->key);
	screen_choose(screen);
}

static void left(struct screen *screen)
{
	if (screen->rows.grouping == CONN_GROUP_NONE)
		sort_left(screen);
	else
		fold(screen, true);
}

static void right(struct screen *screen)
{
	if (screen->rows.grouping == CONN_GROUP_NONE)
		sort_right(screen);
	else
		fold(screen, false);
}

static void sort_menu(struct screen *screen)
{
	screen_menu_open(screen, SCREEN_MENU_SORT);
}

static void reverse(struct screen *screen)
{
	struct conn_sort sort = screen->rows.query.sort[0];

	sort.reverse = !sort.reverse;
	screen_sort(screen, sort);
}

static void filter(struct screen *screen)
{
	screen_input_open(screen, SCREEN_INPUT_FILTER);
}

/* The same lines in a table of another height. */
static void refit(struct screen *screen)
{
	struct screen_rows *rows = &screen->rows;

	table_keep_in_view(&rows->scroll, rows->lines.n, screen_height(screen));
	screen_look_closer(screen);
}

static void escape(struct screen *screen)
{
	if (screen->filter) {
		(void)screen_set_filter(screen, "", NULL);
		screen_choose(screen);
		screen_say(screen, ROLE_MESSAGE, "no filter");
	} else {
		screen->detail = false;
		refit(screen);
	}
}

static void group(struct screen *screen)
{
	struct screen_rows *rows = &screen->rows;

	rows->grouping = (enum conn_grouping)((rows->grouping + 1) % CONN_GROUPINGS);
	rows->follows = false;
	rows->scroll = (struct table_scroll){0};
	screen_choose(screen);
	if (rows->grouping == CONN_GROUP_NONE)
		screen_say(screen, ROLE_MESSAGE, "each connection by itself");
	else
		screen_say(screen, ROLE_MESSAGE, "put together by %s; Right unfolds, Left folds",
			   conn_grouping_name(rows->grouping));
}

static void detail(struct screen *screen)
{
	screen->detail = !screen->detail;
	if (screen->detail)
		screen_rows_follow(&screen->rows);
	refit(screen);
}

static void command(struct screen *screen)
{
	if (screen->redacted_command) {
		screen_say(screen, ROLE_WARNING, "command lines are redacted (--redact cmd)");
		return;
	}
	screen->show_command = !screen->detail || !screen->show_command;
	if (!screen->detail)
		detail(screen);
	screen_look_closer(screen);
	if (screen->show_command && screen->command.len == 0)
		screen_say(screen, ROLE_WARNING, "its command line is not known");
}

static void pause_picture(struct screen *screen)
{
	screen->paused = !screen->paused;
	screen->feed->ops->pause(screen->feed, screen->paused);
}

static void hold(struct screen *screen)
{
	if (screen->rows.order.held) {
		screen_order_release(&screen->rows.order);
		screen_choose(screen);
	} else if (screen_rows_hold(&screen->rows) < 0) {
		screen_say(screen, ROLE_BAD, "no memory to hold the order");
	}
}

static void need_names(struct screen *screen, bool *wish)
{
	*wish = !*wish;
	if (*wish && !screen->host->resolve(screen->host->user)) {
		*wish = false;
		screen_say(screen, ROLE_BAD, "names cannot be asked for: %s", strerror(errno));
	}
}

static void dns(struct screen *screen)
{
	need_names(screen, &screen->dns);
}

static void ports(struct screen *screen)
{
	need_names(screen, &screen->ports);
}

static void totals(struct screen *screen)
{
	screen->totals = !screen->totals;
}

static void bits(struct screen *screen)
{
	screen->words.units.bits = !screen->words.units.bits;
	screen_say(screen, ROLE_MESSAGE, "rates in %s per second",
		   screen->words.units.bits ? "bits" : "bytes");
}

static void si(struct screen *screen)
{
	screen->words.units.si = !screen->words.units.si;
	screen_say(screen, ROLE_MESSAGE, "K is %s", screen->words.units.si ? "1000" : "1024");
}

static void interval(struct screen *screen)
{
	struct conn_replay replay = {0};

	screen->feed->ops->position(screen->feed, &replay);
	if (replay.play == CONN_PLAY_LIVE)
		screen_input_open(screen, SCREEN_INPUT_INTERVAL);
	else
		screen_say(screen, ROLE_WARNING, "a recording has its own; + and - set the speed");
}

static void columns(struct screen *screen)
{
	screen_menu_open(screen, SCREEN_MENU_COLUMNS);
}

/* From closed ones to listening ones too, to neither, and round. */
static void closed(struct screen *screen)
{
	struct conn_replay replay = {0};
	bool can_listen;

	screen->feed->ops->position(screen->feed, &replay);
	can_listen = replay.play == CONN_PLAY_LIVE;
	if (screen->show_listening || (screen->rows.show_closed && !can_listen)) {
		screen->show_listening = screen->rows.show_closed = false;
		screen_say(screen, ROLE_MESSAGE, "live ones only");
	} else if (screen->rows.show_closed) {
		screen->show_listening = true;
		screen_say(screen, ROLE_MESSAGE, "live ones, +closed, +listen");
	} else {
		screen->rows.show_closed = true;
		screen_say(screen, ROLE_MESSAGE, "live ones, +closed");
	}
	screen_listen(screen);
	/* Those shown may be gone. */
	screen_choose(screen);
	screen_settle(screen);
}

static void copy(struct screen *screen)
{
	const struct conn_line *line = screen_rows_selected(&screen->rows);
	CLEANUP(str_buf_done) struct str_buf text = {0};
	struct conn_scene scene;
	int r;

	if (!line)
		return;
	screen_scene(screen, &scene);
	conn_view_line_text(&scene, line, &text);
	r = text.error ? text.error : screen->host->copy(screen->host->user, text.data, text.len);
	if (r < 0)
		screen_say(screen, ROLE_BAD, "copying: %s", strerror(-r));
	else
		screen_say(screen, ROLE_MESSAGE, "handed to the terminal's clipboard (OSC 52)");
}

static void export(struct screen *screen)
{
	screen_input_open(screen, SCREEN_INPUT_PATH);
}

static void help(struct screen *screen)
{
	screen->mode = SCREEN_MODE_HELP;
	screen->help_top = 0;
}

static void quit(struct screen *screen)
{
	screen->quit = true;
}

static void redraw(struct screen *screen)
{
	screen->host->redraw(screen->host->user);
}

static void suspend(struct screen *screen)
{
	screen->host->suspend(screen->host->user);
}

/* Whether this key is about the program, and there need be nothing else. */
static bool is_for_program(enum screen_action action)
{
	return action == SCREEN_QUIT || action == SCREEN_HELP || action == SCREEN_REDRAW ||
	       action == SCREEN_SUSPEND;
}

/* Whether it is about connections of a frame; else it may bring one about. */
static bool is_for_frame(enum screen_action action)
{
	return action == SCREEN_HOLD || action == SCREEN_DETAIL || action == SCREEN_COMMAND ||
	       action == SCREEN_LEFT || action == SCREEN_RIGHT || action == SCREEN_COPY ||
	       action == SCREEN_EXPORT || action == SCREEN_SIGNAL || action == SCREEN_DESTROY ||
	       (action >= SCREEN_UP && action <= SCREEN_BOTTOM);
}

void screen_act(struct screen *screen, enum screen_action action)
{
	static void (*const actions[SCREEN_ACTIONS])(struct screen * screen) = {
		[SCREEN_QUIT] = quit,
		[SCREEN_HELP] = help,
		[SCREEN_UP] = up,
		[SCREEN_DOWN] = down,
		[SCREEN_PAGE_UP] = page_up,
		[SCREEN_PAGE_DOWN] = page_down,
		[SCREEN_HALF_UP] = half_up,
		[SCREEN_HALF_DOWN] = half_down,
		[SCREEN_TOP] = top,
		[SCREEN_BOTTOM] = bottom,
		[SCREEN_LEFT] = left,
		[SCREEN_RIGHT] = right,
		[SCREEN_SORT_LEFT] = sort_left,
		[SCREEN_SORT_RIGHT] = sort_right,
		[SCREEN_SORT_MENU] = sort_menu,
		[SCREEN_REVERSE] = reverse,
		[SCREEN_FILTER] = filter,
		[SCREEN_ESCAPE] = escape,
		[SCREEN_GROUP] = group,
		[SCREEN_DETAIL] = detail,
		[SCREEN_PAUSE] = pause_picture,
		[SCREEN_HOLD] = hold,
		[SCREEN_DNS] = dns,
		[SCREEN_PORTS] = ports,
		[SCREEN_TOTALS] = totals,
		[SCREEN_BITS] = bits,
		[SCREEN_SI] = si,
		[SCREEN_COMMAND] = command,
		[SCREEN_INTERVAL] = interval,
		[SCREEN_COLUMNS] = columns,
		[SCREEN_CLOSED] = closed,
		[SCREEN_COPY] = copy,
		[SCREEN_EXPORT] = export,
		[SCREEN_SIGNAL] = screen_ask_signal,
		[SCREEN_DESTROY] = screen_ask_destroy,
		[SCREEN_REDRAW] = redraw,
		[SCREEN_SUSPEND] = suspend,
	};

	if (!screen->feed && !is_for_program(action))
		return;
	if (!screen->frame && is_for_frame(action))
		return;
	if (actions[action])
		actions[action](screen);
	else
		screen_go(screen, action);
}
