/* SPDX-License-Identifier: MIT */

/*
 * A terminal on a pty: what is written to it, by how many writes, what its modes are, and how it is
 * left. Linked with --wrap=write, which sees our own writes;
 * what ncurses might write past them is missed in the count of bytes.
 */

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "pty_pair.h"
#include "tap.h"
#include "view/keys.h"
#include "view/terminal.h"

#define WIDTH 80
#define HEIGHT 24

#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"
#define ENTER_SCREEN "\033[?1049h"
#define LEAVE_SCREEN "\033[?1049l"

static struct {
	int calls;
	size_t bytes;
} writes;

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	ssize_t n = __real_write(fd, bytes, len);

	if (n > 0 && isatty(fd)) {
		writes.calls++;
		writes.bytes += (size_t)n;
	}
	return n;
}

/* One terminal on one pty. */
struct stage {
	struct pty pty;
	struct termios before;
	struct terminal *terminal;
	struct cells cells;
	struct str_buf seen; /* of the last paint */
};

static void stage_open(struct stage *stage, int width, int height, bool color)
{
	struct terminal_options options = {.color = color};

	*stage = (struct stage){0};
	pty_open(&stage->pty, width, height);
	tcgetattr(stage->pty.slave, &stage->before);
	options.in_fd = options.out_fd = stage->pty.slave;
	is_int(terminal_open(&options, &stage->terminal), 0, "a terminal of %dx%d opens", width,
	       height);
	cells_reset(&stage->cells, width, height);
	pty_wait_for(&stage->pty, ENTER_SCREEN);
	pty_take(&stage->pty, &stage->seen);
}

static void stage_close(struct stage *stage)
{
	stage->terminal = terminal_close(stage->terminal);
	pty_close(&stage->pty);
	cells_done(&stage->cells);
	str_buf_done(&stage->seen);
}

/* Paints, and takes what came of it. Returns how many writes that took. */
static int stage_paint(struct stage *stage)
{
	uint64_t before = terminal_written(stage->terminal);
	size_t n;

	writes.calls = 0;
	is_int(terminal_paint(stage->terminal, &stage->cells), 0, "a paint");
	n = (size_t)(terminal_written(stage->terminal) - before);
	pty_wait_bytes(&stage->pty, n);
	pty_take(&stage->pty, &stage->seen);
	is_int(stage->seen.len, n, "all that came is counted as written");
	return writes.calls;
}

static bool has(const struct str_buf *seen, const char *text)
{
	return seen->len && memmem(seen->data, seen->len, text, strlen(text));
}

/* For the log of a failure. */
static void note_seen(const struct str_buf *seen)
{
	struct str_buf escaped = {0};

	text_escape(&escaped, seen->data, seen->len < 2000 ? seen->len : 2000);
	tap_note("written: %s", escaped.data ? escaped.data : "");
	str_buf_done(&escaped);
}

/* Checks what the last paint wrote. */
static void shows(const struct stage *stage, const char *text, bool want, const char *what)
{
	if (!ok(has(&stage->seen, text) == want, "%s", what))
		note_seen(&stage->seen);
}

static void test_probe(void)
{
	static const struct {
		const char *term;
		int want;
	} cases[] = {
		{"xterm-256color", 0}, {"vt100", 0},
		{"linux", 0},          {"dumb", -EOPNOTSUPP},
		{"", -EOPNOTSUPP},     {"no-such-terminal", -EOPNOTSUPP},
		{NULL, -EOPNOTSUPP},   {"../../../etc/passwd", -EOPNOTSUPP},
	};
	struct pty pty;
	int ends[2];

	pty_open(&pty, WIDTH, HEIGHT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *reason = NULL;
		int r;

		if (cases[i].term)
			setenv("TERM", cases[i].term, 1);
		else
			unsetenv("TERM");
		r = terminal_probe(pty.slave, pty.slave, &reason);
		is_int(r, cases[i].want, "TERM=%s", cases[i].term ? cases[i].term : "(unset)");
		ok(!r == !reason, "a reason is given when there is one: %s", reason ? reason : "");
	}
	setenv("TERM", "xterm-256color", 1);
	if (pipe(ends) == 0) {
		const char *reason = "";

		is_int(terminal_probe(ends[0], pty.slave, &reason), -ENOTTY, "a pipe for input");
		is_str(reason, "standard input is not a terminal", "is named");
		is_int(terminal_probe(pty.slave, ends[1], &reason), -ENOTTY, "a pipe for output");
		is_str(reason, "standard output is not a terminal", "is named");
		close(ends[0]);
		close(ends[1]);
	}
	pty_close(&pty);
}

