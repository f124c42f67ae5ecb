/* SPDX-License-Identifier: MIT */
#include "base/str_buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_buf_done(struct str_buf *buf)
{
	free(buf->data);
	*buf = (struct str_buf){0};
}

void str_buf_clear(struct str_buf *buf)
{
	buf->len = 0;
	buf->error = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

char *str_buf_reserve(struct str_buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : 256;
	char *data;

	if (buf->error)
		return NULL;
	if (more >= SIZE_MAX / 2 - buf->len) {
		buf->error = -ENOMEM;
		return NULL;
	}
	if (buf->len + more < buf->cap)
		return buf->data + buf->len;
	while (cap <= buf->len + more)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data) {
		buf->error = -ENOMEM;
		return NULL;
	}
	buf->data = data;
	buf->cap = cap;
	return buf->data + buf->len;
}

void str_buf_add(struct str_buf *buf, const char *text, size_t len)
{
	char *to = str_buf_reserve(buf, len);

	if (!to)
		return;
	memcpy(to, text, len);
	to[len] = '\0';
	buf->len += len;
}

void str_buf_puts(struct str_buf *buf, const char *text)
{
	str_buf_add(buf, text, strlen(text));
}

void str_buf_putc(struct str_buf *buf, char c)
{
	str_buf_add(buf, &c, 1);
}

void str_buf_u64(struct str_buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	str_buf_add(buf, digits + at, sizeof(digits) - at);
}

void str_buf_printf(struct str_buf *buf, const char *format, ...)
{
	va_list args;
	char *to = str_buf_reserve(buf, 64);
	int len;

	if (!to)
		return;
	va_start(args, format);
	len = vsnprintf(to, buf->cap - buf->len, format, args);
	va_end(args);
	if (len < 0) {
		buf->error = -EINVAL;
		return;
	}
	if ((size_t)len >= buf->cap - buf->len) {
		to = str_buf_reserve(buf, (size_t)len);
		if (!to)
			return;
		va_start(args, format);
		vsnprintf(to, buf->cap - buf->len, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}

void str_buf_pad(struct str_buf *buf, size_t start, size_t column, char fill)
{
	size_t width = buf->len - start;
	char *to;

	if (width >= column)
		return;
	to = str_buf_reserve(buf, column - width);
	if (!to)
		return;
	memset(to, fill, column - width);
	to[column - width] = '\0';
	buf->len += column - width;
}
