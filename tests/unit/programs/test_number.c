/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "number.h"
#include "tap.h"

#define UNTOUCHED 77

static void test_whole(void)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int want;
		uint64_t value;
	} cases[] = {
		{"0", 0, 10, 0, 0},
		{"443", 1, 65535, 0, 443},
		{"65535", 1, 65535, 0, 65535},
		{"65536", 1, 65535, -ERANGE, UNTOUCHED},
		{"0", 1, 65535, -ERANGE, UNTOUCHED},
		{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, -ERANGE, UNTOUCHED},
		{"99999999999999999999999", 0, UINT64_MAX, -ERANGE, UNTOUCHED},
		{"", 0, 10, -EINVAL, UNTOUCHED},
		{" 1", 0, 10, -EINVAL, UNTOUCHED},
		{"1 ", 0, 10, -EINVAL, UNTOUCHED},
		{"-1", 0, 10, -EINVAL, UNTOUCHED},
		{"+1", 0, 10, -EINVAL, UNTOUCHED},
		{"0x10", 0, 100, -EINVAL, UNTOUCHED},
		{"1.0", 0, 10, -EINVAL, UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = UNTOUCHED;

		is_int(number_parse(cases[i].text, cases[i].min, cases[i].max, &value),
		       cases[i].want, "number '%s'", cases[i].text);
		ok(value == cases[i].value, "'%s' is %" PRIu64, cases[i].text, cases[i].value);
	}
}

static void test_seconds(void)
{
	static const struct {
		const char *text;
		int want;
		uint64_t ns;
	} cases[] = {
		{"1", 0, 1000000000},
		{"0.1", 0, 100000000},
		{".5", 0, 500000000},
		{"1.000000001", 0, 1000000001},
		{"2.25", 0, 2250000000},
		{"86400", 0, UINT64_C(86400000000000)},
		{"0.09", -ERANGE, UNTOUCHED},
		{"86400.1", -ERANGE, UNTOUCHED},
		{"99999999999999", -ERANGE, UNTOUCHED},
		{"1.0000000001", -EINVAL, UNTOUCHED},
		{"1.", -EINVAL, UNTOUCHED},
		{".", -EINVAL, UNTOUCHED},
		{"", -EINVAL, UNTOUCHED},
		{"1,5", -EINVAL, UNTOUCHED},
		{"1s", -EINVAL, UNTOUCHED},
		{"1e3", -EINVAL, UNTOUCHED},
		{"nan", -EINVAL, UNTOUCHED},
		{"-1", -EINVAL, UNTOUCHED},
		{"1.5.5", -EINVAL, UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = UNTOUCHED;

		is_int(number_parse_seconds(cases[i].text, 100000000, UINT64_C(86400000000000),
					    &ns),
		       cases[i].want, "seconds '%s'", cases[i].text);
		ok(ns == cases[i].ns, "'%s' is %" PRIu64 " ns", cases[i].text, cases[i].ns);
	}
}

int main(void)
{
	test_whole();
	test_seconds();
	return tap_done();
}
