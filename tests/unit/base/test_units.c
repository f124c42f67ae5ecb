/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "tap.h"

static const struct units iec = {0};
static const struct units si = {.si = true};
static const struct units bits = {.bits = true};
static const struct units si_bits = {.si = true, .bits = true};

static void test_bytes(struct str_buf *buf)
{
	static const struct {
		const struct units *units;
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{&iec, 0, "0B"},
		{&iec, 340, "340B"},
		{&iec, 1023, "1023B"},
		{&iec, 1024, "1024 (1.0K)"},
		{&iec, 1126, "1126 (1.1K)"},
		{&iec, 1048524, "1048524 (1023.9K)"},
		{&iec, 1048525, "1048525 (1.0M)"}, /* 1023.95K */
		{&iec, 1048575, "1048575 (1.0M)"},
		{&iec, 1258291, "1258291 (1.2M)"},
		{&iec, 1073741823, "1073741823 (1.0G)"},
		{&iec, 2147483648, "2147483648 (2.0G)"},
		{&iec, 1099511627775, "1099511627775 (1.0T)"},
		{&iec, 5497558138880, "5497558138880 (5.0T)"},
		{&iec, UINT64_MAX, "18446744073709551615 (16.0E)"},
		{&si, 999, "999B"},
		{&si, 1000, "1000 (1.0K)"},
		{&si, 999949, "999949 (999.9K)"},
		{&si, 999950, "999950 (1.0M)"},
		{&bits, 1024, "1024 (1.0K)"}, /* amounts stay bytes */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(buf);
		units_bytes(buf, cases[i].units, cases[i].bytes);
		is_str(buf->data, cases[i].want, "bytes %s", cases[i].want);
	}
	str_buf_clear(buf);
	units_bytes_short(buf, &iec, 1258291);
	is_str(buf->data, "1.2M", "short bytes leave out the exact number");
}

static void test_rates(struct str_buf *buf)
{
	static const struct {
		const struct units *units;
		double rate;
		const char *want;
	} cases[] = {
		{&iec, 0, "0B/s"},
		{&iec, 0.99, "0B/s"},
		{&iec, -5, "0B/s"},
		{&iec, NAN, "0B/s"},
		{&iec, 1, "1B/s"},
		{&iec, 340, "340B/s"},
		{&iec, 1023.4, "1023B/s"},
		{&iec, 1023.5, "1.0KB/s"},
		{&iec, 1023.99, "1.0KB/s"},
		{&iec, 1228.8, "1.2KB/s"},
		{&iec, 1048575, "1.0MB/s"},
		{&iec, 3565158.4, "3.4MB/s"},
		{&iec, 1073741824.0 * 1.5, "1.5GB/s"},
		{&si, 1228.8, "1.2KB/s"},
		{&si, 999.6, "1.0KB/s"},
		{&bits, 340, "2.7Kb/s"},
		{&bits, 0.2, "2b/s"},
		{&si_bits, 125000, "1.0Mb/s"},
		{&si_bits, 1.25e9, "10.0Gb/s"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str_buf_clear(buf);
		units_rate(buf, cases[i].units, cases[i].rate);
		is_str(buf->data, cases[i].want, "rate %g", cases[i].rate);
	}
}

/* No number in sight of a border prints as a full next unit. */
static void test_borders(struct str_buf *buf)
{
	int wrong = 0;

	for (uint64_t unit = 1024; unit <= 1ULL << 50; unit <<= 10) {
		for (uint64_t i = 0; i < 2000; i++) {
			str_buf_clear(buf);
			units_bytes_short(buf, &iec, unit - unit / 15000 * i / 1000 - i % 7);
			wrong += strstr(buf->data, "1024") != NULL;
			str_buf_clear(buf);
			units_rate(buf, &iec, (double)unit * (1 - (double)i / 2e6));
			wrong += strstr(buf->data, "1024") != NULL;
		}
	}
	is_int(wrong, 0, "nothing near a border prints as 1024");
}

static void test_times(struct str_buf *buf)
{
	static const struct {
		uint32_t us;
		const char *want;
	} rtts[] = {
		{0, "-"},
		{1, "1us"},
		{350, "350us"},
		{999, "999us"},
		{1000, "1.0ms"},
		{1200, "1.2ms"},
		{999949, "999.9ms"},
		{999950, "1.0s"},
		{2000000, "2.0s"},
		{UINT32_MAX, "4295.0s"},
	};
	static const struct {
		uint64_t ns;
		const char *want;
	} durations[] = {
		{0, "0us"},
		{999, "0us"},
		{350000, "350us"},
		{1200000000, "1.2s"},
		{59949999999, "59.9s"},
		{59950000000, "1m0s"},
		{60000000000, "1m0s"},
		{192000000000, "3m12s"},
		{3599999999999, "59m59s"},
		{11520000000000, "3h12m"},
		{183600000000000, "2d3h"},
	};
	char time[UNITS_TIMESTAMP_MAX];

	for (size_t i = 0; i < sizeof(rtts) / sizeof(rtts[0]); i++) {
		str_buf_clear(buf);
		units_rtt(buf, rtts[i].us);
		is_str(buf->data, rtts[i].want, "an RTT of %u us", rtts[i].us);
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		str_buf_clear(buf);
		units_duration(buf, durations[i].ns);
		is_str(buf->data, durations[i].want, "a duration of %llu ns",
		       (unsigned long long)durations[i].ns);
	}
	units_timestamp(1795251292123999999, time);
	is_str(time, "2026-11-21T08:54:52.123Z", "a timestamp rounds down");
	units_timestamp(0, time);
	is_str(time, "1970-01-01T00:00:00.000Z", "the epoch");
	units_timestamp(UINT64_MAX, time);
	is_str(time, "2554-07-21T23:34:33.709Z", "the last nanosecond there is");
}

int main(void)
{
	struct str_buf buf = {0};

	test_bytes(&buf);
	test_rates(&buf);
	test_borders(&buf);
	test_times(&buf);
	str_buf_done(&buf);
	return tap_done();
}
