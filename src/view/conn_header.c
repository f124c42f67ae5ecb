/* SPDX-License-Identifier: MIT */

/*
 * Ranks: what a screen too narrow for all keeps longest has the lowest one. Paused, held and lost
 * come before every number, because they say what the numbers are worth.
 */

#include "view/conn_header.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "view/conn_cell.h"
#include "view/conn_strip.h"
#include "view/figures.h"

#define NS_PER_SEC 1000000000ULL

/* Where more of an interface's bytes than that are accounted for, all is well; and where fewer than
 * that are, the numbers below are not the whole story. */
#define ACCOUNTED_GOOD 0.95
#define ACCOUNTED_BAD 0.90
#define HOST_COLUMNS_BRIEF 12
#define FILTER_COLUMNS_BRIEF 20

void conn_counts_take(const struct conn_tick *tick, struct conn_counts *ret_counts)
{
	struct conn_counts counts = {0};

	/* A row is active in the ticks after the one it closed in, but then it is at rest. */
	for (size_t i = 0; i < tick->n_active + tick->n_closed; i++) {
		const struct conn_row *row =
			i < tick->n_active ? tick->active[i] : tick->closed[i - tick->n_active];

		if (!conn_text_is_closed(row) && row->state != WEIR_TCP_LISTEN) {
			counts.open++;
			counts.established += row->state == WEIR_TCP_ESTABLISHED;
		}
		/* Not the sum of rates: one that lived for a moment has a rate of that moment. */
		counts.bytes_in += row->delta_in;
		counts.bytes_out += row->delta_out;
		counts.rate_known |= conn_text_has_rates(row);
	}
	*ret_counts = counts;
}

enum clock_form {
	CLOCK_TIME,
	CLOCK_DAY_AND_TIME,
	CLOCK_DATE,
};

