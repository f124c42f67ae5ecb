/* SPDX-License-Identifier: MIT */
#include "export/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

void json_init(struct json *json, struct str_buf *buf)
{
	*json = (struct json){.buf = buf};
}

/* The comma and the key before a value. */
static void begin_value(struct json *json, const char *key)
{
	uint32_t level = json->depth ? 1U << (json->depth - 1) : 0;

	assert(!key == !(level && !(json->arrays & level)));
	if (json->filled & level)
		str_buf_putc(json->buf, ',');
	json->filled |= level;
	if (!key)
		return;
	str_buf_putc(json->buf, '"');
	str_buf_puts(json->buf, key);
	str_buf_puts(json->buf, "\":");
}

static void begin_level(struct json *json, const char *key, bool array)
{
	uint32_t level;

	assert(json->depth < JSON_DEPTH_MAX);
	begin_value(json, key);
	str_buf_putc(json->buf, array ? '[' : '{');
	level = 1U << json->depth++;
	json->filled &= ~level;
	json->arrays = array ? json->arrays | level : json->arrays & ~level;
}

void json_begin_object(struct json *json, const char *key)
{
	begin_level(json, key, false);
}

void json_begin_array(struct json *json, const char *key)
{
	begin_level(json, key, true);
}

void json_end(struct json *json)
{
	assert(json->depth);
	json->depth--;
	str_buf_putc(json->buf, json->arrays & 1U << json->depth ? ']' : '}');
}

void json_end_line(struct json *json)
{
	assert(!json->depth);
	str_buf_putc(json->buf, '\n');
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	str_buf_puts(json->buf, "null");
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	str_buf_puts(json->buf, value ? "true" : "false");
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	str_buf_u64(json->buf, value);
}

void json_fixed(struct json *json, const char *key, double value, unsigned int decimals)
{
	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	begin_value(json, key);
	if (value < 0)
		str_buf_putc(json->buf, '-');
	text_fixed(json->buf, fabs(value), decimals);
}

/* True for what may stand in a string as it is (RFC 8259 7). */
static bool is_plain(uint32_t code)
{
	return code != '"' && code != '\\' && !text_is_control(code);
}

static void add_escaped(struct str_buf *buf, uint32_t code)
{
	static const char short_codes[] = "\"\\\b\f\n\r\t";
	static const char short_names[] = "\"\\bfnrt";
	const char *found = code && code < 0x80 ? strchr(short_codes, (int)code) : NULL;

	str_buf_putc(buf, '\\');
	if (found)
		str_buf_putc(buf, short_names[found - short_codes]);
	else
		str_buf_printf(buf, "u%04x", code); /* no control is beyond U+FFFF */
}

void json_bytes(struct json *json, const char *key, const char *bytes, size_t len)
{
	struct str_buf *buf = json_begin_plain(json, key);
	size_t plain = 0; /* where the run that needs no escape begins */
	size_t at = 0;

	while (at < len) {
		uint32_t code = 0;
		size_t step = text_utf8_next(bytes + at, len - at, &code);

		if (step && is_plain(code)) {
			at += step;
			continue;
		}
		str_buf_add(buf, bytes + plain, at - plain);
		if (step)
			add_escaped(buf, code);
		else
			str_buf_puts(buf, "\xef\xbf\xbd"); /* U+FFFD */
		at += step ? step : 1;
		plain = at;
	}
	str_buf_add(buf, bytes + plain, at - plain);
	json_end_plain(json);
}

void json_text(struct json *json, const char *key, const char *text)
{
	json_bytes(json, key, text, strlen(text));
}

struct str_buf *json_begin_plain(struct json *json, const char *key)
{
	begin_value(json, key);
	str_buf_putc(json->buf, '"');
	return json->buf;
}

void json_end_plain(struct json *json)
{
	str_buf_putc(json->buf, '"');
}