static void test_open_and_close(void)
{
	struct stage stage;
	struct terminal_options again = {0};
	struct terminal *other = NULL;
	struct termios now;
	int width, height;

	stage_open(&stage, WIDTH, HEIGHT, true);
	shows(&stage, ENTER_SCREEN, true, "the other screen is shown");
	tcgetattr(stage.pty.slave, &now);
	ok(!(now.c_lflag & (ECHO | ICANON | ISIG)), "no echo, no lines, no signals from keys");
	ok(!(now.c_iflag & (IXON | ICRNL)), "^S and Enter come as they are");
	again.in_fd = again.out_fd = stage.pty.slave;
	is_int(terminal_open(&again, &other), -EBUSY, "a second one is refused");
	ok(!other, "and leaves its result alone");
	terminal_size(stage.terminal, &width, &height);
	is_int(width, WIDTH, "the width is the terminal's");
	is_int(height, HEIGHT, "the height is the terminal's");
	stage_paint(&stage);
	stage.terminal = terminal_close(stage.terminal);
	ok(pty_wait_for(&stage.pty, LEAVE_SCREEN), "the first screen is shown again");
	pty_take(&stage.pty, &stage.seen);
	shows(&stage, "\033[?25h", true, "the cursor is back");
	shows(&stage, "\033[?1l\033>", true, "the keypad is back");
	ok(pty_has_modes(&stage.pty, &stage.before), "the modes are as they were found");
	stage_close(&stage);
}

static void test_frames(void)
{
	struct stage stage;
	const char *sync;

	stage_open(&stage, WIDTH, HEIGHT, true);
	area_text(cells_area(&stage.cells), 10, 5, ROLE_NORMAL, "hello there");
	is_int(stage_paint(&stage), 1, "the first frame is one write");
	shows(&stage, "\033[6;11Hhello there", true, "at its place, by cup");
	ok(!strncmp(stage.seen.data, SYNC_BEGIN, strlen(SYNC_BEGIN)), "it begins synchronized");
	sync = memmem(stage.seen.data, stage.seen.len, SYNC_END, strlen(SYNC_END));
	ok(sync && sync + strlen(SYNC_END) == stage.seen.data + stage.seen.len, "and ends so");
	is_int(stage_paint(&stage), 0, "the same grid again is no write");
	area_text(cells_area(&stage.cells), 16, 5, ROLE_NORMAL, "where");
	is_int(stage_paint(&stage), 1, "a change is one write");
	ok(stage.seen.len < 40, "of little more than what differs (%zu bytes)", stage.seen.len);
	terminal_redraw(stage.terminal);
	is_int(stage_paint(&stage), 1, "a redraw is one write");
	shows(&stage, "hello where", true, "of everything");
	stage.cells.cursor_x = 60;
	stage.cells.cursor_y = 20;
	stage_paint(&stage);
	shows(&stage, "\033[21;61H", true, "the cursor is moved");
	shows(&stage, "\033[?25h", true, "and shown");
	stage_close(&stage);
}

/* Much more than ncurses' own buffer, which is about as large as the screen has columns. */
static void test_large_frame(void)
{
	struct stage stage;
	struct area area;

	stage_open(&stage, 300, 100, true);
	area = cells_area(&stage.cells);
	for (int y = 0; y < area.height; y++)
		for (int x = 0; x < area.width; x++)
			area_fill(area, x, y, 1, (enum role)((x + y) % ROLES),
				  (uint32_t)('!' + (x * 7 + y) % 90));
	is_int(stage_paint(&stage), 1, "a frame of %dx%d in all colours is one write", area.width,
	       area.height);
	ok(stage.seen.len > 100000, "of %zu bytes", stage.seen.len);
	stage_close(&stage);
}

