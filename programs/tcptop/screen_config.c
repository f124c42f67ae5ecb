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
	/* With lent privileges, none is to be had: the caller chose these words. */
	const char *base = secure_getenv("XDG_CONFIG_HOME");
	const char *home = secure_getenv("HOME");

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

static bool read_theme(const char *value, struct screen_config *config)
{
	for (int i = 0; i < TERMINAL_THEMES; i++) {
		if (strcmp(value, terminal_theme_name((enum terminal_theme)i)) == 0) {
			config->theme = (enum terminal_theme)i;
			config->theme_chosen = true;
			return true;
		}
	}
	return false;
}

struct reading {
	FILE *file;
	struct screen_config config;
	int line;           /* being read */
	int bad_line;       /* the first one that says what is not known; 0: none does */
	struct str_buf why; /* what is wrong there */
};

static int not_known(struct reading *reading, const char *what, const char *why)
{
	if (!reading->bad_line) {
		reading->bad_line = reading->line;
		text_escape(&reading->why, what, strlen(what));
		str_buf_puts(&reading->why, why);
	}
	return 0;
}

/* inih: 0 marks the line as wrong. */
static int on_entry(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	struct screen_config *config = &reading->config;

	if (strcmp(section, "screen") != 0)
		return not_known(reading, name, ": it is not in [screen]");
	if (strcmp(name, "theme") == 0)
		return read_theme(value, config) || not_known(reading, name, ": no such theme");
	if (strcmp(name, "show") == 0)
		return read_columns(value, &config->shown_columns) ||
		       not_known(reading, name, ": no such column");
	if (strcmp(name, "hide") == 0)
		return read_columns(value, &config->hidden_columns) ||
		       not_known(reading, name, ": no such column");
	return not_known(reading, name, ": no such setting");
}

static char *next_line(char *text, int size, void *user)
{
	struct reading *reading = user;

	reading->line++;
	return fgets(text, size, reading->file);
}

static void add_path(struct str_buf *error, const char *path)
{
	text_escape(error, path, strlen(path));
}

/* On one line of a screen there is room for the file's name, but not for its folders. */
static void add_line(struct str_buf *error, const char *path, int line, const struct str_buf *why)
{
	const char *name = strrchr(path, '/');

	add_path(error, name ? name + 1 : path);
	str_buf_printf(error, " line %d: %s", line,
		       why && why->data ? why->data : "it is not understood");
}

int screen_config_read(const char *path, struct screen_config *config, struct str_buf *error)
{
	CLEANUP(fclose_p) FILE *file = fopen(path, "re");
	struct reading reading = {.file = file, .config = *config};
	int line;

	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!file) {
		int r = -errno;

		add_path(error, path);
		str_buf_printf(error, ": %s", strerror(-r));
		return r;
	}
	line = ini_parse_stream(next_line, &reading, on_entry, &reading);
	if (line < 0 || ferror(file)) {
		str_buf_done(&reading.why);
		add_path(error, path);
		str_buf_puts(error, ": it could not be read");
		return -EIO;
	}
	/* What is both is hidden. */
	reading.config.shown_columns &= ~reading.config.hidden_columns;
	*config = reading.config;
	if (line > 0)
		add_line(error, path, line, line == reading.bad_line ? &reading.why : NULL);
	str_buf_done(&reading.why);
	return line > 0;
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

/*
 * For root, each folder on the way, and each link, has to be root's: whoever has another could lead
 * it to any file (HOME may be another user's, with sudo).
 */
static int check_way(const char *folder)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (lstat(folder, &st) < 0)
		return -errno;
	return st.st_uid == 0 ? 0 : -EPERM;
}

/* All folders above the file. -EPERM: the last one is another user's. */
static int make_folders(const char *path)
{
	struct stat st = {0};
	char folder[PATH_MAX];
	size_t len = strlen(path);
	int r;

	if (len >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, len + 1);
	for (char *p = strchr(folder + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return -errno;
		r = check_way(folder);
		if (r < 0)
			return r;
		if (stat(folder, &st) < 0)
			return -errno;
		*p = '/';
	}
	return st.st_uid == geteuid() ? 0 : -EPERM;
}

/* A link is gone after if it is our own. NULL: there is nothing of that name. */
static int find_file(const char *path, char **ret_real)
{
	struct stat st;

	*ret_real = NULL;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode) && st.st_uid != geteuid())
		return -EPERM;
	*ret_real = realpath(path, NULL);
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

	if (r >= 0)
		r = find_file(path, &real);
	if (r < 0)
		return r;
	str_buf_puts(&text,
		     "# Written by tcptop whenever columns are chosen on its screen (key f).\n"
		     "[screen]\n");
	if (config->theme_chosen)
		str_buf_printf(&text, "theme = %s\n", terminal_theme_name(config->theme));
	put_columns(&text, "show", config->shown_columns);
	put_columns(&text, "hide", config->hidden_columns);
	if (text.error)
		return text.error;
	return replace(real ? real : path, &text);
}
