/* SPDX-License-Identifier: MIT */

/*
 * Widths, against libc's own table where there is a UTF-8 locale: the two may be of different
 * Unicode versions and differ in taste, so only that they agree nearly everywhere is asked.
 */

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "tap.h"
#include "view/glyph.h"

static void test_kinds(void)
{
	static const struct {
		uint32_t code;
		enum glyph_kind want;
	} cases[] = {
		{' ', GLYPH_NARROW},        {'~', GLYPH_NARROW},      {0x7f, GLYPH_HIDDEN},
		{0, GLYPH_HIDDEN},          {0x1b, GLYPH_HIDDEN},     {0x9b, GLYPH_HIDDEN},
		{0xa0, GLYPH_NARROW},       {0xad, GLYPH_HIDDEN},     {0xe9, GLYPH_NARROW},
		{0x300, GLYPH_MARK},        {0x36f, GLYPH_MARK},      {0x34f, GLYPH_HIDDEN},
		{0x5d0, GLYPH_NARROW},      {0x61c, GLYPH_HIDDEN},    {0x1100, GLYPH_WIDE},
		{0x1160, GLYPH_HIDDEN},     {0x200b, GLYPH_HIDDEN},   {0x200d, GLYPH_HIDDEN},
		{0x202e, GLYPH_HIDDEN},     {0x2028, GLYPH_HIDDEN},   {0x2066, GLYPH_HIDDEN},
		{0x20dd, GLYPH_MARK},       {0x2588, GLYPH_NARROW},   {0x3042, GLYPH_WIDE},
		{0x65e5, GLYPH_WIDE},       {0xac00, GLYPH_WIDE},     {0xd800, GLYPH_HIDDEN},
		{0xe000, GLYPH_NARROW},     {0xfe0f, GLYPH_HIDDEN},   {0xfeff, GLYPH_HIDDEN},
		{0xff21, GLYPH_WIDE},       {0x1f600, GLYPH_WIDE},    {0x1f3fd, GLYPH_HIDDEN},
		{0xe0041, GLYPH_HIDDEN},    {0x10ffff, GLYPH_NARROW}, {0x110000, GLYPH_HIDDEN},
		{0xffffffff, GLYPH_HIDDEN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(glyph_kind(cases[i].code), cases[i].want, "kind of U+%04X",
		       (unsigned int)cases[i].code);
}

static void test_against_libc(void)
{
	int narrow_differs = 0;
	int wide_differs = 0;
	int n = 0;

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		tap_skip("widths are libc's, nearly", "no locale C.UTF-8");
		return;
	}
	for (uint32_t code = 0xa0; code < 0x30000; code++) {
		enum glyph_kind kind = glyph_kind(code);
		int width = wcwidth((wchar_t)code);

		if (width < 0 || kind == GLYPH_HIDDEN)
			continue;
		n++;
		wide_differs += (width == 2) != (kind == GLYPH_WIDE);
		narrow_differs += (width == 0) != (kind == GLYPH_MARK);
	}
	ok(n > 50000, "%d characters to compare", n);
	ok(wide_differs < 200, "%d differ in being wide", wide_differs);
	ok(narrow_differs < 200, "%d differ in being marks", narrow_differs);
}

static void test_next(void)
{
	static const struct {
		const char *text;
		struct glyph want;
	} cases[] = {
		{"abc", {'a', 0, 1, 1}},
		{"\xe6\x97\xa5x", {0x65e5, 0, 2, 3}},
		{"e\xcc\x81\xcc\x82\xcc\x83x", {'e', 0x301, 1, 7}}, /* the marks go along */
		{"\xcc\x81\xcc\x82x", {'?', 0x302, 1, 4}},
		{"\x1b\xcc\x81", {'?', 0x301, 1, 3}},
		{"\xff", {'?', 0, 1, 1}},
		{"\xe6\x97", {'?', 0, 1, 1}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct glyph got = glyph_next(cases[i].text, strlen(cases[i].text));

		ok(got.code == cases[i].want.code && got.mark == cases[i].want.mark &&
			   got.columns == cases[i].want.columns && got.bytes == cases[i].want.bytes,
		   "glyph %zu: U+%04X U+%04X, %d columns, %zu bytes", i, (unsigned int)got.code,
		   (unsigned int)got.mark, got.columns, got.bytes);
	}
}

static void test_utf8(void)
{
	static const uint32_t codes[] = {0,     'a',    0x7f,    0x80,    0x7ff,
					 0x800, 0xffff, 0x10000, 0x10ffff};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char utf8[GLYPH_UTF8_MAX];
		size_t len = glyph_utf8(codes[i], utf8);
		uint32_t back = 1;

		is_int(text_utf8_next(utf8, len, &back), len, "U+%04X is UTF-8",
		       (unsigned int)codes[i]);
		is_int(back, codes[i], "and itself");
	}
}

int main(void)
{
	test_kinds();
	test_against_libc();
	test_next();
	test_utf8();
	return tap_done();
}
