/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The screen as a machine: frames and keys in, cells out. It knows no terminal, no clock and no
 * kernel: what it wants done to the world it asks of its host, so a test can be one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "feed.h"
#include "model/conn_history.h"
#include "model/filter.h"
#include "options.h"
#include "resolve.h"
#include "screen_config.h"
#include "screen_keys.h"
#include "screen_rows.h"
#include "selection.h"
#include "view/conn_view.h"
#include "view/line_edit.h"
#include "view/menu.h"

/* What the screen asks of whoever runs it. All return 0 or a negative errno. */
struct screen_host {
	void *user;
	/* A signal to that process and no other; the end of that socket. */
	int (*signal)(void *user, const struct weir_owner *owner, int signal);
	int (*destroy)(void *user, const struct weir_conn_id *id);
	/* How it was started; raw bytes. */
	int (*command)(void *user, const struct weir_owner *owner, struct str_buf *ret_text);
	/* The sockets that listen now; borrowed until the next call. */
	int (*listening)(void *user, const struct conn_row *const **ret_rows, size_t *ret_n);
	/* To the user's clipboard; to a new file (-EEXIST: there is one); to the configuration. */
	int (*copy)(void *user, const char *text, size_t len);
	int (*save)(void *user, const char *path, const char *text, size_t len);
	int (*remember)(void *user, const struct screen_config *config);
	/* Where a new file may be made: ".", or else a folder for everyone. */
	const char *(*folder)(void *user);
	/* Names of hosts and ports; NULL: they are not to be had. */
	struct resolve *(*resolve)(void *user);
	void (*redraw)(void *user);
	void (*suspend)(void *user);
};

enum screen_mode {
	SCREEN_MODE_TABLE,
	SCREEN_MODE_HELP,
	SCREEN_MODE_INPUT,
	SCREEN_MODE_MENU,
};

/* What is being typed, and what a menu asks. */
enum screen_input {
	SCREEN_INPUT_FILTER,
	SCREEN_INPUT_INTERVAL,
	SCREEN_INPUT_PATH,
	SCREEN_INPUT_MOMENT
};
enum screen_menu {
	SCREEN_MENU_SORT,
	SCREEN_MENU_COLUMNS,
	SCREEN_MENU_SIGNAL,
	SCREEN_MENU_SIGNAL_SURE,
	SCREEN_MENU_DESTROY_SURE
};

#define SCREEN_TITLE_MAX 256
#define SCREEN_MESSAGE_MAX 256

struct screen {
	/* Borrowed. */
	const struct options *options;
	const struct screen_host *host;
	struct feed *feed;

	const struct conn_frame *frame; /* borrowed from the feed; NULL: none yet */
	struct conn_counts counts;
	struct conn_history *history;
	struct screen_rows rows;
	struct conn_text_options words;
	struct endpoint_names endpoints;
	struct screen_config config; /* columns and theme */

	struct filter *filter; /* in force; NULL: none */
	char filter_text[LINE_EDIT_MAX];
	char selection_text[LINE_EDIT_MAX];

	enum screen_mode mode;
	enum screen_input input;
	enum screen_menu asked;
	struct line_edit edit;
	int input_error_at; /* -1: what is typed is right */
	struct menu menu;
	char menu_title[SCREEN_TITLE_MAX];
	char menu_note[SCREEN_TITLE_MAX];
	int help_top;
	int help_lines;
	/* What a menu that is open is about, whatever becomes of the table meanwhile. */
	struct weir_owner target;
	char target_name[SCREEN_TITLE_MAX]; /* "process 12 (name)" */
	struct weir_conn_id target_id;
	int target_signal;

	char message[SCREEN_MESSAGE_MAX]; /* "": none */
	enum role message_role;
	uint64_t message_until_ns; /* 0: until the next key */
	struct str_buf command;    /* of the selected process */
	uint64_t now_ns;           /* CLOCK_MONOTONIC, as told */

	enum conn_recording recording; /* kept up by whoever runs the screen */
	bool config_changed;
	bool forgetful; /* that nothing can be remembered has been said */
	bool unsettled; /* lines are to be chosen anew */
	bool ascii;
	bool totals;
	bool detail;
	bool show_command;
	bool show_listening;
	bool dns;
	bool ports;
	bool paused;
	bool redacted_command;
	bool quit;
	int width;
	int height;
};

/* The options' filter, order, group, units and names are where it begins; config has the columns.
 * Everything is borrowed but config. -ENOMEM, or the errno of getrandom. */
int screen_init(struct screen *screen, const struct options *options,
		const struct selection *selection, const struct screen_config *config,
		const struct screen_host *host);
void screen_done(struct screen *screen);

/* From now on frames come from this feed. */
void screen_set_feed(struct screen *screen, struct feed *feed);

/* Takes what the feed has, if anything. The feed's error ends the screen, and error tells it. */
int screen_take(struct screen *screen, struct str_buf *error);

void screen_resize(struct screen *screen, int width, int height);

/* Time goes by: messages do too. */
void screen_tell_time(struct screen *screen, uint64_t now_ns);

void screen_key(struct screen *screen, uint32_t key);

/*
 * What a key has changed is drawn at once, and which lines there are after it is worked out by
 * screen_settle(): where there are many, that takes longer than a key may wait for its picture.
 * True: another picture is due.
 */
bool screen_settle(struct screen *screen);

/* Draws it all; cells have the screen's size. */
void screen_draw(struct screen *screen, struct cells *cells);

/* What conn_view_draw() is given, for a test to look at. */
void screen_scene(const struct screen *screen, struct conn_scene *ret_scene);

/* --- for the files of the screen --- */

/* Lines are to be chosen anew, after a change of filter, order or group: by screen_settle(), or
 * before the next key that is about them. */
void screen_choose(struct screen *screen);

/* Puts a filter in force (NULL or "": none). As filter_parse(); the one before stays on failure. */
int screen_set_filter(struct screen *screen, const char *text, struct filter_error *ret_error);

/* Tells the user something, for a while or until the next key. */
void screen_say(struct screen *screen, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The table's height in lines. */
size_t screen_height(const struct screen *screen);

/* "process 2210 (postgres)", safe to show. */
void screen_name_process(const struct screen *screen, const struct conn_row *row,
			 struct str_buf *buf);

/* Takes in the sockets that listen, if they are to be shown. */
void screen_listen(struct screen *screen);

/* Another line is selected: asks what its detail needs. */
void screen_look_closer(struct screen *screen);

void screen_act(struct screen *screen, enum screen_action action); /* screen_actions.c */
void screen_sort(struct screen *screen, struct conn_sort sort);

void screen_go(struct screen *screen, enum screen_action action); /* screen_time.c */
void screen_seek(struct screen *screen, uint64_t realtime_ns);

void screen_input_open(struct screen *screen, enum screen_input input); /* screen_input.c */
void screen_input_key(struct screen *screen, uint32_t key);
const char *screen_input_prompt(const struct screen *screen);

void screen_menu_open(struct screen *screen, enum screen_menu menu); /* screen_menus.c */
void screen_menu_key(struct screen *screen, uint32_t key);
void screen_ask_signal(struct screen *screen);
void screen_ask_destroy(struct screen *screen);
