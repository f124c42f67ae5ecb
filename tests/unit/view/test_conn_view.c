/* SPDX-License-Identifier: MIT */

/*
 * Every kind of screen against what was once looked at and found right: tests/unit/view/golden/
 * NAME-WIDTHxHEIGHT.txt, and -roles.txt for what its places mean. WEIR_GOLDEN_UPDATE=1 writes them
 * anew; look at the difference before it is kept.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "conn_samples.h"
#include "tap.h"

static const struct {
	int width;
	int height;
} sizes[] = {{80, 24}, {160, 50}, {40, 8}};

static void file_done_p(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* The file's text; "" if there is none. */
static void read_golden(const char *path, struct str_buf *buf)
{
	CLEANUP(file_done_p) FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t n;

	str_buf_puts(buf, "");
	while (file && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_buf_add(buf, chunk, n);
}

static bool write_golden(const char *path, const struct str_buf *buf)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return false;
	fwrite(buf->data, 1, buf->len, file);
	return fclose(file) == 0;
}

static void note_lines(const char *what, const char *text)
{
	tap_note("--- %s", what);
	while (*text) {
		size_t len = strcspn(text, "\n");

		tap_note("|%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void compare(const char *name, const struct str_buf *got)
{
	struct str_buf want = {0};
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.txt", GOLDEN_DIR, name);
	if (getenv("WEIR_GOLDEN_UPDATE")) {
		ok(write_golden(path, got), "%s is written", name);
		return;
	}
	read_golden(path, &want);
	if (!ok(strcmp(got->data, want.data) == 0, "%s is as it was", name)) {
		note_lines("got", got->data);
		note_lines("want", want.data);
	}
	str_buf_done(&want);
}

static void check(const char *name, const struct conn_scene *scene, bool with_roles)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cells cells = {0};
		struct str_buf buf = {0};
		char full[128];

		snprintf(full, sizeof(full), "%s-%dx%d", name, sizes[i].width, sizes[i].height);
		if (cells_reset(&cells, sizes[i].width, sizes[i].height) < 0)
			abort();
		conn_view_draw(&cells, scene);
		cells_print(&cells, &buf);
		compare(full, &buf);
		if (with_roles) {
			snprintf(full, sizeof(full), "%s-%dx%d-roles", name, sizes[i].width,
				 sizes[i].height);
			str_buf_clear(&buf);
			cells_print_roles(&cells, &buf);
			compare(full, &buf);
		}
		str_buf_done(&buf);
		cells_done(&cells);
	}
}

static const struct key_binding keys[] = {
	{{'/'}, 1, "filter", "show", "Show only what matches"},
	{{'s'}, 2, "sort", "show", "Choose the order"},
	{{'t'}, 3, "group", "show", "Group"},
	{{'o'}, 4, "hold", "show", "Hold the order"},
	{{' '}, 5, "pause", "show", "Pause"},
	{{KEYS_ENTER}, 6, "detail", "show", "Detail"},
	{{'n'}, 7, "dns", "show", "Names"},
	{{'?'}, 8, "help", "show", "Help"},
	{{'q'}, 9, "quit", "show", "Quit"},
};

/* A fresh scene for each case; what a case sets ends with it. */
static struct samples *fresh(struct samples *samples)
{
	samples_init(samples);
	samples->scene.keys = keys;
	samples->scene.n_keys = sizeof(keys) / sizeof(keys[0]);
	return samples;
}

static void test_tables(struct samples *s)
{
	fresh(s)->scene.scroll.selected = 1;
	check("plain", &s->scene, true);

	fresh(s)->query.sort[0] = (struct conn_sort){CONN_SORT_RTT, false};
	check("sorted-rtt", &s->scene, false);
	s->query.sort[0] = (struct conn_sort){CONN_SORT_PROCESS, true};
	check("sorted-process-reverse", &s->scene, false);

	fresh(s)->scene.totals = true;
	s->query.sort[0] = (struct conn_sort){CONN_SORT_RX, false};
	check("totals", &s->scene, false);

	fresh(s)->words.units = (struct units){.si = true, .bits = true};
	check("bits-si", &s->scene, false);

	fresh(s)->scene.lines += SAMPLE_CLOSED;
	s->scene.n_lines = 4;
	s->scene.show_closed = true;
	check("closed", &s->scene, true);

	fresh(s)->scene.lines += SAMPLE_NETNS;
	s->scene.n_lines = SAMPLE_CLOSED - SAMPLE_NETNS + 1;
	check("unknown-owners", &s->scene, false);

	fresh(s)->scene.hidden_columns = 1U << CONN_COLUMN_PID | 1U << CONN_COLUMN_PROTO;
	s->scene.shown_columns = 1U << CONN_COLUMN_AGE | 1U << CONN_COLUMN_DIR;
	check("chosen-columns", &s->scene, false);
}

static void test_groups(struct samples *s)
{
	samples_group(fresh(s), false);
	s->scene.scroll.selected = 1;
	check("grouped", &s->scene, true);
	s->scene.detail = true;
	s->scene.scroll.selected = 0;
	s->scene.command_line = "nginx: worker process";
	check("group-detail", &s->scene, false);

	samples_group(fresh(s), true);
	check("grouped-folded", &s->scene, false);
	s->scene.ascii = false;
	s->scene.grouping = CONN_GROUP_REMOTE;
	check("grouped-remote-utf8", &s->scene, false);
	s->scene.grouping = CONN_GROUP_PORT;
	check("grouped-port", &s->scene, false);
	s->scene.grouping = CONN_GROUP_CGROUP;
	check("grouped-cgroup", &s->scene, false);
}

static void test_details(struct samples *s)
{
	struct conn_history *history = samples_history(fresh(s), 100);

	s->scene.detail = true;
	s->scene.scroll.selected = SAMPLE_POSTGRES;
	s->scene.command_line =
		"/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main "
		"-c config_file=/etc/postgresql/15/main/postgresql.conf";
	check("detail", &s->scene, true);
	s->scene.ascii = false;
	check("detail-utf8", &s->scene, false);
	s->scene.ascii = true;
	s->scene.command_line = NULL;
	s->scene.scroll.selected = SAMPLE_V6;
	check("detail-v6", &s->scene, false);
	s->scene.scroll.selected = SAMPLE_STATSD;
	check("detail-udp-drops", &s->scene, false);
	s->scene.scroll.selected = SAMPLE_CLOSED;
	check("detail-closed", &s->scene, false);
	s->scene.scroll.selected = SAMPLE_RSYNC;
	check("detail-loss", &s->scene, false);
	s->words.redact = (struct redact){.remote_hash = true, .user = true, .cmd = true};
	s->scene.command_line = "rsync --password-file=/etc/secret";
	check("detail-redacted", &s->scene, false);
	conn_history_free(history);
}

static void test_footers(struct samples *s)
{
	fresh(s)->scene.input = &s->input;
	line_edit_set(&s->input, "port 443 and proces ~ nginx");
	s->scene.input_prompt = "filter: ";
	s->scene.input_error_at = 13;
	s->scene.message = "column 14: unknown field 'proces'";
	s->scene.message_role = ROLE_BAD;
	s->scene.filter_text = "port 443";
	check("filter-error", &s->scene, true);

	fresh(s)->scene.message = "signal 15 (TERM) sent to 2210 (postgres)";
	s->scene.message_role = ROLE_MESSAGE;
	check("message", &s->scene, false);

	fresh(s)->scene.filter_text = "process ~ nonesuch";
	s->scene.n_lines = 0;
	check("filter-matches-nothing", &s->scene, false);
}

static void test_headers(struct samples *s)
{
	fresh(s)->scene.paused = true;
	s->scene.held = true;
	s->scene.filter_text = "port 443 and (process ~ nginx or not udp) and rx_rate > 1M";
	check("paused-held", &s->scene, true);

	fresh(s)->scene.recording = CONN_RECORDING_RUNS;
	check("recording", &s->scene, false);
	s->scene.recording = CONN_RECORDING_FAILED;
	check("recording-failed", &s->scene, true);

	fresh(s)->frame.source_stats.lost_finals = 12;
	s->frame.source_stats.lost_flows = 3;
	s->frame.table_stats.evicted = 7;
	s->frame.balance.accounted = 0.71;
	s->frame.balance.in.other_bytes = 25000000;
	s->frame.balance.forwarded_packets = 18000;
	s->frame.balance.retrans_share = 0.031;
	s->scene.selection_text = "port 443";
	check("lost", &s->scene, true);

	fresh(s)->frame.balance.seconds = 0;
	s->frame.host = "a-host-with-quite-a-long-name.rack17.dc2.example.net";
	check("first-look", &s->scene, false);

	fresh(s)->scene.replay = (struct conn_replay){
		.play = CONN_PLAY_PLAYING,
		.from_ns = SAMPLES_REALTIME_NS - 1800 * SAMPLES_SEC,
		.to_ns = SAMPLES_REALTIME_NS + 3000 * SAMPLES_SEC,
		.speed = 4,
	};
	check("replay", &s->scene, false);
	s->scene.replay.play = CONN_PLAY_PAUSED;
	s->scene.replay.speed = 0.5;
	s->scene.replay.to_ns += 86400 * SAMPLES_SEC;
	check("replay-paused", &s->scene, false);

	fresh(s)->scene.frame = NULL;
	s->scene.n_lines = 0;
	check("no-frame", &s->scene, false);

	fresh(s)->scene.n_lines = 0;
	s->frame.tick.n_active = 0;
	s->frame.balance = (struct balance){0};
	check("empty", &s->scene, false);
}

/* Escapes, right-to-left overrides, wide characters, bad bytes, and more of them than there is
 * room for. */
static const char *hostile_name(void *user, const struct conn_row *row)
{
	(void)row;
	return user;
}

static void test_hostile(struct samples *s)
{
	static char name[301];
	static const char *const names[] = {
		"\033[31mred\033]0;title\007",
		"\xe2\x80\xae"
		"drowssap",
		"漢字漢字漢字漢字漢字",
		"\xff\xfe\xfd",
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		name,
	};
	char what[32];

	memset(name, 'x', 300);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char copy[512];

		snprintf(copy, sizeof(copy), "%s", names[i]);
		fresh(s)->names =
			(struct conn_names){copy,         hostile_name, hostile_name, hostile_name,
					    hostile_name, hostile_name, NULL};
		s->frame.host = names[i];
		s->frame.source = names[i];
		s->scene.filter_text = names[i];
		s->scene.selection_text = names[i];
		s->scene.message = names[i];
		s->scene.command_line = names[i];
		s->scene.detail = true;
		snprintf(s->frame.balance.link, sizeof(s->frame.balance.link), "%s", names[i]);
		snprintf(what, sizeof(what), "hostile-%zu", i);
		check(what, &s->scene, false);
	}
}

int main(void)
{
	static struct samples samples;

	setenv("TZ", "UTC", 1);
	tzset();
	test_tables(&samples);
	test_groups(&samples);
	test_details(&samples);
	test_footers(&samples);
	test_headers(&samples);
	test_hostile(&samples);
	return tap_done();
}
