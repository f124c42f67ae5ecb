/* SPDX-License-Identifier: MIT */

/*
 * A terminal that is given back while a frame is still on its way: a slow line is waited for; a
 * frame that is not taken is dropped, and the reset sent instead. Linked with --wrap=write, which
 * makes the line slow.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pty_pair.h"
#include "tap.h"
#include "view/terminal.h"

#define WIDTH 100
#define HEIGHT 50

#define LEAVE_SCREEN "\033[?1049l"

static struct {
	size_t most;   /* that the terminal takes at a time; 0: all */
	size_t refuse; /* more than this it does not take at all; 0: takes all */
} line;

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	bool is_tty = isatty(fd);

	if (is_tty && line.refuse && len > line.refuse) {
		errno = EAGAIN;
		return -1;
	}
	return __real_write(fd, bytes, is_tty && line.most && len > line.most ? line.most : len);
}

struct leaving {
	const char *what;
	size_t most, refuse;
	bool comes; /* the frame */
};

static void leave(const struct leaving *leaving)
{
	struct terminal_options options = {.color = false};
	struct terminal *terminal;
	struct termios before;
	struct cells cells = {0};
	struct str_buf seen = {0};
	struct pty pty;

	pty_open(&pty, WIDTH, HEIGHT);
	tcgetattr(pty.slave, &before);
	options.in_fd = options.out_fd = pty.slave;
	is_int(terminal_open(&options, &terminal), 0, "%s: a terminal opens", leaving->what);
	cells_reset(&cells, WIDTH, HEIGHT);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			area_fill(cells_area(&cells), x, y, 1, ROLE_NORMAL,
				  (uint32_t)('A' + (x + y) % 26));
	line.most = leaving->most;
	line.refuse = leaving->refuse;
	is_int(terminal_paint(terminal, &cells), 0, "a paint");
	ok(terminal_is_behind(terminal), "is not all sent");
	terminal_close(terminal);
	line.most = line.refuse = 0;
	ok(pty_wait_for(&pty, LEAVE_SCREEN), "the first screen is shown in the end");
	ok(pty_has_modes(&pty, &before), "the modes are as they were found");
	pty_take(&pty, &seen);
	is_int(seen.len > (size_t)WIDTH * HEIGHT, leaving->comes, "the frame has come, or not");
	pty_close(&pty);
	cells_done(&cells);
	str_buf_done(&seen);
}

int main(void)
{
	static const struct leaving leavings[] = {
		{"a slow line", 300, 0, true},
		{"a frame that is refused", 0, 1000, false},
	};

	setenv("TERM", "xterm-256color", 1);
	for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++)
		leave(&leavings[i]);
	return tap_done();
}
