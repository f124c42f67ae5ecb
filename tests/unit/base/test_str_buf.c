/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str_buf.h"
#include "tap.h"

static void test_append(void)
{
	struct str_buf buf = {0};

	str_buf_puts(&buf, "ab");
	str_buf_putc(&buf, 'c');
	str_buf_add(&buf, "defg", 2);
	str_buf_u64(&buf, 0);
	str_buf_u64(&buf, UINT64_MAX);
	str_buf_printf(&buf, "[%d|%s]", -5, "x");
	is_str(buf.data, "abcde018446744073709551615[-5|x]", "everything, in order");
	is_int(buf.len, strlen(buf.data), "the length leaves out the NUL");
	is_int(buf.error, 0, "no error");
	str_buf_done(&buf);
	ok(!buf.data && !buf.len && !buf.cap, "done leaves an empty buffer");
}

/* The text of each length up to a few doublings, by each way of appending. */
static void test_growth(void)
{
	struct str_buf added = {0};
	struct str_buf printed = {0};
	char want[2001];
	bool same = true;

	for (size_t i = 0; i < sizeof(want) - 1; i++)
		want[i] = (char)('a' + i % 26);
	want[sizeof(want) - 1] = '\0';
	for (size_t len = 0; len < sizeof(want); len++) {
		str_buf_clear(&added);
		str_buf_add(&added, want, len);
		str_buf_done(&printed);
		str_buf_printf(&printed, "%.*s", (int)len, want);
		same = same && added.len == len && printed.len == len &&
		       memcmp(added.data, want, len) == 0 && memcmp(printed.data, want, len) == 0 &&
		       !added.data[len] && !printed.data[len];
	}
	ok(same, "texts of 0 to 2000 bytes come back whole and terminated");
	str_buf_done(&added);
	str_buf_done(&printed);
}

static void test_clear_keeps_memory(void)
{
	struct str_buf buf = {0};
	const char *data;
	size_t cap;

	for (int i = 0; i < 1000; i++)
		str_buf_putc(&buf, 'x');
	data = buf.data;
	cap = buf.cap;
	str_buf_clear(&buf);
	is_str(buf.data, "", "cleared text is empty");
	for (int i = 0; i < 1000; i++)
		str_buf_putc(&buf, 'y');
	ok(buf.data == data && buf.cap == cap, "after warm-up nothing is allocated");
	str_buf_done(&buf);
}

static void test_pad(void)
{
	struct str_buf buf = {0};

	str_buf_puts(&buf, "ab|");
	str_buf_puts(&buf, "cd");
	str_buf_pad(&buf, 3, 5, ' ');
	str_buf_puts(&buf, "|");
	str_buf_pad(&buf, 3, 2, ' ');
	is_str(buf.data, "ab|cd   |", "padded to the column, and never cut");
	str_buf_done(&buf);
}

static void test_too_much(void)
{
	struct str_buf buf = {0};

	ok(!str_buf_reserve(&buf, SIZE_MAX / 2), "an impossible size is refused");
	is_int(buf.error, -ENOMEM, "and remembered");
	str_buf_puts(&buf, "x");
	is_int(buf.len, 0, "nothing is appended after an error");
	str_buf_clear(&buf);
	str_buf_puts(&buf, "x");
	is_str(buf.data, "x", "clear forgives");
	str_buf_done(&buf);
}

int main(void)
{
	test_append();
	test_growth();
	test_clear_keeps_memory();
	test_pad();
	test_too_much();
	return tap_done();
}