/* In the time zone of whoever reads it. */
static void add_clock(struct str_buf *buf, uint64_t realtime_ns, enum clock_form form)
{
	time_t sec = (time_t)(realtime_ns / NS_PER_SEC);
	struct tm tm;

	if (!localtime_r(&sec, &tm))
		return;
	if (form == CLOCK_DATE)
		str_buf_printf(buf, "%04d-", tm.tm_year + 1900);
	if (form != CLOCK_TIME)
		str_buf_printf(buf, "%02d-%02d", tm.tm_mon + 1, tm.tm_mday);
	if (form == CLOCK_DAY_AND_TIME)
		str_buf_putc(buf, ' ');
	if (form != CLOCK_DATE)
		str_buf_printf(buf, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_speed(struct str_buf *buf, double speed)
{
	bool is_whole = speed == (double)(uint64_t)speed;

	str_buf_putc(buf, 'x');
	text_fixed(buf, speed, is_whole ? 0 : speed < 1 ? 2 : 1);
}

static unsigned percent_played(const struct conn_replay *replay, uint64_t now_ns)
{
	if (now_ns <= replay->from_ns || replay->to_ns <= replay->from_ns)
		return 0;
	if (now_ns >= replay->to_ns)
		return 100;
	return (unsigned)((double)(now_ns - replay->from_ns) * 100 /
			  (double)(replay->to_ns - replay->from_ns));
}

static bool is_same_day(uint64_t a_ns, uint64_t b_ns)
{
	time_t a_sec = (time_t)(a_ns / NS_PER_SEC);
	time_t b_sec = (time_t)(b_ns / NS_PER_SEC);
	struct tm a;
	struct tm b;

	return localtime_r(&a_sec, &a) && localtime_r(&b_sec, &b) && a.tm_year == b.tm_year &&
	       a.tm_yday == b.tm_yday;
}

/* Where in a recording this is; from when to when it goes. */
static void add_replay(struct conn_strip *strip, const struct conn_scene *scene)
{
	const struct conn_replay *replay = &scene->replay;
	bool paused = replay->play == CONN_PLAY_PAUSED;
	bool one_day = is_same_day(replay->from_ns, replay->to_ns);
	enum clock_form form = one_day ? CLOCK_TIME : CLOCK_DAY_AND_TIME;
	struct str_buf *text = &strip->text;
	struct conn_strip_piece *piece;

	piece = conn_strip_add(strip, "", paused ? ROLE_WARNING : ROLE_GOOD, 0);
	str_buf_puts(text, paused ? "REPLAY paused" : "REPLAY playing");
	if (!paused) {
		piece->brief = (int)strlen("REPLAY");
		piece->brief_rank = 7;
	}
	conn_strip_add(strip, "", ROLE_TITLE, 3);
	add_speed(text, replay->speed);
	if (scene->frame && one_day) {
		conn_strip_add(strip, "", ROLE_TITLE, 7);
		add_clock(text, scene->frame->realtime_ns, CLOCK_DATE);
	}
	if (scene->frame) {
		conn_strip_add(strip, "", ROLE_TITLE, 1);
		add_clock(text, scene->frame->realtime_ns, form);
		conn_strip_add(strip, "", ROLE_NORMAL, 8);
		str_buf_printf(text, "%u%%", percent_played(replay, scene->frame->realtime_ns));
	}
	conn_strip_add(strip, "of", ROLE_NORMAL, 2);
	add_clock(text, replay->from_ns, form);
	str_buf_putc(text, '-');
	add_clock(text, replay->to_ns, form);
}

static void add_interval(struct conn_strip *strip, const struct conn_frame *frame)
{
	conn_strip_add(strip, "", ROLE_DIM, 9);
	text_fixed(&strip->text, (double)frame->interval_ns / (double)NS_PER_SEC, 1);
	str_buf_putc(&strip->text, 's');
}

/* "bpf", or the whole of "bpf: tcp sk_storage, udp cgroup_skb". */
static void add_source(struct conn_strip *strip, const struct conn_frame *frame)
{
	struct conn_strip_piece *piece = conn_strip_add(strip, "", ROLE_NORMAL, 7);

	conn_cell_escape(&strip->text, frame->source);
	if (!strip->text.error)
		piece->brief = (int)strcspn(strip->text.data + piece->value, ":");
	piece->brief_rank = 12;
}

static void add_counts(struct conn_strip *strip, const struct conn_counts *counts)
{
	struct conn_strip_piece *piece = conn_strip_add(strip, "", ROLE_NORMAL, 3);

	str_buf_printf(&strip->text, "%zu conn", counts->open);
	piece->brief = (int)(strip->text.len - piece->value);
	piece->brief_rank = 6;
	str_buf_printf(&strip->text, " %zu est", counts->established);
}

static void pad_left(struct str_buf *buf, size_t start, size_t width)
{
	size_t len = buf->error ? width : buf->len - start;

	if (len >= width || !str_buf_reserve(buf, width - len))
		return;
	memmove(buf->data + start + width - len, buf->data + start, len + 1);
	memset(buf->data + start, ' ', width - len);
	buf->len += width - len;
}

/* How long the tick was; where that is not known, how long it should have been. */
static double tick_seconds(const struct conn_frame *frame)
{
	if (frame->balance.seconds > 0)
		return frame->balance.seconds;
	return (double)frame->interval_ns / (double)NS_PER_SEC;
}

/* Of a fixed width, so that nothing before it moves from tick to tick. */
static void add_rate(struct conn_strip *strip, const struct conn_scene *scene, const char *label,
		     const struct conn_counts *counts, bool in)
{
	struct conn_strip_piece *piece = conn_strip_add(strip, label, in ? ROLE_RX : ROLE_TX, 1);
	double bytes = (double)(in ? counts->bytes_in : counts->bytes_out);
	double seconds = tick_seconds(scene->frame);

	piece->right = true;
	if (counts->rate_known && seconds > 0)
		figures_rate_unit(&strip->text, &scene->words->units, bytes / seconds);
	else
		str_buf_putc(&strip->text, '-');
	pad_left(&strip->text, piece->value, 8);
}

/* That it has failed stands there for good: whoever counts on it must not find out afterwards. */
static void add_recording(struct conn_strip *strip, const struct conn_scene *scene)
{
	bool failed = scene->recording == CONN_RECORDING_FAILED;

	if (scene->recording == CONN_RECORDING_NONE)
		return;
	conn_strip_add(strip, "", failed ? ROLE_BAD : ROLE_GOOD, failed ? 0 : 2)->right = true;
	str_buf_puts(&strip->text, failed ? "REC FAILED" : "rec");
}

/* What the user has set, and must not forget. In one line it has to get in beside all else. */
static void add_holds(struct conn_strip *strip, const struct conn_scene *scene)
{
	add_recording(strip, scene);
	if (scene->paused) {
		conn_strip_add(strip, "", ROLE_WARNING, 0)->right = true;
		str_buf_puts(&strip->text, "PAUSED");
	}
	if (scene->held) {
		conn_strip_add(strip, "", ROLE_WARNING, 0)->right = true;
		str_buf_puts(&strip->text, "HELD");
	}
}

static void add_first(struct conn_strip *strip, const struct conn_scene *scene, bool is_alone)
{
	const struct conn_frame *frame = scene->frame;
	struct conn_counts taken;
	const struct conn_counts *counts = scene->counts;
	struct conn_strip_piece *piece;

	conn_strip_add(strip, "", ROLE_TITLE, 8);
	str_buf_puts(&strip->text, "tcptop");
	if (!frame && scene->replay.play == CONN_PLAY_LIVE) {
		conn_strip_add(strip, "", ROLE_NORMAL, 1);
		str_buf_puts(&strip->text, "taking the first look at this host");
		return;
	}
	if (frame) {
		piece = conn_strip_add(strip, "", ROLE_TITLE, 5);
		piece->brief = HOST_COLUMNS_BRIEF;
		piece->brief_rank = 10;
		piece->cut = true;
		conn_cell_escape(&strip->text, frame->host);
	}
	if (scene->replay.play != CONN_PLAY_LIVE)
		add_replay(strip, scene);
	if (!frame)
		return;
	if (scene->replay.play == CONN_PLAY_LIVE) {
		conn_strip_add(strip, "", ROLE_TITLE, 4);
		add_clock(&strip->text, frame->realtime_ns, CLOCK_TIME);
	}
	if (!counts) {
		conn_counts_take(&frame->tick, &taken);
		counts = &taken;
	}
	add_interval(strip, frame);
	add_source(strip, frame);
	add_counts(strip, counts);
	add_rate(strip, scene, is_alone ? "rx" : "down", counts, true);
	add_rate(strip, scene, is_alone ? "tx" : "up", counts, false);
}

static void add_link_rate(struct conn_strip *strip, const struct conn_scene *scene,
			  const char *label, double bytes_per_sec)
{
	size_t start;

	str_buf_puts(&strip->text, label);
	start = strip->text.len;
	if (scene->frame->balance.seconds > 0)
		figures_rate(&strip->text, &scene->words->units, bytes_per_sec);
	else
		str_buf_putc(&strip->text, '-');
	pad_left(&strip->text, start, 5);
}

static void add_link(struct conn_strip *strip, const struct conn_scene *scene)
{
	const struct balance *balance = &scene->frame->balance;
	struct conn_strip_piece *piece = conn_strip_add(strip, "", ROLE_NORMAL, 5);

	if (!balance->link[0]) {
		piece->role = ROLE_DIM;
		str_buf_puts(&strip->text, "no interface known");
		return;
	}
	conn_cell_escape(&strip->text, balance->link);
	add_link_rate(strip, scene, " rx ", balance->rx_rate);
	add_link_rate(strip, scene, " tx ", balance->tx_rate);
}

/*
 * What the bytes are that no socket accounts for. Of what is forwarded the kernel counts only
 * packets; if that many packets of the usual size make up half of the rest, that is what it is.
 */
static const char *name_rest(const struct balance *balance)
{
	double link = (double)(balance->in.link_bytes + balance->out.link_bytes);
	double packets = (double)(balance->in.link_packets + balance->out.link_packets);
	double rest = (double)(balance->in.other_bytes + balance->out.other_bytes);
	double usual = packets > 0 ? link / packets : 0;

	if ((double)balance->forwarded_packets * usual * 2 >= rest && balance->forwarded_packets)
		return "forwarded";
	if (balance->lost_events)
		return "lost events, other netns or protocols";
	return "other netns or protocols";
}

/* Headers are worked out, so the share is; hence its '~'. */
static void add_accounted(struct conn_strip *strip, const struct conn_scene *scene)
{
	const struct balance *balance = &scene->frame->balance;
	struct str_buf *text = &strip->text;
	bool is_bad = balance->accounted < ACCOUNTED_BAD;
	struct conn_strip_piece *piece;
	double link;
	double rest;

	if (!balance->link[0] || !(balance->seconds > 0))
		return;
	link = (double)(balance->in.link_bytes + balance->out.link_bytes);
	rest = (double)(balance->in.other_bytes + balance->out.other_bytes);
	piece = conn_strip_add(strip, "accounted", is_bad ? ROLE_WARNING : ROLE_NORMAL, 4);
	if (balance->accounted >= ACCOUNTED_GOOD)
		piece->role = ROLE_GOOD;
	if (!(link > 0)) {
		str_buf_puts(text, "- (silent)");
		return;
	}
	str_buf_putc(text, '~');
	figures_percent(text, balance->accounted);
	str_buf_putc(text, '%');
	if (!(rest > 0))
		return;
	piece->brief = (int)(text->len - piece->value);
	str_buf_puts(text, ", rest ");
	figures_rate(text, &scene->words->units, rest / balance->seconds);
	str_buf_putc(text, ' ');
	str_buf_puts(text, name_rest(balance));
	/* Much that is not accounted for is told even where it costs other words. */
	piece->brief_rank = is_bad ? 4 : 9;
}

static void add_share(struct str_buf *text, const char *what, uint64_t bytes, double link)
{
	str_buf_puts(text, what);
	figures_percent(text, (double)bytes / link);
	str_buf_putc(text, '%');
}

/* What else, beside the payload of processes, is in the interface's bytes. */
static void add_overheads(struct conn_strip *strip, const struct balance *balance)
{
	double link = (double)(balance->in.link_bytes + balance->out.link_bytes);

	if (!balance->link[0] || !(link > 0) || !(balance->seconds > 0))
		return;
	conn_strip_add(strip, "", ROLE_DIM, 10);
	add_share(&strip->text, "headers ~", balance->in.header_bytes + balance->out.header_bytes,
		  link);
	conn_strip_add(strip, "", ROLE_DIM, 11);
	add_share(&strip->text, "ownerless ",
		  balance->in.ownerless_bytes + balance->out.ownerless_bytes, link);
}

static void add_retrans(struct conn_strip *strip, const struct balance *balance)
{
	bool is_known = balance->seconds > 0;
	double share = is_known ? balance->retrans_share : 0;
	enum role role = conn_cell_retrans_role(share);

	conn_strip_add(strip, "retr", role, role == ROLE_BAD ? 2 : 7);
	if (!is_known) {
		str_buf_putc(&strip->text, '-');
		return;
	}
	figures_percent(&strip->text, share);
	str_buf_putc(&strip->text, '%');
}

static void add_lost(struct conn_strip *strip, const struct conn_frame *frame)
{
	const struct weir_conn_source_stats *source = &frame->source_stats;
	const struct {
		uint64_t n;
		const char *what;
	} kinds[] = {
		{source->lost_finals, "closes"},
		{source->lost_names, "names"},
		{source->lost_sockets, "sockets"},
		{source->lost_flows, "datagrams"},
		{source->bad_records, "bad records"},
		{frame->table_stats.evicted, "forgotten (--max-conns)"},
		{frame->table_stats.refused, "events refused"},
	};
	struct str_buf *text = &strip->text;
	struct conn_strip_piece *piece;
	const char *separator = ": ";
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += kinds[i].n;
	if (!sum) {
		conn_strip_add(strip, "", ROLE_DIM, 8);
		str_buf_puts(text, "lost 0");
		return;
	}
	piece = conn_strip_add(strip, "", ROLE_BAD, 0);
	piece->brief_rank = 7;
	str_buf_puts(text, "LOST ");
	str_buf_u64(text, sum);
	piece->brief = (int)(text->len - piece->value);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].n)
			continue;
		str_buf_puts(text, separator);
		str_buf_printf(text, "%llu %s", (unsigned long long)kinds[i].n, kinds[i].what);
		separator = ", ";
	}
}

