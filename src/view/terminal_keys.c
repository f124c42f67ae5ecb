/* SPDX-License-Identifier: MIT */

#include "view/terminal_keys.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"
#include "view/keys.h"

/* What is taken for the rest of a sequence, at most. */
#define SEQUENCE_MAX 32
#define ESCAPE 27
/* How long the rest of a sequence may be under way after its Escape. */
#define ESCAPE_WAIT_MS 25

/* Terminals send these whatever TERM says: the two modes of the cursor keys, and the editing keys
 * of the VT220 and of rxvt. */
static const struct {
	const char *sequence;
	int key;
} sequences[] = {
	{"\033[A", KEY_UP},     {"\033[B", KEY_DOWN},   {"\033[C", KEY_RIGHT},
	{"\033[D", KEY_LEFT},   {"\033OA", KEY_UP},     {"\033OB", KEY_DOWN},
	{"\033OC", KEY_RIGHT},  {"\033OD", KEY_LEFT},   {"\033[H", KEY_HOME},
	{"\033[F", KEY_END},    {"\033OH", KEY_HOME},   {"\033OF", KEY_END},
	{"\033[1~", KEY_HOME},  {"\033[4~", KEY_END},   {"\033[7~", KEY_HOME},
	{"\033[8~", KEY_END},   {"\033[2~", KEY_IC},    {"\033[3~", KEY_DC},
	{"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE}, {"\033[Z", KEY_BTAB},
	{"\033OM", KEY_ENTER},
};

int terminal_keys_open(struct terminal_keys *keys, int fd)
{
	*keys = (struct terminal_keys){.window = newpad(1, 1), .fd = fd};
	if (!keys->window)
		return -ENOMEM;
	set_escdelay(ESCAPE_WAIT_MS);
	nodelay(keys->window, TRUE);
	keypad(keys->window, TRUE);
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (key_defined(sequences[i].sequence) == 0)
			define_key(sequences[i].sequence, sequences[i].key);
	return 0;
}

void terminal_keys_done(struct terminal_keys *keys)
{
	if (keys->window)
		delwin(keys->window);
	keys->window = NULL;
}

/* A key that ncurses knows, as one of ours; 0: we have no use for it. */
static uint32_t key_of_curses(int code)
{
	static const struct {
		int code;
		uint32_t key;
	} keys[] = {
		{KEY_UP, KEYS_UP},       {KEY_DOWN, KEYS_DOWN},     {KEY_LEFT, KEYS_LEFT},
		{KEY_RIGHT, KEYS_RIGHT}, {KEY_PPAGE, KEYS_PAGE_UP}, {KEY_NPAGE, KEYS_PAGE_DOWN},
		{KEY_HOME, KEYS_HOME},   {KEY_FIND, KEYS_HOME},     {KEY_END, KEYS_END},
		{KEY_SELECT, KEYS_END},  {KEY_ENTER, KEYS_ENTER},   {KEY_BACKSPACE, KEYS_BACKSPACE},
		{KEY_DC, KEYS_DELETE},   {KEY_IC, KEYS_INSERT},     {KEY_BTAB, KEYS_BACK_TAB},
	};

	if (code >= KEY_F(1) && code <= KEY_F(12))
		return KEYS_F1 + (uint32_t)(code - KEY_F(1));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return 0;
}

/* Reads over a sequence that is no known key, so that its letters are not taken for typed ones
 * (ECMA-48 5.4: parameters and intermediates, then one final byte). */
static void skip_sequence(struct terminal_keys *keys, int introducer)
{
	int c = wgetch(keys->window);

	for (int i = 0; introducer == '[' && c >= 0x20 && c <= 0x3f && i < SEQUENCE_MAX; i++)
		c = wgetch(keys->window);
}

/* What an Escape was: itself, or the beginning of a sequence that means nothing (0). */
static uint32_t key_of_escape(struct terminal_keys *keys)
{
	int next = wgetch(keys->window);

	if (next == '[' || next == 'O') {
		skip_sequence(keys, next);
		return 0;
	}
	if (next != ERR)
		ungetch(next);
	return KEYS_ESCAPE;
}

static uint32_t key_of_ascii(struct terminal_keys *keys, int byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		return KEYS_ENTER;
	case '\t':
		return KEYS_TAB;
	case '\b':
	case 0x7f:
		return KEYS_BACKSPACE;
	case ESCAPE:
		return key_of_escape(keys);
	default:
		return (uint32_t)byte; /* ^@ is no key */
	}
}

/* Adds one byte to the character under way; the character if it is whole, or 0. */
static uint32_t key_of_byte(struct terminal_keys *keys, int byte)
{
	uint8_t first;
	uint32_t code = 0;
	size_t need;

	if (byte < 0x80) {
		keys->n_partial = 0;
		return key_of_ascii(keys, byte);
	}
	if (byte >= 0xc0)
		keys->n_partial = 0; /* the one before was cut short */
	keys->partial[keys->n_partial++] = (char)byte;
	first = (uint8_t)keys->partial[0];
	need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc0)
		need = 1; /* no beginning */
	if (keys->n_partial < need)
		return 0;
	text_utf8_next(keys->partial, need, &code);
	keys->n_partial = 0;
	return code;
}

/* Why there is nothing to read: 0, or -EIO when there never will be. */
static int why_nothing(const struct terminal_keys *keys)
{
	struct pollfd readable = {.fd = keys->fd, .events = POLLIN};
	int n_bytes = 0;

	if (poll(&readable, 1, 0) <= 0)
		return 0;
	if (readable.revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EIO;
	/* Readable, and nothing to read: the end. */
	return ioctl(keys->fd, FIONREAD, &n_bytes) < 0 || n_bytes == 0 ? -EIO : 0;
}

int terminal_keys_next(struct terminal_keys *keys, uint32_t *ret_key)
{
	for (;;) {
		int c = wgetch(keys->window);
		uint32_t key;

		if (c == ERR) {
			int r = why_nothing(keys);

			if (r == 0)
				*ret_key = KEY_NONE_PRESSED;
			return r;
		}
		key = c >= KEY_MIN ? key_of_curses(c) : key_of_byte(keys, c);
		if (key == KEY_NONE_PRESSED)
			continue;
		*ret_key = key;
		return 0;
	}
}
