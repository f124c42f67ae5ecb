/* SPDX-License-Identifier: MIT */
#pragma once

/* What the screen asks to be done (struct screen_host), done: to this machine's processes, sockets,
 * files, and to the terminal. */

#include <stdbool.h>

#include "listeners.h"
#include "resolve.h"
#include "screen.h"
#include "view/terminal.h"

struct screen_world {
	struct screen_host host;     /* give this to the screen */
	struct terminal *terminal;   /* borrowed; NULL: there is none yet */
	struct resolve *resolve;     /* made when it is first asked for */
	struct listeners *listeners; /* likewise */
	int proc_fd;                 /* /proc */
	bool wants_suspend;          /* the screen has asked for it */
	struct str_buf config_path;
};

/* The struct must stay where it is. Negative errno; screen_world_done() is due in any case. */
int screen_world_init(struct screen_world *world);
void screen_world_done(struct screen_world *world);
