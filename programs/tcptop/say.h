/* SPDX-License-Identifier: MIT */
#pragma once

/* "tcptop: " and a line, on standard error. Gives the error r on. Not while there is a screen. */
int say_error(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));
