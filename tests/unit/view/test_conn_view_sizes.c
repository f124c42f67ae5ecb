/* SPDX-License-Identifier: MIT */

/*
 * Whatever the rows are and however large the screen is: nothing is drawn out of bounds (ASan), no
 * control gets into the grid, the selected row is to be seen, and what typing needs is where the
 * cursor is.
 */

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conn_samples.h"
#include "tap.h"

/* A generator of our own: the same rows everywhere. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void fill_random(void *to, size_t size, uint32_t *state)
{
	uint8_t *bytes = to;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)next_random(state);
}

static double random_rate(uint32_t *state)
{
	static const double rates[] = {0, 0.4, 1, 1023.6, 1e6, 1e12, 1e30, -1};

	return rates[next_random(state) % (sizeof(rates) / sizeof(rates[0]))];
}

/* Any bits at all, but what the type allows: names end, and flags are 0 or 1. */
static void random_row(struct conn_row *row, uint32_t *state)
{
	fill_random(&row->id, sizeof(row->id), state);
	fill_random(&row->counters, sizeof(row->counters), state);
	fill_random(&row->tcp, sizeof(row->tcp), state);
	fill_random(&row->owner, sizeof(row->owner), state);
	row->id.proto = next_random(state) % 2 ? WEIR_PROTO_TCP : WEIR_PROTO_UDP;
	row->owner.comm[next_random(state) % WEIR_COMM_MAX] = '\0';
	row->owner.comm[WEIR_COMM_MAX - 1] = '\0';
	row->owner.unknown = (uint8_t)(next_random(state) % 6);
	row->opened_ns = next_random(state) % 3 ? next_random(state) * 1000000ULL : 0;
	row->closed_ns = next_random(state) % 4 ? 0 : SAMPLES_NOW_NS;
	row->rate_in = random_rate(state);
	row->rate_out = random_rate(state);
	row->rcvbuf_drops = next_random(state) % 4 ? 0 : next_random(state);
	row->state = (uint8_t)(next_random(state) % 16);
	row->limit = (uint8_t)(next_random(state) % 12);
	row->flags = (uint8_t)next_random(state);
	row->rate_known = next_random(state) % 2;
}

static void random_scene(struct samples *s, uint32_t *state)
{
	uint32_t choice = next_random(state);
	struct conn_scene *scene = &s->scene;

	samples_init(s);
	for (size_t i = 0; i < SAMPLE_ROWS; i++)
		random_row(&s->rows[i], state);
	if (choice & 1)
		samples_group(s, choice & 2);
	if (choice & 1)
		scene->grouping = (enum conn_grouping)(1 + choice / 4 % 4);
	scene->detail = choice & 1 << 4;
	scene->paused = choice & 1 << 5;
	scene->held = choice & 1 << 6;
	scene->totals = choice & 1 << 7;
	scene->ascii = choice & 1 << 8;
	scene->show_closed = choice & 1 << 9;
	s->words.units = (struct units){.si = choice & 1 << 10, .bits = choice & 1 << 11};
	s->words.redact.remote_hash = choice & 1 << 12;
	if (choice & 1 << 13)
		scene->message = "a message";
	if (choice & 1 << 14) {
		line_edit_set(&s->input, "port 443 and process ~ 漢字");
		scene->input = &s->input;
		scene->input_prompt = "filter: ";
		scene->input_error_at = (int)(choice % 40) - 1;
	}
	if (choice & 1 << 15)
		scene->filter_text = "process ~ nonesuch";
	scene->hidden_columns = choice & 1 << 16 ? next_random(state) : 0;
	scene->shown_columns = choice & 1 << 17 ? next_random(state) : 0;
	s->query.sort[0].key = (uint8_t)(choice >> 18) % CONN_SORT_KEYS;
	scene->replay = (struct conn_replay){.play = (enum conn_play)(choice >> 24) % 3,
					     .to_ns = SAMPLES_REALTIME_NS,
					     .speed = 0.25};
	scene->scroll = (struct table_scroll){next_random(state) % 40, next_random(state) % 20};
}

/* Lines of which every column is marked as selected; -1 if one is so in part. */
static int selected_lines(const struct cells *cells)
{
	int lines = 0;

	for (int y = 0; y < cells->height; y++) {
		const struct cell *line = cells->at + (size_t)y * (size_t)cells->width;
		int marked = 0;

		for (int x = 0; x < cells->width; x++)
			marked += line[x].selected;
		if (marked && marked != cells->width)
			return -1;
		lines += marked != 0;
	}
	return lines;
}

