/* SPDX-License-Identifier: MIT */
#include "screen_config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "view/conn_view.h"

#define BLANKS " \t,"

int screen_config_path(struct str_buf *path)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	/* XDG Base Directory Specification: a relative path is to be ignored. */
	if (base && base[0] == '/')
		str_buf_puts(path, base);
	else if (home && home[0] == '/')
		str_buf_printf(path, "%s/.config", home);
	else
		return -ENOENT;
	str_buf_puts(path, "/weir/tcptop.conf");
	return path->error;
}

static bool find_column(const char *name, size_t len, uint32_t *bits)
{
	for (int i = 0; i < CONN_COLUMNS; i++) {
		const char *known = conn_column_name((enum conn_column)i);

		if (strlen(known) == len && strncmp(known, name, len) == 0) {
			*bits |= UINT32_C(1) << i;
			return true;
		}
	}
	return false;
}

static bool read_columns(const char *value, uint32_t *ret_bits)
{
	uint32_t bits = 0;
	bool good = true;

	for (value += strspn(value, BLANKS); *value; value += strspn(value, BLANKS)) {
		size_t len = strcspn(value, BLANKS);

		good &= find_column(value, len, &bits);
		value += len;
	}
	*ret_bits = bits;
	return good;
}

static bool read_theme(const char *value, enum terminal_theme *theme)
{
	for (int i = 0; i < TERMINAL_THEMES; i++) {
		if (strcmp(value, terminal_theme_name((enum terminal_theme)i)) == 0) {
			*theme = (enum terminal_theme)i;
			return true;
		}
	}
	return false;
}

/* inih: 0 marks the line as wrong. */
static int on_entry(void *user, const char *section, const char *name, const char *value)
{
	struct screen_config *config = user;

	if (strcmp(section, "screen") != 0)
		return 0;
	if (strcmp(name, "theme") == 0)
		return read_theme(value, &config->theme);
	if (strcmp(name, "show") == 0)
		return read_columns(value, &config->shown_columns);
	if (strcmp(name, "hide") == 0)
		return read_columns(value, &config->hidden_columns);
	return 0;
}

static void add_path(struct str_buf *error, const char *path)
{
	text_escape(error, path, strlen(path));
}

int screen_config_read(const char *path, struct screen_config *config, struct str_buf *error)
{
	CLEANUP(fclose_p) FILE *file = fopen(path, "re");
	struct screen_config read = *config;
	int line;

	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!file) {
		int r = -errno;

		add_path(error, path);
		str_buf_printf(error, ": %s", strerror(-r));
		return r;
	}
	line = ini_parse_file(file, on_entry, &read);
	if (line < 0) {
		add_path(error, path);
		str_buf_puts(error, ": it could not be read");
		return -EIO;
	}
	/* What is both is hidden. */
	read.shown_columns &= ~read.hidden_columns;
	*config = read;
	if (line == 0)
		return 0;
	add_path(error, path);
	str_buf_printf(error, ": line %d is not understood", line);
	return 1;
}

static void put_columns(struct str_buf *buf, const char *name, uint32_t bits)
{
	const char *separator = " ";

	str_buf_printf(buf, "%s =", name);
	for (int i = 0; i < CONN_COLUMNS; i++) {
		if (!(bits & UINT32_C(1) << i))
			continue;
		str_buf_printf(buf, "%s%s", separator, conn_column_name((enum conn_column)i));
		separator = ", ";
	}
	str_buf_putc(buf, '\n');
}

/* All folders above the file. */
static int make_folders(const char *path)
{
	char folder[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, len + 1);
	for (char *p = strchr(folder + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int write_file(int fd, const struct str_buf *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The old file is there until the new one is whole. */
static int replace(const char *path, const struct str_buf *text)
{
	CLEANUP(str_buf_done) struct str_buf draft = {0};
	int fd, r;

	str_buf_printf(&draft, "%s.XXXXXX", path);
	if (draft.error)
		return draft.error;
	fd = mkostemp(draft.data, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_file(fd, text);
	if (close(fd) < 0 && r >= 0)
		r = -errno;
	if (r >= 0 && rename(draft.data, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(draft.data);
	return r;
}

int screen_config_write(const char *path, const struct screen_config *config)
{
	CLEANUP(str_buf_done) struct str_buf text = {0};
	CLEANUP(free_p) char *real = NULL;
	int r = make_folders(path);

	if (r < 0)
		return r;
	str_buf_puts(&text,
		     "# Written by tcptop whenever columns are chosen on its screen (key f).\n"
		     "[screen]\n");
	str_buf_printf(&text, "theme = %s\n", terminal_theme_name(config->theme));
	put_columns(&text, "show", config->shown_columns);
	put_columns(&text, "hide", config->hidden_columns);
	if (text.error)
		return text.error;
	real = realpath(path, NULL); /* NULL: there is none */
	return replace(real ? real : path, &text);
}