static void add_order(struct conn_strip *strip, const struct conn_scene *scene)
{
	const struct conn_query *query = scene->query;

	if (query->n_sort) {
		conn_strip_add(strip, "sort", ROLE_SORTED, 3)->right = true;
		str_buf_puts(&strip->text,
			     conn_sort_key_name((enum conn_sort_key)query->sort[0].key));
		str_buf_puts(&strip->text, query->sort[0].reverse ? " ^" : " v");
	}
	if (scene->grouping == CONN_GROUP_NONE)
		return;
	conn_strip_add(strip, "by", ROLE_GROUP, 3)->right = true;
	str_buf_puts(&strip->text, conn_grouping_name(scene->grouping));
}

/* Which connections are to be seen at all. */
static void add_choice(struct conn_strip *strip, const struct conn_scene *scene, int brief)
{
	const char *given = scene->selection_text;
	struct conn_strip_piece *piece;

	conn_strip_add(strip, "", ROLE_DIM, scene->show_closed ? 9 : 12)->right = true;
	if (scene->show_closed)
		str_buf_puts(&strip->text, scene->show_listening ? "+closed +listen" : "+closed");
	else
		str_buf_puts(&strip->text, "live only");
	if (given && *given && strcmp(given, "all") != 0) {
		piece = conn_strip_add(strip, "only", ROLE_WARNING, 2);
		piece->right = true;
		piece->brief = brief;
		piece->brief_rank = 6;
		piece->cut = true;
		conn_cell_escape(&strip->text, given);
	} else if (scene->show_closed && (!scene->filter_text || !*scene->filter_text)) {
		conn_strip_add(strip, "", ROLE_DIM, 9)->right = true;
		str_buf_puts(&strip->text, "all");
	}
	if (!scene->filter_text || !*scene->filter_text)
		return;
	piece = conn_strip_add(strip, "filter", ROLE_WARNING, 2);
	piece->right = true;
	piece->brief = brief;
	piece->brief_rank = 6;
	piece->cut = true;
	conn_cell_escape(&strip->text, scene->filter_text);
}

static void add_second(struct conn_strip *strip, const struct conn_scene *scene)
{
	if (scene->frame) {
		add_link(strip, scene);
		add_accounted(strip, scene);
		add_overheads(strip, &scene->frame->balance);
		add_retrans(strip, &scene->frame->balance);
		add_lost(strip, scene->frame);
	}
	add_order(strip, scene);
	add_choice(strip, scene, FILTER_COLUMNS_BRIEF);
	add_holds(strip, scene);
}

static void strip_done_p(struct conn_strip *strip)
{
	conn_strip_done(strip);
}

void conn_header_draw(struct area area, const struct conn_scene *scene)
{
	CLEANUP(strip_done_p) struct conn_strip strip = {.separator = " "};

	add_first(&strip, scene, area.height == 1);
	if (area.height == 1) {
		if (scene->frame)
			add_lost(&strip, scene->frame);
		add_choice(&strip, scene, 1); /* that there is one at all */
		add_holds(&strip, scene);
	}
	conn_strip_draw(&strip, area, 0);
	if (area.height < 2)
		return;
	strip.separator = " | ";
	add_second(&strip, scene);
	conn_strip_draw(&strip, area, 1);
}
