/* SPDX-License-Identifier: MIT */
/* Lists to choose from: sort keys, columns, signals; and the questions before what cannot be taken
 * back. What a question is about is kept when it is asked, whatever becomes of the table. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "screen.h"

static const struct {
	int number;
	const char *name;
	const char *text;
} signals[] = {
	{SIGTERM, "SIGTERM", "SIGTERM  end"},
	{SIGINT, "SIGINT", "SIGINT   interrupt"},
	{SIGHUP, "SIGHUP", "SIGHUP   hang up, or read the configuration anew"},
	{SIGQUIT, "SIGQUIT", "SIGQUIT  quit, with a core dump"},
	{SIGKILL, "SIGKILL", "SIGKILL  kill, unconditionally"},
	{SIGSTOP, "SIGSTOP", "SIGSTOP  stop"},
	{SIGCONT, "SIGCONT", "SIGCONT  go on"},
	{SIGUSR1, "SIGUSR1", "SIGUSR1"},
	{SIGUSR2, "SIGUSR2", "SIGUSR2"},
};

#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static void add(struct menu *menu, const char *text, uint32_t key, bool marked)
{
	if (menu->n_items < MENU_ITEMS_MAX)
		menu->items[menu->n_items++] =
			(struct menu_item){.text = text, .key = key, .marked = marked};
}

static void fill_sort(struct screen *screen)
{
	screen->menu.title = "sort by";
	for (int i = 0; i < CONN_SORT_KEYS; i++)
		add(&screen->menu, conn_sort_key_name((enum conn_sort_key)i), 0, false);
	screen->menu.selected = screen->rows.query.sort[0].key;
}

static void mark_column(struct screen *screen, size_t column)
{
	struct menu_item *item = &screen->menu.items[column];

	item->marked = screen->config.shown_columns >> column & 1;
	item->open = !item->marked && !(screen->config.hidden_columns >> column & 1);
}

static void fill_columns(struct screen *screen)
{
	screen->menu.title = "columns";
	screen->menu.note = "Space: [x] always, [~] as it fits, [ ] never   0: all as they fit";
	screen->menu.checks = true;
	for (int i = 0; i < CONN_COLUMNS; i++) {
		add(&screen->menu, conn_column_name((enum conn_column)i), 0, false);
		mark_column(screen, (size_t)i);
	}
}

static void fill_signals(struct screen *screen)
{
	screen->menu.title = screen->menu_title;
	for (size_t i = 0; i < N_SIGNALS; i++)
		add(&screen->menu, signals[i].text, 0, false);
}

/* No is what a key pressed too fast gets. */
static void fill_sure(struct screen *screen)
{
	screen->menu.title = screen->menu_title;
	screen->menu.note = screen->menu_note[0] ? screen->menu_note : NULL;
	add(&screen->menu, "no", 'n', false);
	add(&screen->menu, "yes", 'y', false);
}

void screen_menu_open(struct screen *screen, enum screen_menu menu)
{
	screen->mode = SCREEN_MODE_MENU;
	screen->asked = menu;
	screen->menu = (struct menu){0};
	switch (menu) {
	case SCREEN_MENU_SORT:
		fill_sort(screen);
		break;
	case SCREEN_MENU_COLUMNS:
		fill_columns(screen);
		break;
	case SCREEN_MENU_SIGNAL:
		fill_signals(screen);
		break;
	case SCREEN_MENU_SIGNAL_SURE:
	case SCREEN_MENU_DESTROY_SURE:
		fill_sure(screen);
		break;
	}
}

/* A recording is of the past, and a group is of many. */
static const struct conn_row *find_target(struct screen *screen, bool group_will_do)
{
	const struct conn_line *line = screen_rows_selected(&screen->rows);
	struct conn_replay replay = {0};

	screen->feed->ops->position(screen->feed, &replay);
	if (replay.play != CONN_PLAY_LIVE) {
		screen_say(screen, ROLE_WARNING, "this is a recording: it is over");
		return NULL;
	}
	if (line && !line->row && !group_will_do) {
		screen_say(screen, ROLE_WARNING, "choose one connection of the group (Right)");
		return NULL;
	}
	return screen_rows_selected_row(&screen->rows);
}

static void set_title(char title[SCREEN_TITLE_MAX], const struct str_buf *text)
{
	snprintf(title, SCREEN_TITLE_MAX, "%s", text->error || !text->len ? "" : text->data);
}

void screen_ask_signal(struct screen *screen)
{
	CLEANUP(str_buf_done) struct str_buf name = {0};
	const struct conn_row *row =
		find_target(screen, screen->rows.grouping == CONN_GROUP_PROCESS);

	if (!row)
		return;
	if (!row->owner.pid) {
		screen_say(screen, ROLE_WARNING, "its process is not known: %s",
			   weir_unknown_name((enum weir_unknown)row->owner.unknown));
		return;
	}
	screen->target = row->owner;
	screen_name_process(screen, row, &name);
	if (row->owner.evidence == WEIR_EVIDENCE_LISTENER)
		str_buf_puts(&name, ", which is a guess");
	set_title(screen->target_name, &name);
	snprintf(screen->menu_title, sizeof(screen->menu_title), "signal to %.240s",
		 screen->target_name);
	screen_menu_open(screen, SCREEN_MENU_SIGNAL);
}