/* Fills the grid's line y with raw cells, past all that drawing does for safety. */
static void put_raw(struct cells *cells, int y, const uint32_t *codes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cell *cell = &cells->at[(size_t)y * (size_t)cells->width + i * 2];

		cell->code = codes[i];
		cell->mark = codes[n - 1 - i];
	}
}

/* No character in what was written is a control, but for the Escapes of the sequences that ncurses
 * writes itself. */
static bool is_clean(const struct str_buf *seen, bool ascii)
{
	for (size_t at = 0; at < seen->len;) {
		uint32_t code = 0;
		size_t step = text_utf8_next(seen->data + at, seen->len - at, &code);

		if (!step || (ascii && code >= 0x80))
			return false;
		if (text_is_control(code) && !strchr("\033\r\n\b\t", (int)code))
			return false;
		at += step;
	}
	return true;
}

static void test_hostile(bool utf8)
{
	static const char *const texts[] = {
		"\033]0;owned\a",
		"\033[2Jgone",
		"a\xe2\x80\xaeltr",
		"\xc2\x9b"
		"31m",
		"\x7f\x01\x02",
		"bad\xff\xfe\x80",
		"zero\xe2\x80\x8bwidth",
		"e\xcc\x81\xcc\x82",
		"\xe6\x97\xa5\xe6\x9c\xac",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d",
	};
	static const uint32_t codes[] = {0x1b, 0x9b, 0x07,  0x202e, 0x200d,   0x301,  0x0d,  0x7f,
					 0x85, 0xad, 0x300, 0xd800, 0x110000, 0x65e5, 0xfeff};
	struct stage stage;

	stage_open(&stage, WIDTH, HEIGHT, false);
	is_int(terminal_is_utf8(stage.terminal), utf8, "the locale is known");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		area_text(cells_area(&stage.cells), 0, (int)i, ROLE_NORMAL, texts[i]);
	put_raw(&stage.cells, 20, codes, sizeof(codes) / sizeof(codes[0]));
	stage.cells.at[(size_t)21 * WIDTH].code = 0;          /* a half of nothing */
	stage.cells.at[(size_t)22 * WIDTH - 1].code = 0x65e5; /* a whole at the edge */
	stage_paint(&stage);
	ok(is_clean(&stage.seen, !utf8), "no control gets out, %s", utf8 ? "UTF-8" : "ASCII");
	ok(!has(&stage.seen, "\033]") && !has(&stage.seen, "\033[2Jgone"), "nor a sequence");
	shows(&stage, "?]0;owned?", true, "they are question marks");
	shows(&stage, "zero?width", true, "what cannot be seen is one too");
	ok(has(&stage.seen, utf8 ? "\xe6\x97\xa5\xe6\x9c\xac" : "????"), "wide ones, as can be");
	shows(&stage, "e\xcc\x81", utf8, "a mark, as can be");
	shows(&stage, "\xcc\x82", false, "no second mark");
	stage_close(&stage);
}

static void test_colors(void)
{
	struct stage stage;

	stage_open(&stage, WIDTH, HEIGHT, false);
	for (int role = 0; role < ROLES; role++)
		area_text(cells_area(&stage.cells), 0, role, (enum role)role, "text");
	area_select(cells_area(&stage.cells), 0);
	stage_paint(&stage);
	shows(&stage, "38;5;", false, "without colours, none of 256");
	shows(&stage, "\033[39;49m", false, "nor the default ones");
	ok(has(&stage.seen, "\033[1m") || has(&stage.seen, ";1m"), "but bold");
	stage_close(&stage);

	stage_open(&stage, WIDTH, HEIGHT, true);
	for (int role = 0; role < ROLES; role++)
		area_text(cells_area(&stage.cells), 0, role, (enum role)role, "text");
	stage_paint(&stage);
	shows(&stage, "38;5;", true, "with colours, some of 256");
	terminal_set_theme(stage.terminal, TERMINAL_THEME_LIGHT);
	is_int(stage_paint(&stage), 1, "another theme paints anew");
	shows(&stage, "38;5;124", true, "in its colours");
	shows(&stage, "48;5;", false, "no background but the user's");
	stage_close(&stage);
}

