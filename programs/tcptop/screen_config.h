/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the screen remembers from run to run: columns and theme, in
 * $XDG_CONFIG_HOME/weir/tcptop.conf (~/.config/weir/tcptop.conf), an ini file:
 *
 *	[screen]
 *	theme = dark
 *	show = age, retr
 *	hide = user
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "view/terminal.h"

struct screen_config {
	uint32_t hidden_columns; /* bits of enum conn_column, as in struct conn_scene */
	uint32_t shown_columns;
	enum terminal_theme theme;
	bool theme_chosen; /* else it is not written: another default may come */
};

/* Where it is, by the environment. -ENOENT: neither XDG_CONFIG_HOME nor HOME is of use. */
int screen_config_path(struct str_buf *path);

/*
 * Reads what there is into *config, which holds the defaults. A file that is not there is fine.
 * What is not understood is passed over, and error names the first line of it (the rest counts all
 * the same): 1 then. The errno of reading it, told by error, *config untouched.
 */
int screen_config_read(const char *path, struct screen_config *config, struct str_buf *error);

/* Replaces the file as a whole, and makes its folder; a link of our own is followed. -EPERM: the
 * folder, or for root any on the way, is another user's, or the link is: nothing is touched. */
int screen_config_write(const char *path, const struct screen_config *config);
