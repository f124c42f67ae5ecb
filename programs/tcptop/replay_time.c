/* SPDX-License-Identifier: MIT */
#include "replay_time.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define S_PER_DAY 86400
/* Far beyond what a recording can hold, and far below an overflow. */
#define DURATION_MAX_S (UINT64_C(366) * 100 * S_PER_DAY)

/* Exactly n digits. */
static bool read_fixed(const char **text, int n, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)(*text)[i]))
			return false;
		value = value * 10 + ((*text)[i] - '0');
	}
	*text += n;
	*ret_value = value;
	return true;
}

static bool skip(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* ".5": up to nine digits count. */
static bool read_fraction(const char **text, uint64_t *ret_ns)
{
	uint64_t ns = 0, unit = NS_PER_S / 10;

	*ret_ns = 0;
	if (!skip(text, '.'))
		return true;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++, unit /= 10)
		ns += unit * (uint64_t)(**text - '0');
	*ret_ns = ns;
	return true;
}

/* "08:54" or "08:54:52.5", since midnight. */
static bool read_clock(const char **text, bool seconds_wanted, uint64_t *ret_ns)
{
	int hours, minutes, seconds = 0;
	uint64_t fraction_ns = 0;

	if (!read_fixed(text, 2, &hours) || !skip(text, ':') || !read_fixed(text, 2, &minutes))
		return false;
	if (**text == ':') {
		(*text)++;
		if (!read_fixed(text, 2, &seconds) || !read_fraction(text, &fraction_ns))
			return false;
	} else if (seconds_wanted) {
		return false;
	}
	/* RFC 3339 5.7: 60 is a leap second, which our clock does not know. */
	if (hours > 23 || minutes > 59 || seconds > 60)
		return false;
	*ret_ns = (uint64_t)(hours * 3600 + minutes * 60 + seconds) * NS_PER_S + fraction_ns;
	return true;
}

/* "Z", "+01:00", "-08:00": seconds east of UTC. */
static bool read_zone(const char **text, long *ret_east_s)
{
	int hours, minutes;
	long sign = **text == '-' ? -1 : 1;

	*ret_east_s = 0;
	if (skip(text, 'Z') || skip(text, 'z'))
		return true;
	if ((!skip(text, '+') && !skip(text, '-')) || !read_fixed(text, 2, &hours) ||
	    !skip(text, ':') || !read_fixed(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_east_s = sign * (hours * 3600L + minutes * 60L);
	return true;
}

/* RFC 3339 5.6. */
static bool read_moment(const char *text, uint64_t *ret_ns)
{
	struct tm day = {0};
	uint64_t clock_ns;
	time_t midnight;
	long east_s;

	if (!read_fixed(&text, 4, &day.tm_year) || !skip(&text, '-') ||
	    !read_fixed(&text, 2, &day.tm_mon) || !skip(&text, '-') ||
	    !read_fixed(&text, 2, &day.tm_mday) || !strchr("Tt ", *text) || !*text)
		return false;
	text++;
	if (!read_clock(&text, true, &clock_ns) || !read_zone(&text, &east_s) || *text)
		return false;
	if (day.tm_year < 1970 || day.tm_mon < 1 || day.tm_mon > 12 || day.tm_mday < 1 ||
	    day.tm_mday > 31)
		return false;
	day.tm_year -= 1900;
	day.tm_mon -= 1;
	midnight = timegm(&day) - east_s;
	if (midnight < 0 || day.tm_mday > 31)
		return false;
	*ret_ns = (uint64_t)midnight * NS_PER_S + clock_ns;
	return true;
}

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return S_PER_DAY;
	default:
		return 0;
	}
}

/* "90", "1m30s", "1.5h"; a number without a unit is seconds, and the last. */
static bool read_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t total_ns = 0;

	if (!*text)
		return false;
	while (*text) {
		uint64_t whole = 0, fraction_ns, unit = 1;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text) && whole <= DURATION_MAX_S; text++)
			whole = whole * 10 + (uint64_t)(*text - '0');
		if (!read_fraction(&text, &fraction_ns))
			return false;
		if (*text) {
			unit = unit_seconds(*text++);
			if (!unit)
				return false;
		}
		if (whole > DURATION_MAX_S / unit)
			return false;
		total_ns += whole * unit * NS_PER_S + fraction_ns * unit;
		if (total_ns > DURATION_MAX_S * NS_PER_S)
			return false;
	}
	*ret_ns = total_ns;
	return true;
}

int replay_time_parse(const char *text, struct replay_time *ret_time)
{
	struct replay_time time = {0};
	const char *clock = text;

	if (text[0] == '+') {
		time.kind = REPLAY_TIME_AFTER;
		if (!read_duration(text + 1, &time.ns))
			return -EINVAL;
	} else if (read_clock(&clock, false, &time.ns) && !*clock) {
		time.kind = REPLAY_TIME_CLOCK;
	} else {
		time.kind = REPLAY_TIME_MOMENT;
		if (!read_moment(text, &time.ns))
			return -EINVAL;
	}
	*ret_time = time;
	return 0;
}

/* That clock's time on the local day of a moment, so many days later. */
static uint64_t on_day(uint64_t clock_ns, uint64_t day_of_ns, int days)
{
	time_t seconds = (time_t)(day_of_ns / NS_PER_S);
	uint64_t clock_s = clock_ns / NS_PER_S;
	struct tm day;

	localtime_r(&seconds, &day);
	day.tm_mday += days;
	day.tm_hour = (int)(clock_s / 3600);
	day.tm_min = (int)(clock_s / 60 % 60);
	day.tm_sec = (int)(clock_s % 60);
	day.tm_isdst = -1;
	seconds = mktime(&day);
	return seconds < 0 ? 0 : (uint64_t)seconds * NS_PER_S + clock_ns % NS_PER_S;
}

uint64_t replay_time_resolve(const struct replay_time *time, uint64_t first_ns)
{
	uint64_t minute_ns = first_ns - first_ns % (60 * NS_PER_S);
	uint64_t at_ns;

	switch (time->kind) {
	case REPLAY_TIME_MOMENT:
		return time->ns;
	case REPLAY_TIME_AFTER:
		return first_ns + time->ns;
	case REPLAY_TIME_CLOCK:
		at_ns = on_day(time->ns, first_ns, 0);
		return at_ns < minute_ns ? on_day(time->ns, first_ns, 1) : at_ns;
	case REPLAY_TIME_NONE:
		break;
	}
	return first_ns;
}
