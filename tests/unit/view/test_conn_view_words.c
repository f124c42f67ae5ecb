/* SPDX-License-Identifier: MIT */

/* The words of cells, the figures in their columns, what is counted, and what a copy takes. */

#include <stdio.h>
#include <string.h>

#include "conn_samples.h"
#include "tap.h"
#include "view/conn_cell.h"
#include "view/conn_group_cell.h"
#include "view/conn_past_graph.h"
#include "view/conn_strip.h"
#include "view/figures.h"
#include "view/graph.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

enum figure { BYTES, RATE, RATE_UNIT, PERCENT, MS, AGE, COUNT };

static void put_figure(struct str_buf *buf, enum figure figure, double value,
		       const struct units *units)
{
	switch (figure) {
	case BYTES:
		figures_bytes(buf, units, value);
		break;
	case RATE:
		figures_rate(buf, units, value);
		break;
	case RATE_UNIT:
		figures_rate_unit(buf, units, value);
		break;
	case PERCENT:
		figures_percent(buf, value);
		break;
	case MS:
		figures_ms(buf, (uint32_t)value);
		break;
	case AGE:
		figures_age(buf, (uint64_t)(value * 1e9));
		break;
	case COUNT:
		figures_count(buf, (uint64_t)value);
		break;
	}
}

static const struct {
	enum figure figure;
	double value;
	struct units units;
	const char *want;
} figure_cases[] = {
	{BYTES, 0, {0}, "0"},
	{BYTES, 76, {0}, "76B"},
	{BYTES, 1023, {0}, "1023B"},
	{BYTES, 1024, {0}, "1.0K"},
	{BYTES, 1023.6, {0}, "1.0K"},
	{BYTES, 99.9 * 1024, {0}, "99.9K"},
	{BYTES, 99.96 * 1024, {0}, "100K"},
	{BYTES, 1023.4 * 1024, {0}, "1023K"},
	{BYTES, 1023.6 * 1024, {0}, "1.0M"},
	{BYTES, 999, {.si = true}, "999B"},
	{BYTES, 1000, {.si = true}, "1.0K"},
	{BYTES, 999499, {.si = true}, "999K"},
	{BYTES, 999501, {.si = true}, "1.0M"},
	{BYTES, 18446744073709551615.0, {0}, "16.0E"},
	{RATE, 0.9, {0}, "0"},
	{RATE, -5, {0}, "0"},
	{RATE, 76, {.bits = true}, "608b"},
	{RATE, 0.2, {.bits = true}, "2b"},
	{RATE, 43200512, {0}, "41.2M"},
	{RATE_UNIT, 0, {0}, "0B/s"},
	{RATE_UNIT, 76, {0}, "76B/s"},
	{RATE_UNIT, 85144371, {0}, "81.2MB/s"},
	{RATE_UNIT, 81250000, {.bits = true, .si = true}, "650Mb/s"},
	{PERCENT, 0, {0}, "0"},
	{PERCENT, 0.000001, {0}, "0.01"},
	{PERCENT, 0.0012, {0}, "0.12"},
	{PERCENT, 0.0999, {0}, "9.99"},
	{PERCENT, 0.125, {0}, "12.5"},
	{PERCENT, 0.9999, {0}, "99.9"},
	{PERCENT, 1, {0}, "100"},
	{MS, 0, {0}, "-"},
	{MS, 1, {0}, "0.00"},
	{MS, 350, {0}, "0.35"},
	{MS, 9994, {0}, "9.99"},
	{MS, 9996, {0}, "10.0"},
	{MS, 12400, {0}, "12.4"},
	{MS, 310000, {0}, "310"},
	{MS, 99999000, {0}, "99999"},
	{AGE, 0, {0}, "0.0s"},
	{AGE, 0.4, {0}, "0.4s"},
	{AGE, 9.94, {0}, "9.9s"},
	{AGE, 9.99, {0}, "9.9s"},
	{AGE, 42.9, {0}, "42s"},
	{AGE, 59.99, {0}, "59s"},
	{AGE, 60, {0}, "1m0s"},
	{AGE, 3599, {0}, "59m59s"},
	{AGE, 86399, {0}, "23h59m"},
	{AGE, 99.99 * 86400, {0}, "99d23h"},
	{AGE, 365.0 * 86400, {0}, "365d"},
	{COUNT, 999, {0}, "999"},
	{COUNT, 1234, {0}, "1.2K"},
	{COUNT, 1e6, {0}, "1.0M"},
};

