/* SPDX-License-Identifier: MIT */
#include "view/terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "view/glyph.h"
#include "view/terminal_guard.h"
#include "view/terminal_info.h"
#include "view/terminal_keys.h"
#include "view/terminal_output.h"
#include "view/theme.h"

#define SIDE_MAX 4096
#define COPY_MAX 100000
/* A last frame that makes no way for so long, or lasts so long in all, is dropped. */
#define LEAVE_WAIT_MS 1000
#define LEAVE_WAIT_NS (LEAVE_WAIT_MS * UINT64_C(1000000))
#define LEAVE_MAX_NS (10 * LEAVE_WAIT_NS)
/* Cancels a sequence that was begun (ECMA-48 8.3.6, and in OSC by all that know it). */
#define CANCEL "\030"
/* Glyphs handed to ncurses at a time. */
#define RUN_MAX 128

/* Synchronized output (DEC private mode 2026): the terminal shows the frame when it is whole. Those
 * that do not know it pass over it. */
#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"

/* A role, as ncurses wants it. */
struct ink {
	attr_t attributes;
	short pair;
};

struct terminal {
	FILE *in;
	FILE *out; /* ncurses'; its descriptor leads to memory once the screen is open */
	int tty_fd;
	SCREEN *screen;
	struct terminal_output output;
	struct terminal_keys keys;
	struct termios found; /* the modes before, and while we have it */
	struct termios ours;
	struct ink inks[ROLES];
	int n_colors;
	int width, height;
	bool has_guard;
	bool is_open;   /* the screen is ours, so it has to be given back */
	bool is_utf8;   /* what may be sent */
	bool is_ansi;   /* sequences of ECMA-48 are understood */
	bool is_behind; /* the last grid was not painted */
	bool is_stale;  /* what the terminal shows is not what ncurses believes */
};

DEFINE_CLEANUP(terminal_close_p, struct terminal *, terminal_close)

/* What leaves the screen, wherever in a frame it comes. */
static struct terminal_reset make_reset(const struct terminal *terminal)
{
	struct terminal_reset reset = {.fd = terminal->tty_fd, .modes = terminal->found};

	if (terminal->is_ansi)
		terminal_info_add(&reset, CANCEL SYNC_END);
	terminal_info_add_reset(&reset, terminal->height);
	return reset;
}

static void arm_guard(const struct terminal *terminal)
{
	struct terminal_reset reset = make_reset(terminal);

	terminal_guard_arm(&reset);
}

static int clamp_side(int side, int otherwise)
{
	if (side < 1)
		side = otherwise;
	return side < 1 ? 1 : side > SIDE_MAX ? SIDE_MAX : side;
}

static void read_size(struct terminal *terminal)
{
	struct winsize size = {0};

	/* A line that knows no size has terminfo's, where ncurses notes what there was last. */
	ioctl(terminal->tty_fd, TIOCGWINSZ, &size);
	terminal->width = clamp_side(size.ws_col, tigetnum("cols"));
	terminal->height = clamp_side(size.ws_row, tigetnum("lines"));
}

void terminal_resized(struct terminal *terminal)
{
	int width = terminal->width;
	int height = terminal->height;

	read_size(terminal);
	if (resize_term(terminal->height, terminal->width) == ERR) {
		terminal->width = width;
		terminal->height = height;
	}
	terminal->is_stale = true;
	if (terminal->is_open)
		arm_guard(terminal);
}

void terminal_size(const struct terminal *terminal, int *ret_width, int *ret_height)
{
	*ret_width = terminal->width;
	*ret_height = terminal->height;
}

bool terminal_is_utf8(const struct terminal *terminal)
{
	return terminal->is_utf8;
}

void terminal_set_theme(struct terminal *terminal, enum terminal_theme theme)
{
	for (int role = 0; role < ROLES; role++) {
		struct look look = theme_look(theme, (enum role)role, terminal->n_colors);
		struct ink *ink = &terminal->inks[role];

		ink->attributes = (look.bold ? A_BOLD : 0U) | (look.dim ? A_DIM : 0U) |
				  (look.reverse ? A_REVERSE : 0U) |
				  (look.underline ? A_UNDERLINE : 0U);
		ink->pair = 0;
		if (look.color != THEME_COLOR_DEFAULT &&
		    init_pair((short)(role + 1), look.color, -1) == OK)
			ink->pair = (short)(role + 1);
	}
	terminal->is_stale = true;
}