void screen_ask_destroy(struct screen *screen)
{
	CLEANUP(str_buf_done) struct str_buf title = {0}, note = {0};
	const struct conn_row *row = find_target(screen, false);

	if (!row)
		return;
	if (row->closed_ns) {
		screen_say(screen, ROLE_WARNING, "it is closed already");
		return;
	}
	screen->target_id = row->id;
	str_buf_printf(&title, "destroy this %s connection?", conn_text_proto(row));
	conn_text_local_endpoint(&note, row, &screen->words);
	str_buf_puts(&note, " - ");
	conn_text_remote_endpoint(&note, row, &screen->words);
	str_buf_puts(&note, " of ");
	if (row->owner.pid)
		screen_name_process(screen, row, &note);
	else
		str_buf_puts(&note, "an unknown process");
	set_title(screen->menu_title, &title);
	set_title(screen->menu_note, &note);
	screen_menu_open(screen, SCREEN_MENU_DESTROY_SURE);
}

static void chose_signal(struct screen *screen)
{
	screen->target_signal = (int)screen->menu.selected;
	snprintf(screen->menu_title, sizeof(screen->menu_title), "send %s to %.200s?",
		 signals[screen->target_signal].name, screen->target_name);
	screen->menu_note[0] = '\0';
	screen_menu_open(screen, SCREEN_MENU_SIGNAL_SURE);
}

static void tell(struct screen *screen, int r, const char *done, const char *gone)
{
	if (r >= 0)
		screen_say(screen, ROLE_MESSAGE, "%s", done);
	else if (r == -ESRCH)
		screen_say(screen, ROLE_WARNING, "%s", gone);
	else if (r == -EPERM)
		screen_say(screen, ROLE_BAD, "not permitted");
	else if (r == -EOPNOTSUPP)
		screen_say(screen, ROLE_BAD, "this kernel cannot do that");
	else
		screen_say(screen, ROLE_BAD, "%s", strerror(-r));
}

static void send_signal(struct screen *screen)
{
	char done[64];

	snprintf(done, sizeof(done), "%s was sent", signals[screen->target_signal].name);
	tell(screen,
	     screen->host->signal(screen->host->user, &screen->target,
				  signals[screen->target_signal].number),
	     done, "the process is gone; nothing was sent");
}

static void destroy(struct screen *screen)
{
	tell(screen, screen->host->destroy(screen->host->user, &screen->target_id),
	     "it is destroyed", "it was gone already");
}

/* Only a change is worth a file. */
static void remember(struct screen *screen)
{
	int r;

	if (!screen->config_changed)
		return;
	screen->config_changed = false;
	r = screen->host->remember(screen->host->user, &screen->config);

	if (r == -EPERM && !screen->forgetful)
		screen_say(screen, ROLE_WARNING,
			   "columns are not remembered: the folder is another user's");
	screen->forgetful = r == -EPERM;
	if (r < 0 && r != -EPERM)
		screen_say(screen, ROLE_BAD, "columns could not be remembered: %s", strerror(-r));
}

/* From as it fits to never, to always, and round. */
static void toggle_column(struct screen *screen)
{
	uint32_t bit = UINT32_C(1) << screen->menu.selected;
	struct screen_config *config = &screen->config;

	screen->config_changed = true;
	if (config->shown_columns & bit) {
		config->shown_columns &= ~bit;
	} else if (config->hidden_columns & bit) {
		config->hidden_columns &= ~bit;
		config->shown_columns |= bit;
	} else {
		config->hidden_columns |= bit;
	}
	mark_column(screen, screen->menu.selected);
}

static void reset_columns(struct screen *screen)
{
	size_t selected = screen->menu.selected;

	screen->config_changed = true;
	screen->config.hidden_columns = 0;
	screen->config.shown_columns = 0;
	screen_menu_open(screen, SCREEN_MENU_COLUMNS);
	screen->menu.selected = selected;
}

static void chose(struct screen *screen)
{
	screen->mode = SCREEN_MODE_TABLE;
	switch (screen->asked) {
	case SCREEN_MENU_SORT:
		screen_sort(screen, (struct conn_sort){.key = (uint8_t)screen->menu.selected});
		break;
	case SCREEN_MENU_COLUMNS:
		remember(screen);
		break;
	case SCREEN_MENU_SIGNAL:
		chose_signal(screen);
		break;
	case SCREEN_MENU_SIGNAL_SURE:
		if (screen->menu.selected == 1)
			send_signal(screen);
		break;
	case SCREEN_MENU_DESTROY_SURE:
		if (screen->menu.selected == 1)
			destroy(screen);
		break;
	}
}

void screen_menu_key(struct screen *screen, uint32_t key)
{
	if (screen->asked == SCREEN_MENU_COLUMNS && key == '0') {
		reset_columns(screen);
		return;
	}
	switch (menu_key(&screen->menu, key)) {
	case MENU_STAY:
		break;
	case MENU_TOGGLE:
		toggle_column(screen);
		break;
	case MENU_CHOSE:
		chose(screen);
		break;
	case MENU_LEAVE:
		screen->mode = SCREEN_MODE_TABLE;
		if (screen->asked == SCREEN_MENU_COLUMNS)
			remember(screen);
		break;
	}
}
