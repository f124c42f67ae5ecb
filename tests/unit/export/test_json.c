/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "export/json.h"
#include "tap.h"

static void test_strings(void)
{
	static const struct {
		const char *bytes;
		const char *want;
		const char *what;
	} cases[] = {
		{"", "\"\"", "empty"},
		{"nginx", "\"nginx\"", "plain"},
		{"a\"b\\c/d", "\"a\\\"b\\\\c/d\"", "quote, backslash, slash"},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", "those with short names"},
		{"\x01\x1b\x1f", "\"\\u0001\\u001b\\u001f\"", "C0"},
		{"\x7f\xc2\x9b", "\"\\u007f\\u009b\"", "DEL and C1"},
		{"\xe2\x80\xae\xd8\x9c", "\"\\u202e\\u061c\"", "bidi controls"},
		{"\xc3\xa9\xf0\x9f\x8c\x8a", "\"\xc3\xa9\xf0\x9f\x8c\x8a\"", "UTF-8 stays"},
		{"a\xff"
		 "b\xc3",
		 "\"a\xef\xbf\xbd"
		 "b\xef\xbf\xbd\"",
		 "bad bytes"},
		{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "cut short: one for each byte"},
	};
	struct str_buf buf = {0};
	struct json json;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(&buf);
		json_init(&json, &buf);
		json_text(&json, NULL, cases[i].bytes);
		is_str(buf.data, cases[i].want, "string: %s", cases[i].what);
	}
	str_buf_clear(&buf);
	json_init(&json, &buf);
	json_bytes(&json, NULL, "a\0b", 3);
	is_str(buf.data, "\"a\\u0000b\"", "string: NUL");
	str_buf_done(&buf);
}

static void test_structure(void)
{
	struct str_buf buf = {0};
	struct json json;

	json_init(&json, &buf);
	json_begin_object(&json, NULL);
	json_u64(&json, "u", UINT64_MAX);
	json_begin_array(&json, "a");
	json_null(&json, NULL);
	json_bool(&json, NULL, true);
	json_begin_object(&json, NULL);
	json_end(&json);
	json_begin_array(&json, NULL);
	json_end(&json);
	json_u64(&json, NULL, 0);
	json_end(&json);
	json_begin_object(&json, "o");
	json_bool(&json, "b", false);
	str_buf_puts(json_begin_plain(&json, "p"), "10.0.0.1");
	json_end_plain(&json);
	json_end(&json);
	json_fixed(&json, "d", 1.5, 2);
	json_fixed(&json, "m", -1.5, 1);
	json_fixed(&json, "n", NAN, 2);
	json_fixed(&json, "i", INFINITY, 2);
	json_end(&json);
	json_end_line(&json);
	is_str(buf.data,
	       "{\"u\":18446744073709551615,\"a\":[null,true,{},[],0],"
	       "\"o\":{\"b\":false,\"p\":\"10.0.0.1\"},"
	       "\"d\":1.50,\"m\":-1.5,\"n\":null,\"i\":null}\n",
	       "every kind of value, commas where they belong");
	str_buf_clear(&buf);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_begin_array(&json, NULL);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_end(&json);
	is_int(buf.len, 2 * JSON_DEPTH_MAX, "as deep as it may go");
	is_int(strspn(buf.data, "["), JSON_DEPTH_MAX, "all opened before the first is closed");
	str_buf_done(&buf);
}

int main(void)
{
	test_strings();
	test_structure();
	return tap_done();
}