/* Without default colours the background would be painted black, so none is used then. */
static int count_colors(const struct terminal_options *options)
{
	if (!options->color || !has_colors() || start_color() == ERR ||
	    use_default_colors() == ERR || COLOR_PAIRS <= ROLES)
		return 0;
	return COLORS;
}

/* newterm() takes some signals for itself, where they are at their defaults; they are the
 * program's. */
static SCREEN *new_screen(FILE *out, FILE *in)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[sizeof(signals) / sizeof(signals[0])];
	SCREEN *screen;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], NULL, &before[i]);
	screen = newterm(NULL, out, in);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &before[i], NULL);
	return screen;
}

/* A stream of its own on the descriptor. */
static int open_stream(int fd, const char *mode, FILE **ret_stream)
{
	CLEANUP(close_fd_p) int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *stream;

	if (own < 0)
		return -errno;
	stream = fdopen(own, mode);
	if (!stream)
		return -errno;
	(void)STEAL_FD(own);
	*ret_stream = stream;
	return 0;
}

static int open_streams(struct terminal *terminal, const struct terminal_options *options)
{
	int r = open_stream(options->in_fd, "r", &terminal->in);

	if (r == 0)
		r = open_stream(options->out_fd, "w", &terminal->out);
	if (r < 0)
		return r;
	terminal->tty_fd = fcntl(options->out_fd, F_DUPFD_CLOEXEC, 3);
	if (terminal->tty_fd < 0)
		return -errno;
	return tcgetattr(terminal->tty_fd, &terminal->found) < 0 ? -errno : 0;
}

/* The terminal is set while ncurses still has it; then it gets the stand-in. */
static int open_screen(struct terminal *terminal, const struct terminal_options *options)
{
	const char *move;
	int r;

	terminal->screen = new_screen(terminal->out, terminal->in);
	if (!terminal->screen)
		return -EOPNOTSUPP;
	terminal->is_open = true;
	terminal->is_utf8 = !options->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	move = terminal_info_text("cup");
	terminal->is_ansi = move && strncmp(move, "\033[", 2) == 0;
	read_size(terminal);
	arm_guard(terminal);
	raw();
	noecho();
	nonl();
	typeahead(-1); /* an update that input cut short would be half a frame */
	if (tcgetattr(terminal->tty_fd, &terminal->ours) < 0)
		return -errno;
	r = terminal_keys_open(&terminal->keys, fileno(terminal->in));
	if (r < 0)
		return r;
	terminal->n_colors = count_colors(options);
	terminal_set_theme(terminal, options->theme);
	return terminal_output_open(&terminal->output, terminal->tty_fd, fileno(terminal->out));
}

int terminal_open(const struct terminal_options *options, struct terminal **ret_terminal)
{
	CLEANUP(terminal_close_p) struct terminal *terminal = NULL;
	const char *reason;
	int r = terminal_probe(options->in_fd, options->out_fd, &reason);

	if (r < 0)
		return r;
	terminal = calloc(1, sizeof(*terminal));
	if (!terminal)
		return -ENOMEM;
	terminal->tty_fd = -1;
	r = terminal_guard_take();
	if (r < 0)
		return r;
	terminal->has_guard = true;
	r = open_streams(terminal, options);
	if (r < 0)
		return r;
	r = open_screen(terminal, options);
	if (r < 0)
		return r;
	terminal_resized(terminal);
	*ret_terminal = STEAL(terminal);
	return 0;
}

/* What ncurses wrote is one frame, to be sent. */
static int collect_frame(struct terminal *terminal)
{
	int r = terminal_output_collect(&terminal->output, terminal->is_ansi ? SYNC_BEGIN : "",
					terminal->is_ansi ? SYNC_END : "");

	if (r < 0)
		terminal->is_stale = true;
	return r;
}

static int send_frame(struct terminal *terminal)
{
	int r = collect_frame(terminal);

	return r < 0 ? r : terminal_output_send(&terminal->output);
}