static void test_sizes(void)
{
	static const struct {
		int width, height;
	} sizes[] = {{1, 1}, {2, 1}, {1, 50}, {300, 1}, {7, 3}, {200, 60}, {80, 24}};
	struct stage stage;
	int width, height;

	stage_open(&stage, WIDTH, HEIGHT, true);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pty_resize(&stage.pty, sizes[i].width, sizes[i].height);
		terminal_resized(stage.terminal);
		terminal_size(stage.terminal, &width, &height);
		ok(width == sizes[i].width && height == sizes[i].height, "resized to %dx%d", width,
		   height);
		area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL,
			  "\xe6\x97\xa5\xe6\x9c\xac of another size");
		is_int(stage_paint(&stage), 1, "a grid of another size is painted");
		cells_reset(&stage.cells, width, height);
		area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL, "x\xe6\x97\xa5\xe6\x9c\xac");
		area_text(cells_area(&stage.cells), width - 1, height - 1, ROLE_BAD, "#");
		stage_paint(&stage);
		shows(&stage, "#", true, "to its last corner");
	}
	for (int i = 1; i < 500; i++) { /* a storm, painted only now and then */
		pty_resize(&stage.pty, 1 + i * 37 % 211, 1 + i * 11 % 67);
		terminal_resized(stage.terminal);
	}
	is_int(stage_paint(&stage), 1, "after a storm, one frame");
	pty_resize(&stage.pty, 0, 0);
	terminal_resized(stage.terminal);
	terminal_size(stage.terminal, &width, &height);
	ok(width == 107 && height == 63, "no size is the one before (%dx%d)", width, height);
	stage_close(&stage);
}

static void test_suspend(void)
{
	struct stage stage;
	struct termios ours, shells;

	stage_open(&stage, WIDTH, HEIGHT, true);
	area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL, "still here");
	stage_paint(&stage);
	tcgetattr(stage.pty.slave, &ours);
	terminal_suspend(stage.terminal);
	ok(pty_wait_for(&stage.pty, LEAVE_SCREEN), "suspended, the first screen is shown");
	ok(pty_has_modes(&stage.pty, &stage.before), "the modes are as they were found");
	pty_take(&stage.pty, &stage.seen);
	stage_paint(&stage);
	is_int(stage.seen.len, 0, "nothing is painted meanwhile");

	shells = stage.before;
	shells.c_oflag ^= OLCUC; /* the shell sets something else */
	tcsetattr(stage.pty.slave, TCSANOW, &shells);
	is_int(terminal_resume(stage.terminal), 0, "resumed");
	ok(pty_has_modes(&stage.pty, &ours), "the modes are ours again");
	is_int(stage_paint(&stage), 1, "the next frame is one write");
	shows(&stage, ENTER_SCREEN, true, "it shows the other screen");
	shows(&stage, "\033[?1h\033=", true, "and takes the keypad");
	shows(&stage, "still here", true, "and has everything");
	stage.terminal = terminal_close(stage.terminal);
	ok(pty_has_modes(&stage.pty, &shells), "at the end the modes are the shell's new ones");
	stage_close(&stage);
}

/* ^S: nothing waits, and when it goes on there is one frame, the newest. */
static void test_stopped(void)
{
	struct stage stage;

	stage_open(&stage, WIDTH, HEIGHT, true);
	stage_paint(&stage);
	tcflow(stage.pty.slave, TCOOFF);
	area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL, "one");
	is_int(stage_paint(&stage), 0, "a stopped terminal is not written to");
	ok(terminal_is_behind(stage.terminal), "which is known");
	area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL, "two");
	is_int(stage_paint(&stage), 0, "again");
	tcflow(stage.pty.slave, TCOON);
	is_int(stage_paint(&stage), 1, "when it goes on, one frame");
	ok(has(&stage.seen, "two") && !has(&stage.seen, "one"), "the newest");
	ok(!terminal_is_behind(stage.terminal), "that is all");
	tcflow(stage.pty.slave, TCOOFF);
	stage.terminal = terminal_close(stage.terminal);
	ok(pty_has_modes(&stage.pty, &stage.before), "it can be closed while stopped");
	stage_close(&stage);
}

/* Nobody reads at the other end: a frame of more than the pty holds is broken off, and goes on
 * when somebody does, whole. */
