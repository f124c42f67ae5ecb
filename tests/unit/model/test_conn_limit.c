/* SPDX-License-Identifier: MIT */

/* What an expert would say of two looks at ss -tin, a second apart. */

#include <string.h>

#include "model/conn_limit.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MS 1000

/* In milliseconds and bytes; busy, rwnd and sndbuf are what the clocks moved by. */
struct look {
	const char *what;
	const char *want;
	unsigned busy, rwnd, sndbuf;
	uint64_t sent, received;
	uint32_t retrans; /* bytes, in the interval */
	uint32_t unsent, unacked, unread;
	uint32_t srtt, rttvar;   /* 0: 10 and 1 */
	unsigned length;         /* 0: 1000 */
	unsigned silent;         /* the peer's window, before the interval */
	uint8_t state;           /* 0: ESTABLISHED */
	uint8_t before;          /* enum weir_limit */
	uint32_t total_segments; /* retransmitted ever */
	bool no_info;
};

static const struct look looks[] = {
	{"nothing happens", "-", .busy = 0},
	{"it only receives", "receiving", .received = 1 << 20, .unread = 1000},
	{"one small answer, within a kernel tick", "app", .sent = 300},
	{"a request now and then", "app", .busy = 40, .sent = 3000},
	{"busy a third of the time", "app", .busy = 333, .sent = 1 << 20},
	{"a third, of which all is rwnd", "app", .busy = 333, .rwnd = 333, .sent = 1 << 20},
	{"a burst that has just begun", "app", .busy = 100, .sent = 1 << 16, .unsent = 9000},
	{"all that was written is on its way", "app", .busy = 1000, .sent = 900, .unacked = 900},
	{"bulk, the window full", "cwnd", .busy = 1000, .sent = 1 << 20, .unsent = 5000},
	{"mostly so", "cwnd", .busy = 900, .rwnd = 300, .sndbuf = 100, .sent = 99, .unsent = 1},
	{"our buffer too small", "sndbuf", .busy = 1000, .sndbuf = 700, .sent = 1 << 20},
	{"sndbuf before rwnd", "sndbuf", .busy = 1000, .sndbuf = 500, .rwnd = 400, .sent = 1},
	{"a slow reader", "rwnd", .busy = 1000, .rwnd = 950, .sent = 4096, .unsent = 1 << 20},
	{"rwnd before the network", "rwnd", .busy = 1000, .rwnd = 500, .sent = 1, .unsent = 1},
	{"no window for a second", "rwnd", .busy = 1000, .rwnd = 1000, .unsent = 1},
	{"for three", "peer-not-reading", .busy = 1000, .rwnd = 1000, .unsent = 1, .silent = 2000},
	{"for three at once", "peer-not-reading", .busy = 3000, .rwnd = 3000, .length = 3000},
	{"not yet three", "rwnd", .busy = 999, .rwnd = 999, .length = 999, .silent = 2000},
	{"and it takes some", "rwnd", .busy = 1000, .rwnd = 1000, .sent = 1, .silent = 3000},
	{"that stopped in the middle", "rwnd", .busy = 1000, .rwnd = 700, .sent = 1, .unsent = 1},
	{"1 % sent again", "loss", .busy = 1000, .sent = 99000, .retrans = 1000, .unsent = 1},
	{"less than 1 %", "cwnd", .busy = 1000, .sent = 99001, .retrans = 1000, .unsent = 1},
	{"only sent again", "loss", .busy = 1000, .retrans = 1448, .unacked = 1448},
	{"loss, but the reader is slower", "rwnd", .busy = 999, .rwnd = 600, .sent = 9,
	 .retrans = 9},
	{"loss in a pause", "app", .busy = 210, .sent = 1000, .retrans = 1000},
	{"no acknowledgement for an interval", "loss", .busy = 1000, .unacked = 10, .unsent = 1},
	{"and some of it new", "loss", .busy = 1000, .sent = 9, .unacked = 10},
	{"the last segment is not older", "app", .busy = 1000, .sent = 10, .unacked = 10},
	{"a long way", "cwnd", .busy = 1000, .unacked = 10, .unsent = 1, .srtt = 900},
	{"an uncertain one", "cwnd", .busy = 1000, .unacked = 10, .unsent = 1, .rttvar = 300},
	{"too short to tell", "app", .busy = 100, .unacked = 10, .length = 100},
	{"between two retransmissions", "loss", .busy = 100, .unacked = 10, .length = 100,
	 .before = WEIR_LIMIT_LOSS},
	{"after them", "app", .busy = 100, .unacked = 10, .sent = 10, .length = 100,
	 .before = WEIR_LIMIT_LOSS},
	{"the peer is gone after our FIN", "loss", .busy = 1000, .unacked = 1,
	 .state = WEIR_TCP_FIN_WAIT1},
	{"our FIN was sent just now", "app", .busy = 10, .unacked = 1, .state = WEIR_TCP_FIN_WAIT1},
	{"we do not read", "not-reading", .unread = 1 << 20},
	{"we read, but not enough", "not-reading", .received = 1 << 20, .unread = (1 << 20) + 1},
	{"we answer without reading", "not-reading", .busy = 10, .sent = 100, .unread = 50},
	{"a slow reader gets a piece", "not-reading", .received = 1 << 20, .unread = 1 << 19,
	 .before = WEIR_LIMIT_READER},
	{"one that was not slow before", "receiving", .received = 1 << 20, .unread = 1 << 19},
	{"it has caught up", "receiving", .received = 1 << 20, .unread = 1 << 18,
	 .before = WEIR_LIMIT_READER},
	{"neither side reads", "peer-not-reading", .busy = 1000, .rwnd = 1000, .unread = 9,
	 .silent = 3000},
	{"a SYN on its way", "-", .state = WEIR_TCP_SYN_SENT, .unacked = 1},
	{"a SYN that nobody answers", "loss", .state = WEIR_TCP_SYN_SENT, .unacked = 1,
	 .total_segments = 1},
	{"a source that tells no tcp_info", "", .busy = 1000, .no_info = true},
	{"clocks beyond the interval", "cwnd", .busy = 1004, .sent = 1, .unsent = 1},
	{"clocks that contradict each other", "rwnd", .busy = 900, .rwnd = 1004, .sndbuf = 1004,
	 .sent = 1},
};