/* A slow line gets its time; one that takes nothing does not, and has to do with the reset. */
static void send_last_frame(struct terminal *terminal)
{
	struct terminal_output *output = &terminal->output;
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t end_ns = now_ns + LEAVE_MAX_NS;
	uint64_t until_ns = now_ns + LEAVE_WAIT_NS;
	struct terminal_reset reset;
	int r = collect_frame(terminal);
	bool is_whole = r == 0;

	while (r == 0 && !terminal_output_is_sent(output) && now_ns < until_ns && now_ns < end_ns) {
		size_t n_sent = output->n_sent;

		r = terminal_output_ready(output, LEAVE_WAIT_MS);
		if (r > 0)
			r = terminal_output_send(output);
		now_ns = clock_monotonic_ns();
		if (output->n_sent != n_sent)
			until_ns = now_ns + LEAVE_WAIT_NS;
	}
	if (is_whole && terminal_output_is_sent(output))
		return;
	terminal_output_drop(output);
	reset = make_reset(terminal);
	terminal_output_add(output, reset.bytes, reset.len);
	(void)terminal_output_send(output); /* there is nothing more to be tried */
}

/* Shows the other screen again, with the modes as they were found. */
static void leave(struct terminal *terminal)
{
	if (!terminal->is_open)
		return;
	endwin();
	if (terminal->output.is_open)
		send_last_frame(terminal);
	tcsetattr(terminal->tty_fd, TCSANOW, &terminal->found);
	terminal_guard_disarm();
	terminal->is_open = false;
}

struct terminal *terminal_close(struct terminal *terminal)
{
	if (!terminal)
		return NULL;
	leave(terminal);
	terminal_keys_done(&terminal->keys);
	if (terminal->screen)
		delscreen(terminal->screen);
	fclose_p(&terminal->in);
	fclose_p(&terminal->out);
	terminal_output_done(&terminal->output);
	close_fd_p(&terminal->tty_fd);
	if (terminal->has_guard)
		terminal_guard_release();
	free(terminal);
	return NULL;
}

void terminal_suspend(struct terminal *terminal)
{
	leave(terminal);
}

int terminal_resume(struct terminal *terminal)
{
	if (terminal->is_open)
		return 0;
	if (tcgetattr(terminal->tty_fd, &terminal->found) < 0 ||
	    tcsetattr(terminal->tty_fd, TCSANOW, &terminal->ours) < 0)
		return -errno;
	terminal->is_open = true;
	/* ncurses would switch the keypad on only where it can set modes, which its file has not.
	 */
	keypad(terminal->keys.window, TRUE);
	terminal_resized(terminal);
	return 0;
}

/* Whether the terminal and ncurses have the same idea of this character as the grid. */
static bool can_show(const struct terminal *terminal, uint32_t code, int columns)
{
	if (!terminal->is_utf8)
		return columns == 1 && code >= ' ' && code < 0x7f;
	return glyph_kind(code) == (columns == 1 ? GLYPH_NARROW : GLYPH_WIDE) &&
	       wcwidth((wchar_t)code) == columns;
}

static bool can_stand_on(const struct terminal *terminal, uint32_t mark)
{
	return terminal->is_utf8 && glyph_kind(mark) == GLYPH_MARK && wcwidth((wchar_t)mark) == 0;
}

static void make_glyph(const struct terminal *terminal, const struct cell *cell, uint32_t code,
		       cchar_t *ret_glyph)
{
	const struct ink *ink = &terminal->inks[cell->role < ROLES ? cell->role : ROLE_NORMAL];
	wchar_t text[3] = {(wchar_t)code};

	if (code == cell->code && cell->mark && can_stand_on(terminal, cell->mark))
		text[1] = (wchar_t)cell->mark;
	if (cell->selected)
		setcchar(ret_glyph, text, (ink->attributes & A_BOLD) | A_REVERSE, 0, NULL);
	else
		setcchar(ret_glyph, text, ink->attributes, ink->pair, NULL);
}

/* The glyphs of one place on the screen, 1 or 2. What cannot be shown is '?', a column each; half a
 * wide character, at the edge of the terminal or in a grid somebody made by hand, is a blank. */
static int make_glyphs(const struct terminal *terminal, const struct cell *cell, int columns,
		       int room, cchar_t *ret_glyphs)
{
	uint32_t code = cell->code ? cell->code : ' ';
	bool can = can_show(terminal, code, columns);
	int n = can ? 1 : columns < room ? columns : room;

	if (columns > room)
		code = ' ';
	else if (!can)
		code = '?';
	for (int i = 0; i < n; i++)
		make_glyph(terminal, cell, code, &ret_glyphs[i]);
	return n;
}

