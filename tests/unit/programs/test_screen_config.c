/* SPDX-License-Identifier: MIT */
/* What the screen remembers, to a file and back, whatever a user has made of the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "screen_config.h"
#include "tap.h"
#include "view/conn_view.h"

#define BIT(column) (UINT32_C(1) << (column))

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0)
		ok(false, "%s can be written: %s", path, strerror(errno));
	if (file)
		fclose(file);
}

static const struct {
	const char *text;
	int result;
	struct screen_config want;
	const char *said; /* the end of it */
} texts[] = {
	{"", 0, {.theme = TERMINAL_THEME_LIGHT}, ""},
	{"[screen]\ntheme = safe\n", 0, {.theme = TERMINAL_THEME_SAFE}, ""},
	{"[screen]\nshow = age, retr\nhide = user\n",
	 0,
	 {BIT(CONN_COLUMN_USER), BIT(CONN_COLUMN_AGE) | BIT(CONN_COLUMN_RETR), TERMINAL_THEME_LIGHT,
	  false},
	 ""},
	{"; a comment\n\n[screen]\nhide = user   local,rx\n",
	 0,
	 {BIT(CONN_COLUMN_USER) | BIT(CONN_COLUMN_LOCAL) | BIT(CONN_COLUMN_RX), 0,
	  TERMINAL_THEME_LIGHT, false},
	 ""},
	/* what is both is hidden */
	{"[screen]\nshow = age\nhide = age\n",
	 0,
	 {BIT(CONN_COLUMN_AGE), 0, TERMINAL_THEME_LIGHT, false},
	 ""},
	/* the rest counts */
	{"[screen]\ntheme = pink\nhide = user\n",
	 1,
	 {BIT(CONN_COLUMN_USER), 0, TERMINAL_THEME_LIGHT, false},
	 "read.conf line 2: theme: no such theme"},
	{"[screen]\nhide = user, colour\n",
	 1,
	 {BIT(CONN_COLUMN_USER), 0, TERMINAL_THEME_LIGHT, false},
	 "read.conf line 2: hide: no such column"},
	{"[screen]\nfont = large\n",
	 1,
	 {.theme = TERMINAL_THEME_LIGHT},
	 "read.conf line 2: font: no such setting"},
	/* the first one is told */
	{"[screen]\n\ntheme = pink\nfont = large\n",
	 1,
	 {.theme = TERMINAL_THEME_LIGHT},
	 "read.conf line 3: theme: no such theme"},
	{"theme = safe\n",
	 1,
	 {.theme = TERMINAL_THEME_LIGHT},
	 "read.conf line 1: theme: it is not in [screen]"},
	{"\x01\xff\xfe garbage\n",
	 1,
	 {.theme = TERMINAL_THEME_LIGHT},
	 "read.conf line 1: it is not understood"},
};

static void test_read(const char *path)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP(str_buf_done) struct str_buf said = {0};
		struct screen_config config = {.theme = TERMINAL_THEME_LIGHT};
		size_t len = strlen(texts[i].said);

		put(path, texts[i].text);
		is_int(screen_config_read(path, &config, &said), texts[i].result, "file %zu", i);
		ok(config.hidden_columns == texts[i].want.hidden_columns &&
			   config.shown_columns == texts[i].want.shown_columns &&
			   config.theme == texts[i].want.theme,
		   "gives what it says");
		ok(said.len >= len && (len > 0) == (said.len > 0) &&
			   strcmp((said.data ? said.data : "") + said.len - len, texts[i].said) ==
				   0,
		   "and tells '%s'", said.data ? said.data : "");
	}
}

static void test_not_there(const char *dir)
{
	CLEANUP(str_buf_done) struct str_buf said = {0}, path = {0};
	struct screen_config config = {.hidden_columns = 5};

	str_buf_printf(&path, "%s/nothing/here.conf", dir);
	is_int(screen_config_read(path.data, &config, &said), 0, "no file is fine");
	ok(config.hidden_columns == 5 && said.len == 0, "and changes nothing");
}

