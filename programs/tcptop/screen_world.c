/* SPDX-License-Identifier: MIT */
#include "screen_world.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/proc_command.h"
#include "collect/proc_signal.h"
#include "collect/sock_kill.h"
#include "privileges.h"

#define COMMAND_MAX 4096
/* A file of others must not be written over, nor written through. */
#define NEW_FILE (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

static int send_signal(void *user, const struct weir_owner *owner, int signal)
{
	struct screen_world *world = user;

	return proc_signal_send(world->proc_fd, owner->pid, owner->start_boot_ns, signal);
}

static int destroy(void *user, const struct weir_conn_id *id)
{
	(void)user;
	return privileges_are_lent() ? -EPERM : sock_kill(id);
}

static int command(void *user, const struct weir_owner *owner, struct str_buf *ret_text)
{
	struct screen_world *world = user;
	char text[COMMAND_MAX];
	ssize_t n = proc_command_read(world->proc_fd, owner->pid, owner->start_boot_ns, text,
				      sizeof(text));

	if (n < 0)
		return (int)n;
	str_buf_add(ret_text, text, (size_t)n);
	return ret_text->error;
}

static int listening(void *user, const struct conn_row *const **ret_rows, size_t *ret_n)
{
	struct screen_world *world = user;
	int r = world->listeners ? 0 : listeners_new(&world->listeners);

	return r < 0 ? r : listeners_read(world->listeners, ret_rows, ret_n);
}

static int copy(void *user, const char *text, size_t len)
{
	struct screen_world *world = user;

	return world->terminal ? terminal_copy(world->terminal, text, len) : -EOPNOTSUPP;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int save(void *user, const char *path, const char *text, size_t len)
{
	int fd = open(path, NEW_FILE, 0640), r;

	(void)user;
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, len);
	if (close(fd) < 0 && r >= 0)
		r = -errno;
	if (r < 0) /* it is ours, and half of it is of no use */
		unlink(path);
	return r;
}

static int remember(void *user, const struct screen_config *config)
{
	struct screen_world *world = user;

	if (world->config_path.len == 0)
		return -ENOENT;
	return screen_config_write(world->config_path.data, config);
}

static const char *folder(void *user)
{
	(void)user;
	/* Root without its capabilities may not write where another user may. */
	return faccessat(AT_FDCWD, ".", W_OK, AT_EACCESS) == 0 ? "." : "/tmp";
}

static struct resolve *resolve(void *user)
{
	struct screen_world *world = user;
	const struct resolve_options options = {.size = sizeof(options)};
	int r;

	if (world->resolve)
		return world->resolve;
	r = resolve_new(&options, &world->resolve);
	if (r < 0)
		errno = -r;
	return world->resolve;
}

static void redraw(void *user)
{
	struct screen_world *world = user;

	if (world->terminal)
		terminal_redraw(world->terminal);
}

static void suspend(void *user)
{
	struct screen_world *world = user;

	world->wants_suspend = true;
}

int screen_world_init(struct screen_world *world)
{
	*world = (struct screen_world){
		.host =
			{
				.user = world,
				.signal = send_signal,
				.destroy = destroy,
				.command = command,
				.listening = listening,
				.copy = copy,
				.save = save,
				.remember = remember,
				.folder = folder,
				.resolve = resolve,
				.redraw = redraw,
				.suspend = suspend,
			},
		.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	if (world->proc_fd < 0)
		return -errno;
	/* Without one, nothing is remembered, and who wants it to be is told. */
	if (screen_config_path(&world->config_path) < 0)
		str_buf_clear(&world->config_path);
	return 0;
}

void screen_world_done(struct screen_world *world)
{
	resolve_free(STEAL(world->resolve));
	listeners_free(STEAL(world->listeners));
	str_buf_done(&world->config_path);
	close_fd_p(&world->proc_fd);
	world->proc_fd = -1;
}
