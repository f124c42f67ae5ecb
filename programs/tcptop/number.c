/* SPDX-License-Identifier: MIT */
#include "number.h"

#include <errno.h>
#include <stddef.h>

/* Reads digits into *value; returns how many there were. -ERANGE past 64 bits. */
static int read_digits(const char **text, uint64_t *value)
{
	int n = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++, n++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return -ERANGE;
	}
	return n;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	int n = read_digits(&text, &value);

	if (n < 0)
		return n;
	if (n == 0 || *text != '\0')
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int number_parse_seconds(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns)
{
	uint64_t whole = 0, fraction = 0, ns;
	int n_fraction = 0;
	int n_whole = read_digits(&text, &whole);

	if (n_whole < 0)
		return n_whole;
	if (*text == '.') {
		text++;
		n_fraction = read_digits(&text, &fraction);
		if (n_fraction <= 0 || n_fraction > 9)
			return -EINVAL;
	}
	if (n_whole + n_fraction == 0 || *text != '\0')
		return -EINVAL;
	for (int i = n_fraction; i < 9; i++)
		fraction *= 10;
	if (__builtin_mul_overflow(whole, UINT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(ns, fraction, &ns) || ns < min_ns || ns > max_ns)
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}