static void test_there_and_back(const char *dir)
{
	CLEANUP(str_buf_done) struct str_buf said = {0}, path = {0};
	struct screen_config config = {0};
	struct stat st;

	str_buf_printf(&path, "%s/a/b/tcptop.conf", dir);
	for (uint32_t i = 0; i < CONN_COLUMNS; i++) {
		const struct screen_config written = {
			.hidden_columns = ~BIT(i) & (BIT(CONN_COLUMNS) - 1),
			.shown_columns = BIT(i),
			.theme = (enum terminal_theme)(i % TERMINAL_THEMES),
			.theme_chosen = true,
		};

		is_int(screen_config_write(path.data, &written), 0, "column %u is written", i);
		is_int(screen_config_read(path.data, &config, &said), 0, "and read");
		ok(config.hidden_columns == written.hidden_columns &&
			   config.shown_columns == written.shown_columns &&
			   config.theme == written.theme &&
			   config.theme_chosen == written.theme_chosen,
		   "as it was");
	}
	config.theme_chosen = false;
	is_int(screen_config_write(path.data, &config), 0, "a theme that nobody chose");
	is_int(screen_config_read(path.data, &config, &said), 0, "is read");
	ok(!config.theme_chosen, "as none");
	ok(stat(path.data, &st) == 0 && (st.st_mode & 0777) == 0600, "for its user only");
	is_int(said.len, 0, "nothing is said");
}

static void test_link(const char *dir)
{
	CLEANUP(str_buf_done) struct str_buf said = {0}, link = {0}, file = {0};
	struct screen_config config = {.theme = TERMINAL_THEME_SAFE, .theme_chosen = true};
	struct stat st;

	str_buf_printf(&link, "%s/link.conf", dir);
	str_buf_printf(&file, "%s/dotfile.conf", dir);
	put(file.data, "[screen]\n");
	is_int(symlink("dotfile.conf", link.data), 0, "a link");
	is_int(screen_config_write(link.data, &config), 0, "is written through");
	ok(lstat(link.data, &st) == 0 && S_ISLNK(st.st_mode), "and stays one");
	config.theme = TERMINAL_THEME_DARK;
	screen_config_read(file.data, &config, &said);
	is_int(config.theme, TERMINAL_THEME_SAFE, "what it points to is new");
}

static void test_refused(const char *dir)
{
	CLEANUP(str_buf_done) struct str_buf path = {0};
	const struct screen_config config = {0};

	str_buf_printf(&path, "%s/file", dir);
	put(path.data, "in the way");
	str_buf_puts(&path, "/tcptop.conf");
	is_int(screen_config_write(path.data, &config), -ENOTDIR, "a file in the way is told");
}

/* As root, with another user's folder on the way, or a link of his: nothing is touched. */
static void test_others(const char *dir)
{
	CLEANUP(str_buf_done) struct str_buf home = {0}, path = {0}, link = {0}, target = {0};
	const struct screen_config config = {0};
	struct stat st;

	if (geteuid() != 0) {
		tap_skip("another user's folder", "not root");
		return;
	}
	str_buf_printf(&home, "%s/home", dir);
	str_buf_printf(&path, "%s/home/.config/tcptop.conf", dir);
	is_int(mkdir(home.data, 0755), 0, "a home");
	is_int(chown(home.data, 4242, 4242), 0, "of another user");
	is_int(screen_config_write(path.data, &config), -EPERM, "remembers nothing of root's");
	str_buf_printf(&link, "%s/his.conf", dir);
	str_buf_printf(&target, "%s/target", dir);
	put(target.data, "precious");
	is_int(symlink("target", link.data), 0, "a link");
	is_int(lchown(link.data, 4242, 4242), 0, "of another user");
	is_int(screen_config_write(link.data, &config), -EPERM, "is not followed");
	ok(stat(target.data, &st) == 0 && st.st_size == 8, "and what it points to is untouched");
}

static void test_path(void)
{
	static const struct {
		const char *xdg, *home, *want;
		int result;
	} cases[] = {
		{"/x", "/h", "/x/weir/tcptop.conf", 0},
		{NULL, "/h", "/h/.config/weir/tcptop.conf", 0},
		{"relative", "/h", "/h/.config/weir/tcptop.conf", 0},
		{"", "/h", "/h/.config/weir/tcptop.conf", 0},
		{NULL, NULL, "", -ENOENT},
		{NULL, "", "", -ENOENT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(str_buf_done) struct str_buf path = {0};

		unsetenv("XDG_CONFIG_HOME");
		unsetenv("HOME");
		if (cases[i].xdg)
			setenv("XDG_CONFIG_HOME", cases[i].xdg, 1);
		if (cases[i].home)
			setenv("HOME", cases[i].home, 1);
		is_int(screen_config_path(&path), cases[i].result, "environment %zu", i);
		is_str(path.data ? path.data : "", cases[i].want, "says where");
	}
}

int main(void)
{
	char dir[] = "/tmp/weir-config.XXXXXX", path[64], command[96];

	if (!mkdtemp(dir))
		tap_skip_all("no folder for files");
	snprintf(path, sizeof(path), "%s/read.conf", dir);
	test_read(path);
	test_not_there(dir);
	test_there_and_back(dir);
	test_link(dir);
	test_refused(dir);
	test_others(dir);
	test_path();
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	is_int(system(command), 0, "the folder is cleared away");
	return tap_done();
}
