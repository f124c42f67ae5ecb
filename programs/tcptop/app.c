/* SPDX-License-Identifier: MIT */
/* Which program it shall be: a screen, or a stream of lines; of this host, or of a recording. */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "base/str_buf.h"
#include "export/recording.h"
#include "say.h"
#include "screen_run.h"
#include "stream.h"
#include "view/terminal.h"

/* A descriptor of ours must never become number 1 and get the output. Writing to a closed standard
 * output fails as it should: what stands in for it can only be read. */
static int hold_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
			return say_error(-EBADF, "/dev/null: cannot stand in for descriptor %d",
					 fd);
	}
	return 0;
}

/* A pipe or a file gets lines, as everybody expects. Where a screen could have been expected, it
 * is said why there is none. */
static bool can_have_screen(void)
{
	const char *reason = "";
	int r = terminal_probe(STDIN_FILENO, STDOUT_FILENO, &reason);

	if (r < 0 && isatty(STDOUT_FILENO))
		say_error(r, "%s: no screen is possible, so lines follow", reason);
	return r >= 0;
}

/* A build without its libraries says so before anything else is done. */
static bool can_record(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct recording_reader *reader = NULL;
	int r = recording_open("/dev/null", &reader, &error);

	recording_close(reader);
	if (r == -EOPNOTSUPP)
		say_error(r, "%s", error.len ? error.data : strerror(-r));
	return r != -EOPNOTSUPP;
}

int app_run(const struct options *options)
{
	if (hold_standard_fds() < 0)
		return WEIR_EXIT_FAILURE;
	if ((options->record_path || options->replay_path) && !can_record())
		return WEIR_EXIT_USAGE;
	if (options_want_screen(options) && can_have_screen())
		return screen_run(options);
	return options->replay_path ? stream_replay(options) : stream_run(options);
}
