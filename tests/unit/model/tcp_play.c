/* SPDX-License-Identifier: MIT */
#include "tcp_play.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256

struct play {
	struct tcp_session_pool *pool;
	struct tcp_session session;
	struct str_buf *heard;
	struct tcp_play_counts *counts;
	uint32_t base[2];
	uint32_t stopped[2]; /* where the last payload of each side ended */
	uint64_t now_ns;
	uint64_t end[2]; /* offset behind what was heard last, of the side in `last` */
	int last;        /* side whose bytes were heard last, and nothing since; -1: none */
	enum weir_flow_end told;
};

struct step {
	struct tcp_session_segment segment;
	struct layers_tcp tcp;
	char text[TEXT_MAX];
};

static void part(struct play *play)
{
	if (play->heard->len)
		str_buf_putc(play->heard, ' ');
	play->last = -1;
}

static void expect(struct play *play, bool right, const char *what)
{
	if (right)
		return;
	part(play);
	str_buf_printf(play->heard, "!%s", what);
}

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct play *play = user;

	expect(play, offset == play->end[side], "offset");
	if (play->last != (int)side) {
		part(play);
		str_buf_printf(play->heard, "%c%llu'", "IR"[side], (unsigned long long)offset);
	}
	str_buf_add(play->heard, (const char *)data.data, data.len);
	play->last = (int)side;
	play->end[side] = offset + data.len;
	return !memchr(data.data, '#', data.len);
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	static const char *const reasons[] = {"lost", "memory", "end", "reader"};
	struct play *play = user;

	expect(play, offset == play->end[side], "offset");
	part(play);
	str_buf_printf(play->heard, "%c%llu-%llu%s", "IR"[side], (unsigned long long)offset,
		       (unsigned long long)(offset + len), reasons[reason]);
	play->end[side] = offset + len;
}

static bool word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

/* NAME=N */
static bool word_sets(const char *word, const char *name, long *ret_value)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0 || word[len] != '=')
		return false;
	*ret_value = strtol(word + len + 1, NULL, 10);
	return true;
}

static void read_word(struct play *play, const char *word, size_t len, struct step *step)
{
	enum weir_side side = step->segment.side;
	long value;

	if (*word == '\'') {
		memcpy(step->text, word + 1, len - 1);
		step->segment.payload = (struct bytes){(const uint8_t *)step->text, len - 1};
	} else if (word_sets(word, "ack", &value)) {
		step->tcp.flags |= TCP_ACK;
		step->tcp.ack = play->base[!side] + (uint32_t)value;
	} else if (word_sets(word, "win", &value)) {
		step->tcp.window = (uint16_t)value;
	} else if (word_sets(word, "scale", &value)) {
		step->tcp.window_shift = (uint8_t)value;
	} else if (word_sets(word, "cut", &value)) {
		step->segment.payload_len = (uint32_t)value;
	} else if (word_sets(word, "ms", &value)) {
		play->now_ns = UINT64_C(1000000000) + (uint64_t)value * 1000000;
	} else if (word_is(word, len, "syn")) {
		step->tcp.flags |= TCP_SYN;
	} else if (word_is(word, len, "fin")) {
		step->tcp.flags |= TCP_FIN;
	} else if (word_is(word, len, "rst")) {
		step->tcp.flags |= TCP_RST;
	} else {
		step->tcp.seq = (uint32_t)strtol(word, NULL, 10);
	}
}

static void push_step(struct play *play, struct step *step)
{
	static const struct tcp_session_sink sink_model = {.data = hear_data, .gap = hear_gap};
	struct tcp_session_sink sink = sink_model;
	enum weir_side side = step->segment.side;
	struct tcp_session_pushed pushed;
	struct tcp_session_totals totals;

	sink.user = play;
	step->segment.payload_len += (uint32_t)step->segment.payload.len;
	play->stopped[side] = step->tcp.seq + step->segment.payload_len;
	step->tcp.seq += play->base[side] - !!(step->tcp.flags & TCP_SYN);
	step->segment.tcp = &step->tcp;
	step->segment.time_ns = play->now_ns;
	tcp_session_push(play->pool, &play->session, &step->segment, &sink, &pushed);
	tcp_session_pool_totals(play->pool, &totals);
	expect(play, pushed.taken + pushed.duplicate + pushed.shed == step->segment.payload_len,
	       "segment");
	expect(play,
	       totals.payload == totals.delivered + totals.duplicate + totals.shed + totals.held,
	       "totals");
	play->counts->retransmits += !!(pushed.flags & TCP_PUSHED_RETRANSMIT);
	play->counts->early += !!(pushed.flags & TCP_PUSHED_OUT_OF_ORDER);
	play->counts->conflicts += !!(pushed.flags & TCP_PUSHED_CONFLICT);
	play->counts->stray_syns += !!(pushed.flags & TCP_PUSHED_STRAY_SYN);
	play->counts->bad_resets += !!(pushed.flags & TCP_PUSHED_BAD_RESET);
	play->counts->keepalives += !!(pushed.flags & TCP_PUSHED_KEEPALIVE);
	if (pushed.end != play->told) {
		part(play);
		str_buf_puts(play->heard, pushed.end == WEIR_END_FIN ? "fin" : "rst");
		play->told = pushed.end;
	}
}

/* One step; returns what follows it. */
static const char *play_step(struct play *play, const char *text)
{
	struct step step = {.tcp = {.window = UINT16_MAX, .window_shift = 0xff}};

	step.segment.side = *text++ == 'I' ? WEIR_INITIATOR : WEIR_RESPONDER;
	step.tcp.seq = play->stopped[step.segment.side];
	while (*text == ' ') {
		size_t len = strcspn(++text, " ,");

		read_word(play, text, len, &step);
		text += len;
	}
	push_step(play, &step);
	return *text == ',' ? text + 1 : text;
}

static void play_end(struct play *play)
{
	const struct tcp_session_sink sink = {.user = play, .data = hear_data, .gap = hear_gap};
	struct tcp_session_totals totals;

	part(play);
	str_buf_putc(play->heard, '|');
	tcp_session_finish(play->pool, &play->session, &sink);
	tcp_session_finish(play->pool, &play->session, &sink);
	tcp_session_pool_totals(play->pool, &totals);
	expect(play,
	       !totals.held && !play->session.side[0].waiting && !play->session.side[1].waiting,
	       "held");
	expect(play, totals.payload == totals.delivered + totals.duplicate + totals.shed, "totals");
	play->counts->duplicate = totals.duplicate;
	play->counts->shed = totals.shed;
	expect(play, totals.delivered + totals.gap_bytes == play->end[0] + play->end[1], "gaps");
}

void tcp_play(const struct tcp_session_options *options, const char *steps, uint32_t base,
	      struct str_buf *heard, struct tcp_play_counts *ret_counts)
{
	struct play play = {
		.heard = heard,
		.counts = ret_counts,
		.base = {base, base * 3 + 77},
		.now_ns = UINT64_C(1000000000),
		.last = -1,
	};

	*ret_counts = (struct tcp_play_counts){0};
	str_buf_clear(heard);
	if (tcp_session_pool_new(options, &play.pool) < 0) {
		str_buf_puts(heard, "!pool");
		return;
	}
	while (*steps)
		steps = play_step(&play, steps);
	play_end(&play);
	tcp_session_pool_free(play.pool);
}
