/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The Test Anything Protocol, as little of it as our tests need. A test program is a main() that
 * calls checks and ends with `return tap_done();`. A skip names its reason.
 */

#include <stdbool.h>
#include <stdint.h>

#define ok(cond, ...) tap_ok_((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)                                                                     \
	tap_is_int_((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str_((got), (want), __FILE__, __LINE__, __VA_ARGS__)

bool tap_ok_(bool cond, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool tap_is_int_(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_is_str_(const char *got, const char *want, const char *file, int line, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));

/* A comment line. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Counts one skipped check: "ok N - what # SKIP reason". */
void tap_skip(const char *what, const char *reason);

/* Prints "1..0 # SKIP reason" and exits 0: the whole program is skipped. */
void tap_skip_all(const char *reason) __attribute__((noreturn));

/* Prints the plan; returns the exit status. */
int tap_done(void);
