/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Numbers as people write them on a command line. The whole text must be the number: no sign, no
 * blanks, nothing after it. -EINVAL otherwise, and -ERANGE out of the bounds; outputs untouched.
 */

#include <stdint.h>

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/* "2", "0.25", ".5": seconds to nanoseconds; digits beyond the ninth are -EINVAL. */
int number_parse_seconds(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns);