static void test_stuck(void)
{
	struct stage stage;
	struct area area;
	int paints = 0;

	stage_open(&stage, 200, 100, false);
	pty_pause(&stage.pty, true);
	area = cells_area(&stage.cells);
	for (int y = 0; y < area.height; y++)
		area_fill(area, 0, y, area.width, ROLE_NORMAL, (uint32_t)('A' + y % 26));
	for (int i = 0; i < 3; i++) {
		is_int(terminal_paint(stage.terminal, &stage.cells), 0, "a paint comes back");
		ok(terminal_is_behind(stage.terminal), "and says it is behind");
	}
	pty_pause(&stage.pty, false);
	while (terminal_is_behind(stage.terminal) && paints++ < 1000)
		is_int(terminal_paint(stage.terminal, &stage.cells), 0, "another paint");
	pty_wait_for(&stage.pty, SYNC_END);
	pty_take(&stage.pty, &stage.seen);
	is_int(stage.seen.len, terminal_written(stage.terminal), "all of the frame has come, once");
	for (int y = 0; y < area.height; y++) {
		char line[201];

		memset(line, 'A' + y % 26, 200);
		line[200] = '\0';
		if (!has(&stage.seen, line))
			ok(false, "line %d has come whole", y);
	}
	stage_close(&stage);
}

static void test_gone(void)
{
	struct stage stage;
	uint32_t key = 77;

	stage_open(&stage, WIDTH, HEIGHT, true);
	stage_paint(&stage);
	pty_hang_up(&stage.pty);
	area_text(cells_area(&stage.cells), 0, 0, ROLE_NORMAL, "into the void");
	is_int(terminal_paint(stage.terminal, &stage.cells), -EIO, "a terminal that is gone");
	is_int(terminal_key(stage.terminal, &key), -EIO, "gives no keys");
	is_int(key, 77, "and none is made up");
	stage_close(&stage);
	ok(true, "and can be closed");
}

/* Terminals of other families, as far as terminfo has them here. */
static void test_families(void)
{
	static const struct {
		const char *term;
		bool is_ansi;
	} cases[] = {{"linux", true},         {"vt100", true}, {"screen", true},
		     {"tmux-256color", true}, {"rxvt", true},  {"xterm-mono", true},
		     {"vt52", false}};
	const char *reason;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct terminal_options options = {.color = true};
		struct stage stage = {0};

		setenv("TERM", cases[i].term, 1);
		pty_open(&stage.pty, WIDTH, HEIGHT);
		tcgetattr(stage.pty.slave, &stage.before);
		options.in_fd = options.out_fd = stage.pty.slave;
		if (terminal_probe(options.in_fd, options.out_fd, &reason) == 0) {
			is_int(terminal_open(&options, &stage.terminal), 0, "%s", cases[i].term);
			cells_reset(&stage.cells, WIDTH, HEIGHT);
			area_text(cells_area(&stage.cells), 9, 9, ROLE_BAD, "families");
			is_int(terminal_paint(stage.terminal, &stage.cells), 0, "a paint");
			ok(pty_wait_for(&stage.pty, "families"), "is seen");
			pty_take(&stage.pty, &stage.seen);
			shows(&stage, SYNC_BEGIN, cases[i].is_ansi,
			      "synchronized, where it can be");
			stage.terminal = terminal_close(stage.terminal);
			ok(pty_has_modes(&stage.pty, &stage.before), "left as it was found");
		} else {
			tap_skip(cases[i].term, reason);
		}
		stage_close(&stage);
	}
	setenv("TERM", "xterm-256color", 1);
}

