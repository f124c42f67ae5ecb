/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "export/csv.h"
#include "tap.h"

static void test_fields(void)
{
	static const struct {
		const char *field;
		const char *want;
		const char *what;
	} cases[] = {
		{"nginx", "nginx,\n", "plain"},
		{"a,b", "\"a,b\",\n", "a comma"},
		{"say \"hi\"", "\"say \"\"hi\"\"\",\n", "quotes"},
		{"\"", "\"\"\"\",\n", "one quote"},
		{"\"\"", "\"\"\"\"\"\",\n", "two quotes"},
		{"a\nb", "a\\x0ab,\n", "a line break stays one line"},
		{"a\r\nb,c", "\"a\\x0d\\x0ab,c\",\n", "a line break and a comma"},
		{"\x1b]0;x\x07", "\\x1b]0;x\\x07,\n", "a terminal escape"},
		{"\xff\"\xc3", "\"\\xff\"\"\\xc3\",\n", "bad bytes on both sides of a quote"},
		{"=1+1", "=1+1,\n", "a formula is left alone"},
		{"-1", "-1,\n", "a minus is left alone"},
		{" x ", " x ,\n", "blanks belong to the field (RFC 4180 2.4)"},
		{"", ",\n", "empty, and not alone"},
	};
	struct str_buf buf = {0};
	struct csv csv;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(&buf);
		csv_init(&csv, &buf);
		csv_add_text(&csv, cases[i].field);
		csv_add_empty(&csv);
		csv_end_row(&csv);
		is_str(buf.data, cases[i].want, "field: %s", cases[i].what);
	}
	str_buf_clear(&buf);
	csv_init(&csv, &buf);
	csv_add_bytes(&csv, "a\0b", 3);
	csv_end_row(&csv);
	is_str(buf.data, "a\\x00b\n", "field: NUL");
	str_buf_done(&buf);
}

static void test_rows(void)
{
	struct str_buf buf = {0};
	struct csv csv;

	str_buf_puts(&buf, "before\n");
	csv_init(&csv, &buf);
	csv_add_text(&csv, "x");
	csv_add_u64(&csv, UINT64_MAX);
	csv_add_fixed(&csv, 1.5, 2);
	csv_add_empty(&csv);
	str_buf_puts(csv_begin_plain(&csv), "10.0.0.1");
	csv_end_row(&csv);
	csv_add_empty(&csv);
	csv_end_row(&csv);
	csv_add_empty(&csv);
	csv_add_empty(&csv);
	csv_end_row(&csv);
	is_str(buf.data,
	       "before\n"
	       "x,18446744073709551615,1.50,,10.0.0.1\n"
	       "\"\"\n"
	       ",\n",
	       "rows of every kind of field, and a lone empty one in quotes");
	str_buf_done(&buf);
}

int main(void)
{
	test_fields();
	test_rows();
	return tap_done();
}
