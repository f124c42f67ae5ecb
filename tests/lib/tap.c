/* SPDX-License-Identifier: MIT */
#include "tap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	int checks;
	int failures;
} tap;

static bool report(bool cond, const char *file, int line, const char *format, va_list args)
{
	printf("%sok %d - ", cond ? "" : "not ", ++tap.checks);
	vprintf(format, args);
	putchar('\n');
	if (!cond) {
		tap.failures++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return cond;
}

bool tap_ok_(bool cond, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(cond, file, line, format, args);
	va_end(args);
	return cond;
}

bool tap_is_int_(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(got == want, file, line, format, args);
	va_end(args);
	if (got != want)
		printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
	return got == want;
}

bool tap_is_str_(const char *got, const char *want, const char *file, int line, const char *format,
		 ...)
{
	bool same = got && want && strcmp(got, want) == 0;
	va_list args;

	va_start(args, format);
	report(same, file, line, format, args);
	va_end(args);
	if (!same)
		printf("#   got  \"%s\"\n#   want \"%s\"\n", got ? got : "(null)",
		       want ? want : "(null)");
	return same;
}

void tap_note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tap_skip(const char *what, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap.checks, what, reason);
	fflush(stdout);
}

void tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(0);
}

int tap_done(void)
{
	printf("1..%d\n", tap.checks);
	return tap.failures ? 1 : 0;
}
