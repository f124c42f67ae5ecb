/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

int say_error(int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("tcptop: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return r;
}
