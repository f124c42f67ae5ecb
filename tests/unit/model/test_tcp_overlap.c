/* SPDX-License-Identifier: MIT */

/*
 * Whose bytes count where segments overlap: a line for each case of each policy, then many random
 * segments beside a model of the policies that knows nothing of pieces and pages.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcp_play.h"

/* Steps (tcp_play.h) after "I syn,", and what each policy hears of them. */
struct overlap {
	const char *what;
	const char *steps;
	const char *first;
	const char *last;
	const char *bsd; /* and Windows */
	const char *linux_;
	unsigned int conflicts;
};

static const struct overlap overlaps[] = {
	{"the same", "I 2 'cccc,I 2 'CCCC,I 0 'aa", "aacccc", "aaCCCC", "aacccc", "aacccc", 1},
	{"starts with it, ends before", "I 2 'cccc,I 2 'CC,I 0 'aa", "aacccc", "aaCCcc", "aacccc",
	 "aacccc", 1},
	{"starts with it, ends after", "I 2 'cc,I 2 'CCCC,I 0 'aa", "aaccCC", "aaCCCC", "aaccCC",
	 "aaCCCC", 1},
	{"starts before, ends within", "I 4 'cccc,I 2 'CCCC,I 0 'aa", "aaCCcccc", "aaCCCCcc",
	 "aaCCCCcc", "aaCCCCcc", 1},
	{"starts before, ends with it", "I 4 'cc,I 2 'CCCC,I 0 'aa", "aaCCcc", "aaCCCC", "aaCCCC",
	 "aaCCCC", 1},
	{"starts before, ends after", "I 3 'cc,I 2 'CCCC,I 0 'aa", "aaCccC", "aaCCCC", "aaCCCC",
	 "aaCCCC", 1},
	{"starts within, ends within", "I 2 'cccc,I 3 'CC,I 0 'aa", "aacccc", "aacCCc", "aacccc",
	 "aacccc", 1},
	{"starts within, ends with it", "I 2 'cccc,I 4 'CC,I 0 'aa", "aacccc", "aaccCC", "aacccc",
	 "aacccc", 1},
	{"starts within, ends after", "I 2 'cccc,I 4 'CCCC,I 0 'aa", "aaccccCC", "aaccCCCC",
	 "aaccccCC", "aaccccCC", 1},
	{"over two", "I 2 'cc,I 5 'dd,I 1 'CCCCCCC,I 0 'a", "aCccCddC", "aCCCCCCC", "aCCCCCCC",
	 "aCCCCCCC", 1},
	{"from one into the next", "I 2 'ccc,I 6 'ddd,I 4 'CCC,I 0 'aa", "aacccCddd", "aaccCCCdd",
	 "aacccCCdd", "aacccCCdd", 1},
	{"the same bytes", "I 2 'cccc,I 3 'ccccc,I 0 'aa", "aacccccc", "aacccccc", "aacccccc",
	 "aacccccc", 0},
	/* The front of c is B's now: for BSD c begins behind it, for Linux where it began. */
	{"a piece that was cut", "I 4 'cccc,I 2 'BBBB,I 5 'DDD,I 0 'aa", "aaBBcccc", "aaBBBDDD",
	 "aaBBBBDD", "aaBBBBcc", 2},
	{"in order, over what waits", "I 2 'cc,I 0 'AAAAAA", "AAccAA", "AAAAAA", "AAAAAA", "AAAAAA",
	 1},
	{"in order, into what waits", "I 2 'cccc,I 0 'AAAA", "AAcccc", "AAAAcc", "AAAAcc", "AAAAcc",
	 1},
	{"in order, over two", "I 1 'c,I 3 'd,I 0 'AAAAA", "AcAdA", "AAAAA", "AAAAA", "AAAAA", 1},
	{"delivered bytes are not changed", "I 0 'aaaa,I 0 'AAAAAA", "aaaaAA", "aaaaAA", "aaaaAA",
	 "aaaaAA", 0},
};

static void check_overlap(const struct overlap *overlap, enum weir_overlap_policy policy,
			  const char *want)
{
	static const uint32_t bases[] = {1, UINT32_MAX - 2, 2045};
	struct tcp_session_options options = {.policy = policy};
	struct str_buf steps = {0};
	struct str_buf heard = {0};
	struct str_buf wanted = {0};
	struct tcp_play_counts counts;

	str_buf_printf(&steps, "I syn,%s", overlap->steps);
	str_buf_printf(&wanted, "I0'%s |", want);
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		tcp_play(&options, steps.data, bases[i], &heard, &counts);
		is_str(heard.data, wanted.data, "policy %d: %s (at %u)", (int)policy, overlap->what,
		       bases[i]);
		is_int(counts.conflicts, overlap->conflicts, "and its conflicts");
	}
	str_buf_done(&steps);
	str_buf_done(&heard);
	str_buf_done(&wanted);
}

/*
 * The model. Of each byte that waits it knows which segment told it. A segment wins or loses
 * against each other one as a whole.
 */
#define STREAM_MAX 400
#define SEGMENTS_MAX 48

struct told {
	int start;
	int end;
};

struct model {
	enum weir_overlap_policy policy;
	struct told segments[SEGMENTS_MAX];
	int n_segments;
	int owner[STREAM_MAX]; /* number of a segment; -1: not there */
	uint8_t bytes[STREAM_MAX];
	int next;
};

