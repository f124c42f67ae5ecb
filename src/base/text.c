/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <assert.h>

size_t text_utf8_next(const char *bytes, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = len ? (uint8_t)bytes[0] : 0xff;
	size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t code;

	if (need == 0 || need > len || first > 0xf4)
		return 0;
	code = need == 1 ? first : first & (0x7fU >> need);
	for (size_t i = 1; i < need; i++) {
		uint8_t next = (uint8_t)bytes[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	if (code < smallest[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return need;
}

bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0x200e ||
	       code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static void escape_bytes(struct str_buf *buf, const char *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)bytes[i];

		str_buf_add(buf, (char[]){'\\', 'x', hex[byte >> 4], hex[byte & 15]}, 4);
	}
}

void text_escape(struct str_buf *buf, const char *bytes, size_t len)
{
	size_t plain = 0; /* where the run that needs no escape begins */
	size_t at = 0;

	while (at < len) {
		uint32_t code = 0;
		size_t step = text_utf8_next(bytes + at, len - at, &code);

		if (step && !text_is_control(code)) {
			at += step;
			continue;
		}
		if (!step)
			step = 1;
		str_buf_add(buf, bytes + plain, at - plain);
		escape_bytes(buf, bytes + at, step);
		at += step;
		plain = at;
	}
	str_buf_add(buf, bytes + plain, at - plain);
}

/* The offset just past the first max characters, or len. */
static size_t skip_characters(const char *text, size_t len, size_t max, size_t *ret_count)
{
	size_t count = 0;
	size_t at = 0;

	while (at < len && count < max) {
		uint32_t code;
		size_t step = text_utf8_next(text + at, len - at, &code);

		at += step ? step : 1;
		count++;
	}
	*ret_count = count;
	return at;
}

size_t text_length(const char *text, size_t len)
{
	size_t count;

	skip_characters(text, len, SIZE_MAX, &count);
	return count;
}

void text_truncate(struct str_buf *buf, size_t start, size_t max)
{
	size_t count;

	assert(max >= 1);
	if (buf->error || buf->len == start)
		return;
	if (skip_characters(buf->data + start, buf->len - start, max, &count) == buf->len - start)
		return;
	buf->len = start + skip_characters(buf->data + start, buf->len - start, max - 1, &count);
	str_buf_putc(buf, '~');
}

void text_pad(struct str_buf *buf, size_t start, size_t width)
{
	size_t bytes = buf->len - start;
	size_t length;

	if (buf->error)
		return;
	length = bytes ? text_length(buf->data + start, bytes) : 0;
	if (length < width)
		str_buf_pad(buf, start, bytes + width - length, ' ');
}

void text_fixed(struct str_buf *buf, double value, unsigned int decimals)
{
	uint64_t power = 1;
	uint64_t whole = UINT64_MAX;
	long double scaled; /* 64 bits or more: a tie is a tie, not nearly one */

	assert(decimals <= 9);
	for (unsigned int i = 0; i < decimals; i++)
		power *= 10;
	scaled = value > 0 ? (long double)value * (long double)power : 0;
	if (scaled < 0x1p64L) {
		long double rest;

		whole = (uint64_t)scaled;
		rest = scaled - (long double)whole;
		if (rest > 0.5L || (rest == 0.5L && whole % 2))
			whole += whole < UINT64_MAX;
	}
	str_buf_u64(buf, whole / power);
	if (decimals)
		str_buf_printf(buf, ".%0*llu", (int)decimals, (unsigned long long)(whole % power));
}
