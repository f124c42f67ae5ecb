/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define NS_PER_US 1000ULL
#define NS_PER_SEC 1000000000ULL

/* One decimal at most: what prints as "1024.0" or more belongs to the next unit. */
static const char *scale(double *value, double step)
{
	static const char *const letters[] = {"", "K", "M", "G", "T", "P", "E"};
	size_t i = 0;

	/* Without a letter there is no decimal: 1023.5 would print as 1024. */
	if (*value >= step - 0.5) {
		*value /= step;
		i++;
	}
	while (i && i < sizeof(letters) / sizeof(letters[0]) - 1 &&
	       *value * 10 >= step * 10 - 0.5) {
		*value /= step;
		i++;
	}
	return letters[i];
}

static double step_of(const struct units *units)
{
	return units->si ? 1000 : 1024;
}

void units_bytes_short(struct str_buf *buf, const struct units *units, uint64_t bytes)
{
	double value = (double)bytes;
	const char *letter = scale(&value, step_of(units));

	text_fixed(buf, value, *letter ? 1 : 0);
	str_buf_puts(buf, *letter ? letter : "B");
}

void units_bytes(struct str_buf *buf, const struct units *units, uint64_t bytes)
{
	if ((double)bytes < step_of(units)) {
		units_bytes_short(buf, units, bytes);
		return;
	}
	str_buf_u64(buf, bytes);
	str_buf_puts(buf, " (");
	units_bytes_short(buf, units, bytes);
	str_buf_putc(buf, ')');
}

void units_rate(struct str_buf *buf, const struct units *units, double bytes_per_sec)
{
	double value = bytes_per_sec * (units->bits ? 8 : 1);
	const char *letter;

	if (!(value >= 1)) /* so that not-a-number is 0 too */
		value = 0;
	letter = scale(&value, step_of(units));
	text_fixed(buf, value, *letter ? 1 : 0);
	str_buf_puts(buf, letter);
	str_buf_puts(buf, units->bits ? "b/s" : "B/s");
}

static void latency(struct str_buf *buf, uint64_t us)
{
	if (us < 1000) {
		str_buf_u64(buf, us);
		str_buf_puts(buf, "us");
	} else if (us < 999950) { /* from there on it rounds to 1000.0ms */
		text_fixed(buf, (double)us / 1e3, 1);
		str_buf_puts(buf, "ms");
	} else {
		text_fixed(buf, (double)us / 1e6, 1);
		str_buf_putc(buf, 's');
	}
}

void units_rtt(struct str_buf *buf, uint32_t rtt_us)
{
	if (rtt_us)
		latency(buf, rtt_us);
	else
		str_buf_putc(buf, '-');
}

static void two_units(struct str_buf *buf, uint64_t value, uint64_t part, char big, char small)
{
	str_buf_u64(buf, value / part);
	str_buf_putc(buf, big);
	str_buf_u64(buf, value % part);
	str_buf_putc(buf, small);
}

void units_duration(struct str_buf *buf, uint64_t duration_ns)
{
	uint64_t sec = duration_ns / NS_PER_SEC;

	if (duration_ns < 59950 * NS_PER_SEC / 1000) /* from there on it rounds to 60.0s */
		latency(buf, duration_ns / NS_PER_US);
	else if (sec < 60)
		str_buf_puts(buf, "1m0s");
	else if (sec < 3600)
		two_units(buf, sec, 60, 'm', 's');
	else if (sec < 86400)
		two_units(buf, sec / 60, 60, 'h', 'm');
	else
		two_units(buf, sec / 3600, 24, 'd', 'h');
}

void units_timestamp(uint64_t realtime_ns, char text[UNITS_TIMESTAMP_MAX])
{
	time_t sec = (time_t)(realtime_ns / NS_PER_SEC);
	struct tm tm;

	/* 2^64 ns end in 2554: gmtime_r cannot fail for them. */
	gmtime_r(&sec, &tm);
	strftime(text, UNITS_TIMESTAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + strlen(text), sizeof(".123Z"), ".%03uZ",
		 (unsigned int)(realtime_ns % NS_PER_SEC / 1000000));
}