/* Hands one line to ncurses. */
static void draw_line(const struct terminal *terminal, const struct cells *cells, int y)
{
	const struct cell *line = cells->at + (size_t)y * (size_t)cells->width;
	int width = cells->width < terminal->width ? cells->width : terminal->width;
	cchar_t run[RUN_MAX + 1];
	int n = 0;
	int start = 0;

	for (int x = 0; x < width;) {
		bool is_wide = x + 1 < cells->width && line[x].code && !line[x + 1].code;
		int columns = is_wide ? 2 : 1;

		n += make_glyphs(terminal, &line[x], columns, width - x, &run[n]);
		x += columns;
		if (n >= RUN_MAX || x >= width) {
			mvwadd_wchnstr(stdscr, y, start, run, n);
			start = x;
			n = 0;
		}
	}
}

static void draw_grid(struct terminal *terminal, const struct cells *cells)
{
	bool shows_cursor = cells->cursor_x >= 0 && cells->cursor_x < terminal->width &&
			    cells->cursor_y >= 0 && cells->cursor_y < terminal->height;

	werase(stdscr);
	for (int y = 0; y < cells->height && y < terminal->height; y++)
		draw_line(terminal, cells, y);
	curs_set(shows_cursor ? 1 : 0);
	leaveok(stdscr, !shows_cursor);
	if (shows_cursor)
		wmove(stdscr, cells->cursor_y, cells->cursor_x);
	if (terminal->is_stale)
		clearok(curscr, TRUE);
	terminal->is_stale = false;
	wnoutrefresh(stdscr);
	doupdate();
}

/* What could not be written the last time goes first. A terminal that is stopped gets the newest
 * frame when it goes on, not all that there were. */
static int paint(struct terminal *terminal, const struct cells *cells)
{
	int r = terminal_output_send(&terminal->output);

	if (r < 0 || !terminal_output_is_sent(&terminal->output))
		return r;
	r = terminal_output_ready(&terminal->output, 0);
	if (r <= 0)
		return r;
	draw_grid(terminal, cells);
	terminal->is_behind = false;
	return send_frame(terminal);
}

int terminal_paint(struct terminal *terminal, const struct cells *cells)
{
	if (!terminal->is_open)
		return 0;
	terminal->is_behind = true;
	return paint(terminal, cells);
}

bool terminal_is_behind(const struct terminal *terminal)
{
	return terminal->is_behind || !terminal_output_is_sent(&terminal->output);
}

void terminal_redraw(struct terminal *terminal)
{
	terminal->is_stale = true;
}

uint64_t terminal_written(const struct terminal *terminal)
{
	return terminal->output.written_bytes;
}

int terminal_key(struct terminal *terminal, uint32_t *ret_key)
{
	if (terminal->is_open)
		return terminal_keys_next(&terminal->keys, ret_key);
	*ret_key = 0;
	return 0;
}

/* RFC 4648 4. */
static void add_base64(struct str_buf *buf, const char *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t at = 0; at < len; at += 3) {
		size_t n = len - at < 3 ? len - at : 3;
		uint32_t group = 0;
		char four[4] = "====";

		for (size_t i = 0; i < 3; i++)
			group = group << 8 | (i < n ? (uint8_t)bytes[at + i] : 0);
		for (size_t i = 0; i <= n; i++)
			four[i] = digits[group >> (18 - 6 * i) & 0x3f];
		str_buf_add(buf, four, sizeof(four));
	}
}

int terminal_copy(struct terminal *terminal, const char *text, size_t len)
{
	struct str_buf sequence = {0};
	int r;

	if (len > COPY_MAX)
		return -E2BIG;
	if (!terminal->is_open || !terminal->is_ansi)
		return -EOPNOTSUPP;
	str_buf_puts(&sequence, "\033]52;c;");
	add_base64(&sequence, text, len);
	str_buf_putc(&sequence, '\a');
	r = sequence.error;
	if (r == 0 && sequence.len > COPY_MAX)
		r = -E2BIG;
	if (r == 0) {
		terminal_output_add(&terminal->output, sequence.data, sequence.len);
		r = terminal_output_send(&terminal->output);
	}
	str_buf_done(&sequence);
	return r;
}