static void test_keys(void)
{
	static const struct {
		const char *bytes;
		uint32_t keys[6];
	} cases[] = {
		{"q", {'q'}},
		{"\003\032\014", {3, 26, 12}},
		{"\r\n\t\177\b",
		 {KEYS_ENTER, KEYS_ENTER, KEYS_TAB, KEYS_BACKSPACE, KEYS_BACKSPACE}},
		{"\033OA\033OB\033OC\033OD", {KEYS_UP, KEYS_DOWN, KEYS_RIGHT, KEYS_LEFT}},
		{"\033[A\033[B\033[C\033[D", {KEYS_UP, KEYS_DOWN, KEYS_RIGHT, KEYS_LEFT}},
		{"\033[5~\033[6~", {KEYS_PAGE_UP, KEYS_PAGE_DOWN}},
		{"\033[1~\033[4~\033OH\033[F", {KEYS_HOME, KEYS_END, KEYS_HOME, KEYS_END}},
		{"\033[2~\033[3~\033[Z", {KEYS_INSERT, KEYS_DELETE, KEYS_BACK_TAB}},
		{"\033OP\033[15~\033[24~", {KEYS_F1, KEYS_F1 + 4, KEYS_F12}},
		{"\033", {KEYS_ESCAPE}},
		{"\033\033", {KEYS_ESCAPE, KEYS_ESCAPE}},
		{"\033x", {KEYS_ESCAPE, 'x'}},
		{"\033[99;5Xy", {'y'}}, /* no key of ours */
		{"\033[200~y", {'y'}},
		{"\xc3\xa9\xe6\x97\xa5", {0xe9, 0x65e5}},
		{"\xf0\x9f\x98\x80", {0x1f600}},
		{"\xff\xc3z", {'z'}}, /* no characters */
		{"\x80\xed\xa0\x80w", {'w'}},
	};
	struct stage stage;
	uint32_t key = 77;

	stage_open(&stage, WIDTH, HEIGHT, true);
	is_int(terminal_key(stage.terminal, &key), 0, "nothing typed");
	is_int(key, KEY_NONE_PRESSED, "is no key");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pty_type(&stage.pty, cases[i].bytes, strlen(cases[i].bytes));
		for (size_t k = 0; k == 0 || cases[i].keys[k - 1]; k++) {
			terminal_key(stage.terminal, &key);
			is_int(key, cases[i].keys[k], "typed %zu, key %zu", i, k);
		}
	}
	pty_type(&stage.pty, "\xe6", 1);
	terminal_key(stage.terminal, &key);
	is_int(key, KEY_NONE_PRESSED, "a character begun");
	pty_type(&stage.pty, "\x97\xa5", 2);
	terminal_key(stage.terminal, &key);
	is_int(key, 0x65e5, "and ended");
	stage_close(&stage);
}

static void test_copy(void)
{
	struct stage stage;
	char *large = calloc(1, 100001);

	stage_open(&stage, WIDTH, HEIGHT, true);
	is_int(terminal_copy(stage.terminal, "a copy", 6), 0, "a copy");
	ok(pty_wait_for(&stage.pty, "\033]52;c;YSBjb3B5\a"), "is sent");
	is_int(terminal_copy(stage.terminal, "ab", 2), 0, "of two");
	ok(pty_wait_for(&stage.pty, "\033]52;c;YWI=\a"), "is filled up");
	is_int(terminal_copy(stage.terminal, "\xff", 1), 0, "of any byte");
	ok(pty_wait_for(&stage.pty, "\033]52;c;/w==\a"), "is sent");
	is_int(terminal_copy(stage.terminal, "", 0), 0, "of nothing");
	ok(pty_wait_for(&stage.pty, "\033]52;c;\a"), "empties it");
	is_int(terminal_copy(stage.terminal, large, 100001), -E2BIG, "too much");
	is_int(terminal_copy(stage.terminal, large, 75000), -E2BIG, "too much by its length sent");
	pty_take(&stage.pty, &stage.seen);
	is_int(terminal_copy(stage.terminal, large, 74994), 0, "as much as goes");
	ok(pty_wait_bytes(&stage.pty, 100000), "goes");
	free(large);
	stage_close(&stage);
}

int main(void)
{
	test_probe();
	is_str(setlocale(LC_CTYPE, "C"), "C", "in a locale without UTF-8");
	test_hostile(false);
	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		tap_skip("what is sent in UTF-8", "no locale C.UTF-8");
		return tap_done();
	}
	test_hostile(true);
	test_open_and_close();
	test_frames();
	test_large_frame();
	test_colors();
	test_sizes();
	test_suspend();
	test_stopped();
	test_gone();
	test_families();
	test_keys();
	test_copy();
	test_stuck();
	return tap_done();
}