static const char *say(const struct look *look, struct conn_limit_base base)
{
	unsigned length = look->length ? look->length : 1000;
	const struct conn_limit_span span = {
		.length_us = (uint64_t)length * MS,
		.sent_bytes = look->sent,
		.received_bytes = look->received,
		.state = look->state ? look->state : WEIR_TCP_ESTABLISHED,
		.silent_us = look->silent * MS,
		.before = look->before,
	};
	/* What the counters have reached, past 2^32. */
	const struct weir_tcp_info tcp = {
		.srtt_us = (look->srtt ? look->srtt : 10) * MS,
		.rttvar_us = (look->rttvar ? look->rttvar : 1) * MS,
		.cwnd = look->no_info ? 0 : 10,
		.retrans = look->total_segments,
		.retrans_bytes = (7ULL << 32) + base.retrans_bytes + look->retrans,
		.busy_us = (7ULL << 32) + base.busy_us + look->busy * MS,
		.rwnd_limited_us = (7ULL << 32) + base.rwnd_limited_us + look->rwnd * MS,
		.sndbuf_limited_us = (7ULL << 32) + base.sndbuf_limited_us + look->sndbuf * MS,
		.unsent_bytes = look->unsent,
		.unacked_bytes = look->unacked,
		.unread_bytes = look->unread,
	};

	return weir_limit_name(conn_limit(&span, &base, &tcp));
}

static void test_looks(void)
{
	static const struct conn_limit_base bases[] = {
		{0},
		{5, 3, 1, 9},
		{UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 2, UINT32_MAX - 3},
	};

	for (size_t i = 0; i < N_ELEMENTS(looks); i++) {
		for (size_t k = 0; k < N_ELEMENTS(bases); k++)
			is_str(say(&looks[i], bases[k]), looks[i].want, "%s: %s", looks[i].what,
			       looks[i].want);
	}
}

static void test_edges(void)
{
	const struct weir_tcp_info tcp = {.cwnd = 10, .busy_us = 5, .unsent_bytes = 1};
	struct conn_limit_base base = {0};
	struct conn_limit_span span = {0};

	is_int(conn_limit(&span, &base, &tcp), WEIR_LIMIT_UNKNOWN, "no interval, no answer");
	span.length_us = 999999;
	is_int(conn_limit(
		       &span, &base,
		       &(struct weir_tcp_info){.cwnd = 10, .busy_us = 2000000, .unacked_bytes = 1}),
	       WEIR_LIMIT_APP, "before the first round trip a timeout is a second");
	span.length_us = 1000000;
	is_int(conn_limit(
		       &span, &base,
		       &(struct weir_tcp_info){.cwnd = 10, .busy_us = 2000000, .unacked_bytes = 1}),
	       WEIR_LIMIT_LOSS, "and then it is over");
	conn_limit_note(&base, &(struct weir_tcp_info){.busy_us = 9, .retrans_bytes = 4});
	span.length_us = 1000;
	is_int(conn_limit(&span, &base, &tcp), WEIR_LIMIT_NONE,
	       "counters that were reset are no time spent");
	conn_limit_note(&base, &(struct weir_tcp_info){.busy_us = 1ULL << 32 | 3,
						       .rwnd_limited_us = 2,
						       .sndbuf_limited_us = 4,
						       .retrans_bytes = 5});
	ok(base.busy_us == 3 && base.rwnd_limited_us == 2 && base.sndbuf_limited_us == 4 &&
		   base.retrans_bytes == 5,
	   "what is noted");
}

/* What is said of a steady reader does not change from look to look. */
static void test_silence(void)
{
	struct conn_limit_span span = {.length_us = 1000000, .silent_us = 1000000};

	is_int(conn_limit_silent_us(&span, WEIR_LIMIT_RWND), 2000000, "silence adds up");
	span.silent_us = 3000000;
	is_int(conn_limit_silent_us(&span, WEIR_LIMIT_PEER), 3000000, "to what is needed");
	is_int(conn_limit_silent_us(&span, WEIR_LIMIT_LOSS), 0, "another reason ends it");
	span.sent_bytes = 1;
	is_int(conn_limit_silent_us(&span, WEIR_LIMIT_RWND), 0, "and so does a byte sent");
}

static void test_names(void)
{
	bool told = true;

	for (unsigned i = 1; i < WEIR_LIMITS; i++) {
		for (unsigned k = 0; k < i; k++)
			told = told && strcmp(weir_limit_name((enum weir_limit)i),
					      weir_limit_name((enum weir_limit)k)) != 0;
	}
	ok(told, "every limit has a name of its own");
	is_str(weir_limit_name(WEIR_LIMITS), "", "and no other number has one");
}

int main(void)
{
	test_looks();
	test_edges();
	test_silence();
	test_names();
	return tap_done();
}
