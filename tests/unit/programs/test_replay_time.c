/* SPDX-License-Identifier: MIT */
/* Moments of a recording as people write them. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "replay_time.h"
#include "tap.h"

#define NS UINT64_C(1000000000)
/* 2026-11-21T08:54:52.5Z */
#define FIRST_S UINT64_C(1795251292)
#define FIRST_NS (FIRST_S * NS + NS / 2)
/* 2026-11-21T00:00:00Z */
#define MIDNIGHT_S (FIRST_S - (8 * 3600 + 54 * 60 + 52))

static const struct {
	const char *text;
	enum replay_time_kind kind;
	uint64_t ns;
	uint64_t at_ns; /* in UTC, of a recording that begins at FIRST_NS */
} good[] = {
	{"2026-11-21T08:54:52.5Z", REPLAY_TIME_MOMENT, FIRST_NS, FIRST_NS},
	{"2026-11-21t09:54:52.5+01:00", REPLAY_TIME_MOMENT, FIRST_NS, FIRST_NS},
	{"2026-11-20 22:54:52.5-10:00", REPLAY_TIME_MOMENT, FIRST_NS, FIRST_NS},
	{"1970-01-01T00:00:01Z", REPLAY_TIME_MOMENT, NS, NS},
	{"09:00", REPLAY_TIME_CLOCK, 9 * 3600 * NS, (MIDNIGHT_S + 9 * 3600) * NS},
	{"08:54:53", REPLAY_TIME_CLOCK, 32093 * NS, (FIRST_S + 1) * NS},
	{"08:54:53.25", REPLAY_TIME_CLOCK, 32093 * NS + NS / 4, (FIRST_S + 1) * NS + NS / 4},
	/* within the minute it begins in: that is its beginning, not tomorrow */
	{"08:54", REPLAY_TIME_CLOCK, 32040 * NS, (FIRST_S - 52) * NS},
	/* the clock has gone round */
	{"08:53", REPLAY_TIME_CLOCK, 31980 * NS, (MIDNIGHT_S + 86400 + 31980) * NS},
	{"00:05", REPLAY_TIME_CLOCK, 300 * NS, (MIDNIGHT_S + 86400 + 300) * NS},
	{"+0", REPLAY_TIME_AFTER, 0, FIRST_NS},
	{"+90", REPLAY_TIME_AFTER, 90 * NS, FIRST_NS + 90 * NS},
	{"+1m30s", REPLAY_TIME_AFTER, 90 * NS, FIRST_NS + 90 * NS},
	{"+1.5h", REPLAY_TIME_AFTER, 5400 * NS, FIRST_NS + 5400 * NS},
	{"+1d2h3m4.5s", REPLAY_TIME_AFTER, 93784 * NS + NS / 2, FIRST_NS + 93784 * NS + NS / 2},
	{"+1m30", REPLAY_TIME_AFTER, 90 * NS, FIRST_NS + 90 * NS},
};

static const char *const bad[] = {
	"",
	"+",
	"+x",
	"+1x",
	"+-1",
	"+1.",
	"8:54",
	"08:5",
	"24:00",
	"08:60",
	"08:54:61",
	"08:54:52x",
	"08:54:",
	"08",
	"now",
	"-90",
	"2026-11-21",
	"2026-11-21T08:54Z",
	"2026-11-21T08:54:52",
	"2026-11-21T08:54:52.Z",
	"2026-13-21T08:54:52Z",
	"2026-11-32T08:54:52Z",
	"2026-00-01T08:54:52Z",
	"2026-11-21T08:54:52+1:00",
	"2026-11-21T08:54:52+24:00",
	"2026-11-21T08:54:52Zx",
	"1969-12-31T23:59:59Z",
	"+99999999999999999999",
	"+999999999d",
};

static void test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct replay_time time = {0};

		is_int(replay_time_parse(good[i].text, &time), 0, "%s", good[i].text);
		is_int(time.kind, good[i].kind, "is of its kind");
		is_int(time.ns, good[i].ns, "with its value");
		is_int(replay_time_resolve(&time, FIRST_NS), good[i].at_ns, "and its moment");
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct replay_time time = {.ns = 42};

		is_int(replay_time_parse(bad[i], &time), -EINVAL, "'%s' is none", bad[i]);
		is_int(time.ns, 42, "and the output is untouched");
	}
}

static void test_none(void)
{
	const struct replay_time none = {0};

	is_int(replay_time_resolve(&none, FIRST_NS), FIRST_NS, "no time is the beginning");
}

/* The clock is the one on the wall. */
static void test_zone(void)
{
	struct replay_time time;

	setenv("TZ", "EST5", 1);
	tzset();
	replay_time_parse("03:55", &time);
	is_int(replay_time_resolve(&time, FIRST_NS), (MIDNIGHT_S + 8 * 3600 + 55 * 60) * NS,
	       "03:55 west of Greenwich is 08:55 there");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	test_good();
	test_bad();
	test_none();
	test_zone();
	return tap_done();
}