static bool is_clean(const struct cells *cells)
{
	for (size_t i = 0; i < (size_t)cells->width * (size_t)cells->height; i++) {
		if (cells->at[i].code && text_is_control(cells->at[i].code))
			return false;
		if (text_is_control(cells->at[i].mark) && cells->at[i].mark)
			return false;
		if (cells->at[i].role >= ROLES)
			return false;
	}
	return true;
}

struct tally {
	int drawn;
	int without_selection;
	int unclean;
	int without_cursor;
};

static void draw_one(int width, int height, uint32_t *state, struct tally *tally)
{
	static struct samples samples;
	struct cells cells = {0};

	random_scene(&samples, state);
	if (cells_reset(&cells, width, height) < 0)
		abort();
	conn_view_draw(&cells, &samples.scene);
	tally->drawn++;
	tally->without_selection += selected_lines(&cells) != 1;
	tally->unclean += !is_clean(&cells);
	if (samples.scene.input && height > 1)
		tally->without_cursor += cells.cursor_y != height - 1;
	cells_done(&cells);
}

static void test_all_sizes(void)
{
	struct tally tally = {0};
	uint32_t state = 2463534242;

	for (int height = 1; height <= 60; height++) {
		for (int width = 1; width <= 200; width++)
			draw_one(width, height, &state, &tally);
	}
	is_int(tally.drawn, 12000, "every size from 1 x 1 to 200 x 60 was drawn");
	is_int(tally.without_selection, 0, "in each exactly one whole line is the selected one");
	is_int(tally.unclean, 0, "in none is there a control character, or a role that is none");
	is_int(tally.without_cursor, 0,
	       "in each that is typed into the cursor is in the last line");
}

/* What is there at a width is there at every greater one. */
static void test_columns_stay(void)
{
	static const char *const titles[] = {
		"PROCESS", "RX/s",  "TX/s", "REMOTE", "PID",   "STATE",  "RTT", "LOCAL", "USER",
		"RXTOT",   "TXTOT", "AGE",  "RETR%",  "LIMIT", "CGROUP", "DIR", "60s"};
	struct samples samples;
	size_t seen = 0;
	bool stay = true;

	samples_init(&samples);
	for (int width = 20; width <= 220; width++) {
		struct str_buf buf = {0};
		struct cells cells = {0};
		size_t n = 0;

		if (cells_reset(&cells, width, 4) < 0)
			abort();
		conn_view_draw(&cells, &samples.scene);
		cells_print(&cells, &buf);
		*strchr(buf.data, '\n') = '\0';
		/* In the order of the ranks: none without all before it. */
		while (n < sizeof(titles) / sizeof(titles[0]) && strstr(buf.data, titles[n]))
			n++;
		for (size_t i = n; i < sizeof(titles) / sizeof(titles[0]); i++)
			stay = stay && !strstr(buf.data, titles[i]);
		stay = stay && n >= seen;
		seen = n;
		str_buf_done(&buf);
		cells_done(&cells);
	}
	ok(stay, "columns come in in their order, and none goes as a screen gets wider");
	is_int(seen, sizeof(titles) / sizeof(titles[0]), "at 220 columns all are there");
}

/* The program scrolls by this number, so it has to be what is drawn. */
static void test_table_lines(void)
{
	struct samples samples;
	int wrong = 0;

	samples_init(&samples);
	for (int height = 1; height <= 60; height++) {
		struct cells cells = {0};
		int lines;

		samples.scene.detail = height % 2;
		samples.scene.scroll = (struct table_scroll){0, SAMPLE_ROWS - 1};
		lines = conn_view_table_lines(&samples.scene, height);
		if (cells_reset(&cells, 80, height) < 0)
			abort();
		conn_view_draw(&cells, &samples.scene);
		/* The last row is selected and as far down as the rows reach. */
		for (int y = 0; y < height; y++) {
			int above = height < 4 ? 0 : height < 6 ? 1 : height < 10 ? 2 : 3;
			int last = above + (lines < SAMPLE_ROWS ? lines : SAMPLE_ROWS) - 1;

			wrong += cells.at[y * 80].selected != (y == last);
		}
		cells_done(&cells);
	}
	is_int(wrong, 0, "the rows reach as far down as conn_view_table_lines says");
}

int main(void)
{
	test_all_sizes();
	test_columns_stay();
	test_table_lines();
	return tap_done();
}