/* Whether segment n wins at a byte, going by what was there before it came. */
static bool model_wins(const struct model *model, const int *owner, int n, int at)
{
	const struct told *mine = &model->segments[n];
	const struct told *other = &model->segments[owner[at]];
	int front = at;

	while (front > 0 && owner[front - 1] == owner[at])
		front--;
	switch (model->policy) {
	case WEIR_OVERLAP_FIRST:
		return false;
	case WEIR_OVERLAP_LAST:
		return true;
	case WEIR_OVERLAP_BSD:
	case WEIR_OVERLAP_WINDOWS:
		return mine->start < front;
	case WEIR_OVERLAP_LINUX:
		return mine->start < other->start ||
		       (mine->start == other->start && mine->end > other->end);
	}
	return false;
}

static void model_push(struct model *model, struct told told, const uint8_t *bytes)
{
	int before[STREAM_MAX];
	int n = model->n_segments++;

	model->segments[n] = told;
	memcpy(before, model->owner, sizeof(before));
	for (int at = told.start; at < told.end; at++) {
		if (at < model->next || (before[at] >= 0 && !model_wins(model, before, n, at)))
			continue;
		model->owner[at] = n;
		model->bytes[at] = bytes[at - told.start];
	}
	while (model->next < STREAM_MAX && model->owner[model->next] >= 0)
		model->next++;
}

struct stream {
	uint8_t bytes[STREAM_MAX];
	size_t len;
	bool torn; /* a gap, or bytes at the wrong place */
};

static bool hear_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	struct stream *stream = user;

	(void)side;
	if (offset != stream->len || data.len > STREAM_MAX - stream->len) {
		stream->torn = true;
		return true;
	}
	memcpy(stream->bytes + stream->len, data.data, data.len);
	stream->len += data.len;
	return true;
}

static void hear_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		     enum weir_gap_reason reason)
{
	(void)side, (void)offset, (void)len, (void)reason;
	((struct stream *)user)->torn = true;
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

struct beside {
	struct tcp_session_pool *pool;
	struct tcp_session session;
	struct tcp_session_sink sink;
	uint32_t base;
};

static void push_bytes(struct beside *beside, uint32_t seq, const uint8_t *bytes, size_t len,
		       uint8_t flags)
{
	const struct layers_tcp tcp = {
		.seq = seq, .flags = flags, .window = UINT16_MAX, .window_shift = 0xff};
	const struct tcp_session_segment segment = {
		.side = WEIR_RESPONDER,
		.tcp = &tcp,
		.payload = {bytes, len},
		.payload_len = (uint32_t)len,
	};
	struct tcp_session_pushed pushed;

	tcp_session_push(beside->pool, &beside->session, &segment, &beside->sink, &pushed);
}

/* Random segments to both until all has come; whether both have heard the same. */
static bool same_as_model(enum weir_overlap_policy policy, uint64_t seed)
{
	struct tcp_session_options options = {.policy = policy, .max_side_segments = UINT32_MAX};
	struct model model = {.policy = policy};
	struct stream stream = {0};
	struct beside beside = {.sink = {&stream, hear_data, hear_gap},
				.base = (uint32_t)seed * 2654435761u};
	uint64_t random = seed;

	if (tcp_session_pool_new(&options, &beside.pool) < 0)
		return false;
	memset(model.owner, 0xff, sizeof(model.owner));
	push_bytes(&beside, beside.base - 1, NULL, 0, TCP_SYN);
	for (int i = 0; i < SEGMENTS_MAX; i++) {
		uint8_t bytes[STREAM_MAX];
		struct told told = {.start = 1 + (int)draw(&random, STREAM_MAX - 1)};
		uint32_t most = STREAM_MAX - (uint32_t)told.start;

		told.end = told.start + 1 + (int)draw(&random, most < 60 ? most : 60);
		/* Small holes first, so that what waits is many; then the beginning now and then.
		 */
		if (i % 16 == 15)
			told = (struct told){0, 1 + (int)draw(&random, 120)};
		if (i == SEGMENTS_MAX - 1)
			told = (struct told){0, STREAM_MAX};
		for (int at = told.start; at < told.end; at++)
			bytes[at - told.start] = (uint8_t)('a' + (at + (int)draw(&random, 2)) % 26);
		model_push(&model, told, bytes);
		push_bytes(&beside, beside.base + (uint32_t)told.start, bytes,
			   (size_t)(told.end - told.start), TCP_ACK);
		stream.torn = stream.torn || (int)stream.len != model.next;
	}
	tcp_session_finish(beside.pool, &beside.session, &beside.sink);
	tcp_session_pool_free(beside.pool);
	return !stream.torn && stream.len == STREAM_MAX &&
	       memcmp(stream.bytes, model.bytes, STREAM_MAX) == 0;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(overlaps) / sizeof(overlaps[0]); i++) {
		check_overlap(&overlaps[i], WEIR_OVERLAP_FIRST, overlaps[i].first);
		check_overlap(&overlaps[i], WEIR_OVERLAP_LAST, overlaps[i].last);
		check_overlap(&overlaps[i], WEIR_OVERLAP_BSD, overlaps[i].bsd);
		check_overlap(&overlaps[i], WEIR_OVERLAP_WINDOWS, overlaps[i].bsd);
		check_overlap(&overlaps[i], WEIR_OVERLAP_LINUX, overlaps[i].linux_);
	}
	for (int policy = WEIR_OVERLAP_FIRST; policy <= WEIR_OVERLAP_WINDOWS; policy++) {
		uint64_t wrong = 0;

		for (uint64_t seed = 1; seed <= 2000 && !wrong; seed++)
			if (!same_as_model((enum weir_overlap_policy)policy, seed))
				wrong = seed;
		is_int(wrong, 0, "policy %d as its model says (first seed that differs)", policy);
	}
	return tap_done();
}