static void test_figures(void)
{
	for (size_t i = 0; i < N_ELEMENTS(figure_cases); i++) {
		struct str_buf buf = {0};

		put_figure(&buf, figure_cases[i].figure, figure_cases[i].value,
			   &figure_cases[i].units);
		is_str(buf.data, figure_cases[i].want, "%g as figure %d", figure_cases[i].value,
		       figure_cases[i].figure);
		str_buf_done(&buf);
	}
}

static const struct {
	enum sample_row row;
	enum conn_column column;
	const char *want;
} cell_cases[] = {
	{SAMPLE_NGINX, CONN_COLUMN_PID, "1423"},
	{SAMPLE_KERNEL, CONN_COLUMN_PID, "-"},
	{SAMPLE_NGINX, CONN_COLUMN_PROCESS, "nginx"},
	{SAMPLE_CLOSED, CONN_COLUMN_PROCESS, "exited:curl"},
	{SAMPLE_NETNS, CONN_COLUMN_PROCESS, "other-netns"},
	{SAMPLE_NO_CAP, CONN_COLUMN_PROCESS, "no-cap"},
	{SAMPLE_KERNEL, CONN_COLUMN_PROCESS, "kernel"},
	{SAMPLE_GUESS, CONN_COLUMN_PROCESS, "~redis-server"},
	{SAMPLE_SSHD, CONN_COLUMN_USER, "root"},
	{SAMPLE_KERNEL, CONN_COLUMN_USER, "-"},
	{SAMPLE_NGINX, CONN_COLUMN_PROTO, "T"},
	{SAMPLE_SSHD, CONN_COLUMN_PROTO, "T*"},
	{SAMPLE_CHRONYD, CONN_COLUMN_PROTO, "U"},
	{SAMPLE_RSYNC, CONN_COLUMN_DIR, "out"},
	{SAMPLE_FAILED, CONN_COLUMN_DIR, "out"},
	{SAMPLE_GUESS, CONN_COLUMN_DIR, "in"},
	{SAMPLE_POSTGRES, CONN_COLUMN_DIR, "~in"},
	{SAMPLE_SSHD, CONN_COLUMN_DIR, "-"},
	{SAMPLE_CHRONYD, CONN_COLUMN_DIR, "-"},
	{SAMPLE_LISTEN, CONN_COLUMN_DIR, "-"},
	{SAMPLE_LISTEN, CONN_COLUMN_REMOTE, "*"},
	{SAMPLE_LISTEN, CONN_COLUMN_STATE, "LISTEN"},
	{SAMPLE_POSTGRES, CONN_COLUMN_STATE, "EST rwnd"},
	{SAMPLE_SSHD, CONN_COLUMN_STATE, "EST"},
	{SAMPLE_V6, CONN_COLUMN_STATE, "EST"},
	{SAMPLE_CHRONYD, CONN_COLUMN_STATE, "-"},
	{SAMPLE_STATSD, CONN_COLUMN_STATE, "drop 1.2K"},
	{SAMPLE_READER, CONN_COLUMN_STATE, "CLOSEWAIT"},
	{SAMPLE_CLOSED, CONN_COLUMN_STATE, "closed"},
	{SAMPLE_FAILED, CONN_COLUMN_STATE, "failed"},
	{SAMPLE_UNCOUNTED, CONN_COLUMN_RX, "-"},
	{SAMPLE_UNCOUNTED, CONN_COLUMN_RX_TOTAL, "-"},
	{SAMPLE_UNCOUNTED, CONN_COLUMN_RETR, "-"},
	{SAMPLE_READER, CONN_COLUMN_RX, "-"},
	{SAMPLE_READER, CONN_COLUMN_RX_TOTAL, "2.0M"},
	{SAMPLE_SSHD, CONN_COLUMN_RX, "0"},
	{SAMPLE_AT_LEAST, CONN_COLUMN_RX_TOTAL, ">83.9M"},
	{SAMPLE_RSYNC, CONN_COLUMN_RTT, "212"},
	{SAMPLE_CHRONYD, CONN_COLUMN_RTT, "-"},
	{SAMPLE_RSYNC, CONN_COLUMN_RETR, "3.10"},
	{SAMPLE_CHRONYD, CONN_COLUMN_RETR, "-"},
	{SAMPLE_RSYNC, CONN_COLUMN_LIMIT, "loss"},
	{SAMPLE_READER, CONN_COLUMN_LIMIT, "reader"},
	{SAMPLE_SSHD, CONN_COLUMN_LIMIT, "-"},
	{SAMPLE_CHRONYD, CONN_COLUMN_LIMIT, "-"},
	{SAMPLE_SSHD, CONN_COLUMN_AGE, "-"},
	{SAMPLE_FAILED, CONN_COLUMN_AGE, "2.0s"},
	{SAMPLE_NGINX, CONN_COLUMN_CGROUP, "nginx.service"},
	{SAMPLE_SSHD, CONN_COLUMN_CGROUP, "-"},
};

