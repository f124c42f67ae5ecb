/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Text that grows. One error flag is kept inside, so a writer appends freely and asks once at the
 * end. After warm-up (str_buf_clear keeps the memory) appending does not allocate.
 */

#include <stddef.h>
#include <stdint.h>

struct str_buf {
	char *data; /* NUL-terminated when not NULL */
	size_t len; /* without the NUL */
	size_t cap;
	int error; /* 0 or -ENOMEM, sticky until str_buf_clear */
};

void str_buf_done(struct str_buf *buf);
void str_buf_clear(struct str_buf *buf);

/* Makes room for more bytes beyond len, and returns where they go; NULL on -ENOMEM. */
char *str_buf_reserve(struct str_buf *buf, size_t more);

void str_buf_add(struct str_buf *buf, const char *text, size_t len);
void str_buf_puts(struct str_buf *buf, const char *text);
void str_buf_putc(struct str_buf *buf, char c);
void str_buf_u64(struct str_buf *buf, uint64_t value);
void str_buf_printf(struct str_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Fills with fill until the text is column bytes past start. */
void str_buf_pad(struct str_buf *buf, size_t start, size_t column, char fill);
