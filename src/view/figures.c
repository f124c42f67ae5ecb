/* SPDX-License-Identifier: MIT */
#include "view/figures.h"

#include <stddef.h>

#include "base/text.h"

#define NS_PER_SEC 1000000000ULL
#define US_PER_MS 1000.0

/* Three digits, or four before the next letter.
 * Returns the letter, "" where there is none, NULL for 0. */
static const char *add_scaled(struct str_buf *buf, double value, double step)
{
	static const char *const letters[] = {"", "K", "M", "G", "T", "P", "E"};
	size_t i = 0;

	if (!(value >= 1)) { /* so that not-a-number is 0 too */
		str_buf_putc(buf, '0');
		return NULL;
	}
	while (value >= step - 0.5 && i < sizeof(letters) / sizeof(letters[0]) - 1) {
		value /= step;
		i++;
	}
	text_fixed(buf, value, i && value < 99.95 ? 1 : 0);
	return letters[i];
}

/* The letter, or the unit of a number that has none; 0 needs neither. */
static void add_letter(struct str_buf *buf, const char *letter, const char *unit)
{
	if (letter)
		str_buf_puts(buf, *letter ? letter : unit);
}

static double step_of(const struct units *units)
{
	return units->si ? 1000 : 1024;
}

void figures_bytes(struct str_buf *buf, const struct units *units, double bytes)
{
	add_letter(buf, add_scaled(buf, bytes, step_of(units)), "B");
}

void figures_rate(struct str_buf *buf, const struct units *units, double bytes_per_sec)
{
	double value = bytes_per_sec * (units->bits ? 8 : 1);

	add_letter(buf, add_scaled(buf, value, step_of(units)), units->bits ? "b" : "B");
}

void figures_rate_unit(struct str_buf *buf, const struct units *units, double bytes_per_sec)
{
	double value = bytes_per_sec * (units->bits ? 8 : 1);

	add_letter(buf, add_scaled(buf, value, step_of(units)), "");
	str_buf_puts(buf, units->bits ? "b/s" : "B/s");
}

void figures_percent(struct str_buf *buf, double share)
{
	double percent = share * 100;

	if (!(percent > 0)) {
		str_buf_putc(buf, '0');
		return;
	}
	/* Little is not nothing, and nearly all is not all. */
	if (percent < 0.01)
		percent = 0.01;
	if (percent >= 99.95 && percent < 100)
		percent = 99.9;
	text_fixed(buf, percent, percent < 9.995 ? 2 : percent < 100 ? 1 : 0);
}

void figures_ms(struct str_buf *buf, uint32_t us)
{
	double ms = us / US_PER_MS;

	if (us)
		text_fixed(buf, ms, ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0);
	else
		str_buf_putc(buf, '-');
}

void figures_age(struct str_buf *buf, uint64_t age_ns)
{
	uint64_t sec = age_ns / NS_PER_SEC;

	if (sec < 10) {
		str_buf_printf(buf, "%u.%us", (unsigned)sec,
			       (unsigned)(age_ns % NS_PER_SEC / (NS_PER_SEC / 10)));
	} else if (sec < 60) {
		str_buf_u64(buf, sec);
		str_buf_putc(buf, 's');
	} else if (sec / 86400 < 100) {
		units_duration(buf, age_ns);
	} else {
		str_buf_u64(buf, sec / 86400);
		str_buf_putc(buf, 'd');
	}
}

void figures_count(struct str_buf *buf, uint64_t count)
{
	if (count < 1000)
		str_buf_u64(buf, count);
	else
		add_letter(buf, add_scaled(buf, (double)count, 1000), "");
}