static void test_cells(void)
{
	struct samples samples;

	samples_init(&samples);
	for (size_t i = 0; i < N_ELEMENTS(cell_cases); i++) {
		struct conn_cell cell = {&samples.scene, &samples.rows[cell_cases[i].row], true,
					 false};
		struct str_buf buf = {0};

		conn_cell_row(&cell, cell_cases[i].column, &buf);
		is_str(buf.data, cell_cases[i].want, "%s of row %d",
		       conn_column_name(cell_cases[i].column), cell_cases[i].row);
		str_buf_done(&buf);
	}
}

static void test_roles(void)
{
	static const struct {
		enum sample_row row;
		enum conn_column column;
		enum role want;
	} cases[] = {
		{SAMPLE_NGINX, CONN_COLUMN_PROCESS, ROLE_STRONG},
		{SAMPLE_SSHD, CONN_COLUMN_PROCESS, ROLE_NORMAL},
		{SAMPLE_KERNEL, CONN_COLUMN_PROCESS, ROLE_DIM},
		{SAMPLE_CLOSED, CONN_COLUMN_REMOTE, ROLE_CLOSED},
		{SAMPLE_FAILED, CONN_COLUMN_STATE, ROLE_WARNING},
		{SAMPLE_NGINX, CONN_COLUMN_STATE, ROLE_NORMAL},
		{SAMPLE_POSTGRES, CONN_COLUMN_STATE, ROLE_WARNING},
		{SAMPLE_RSYNC, CONN_COLUMN_STATE, ROLE_BAD},
		{SAMPLE_STATSD, CONN_COLUMN_STATE, ROLE_BAD},
		{SAMPLE_RSYNC, CONN_COLUMN_RETR, ROLE_BAD},
		{SAMPLE_RSYNC, CONN_COLUMN_RTT, ROLE_WARNING},
		{SAMPLE_NGINX, CONN_COLUMN_RX, ROLE_RX},
		{SAMPLE_CHRONYD, CONN_COLUMN_RX, ROLE_DIM},
	};
	struct samples samples;

	samples_init(&samples);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct conn_cell cell = {&samples.scene, &samples.rows[cases[i].row], true, false};
		struct str_buf buf = {0};

		is_int(conn_cell_row(&cell, cases[i].column, &buf), cases[i].want,
		       "the role of %s of row %d", conn_column_name(cases[i].column), cases[i].row);
		str_buf_done(&buf);
	}
}

static void test_counts(void)
{
	struct samples samples;
	struct conn_counts counts;

	samples_init(&samples);
	samples.frame.tick.n_active = SAMPLE_CLOSED;
	samples.frame.tick.closed = samples.at + SAMPLE_CLOSED;
	samples.frame.tick.n_closed = 3;
	samples.rows[SAMPLE_CLOSED].rate_in = 1e9; /* while it lived, a microsecond */
	samples.rows[SAMPLE_CLOSED].delta_in = 1000;
	conn_counts_take(&samples.frame.tick, &counts);
	is_int(counts.open, SAMPLE_CLOSED, "closed ones are not counted as connections");
	is_int(counts.established, 8, "those in ESTABLISHED are");
	is_int(counts.bytes_in, 43200512 + 23068672 + 9216 + 1229 + 1229 + 76 + 52428 + 1000,
	       "what those received that closed in this tick is in the sum, as bytes");
	ok(counts.rate_known, "a rate is known");
	samples.frame.tick =
		(struct conn_tick){.active = samples.at + SAMPLE_READER, .n_active = 1};
	conn_counts_take(&samples.frame.tick, &counts);
	ok(!counts.rate_known, "of a row that has none, none is known");
	samples.frame.tick =
		(struct conn_tick){.active = samples.at + SAMPLE_LISTEN, .n_active = 1};
	conn_counts_take(&samples.frame.tick, &counts);
	is_int(counts.open, 0, "a socket that listens is no connection");
}

