/* SPDX-License-Identifier: MIT */
#include "export/csv.h"

#include <string.h>

#include "base/text.h"

void csv_init(struct csv *csv, struct str_buf *buf)
{
	*csv = (struct csv){.buf = buf, .row_start = buf->len};
}

struct str_buf *csv_begin_plain(struct csv *csv)
{
	if (csv->in_row)
		str_buf_putc(csv->buf, ',');
	csv->in_row = true;
	return csv->buf;
}

/* RFC 4180 2.6 also names CR and LF; text_escape leaves none. */
static bool needs_quotes(const char *bytes, size_t len)
{
	return memchr(bytes, ',', len) || memchr(bytes, '"', len);
}

void csv_add_bytes(struct csv *csv, const char *bytes, size_t len)
{
	struct str_buf *buf = csv_begin_plain(csv);

	if (!needs_quotes(bytes, len)) {
		text_escape(buf, bytes, len);
		return;
	}
	str_buf_putc(buf, '"');
	while (len) {
		const char *quote = memchr(bytes, '"', len);
		size_t run = quote ? (size_t)(quote - bytes) : len;

		text_escape(buf, bytes, run);
		if (!quote)
			break;
		str_buf_puts(buf, "\"\""); /* RFC 4180 2.7 */
		bytes += run + 1;
		len -= run + 1;
	}
	str_buf_putc(buf, '"');
}

void csv_add_text(struct csv *csv, const char *text)
{
	csv_add_bytes(csv, text, strlen(text));
}

void csv_add_u64(struct csv *csv, uint64_t value)
{
	str_buf_u64(csv_begin_plain(csv), value);
}

void csv_add_fixed(struct csv *csv, double value, unsigned int decimals)
{
	text_fixed(csv_begin_plain(csv), value, decimals);
}

void csv_add_empty(struct csv *csv)
{
	csv_begin_plain(csv);
}

void csv_end_row(struct csv *csv)
{
	if (csv->in_row && csv->buf->len == csv->row_start)
		str_buf_puts(csv->buf, "\"\"");
	str_buf_putc(csv->buf, '\n');
	csv->row_start = csv->buf->len;
	csv->in_row = false;
}
