/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "tap.h"

static void test_escape(void)
{
	static const struct {
		const char *bytes;
		const char *want;
		const char *what;
	} cases[] = {
		{"", "", "nothing"},
		{"nginx: worker", "nginx: worker", "plain"},
		{"a\\b", "a\\b", "a backslash stays"},
		{"\x1b[31mred", "\\x1b[31mred", "ESC"},
		{"a\nb\tc\r", "a\\x0ab\\x09c\\x0d", "line breaks and a tab"},
		{"\x7f", "\\x7f", "DEL"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m", "C1 (CSI)"},
		{"\xc2\x80\xc2\xa0", "\\xc2\\x80\xc2\xa0", "the first C1 and just past the last"},
		{"\xe2\x80\xae"
		 "gpj",
		 "\\xe2\\x80\\xaegpj", "right-to-left override"},
		{"\xe2\x80\xaa\xe2\x80\xa9", "\\xe2\\x80\\xaa\xe2\x80\xa9", "U+202A, not U+2029"},
		{"\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
		 "\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xe2\x81\xaa", "U+2066, U+2069, not U+206A"},
		{"\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f",
		 "\xe2\x80\x8d\\xe2\\x80\\x8e\\xe2\\x80\\x8f", "U+200E, U+200F, not U+200D"},
		{"\xd8\x9c", "\\xd8\\x9c", "arabic letter mark"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a",
		 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a", "2, 3 and 4 bytes"},
		{"\xc0\xaf", "\\xc0\\xaf", "overlong, 2 bytes"},
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "overlong, 3 bytes"},
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf", "overlong, 4 bytes"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", "a surrogate"},
		{"\xf4\x8f\xbf\xbf\xf4\x90\x80\x80", "\xf4\x8f\xbf\xbf\\xf4\\x90\\x80\\x80",
		 "U+10FFFF and past it"},
		{"\xff\xfe", "\\xff\\xfe", "bytes UTF-8 never has"},
		{"\xe2\x82", "\\xe2\\x82", "cut short"},
		{"\xe2\x82x", "\\xe2\\x82x", "broken off by a letter"},
		{"\x80x", "\\x80x", "a continuation alone"},
	};
	struct str_buf buf = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(&buf);
		str_buf_puts(&buf, "");
		text_escape(&buf, cases[i].bytes, strlen(cases[i].bytes));
		is_str(buf.data, cases[i].want, "escape: %s", cases[i].what);
	}
	str_buf_clear(&buf);
	text_escape(&buf, "a\0b", 3);
	is_str(buf.data, "a\\x00b", "escape: NUL");
	str_buf_done(&buf);
}

/* By the definition, not by the code: encode each code point and see what becomes of it. */
static size_t encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return 4;
}

static void test_every_code_point(void)
{
	uint32_t wrong = 0, controls = 0;

	for (uint32_t code = 0; code <= 0x110000; code++) {
		bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		char bytes[4];
		size_t len = encode(code, bytes);
		uint32_t decoded = 0;
		size_t got = text_utf8_next(bytes, len, &decoded);

		wrong += valid ? got != len || decoded != code : got != 0;
		wrong += text_utf8_next(bytes, len - 1, &decoded) != 0;
		controls += text_is_control(code);
	}
	is_int(wrong, 0, "every code point decodes to itself, and not when cut short");
	is_int(controls, 32 + 1 + 32 + 5 + 4 + 2 + 1, "C0, DEL, C1 and 12 bidi controls");
}

static void test_truncate(void)
{
	static const struct {
		const char *text;
		size_t max;
		const char *want;
	} cases[] = {
		{"", 1, ""},
		{"a", 1, "a"},
		{"ab", 1, "~"},
		{"postgres", 11, "postgres"},
		{"12345678901", 11, "12345678901"},
		{"123456789012", 11, "1234567890~"},
		{"\xc3\xa9\xc3\xa9\xc3\xa9", 3, "\xc3\xa9\xc3\xa9\xc3\xa9"},
		{"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3, "\xc3\xa9\xc3\xa9~"},
		{"\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a", 2, "\xf0\x9f\x8c\x8a~"},
		{"\xff\xff\xff", 2, "\xff~"},
	};
	struct str_buf buf = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[64] = "before ";

		str_buf_clear(&buf);
		str_buf_puts(&buf, "before ");
		str_buf_puts(&buf, cases[i].text);
		text_truncate(&buf, strlen("before "), cases[i].max);
		is_str(buf.data, strcat(want, cases[i].want), "cut '%s' to %zu", cases[i].text,
		       cases[i].max);
	}
	is_int(text_length("a\xc3\xa9\xff", 4), 3, "a letter, an accent and a bad byte are three");
	str_buf_clear(&buf);
	str_buf_puts(&buf, "|\xc3\xa9");
	text_pad(&buf, 1, 4);
	is_str(buf.data, "|\xc3\xa9   ", "padding counts characters");
	text_pad(&buf, 1, 2);
	is_str(buf.data, "|\xc3\xa9   ", "and never cuts");
	str_buf_done(&buf);
}

static void test_fixed(void)
{
	static const struct {
		double value;
		unsigned int decimals;
		const char *want;
	} cases[] = {
		{0, 2, "0.00"},
		{0.004, 2, "0.00"},
		{0.125, 2, "0.12"}, /* a tie, to even */
		{0.375, 2, "0.38"},
		{1234.567, 2, "1234.57"},
		{99.999, 2, "100.00"},
		{1.05, 1, "1.1"}, /* 1.05 is a little more than that in binary */
		{2.5, 0, "2"},
		{3.5, 0, "4"},
		{1e12, 2, "1000000000000.00"},
		{0.000000001, 9, "0.000000001"},
		{-1, 2, "0.00"},
		{-INFINITY, 2, "0.00"},
		{NAN, 2, "0.00"},
		{1e300, 2, "184467440737095516.15"},
		{INFINITY, 0, "18446744073709551615"},
	};
	struct str_buf buf = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(&buf);
		text_fixed(&buf, cases[i].value, cases[i].decimals);
		is_str(buf.data, cases[i].want, "%g with %u decimals", cases[i].value,
		       cases[i].decimals);
	}
	str_buf_done(&buf);
}

/* The sticky error of a str_buf: nothing is added, nothing is read. */
static void test_after_error(void)
{
	struct str_buf buf = {.error = -ENOMEM};

	text_escape(&buf, "a\x01", 2);
	text_truncate(&buf, 0, 1);
	text_pad(&buf, 0, 10);
	text_fixed(&buf, 1, 2);
	is_int(buf.len, 0, "nothing is appended after an error");
	is_int(buf.error, -ENOMEM, "and the error stays");
	str_buf_done(&buf);
}

int main(void)
{
	test_escape();
	test_every_code_point();
	test_truncate();
	test_fixed();
	test_after_error();
	return tap_done();
}