static void test_line_text(void)
{
	struct samples samples;
	struct str_buf buf = {0};

	samples_init(&samples);
	conn_view_line_text(&samples.scene, &samples.lines[SAMPLE_RSYNC], &buf);
	is_str(buf.data,
	       "33017\trsync\tservice\tT\tout\t10.1.4.2:51002\t192.0.2.80:873\tEST\t9.0K\t800K\t"
	       "1.2M\t100M\t212\t3.10\tloss\t2m10s\t"
	       "/user.slice/user-1000.slice/user@1000.service/app.slice/backup.scope",
	       "a copy of a row has all its columns, uncut");
	str_buf_clear(&buf);
	snprintf(samples.rows[SAMPLE_RSYNC].owner.comm, WEIR_COMM_MAX, "a\tb\033c");
	conn_view_line_text(&samples.scene, &samples.lines[SAMPLE_RSYNC], &buf);
	ok(strstr(buf.data, "33017\ta\\x09b\\x1bc\tservice"), "with names made safe");
	str_buf_clear(&buf);
	samples_group(&samples, true);
	conn_view_line_text(&samples.scene, &samples.lines[0], &buf);
	is_str(buf.data, "nginx  pid 1423\t34 conn\t1.4G\t37.4M\t1.1T\t90.0G\t12.4\t0\t3h12m",
	       "a copy of a group has its name and its sums");
	str_buf_done(&buf);
}

static void test_strip(void)
{
	static const char *const wants[] = {
		[30] = "host | 12 conn          sort v\n",
		[24] = "host | 12 conn    sort v\n",
		[20] = "host | 12     sort v\n",
		[15] = "host     sort v\n",
		[11] = "host sort v\n",
		[10] = "h~  sort v\n",
		[6] = "sort v\n",
		[3] = "sor\n",
	};
	struct conn_strip strip = {.separator = " | "};

	for (int width = 1; width < (int)N_ELEMENTS(wants); width++) {
		struct cells cells = {0};
		struct str_buf buf = {0};
		struct conn_strip_piece *piece;

		if (!wants[width] || cells_reset(&cells, width, 1) < 0)
			continue;
		piece = conn_strip_add(&strip, "", ROLE_TITLE, 1);
		piece->brief = 2;
		piece->cut = true;
		str_buf_puts(&strip.text, "host");
		piece = conn_strip_add(&strip, "", ROLE_NORMAL, 2);
		piece->brief = 2;
		str_buf_puts(&strip.text, "12 conn");
		conn_strip_add(&strip, "sort", ROLE_SORTED, 0)->right = true;
		str_buf_puts(&strip.text, "v");
		conn_strip_draw(&strip, cells_area(&cells), 0);
		cells_print(&cells, &buf);
		is_str(buf.data, wants[width], "a strip of %d columns", width);
		str_buf_done(&buf);
		cells_done(&cells);
	}
	for (int i = 0; i < 100; i++) {
		conn_strip_add(&strip, "", ROLE_DIM, 1);
		str_buf_puts(&strip.text, "x");
	}
	is_int(strip.n, CONN_STRIP_PIECES, "more pieces than there is room for are put together");
	conn_strip_done(&strip);
}

static void test_past(void)
{
	double ticks[12] = {-1, -1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20};
	double values[CONN_HISTORY_TICKS];

	is_int(conn_past_graph_ticks(SAMPLES_SEC, 60), 60, "60 s are 60 ticks of one");
	is_int(conn_past_graph_ticks(SAMPLES_SEC / 10, 60), CONN_HISTORY_TICKS,
	       "of ticks of 0.1 s there are fewer than that kept");
	is_int(conn_past_graph_ticks(120 * SAMPLES_SEC, 60), 1, "there is always one");
	is_int(conn_past_graph_values(ticks, 12, 20, 5, values), 12, "as many as there are");
	ok(values[0] == GRAPH_UNKNOWN && values[11] == 20, "and as they are");
	is_int(conn_past_graph_values(ticks, 12, 6, 1, values), 6, "two to a column");
	ok(values[0] == GRAPH_UNKNOWN && values[1] == 3 && values[5] == 19, "their means");
	/* One tick later the pairs are still the same ones, but for a new one that has begun. */
	is_int(conn_past_graph_values(ticks, 12, 6, 2, values), 6, "two to a column again");
	ok(values[5] == 20 && values[4] == 17 && values[3] == 13, "the newest column begins");
	is_int(conn_past_graph_values(ticks, 0, 6, 2, values), 0, "of nothing nothing");
	is_int(conn_past_graph_values(ticks, 12, 0, 2, values), 0, "in no room nothing");
}

int main(void)
{
	test_figures();
	test_cells();
	test_roles();
	test_counts();
	test_line_text();
	test_strip();
	test_past();
	return tap_done();
}
