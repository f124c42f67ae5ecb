/* SPDX-License-Identifier: MIT */

/*
 * What a session makes of segments: scenarios, each a line of steps and what is heard (tcp_play.h).
 * Each is played at several sequence numbers, so that the numbers also go round at every byte.
 */

#include <string.h>

#include "tap.h"
#include "tcp_play.h"

struct scenario {
	const char *what;
	const char *steps;
	const char *heard;
	const char *counts; /* "duplicate shed retransmits early conflicts"; NULL: anything */
};

static const struct scenario scenarios[] = {
	{"in order", "I syn,R syn ack=0,I 0 'abcd ack=0,I 'ef ack=0,R 'xy ack=6",
	 "I0'abcdef R0'xy |", "0 0 0 0 0"},
	{"a hole that is filled", "I syn,I 2 'cd,I 0 'ab,I 4 'ef", "I0'abcdef |", "0 0 0 1 0"},
	{"two holes, filled backwards", "I syn,I 4 'e,I 2 'c,I 1 'b,I 3 'd,I 0 'a", "I0'abcde |",
	 "0 0 0 4 0"},
	{"a repetition", "I syn,I 0 'abcd,I 0 'abcd,I 2 'cdef", "I0'abcdef |", "6 0 1 0 0"},
	{"a repetition of what waits", "I syn,I 2 'cd,I 2 'cd,I 0 'ab", "I0'abcd |", "2 0 1 1 0"},
	{"a segment over all that waits", "I syn,I 2 'c,I 4 'e,I 0 'abcdef", "I0'abcdef |",
	 "2 0 0 2 0"},
	{"an acknowledgment beyond a hole", "I syn,I 0 'ab,I 4 'ef,R ack=6",
	 "I0'ab I2-4lost I4'ef |", "0 0 0 1 0"},
	{"an acknowledgment of the hole alone", "I syn,I 2 'cd,R ack=2", "I0-2lost I2'cd |", NULL},
	{"an acknowledgment into the hole leaves it", "I syn,I 2 'cd,R ack=1,I 0 'ab", "I0'abcd |",
	 NULL},
	{"an acknowledgment before the data", "I syn,R syn ack=0,R ack=6,I 4 'ef",
	 "I0-4lost I4'ef |", NULL},
	{"an acknowledgment from nowhere", "I syn,R syn ack=0,I 2 'cd,R ack=1500000000,I 0 'ab",
	 "I0'abcd |", NULL},
	{"an old acknowledgment", "I syn,I 0 'abcd,R ack=4,R ack=2,I 6 'gh,I 4 'ef",
	 "I0'abcdefgh |", NULL},
	{"what was acknowledged and never seen", "I syn,I 0 'ab,R ack=9", "I0'ab | I2-9lost", NULL},
	{"one acknowledged byte is a FIN that was not seen", "I syn,I 0 'ab,R ack=3", "I0'ab |",
	 NULL},
	{"a hole at the end", "I syn,I 0 'ab,I 4 'ef", "I0'ab | I2-4end I4'ef", NULL},
	{"a hole that is acknowledged only at the end", "I syn,I 4 'ef,R ack=2", "| I0-4end I4'ef",
	 NULL},

	{"FIN and FIN", "I syn,R syn ack=0,I 'ab fin,R 'xy fin ack=3,I ack=3", "I0'ab R0'xy fin |",
	 "0 0 0 0 0"},
	{"a FIN before the data", "I syn,R syn,R fin,I 2 'cd fin,I 0 'ab", "I0'abcd fin |", NULL},
	{"a lone FIN before the data", "I syn,R syn,R fin,I 4 fin,I 0 'abcd", "I0'abcd fin |",
	 NULL},
	{"a FIN over a hole that is acknowledged", "I syn,R syn,I 2 fin,R fin ack=3",
	 "I0-2lost fin |", NULL},
	{"a FIN over a hole, at the end", "I syn,I 2 fin", "| I0-2end", NULL},
	{"data after the FIN", "I syn,R syn,I 'ab fin,I 2 'cd,R fin", "I0'ab fin |", "0 2 0 0 0"},
	{"data over the FIN", "I syn,I 0 'ab fin,I 0 'abcd", "I0'ab |", "2 2 0 0 0"},
	{"data that waits after a FIN", "I syn,I 3 'xyz,I 2 fin,I 0 'ab", "I0'ab |", "0 3 0 1 0"},
	{"a second FIN elsewhere", "I syn,R syn,R fin,I 4 fin,I 2 fin,I 0 'abcd", "I0'abcd fin |",
	 NULL},
	{"a FIN that comes again", "I syn,R syn,I 'ab fin,I 0 'ab fin,R fin,I 2 fin", "I0'ab fin |",
	 "2 0 1 0 0"},
	{"a FIN from the past", "I syn,R syn,R fin,I 0 'abcd,I 2 fin,I 4 'ef", "I0'abcdef |", NULL},

	{"a reset at the next byte", "I syn,R syn ack=0,I 'ab ack=0,I 2 rst", "I0'ab rst |", NULL},
	{"a reset within the window, but not next", "I syn,R syn ack=0,I 'ab,I 3 rst,I 2 'cd",
	 "I0'abcd |", NULL},
	{"a reset outside the window", "I syn,R syn ack=0 win=100,I 'ab,I 9000 rst,I 2 'cd",
	 "I0'abcd |", NULL},
	{"a reset that is too old", "I syn,R syn ack=0,I 'abcd,I 2 rst,I 4 'ef", "I0'abcdef |",
	 NULL},
	{"a reset where the receiver is, beyond a hole", "I syn,I 0 'ab,R ack=8,I 8 rst",
	 "I0'ab rst | I2-8lost", NULL},
	{"a refused connection", "I syn,R 5000 rst ack=0", "rst |", NULL},
	{"a refusal of another connection", "I syn,R 5000 rst ack=700,R syn ack=0,R 'x", "R0'x |",
	 NULL},
	{"a reset of what has not been answered", "I syn,I 0 rst", "rst |", NULL},
	{"data on a reset", "I syn,R syn ack=0,I 'ab,I 2 rst 'why", "I0'ab rst |", "0 3 0 0 0"},
	{"a reset as the first sign", "I 7 rst", "rst |", NULL},
	{"a reset after the FIN", "I syn,R syn ack=0,I 'ab fin,I 3 rst", "I0'ab rst |", NULL},
	{"what waited when it was reset", "I syn,I 2 'cd,I 4 rst", "rst | I0-2end I2'cd", NULL},
	{"segments after the reset", "I syn,I 0 rst,I 0 'ab", "rst |", "0 2 0 0 0"},
	{"a reset after both FINs changes nothing", "I syn,R syn,I 'ab fin,R fin,I 3 rst",
	 "I0'ab fin |", NULL},

	{"data on the SYN", "I syn 'ab,R syn ack=2,I 2 'cd", "I0'abcd |", NULL},
	{"a SYN that comes again, with data", "I syn 'ab,I syn 0 'ab,I 2 'c", "I0'abc |",
	 "2 0 1 0 0"},
	{"simultaneous open", "I syn,R syn,I syn 0 ack=0,R syn 0 ack=0,I 0 'ab,R 0 'xy",
	 "I0'ab R0'xy |", NULL},
	{"a SYN with another number, nobody having answered", "I syn,I syn 5001,I 5001 'ab",
	 "I0'ab |", NULL},
	{"a stray SYN", "I syn,R syn ack=0,I 'ab,I syn 9000 'zz,I 2 'cd", "I0'abcd |", "0 2 0 0 0"},
	{"a SYN that comes after data", "I 2 'cd,I syn 0,I 0 'ab", "I0'abcd |", NULL},
	{"a SYN that comes after the start was fixed", "I 2 'cd,R 0 'x ms=60,I syn 0,I 4 'ef",
	 "I0'cdef | R0'x", NULL},

	{"midstream: four segments", "I 0 'a,I 1 'b,I 2 'c,I 3 'd,I 4 'e", "I0'abcde |",
	 "0 0 0 0 0"},
	{"midstream: four segments out of order", "I 3 'd,I 1 'b,I 2 'c,I 0 'a,I 4 'e",
	 "I0'abcde |", NULL},
	{"midstream: what comes before the start is shed", "I 3 'd,I 4 'e,I 5 'f,I 6 'g,I 0 'abcd",
	 "I0'defg |", "1 3 0 0 0"},
	{"midstream: 50 ms", "I 4 'ef,I 2 'cd ms=49,R 0 'x ms=50", "I0'cdef | R0'x", NULL},
	{"midstream: the older side first", "R 0 'x,I 0 'a ms=10,R ms=100", "R0'x I0'a |", NULL},
	{"midstream: the end of the flow", "I 4 'ef,I 0 'a", "| I0'a I1-4end I4'ef", NULL},
	{"midstream: acknowledged", "I 0 'get,R 0 'page ack=3,I 3 'bye ack=4",
	 "I0'get R0'page I3'bye |", NULL},
	{"midstream: a FIN alone", "I 9 fin,R 3 fin ack=10,I ack=4", "fin |", NULL},
	{"midstream: a hole among the first four", "I 0 'a,I 2 'c,I 3 'd,I 4 'e,I 1 'b",
	 "I0'abcde |", NULL},

	{"a keep-alive", "I syn,R syn ack=0,I 'ab ack=0,I 1 'b ack=0,I 1 ack=0,I 2 'c ack=0",
	 "I0'abc |", "1 0 0 0 0"},
	{"a keep-alive with some other byte", "I syn,I 'ab,I 1 '?,I 2 'c", "I0'abc |", "1 0 0 0 0"},
	{"a keep-alive before anything else", "R ack=5,I 4 '?,I 5 'abc,R ack=8", "I0'abc |",
	 "1 0 0 0 0"},
	{"a keep-alive before any data", "I syn,R syn ack=0,I -1 '?,I 0 'ab", "I0'ab |",
	 "1 0 0 0 0"},
	{"probes of a closed window",
	 "I syn,R syn ack=0 win=2,I 'ab,R ack=2 win=0,I 2 'c,I 2 'c,R ack=3 win=9,I 3 'de",
	 "I0'abcde |", "1 0 0 0 0"},
	{"beyond the window", "I syn,R syn ack=0 win=8,I 0 'ab,I 8 'evil,I 4 'ef,I 2 'cd",
	 "I0'abcdef |", "0 4 0 1 0"},
	{"a window that is shifted",
	 "I syn scale=0,R syn ack=0 win=8 scale=2,R ack=0 win=8,I 8 'i,I 32 'z,I 0 'abcdefgh",
	 "I0'abcdefghi |", "0 1 0 1 0"},
	{"not shifted unless both offer it",
	 "I syn,R syn ack=0 win=8 scale=2,R ack=0 win=8,I 8 'i,I 0 'abcdefgh", "I0'abcdefgh |",
	 "0 1 0 0 0"},
	{"a window that was moved unseen", "I syn,R syn ack=0 win=2,I 0 'abcd,I 6 'gh,I 4 'ef",
	 "I0'abcdefgh |", "0 0 0 1 0"},
	{"farther than any window", "I syn,I 1073741824 'x,I 0 'ab", "I0'ab |", "0 1 0 0 0"},

	{"cut by the capture", "I syn,I 0 'ab cut=3,I 5 'cd", "I0'ab I2-5lost I5'cd |",
	 "0 3 0 0 0"},
	{"cut before the first byte", "I syn,I 0 cut=5,I 5 'cd", "I0-5lost I5'cd |", "0 5 0 0 0"},
	{"cut, and some of it waits", "I syn,I 4 'ef,I 0 'ab cut=4", "I0'ab I2-4lost I4'ef |",
	 "0 4 0 1 0"},
	{"cut, with a FIN", "I syn,R syn,R fin,I 0 'ab cut=2 fin", "I0'ab I2-4lost fin |", NULL},

	{"nobody listens any more", "I syn,R syn,I 0 'ab#,I 3 'cd fin,R 0 'xy fin", "I0'ab# fin |",
	 "0 4 0 0 0"},
	{"nobody listens to what waits", "I syn,I 2 'cd,I 0 'a#,I 4 'ef", "I0'a# |", "0 4 0 1 0"},
};

#define N_SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

static void check(const struct scenario *scenario)
{
	static const uint32_t bases[] = {1, 1000,      UINT32_MAX, UINT32_MAX - 2, UINT32_MAX - 5,
					 0, INT32_MAX, 2046};
	struct str_buf heard = {0};
	struct str_buf counts = {0};
	struct tcp_play_counts n;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		tcp_play(NULL, scenario->steps, bases[i], &heard, &n);
		str_buf_clear(&counts);
		str_buf_printf(&counts, "%u %u %u %u %u", (unsigned int)n.duplicate,
			       (unsigned int)n.shed, n.retransmits, n.early, n.conflicts);
		/* One check each if all is well: the others only say where it is not. */
		if (i && strcmp(heard.data, scenario->heard) == 0 &&
		    (!scenario->counts || strcmp(counts.data, scenario->counts) == 0))
			continue;
		is_str(heard.data, scenario->heard, "%s (at %u)", scenario->what, bases[i]);
		if (scenario->counts)
			is_str(counts.data, scenario->counts, "%s: counts", scenario->what);
	}
	str_buf_done(&heard);
	str_buf_done(&counts);
}

/* What is told of a segment beside bytes. */
static void check_flags(void)
{
	struct str_buf heard = {0};
	struct tcp_play_counts n;

	tcp_play(NULL, "I syn,R syn ack=0,I 'ab,I syn 9000,I syn 0", 1, &heard, &n);
	is_int(n.stray_syns, 1, "a SYN of another connection is told, a repeated one is not");
	tcp_play(NULL, "I syn,R syn ack=0,I 'ab,I 3 rst,I 1 rst,I 2 rst", 1, &heard, &n);
	is_int(n.bad_resets, 2, "resets that are not believed are told");
	tcp_play(NULL, "I syn,I 'ab,I 1 'b,I 1,I 0 'ab", 1, &heard, &n);
	is_int(n.keepalives, 2, "keep-alives are told");
	is_int(n.retransmits, 1, "and are no retransmissions");
	str_buf_done(&heard);
}

/* The receiver's segments do not reach us any more, and so its window is out of date. */
static void check_stale_window(void)
{
	struct str_buf steps = {0};
	struct str_buf heard = {0};
	struct tcp_play_counts n;

	str_buf_puts(&steps, "I syn,R syn ack=0 win=8,I 0 'ab");
	for (int i = 0; i < 63; i++)
		str_buf_puts(&steps, ",I 100 'x");
	str_buf_puts(&steps, ",R ack=2 win=8,I 100 'x,R ack=2 win=200,I 100 'x,R ack=101");
	tcp_play(NULL, steps.data, 1, &heard, &n);
	is_str(heard.data, "I0'ab I2-100lost I100'x |", "what is beyond a window is not taken");
	is_int(n.shed, 64, "however often it comes");
	str_buf_clear(&steps);
	str_buf_puts(&steps, "I syn,R syn ack=0 win=8,I 0 'ab");
	for (int i = 0; i < 64 + 64; i++)
		str_buf_printf(&steps, ",I %d 'x", 100 + i);
	tcp_play(NULL, steps.data, 1, &heard, &n);
	ok(n.shed == 64 && strstr(heard.data, "I2-164lost I164'xxx"),
	   "64 beyond it, and the window is not believed: what follows goes on behind a gap");
	str_buf_done(&steps);
	str_buf_done(&heard);
}

static bool count_data(void *user, enum weir_side side, uint64_t offset, struct bytes data)
{
	(void)side, (void)offset;
	*(size_t *)user += data.len;
	return true;
}

static void count_gap(void *user, enum weir_side side, uint64_t offset, uint64_t len,
		      enum weir_gap_reason reason)
{
	(void)user, (void)side, (void)offset, (void)len, (void)reason;
}

/* A stream of which the beginning was not seen, and no other segment comes. */
static void check_tick(void)
{
	const uint64_t now_ns = UINT64_C(1700000000000000000);
	const struct layers_tcp tcp = {.seq = 7};
	const struct tcp_session_segment segment = {
		.side = WEIR_RESPONDER,
		.tcp = &tcp,
		.payload = {(const uint8_t *)"abc", 3},
		.payload_len = 3,
		.time_ns = now_ns,
	};
	size_t heard = 0;
	const struct tcp_session_sink sink = {&heard, count_data, count_gap};
	struct tcp_session_pool *pool = NULL;
	struct tcp_session session = {0};
	struct tcp_session other = {0};
	struct tcp_session_totals totals;
	struct tcp_session_pushed pushed;

	is_int(tcp_session_pool_new(NULL, &pool), 0, "a pool");
	is_int(tcp_session_due_ns(pool, &session), 0, "nothing is due");
	tcp_session_push(pool, &session, &segment, &sink, &pushed);
	is_int(tcp_session_due_ns(pool, &session), now_ns + TCP_SESSION_START_NS,
	       "the start is due after 50 ms");
	tcp_session_tick(pool, &session, now_ns + TCP_SESSION_START_NS - 1, &sink);
	is_int(heard, 0, "and not before");
	tcp_session_tick(pool, &session, now_ns + TCP_SESSION_START_NS, &sink);
	is_int(heard, 3, "then it goes out");
	is_int(tcp_session_due_ns(pool, &session), 0, "and nothing is due any more");
	tcp_session_push(pool, &other, &segment, &sink, &pushed);
	tcp_session_finish(pool, &other, NULL);
	tcp_session_finish(pool, &session, NULL);
	tcp_session_pool_totals(pool, &totals);
	ok(heard == 3 && totals.shed == 3 && !totals.held, "without a sink what waits is shed");
	tcp_session_pool_free(pool);
}

int main(void)
{
	for (size_t i = 0; i < N_SCENARIOS; i++)
		check(&scenarios[i]);
	check_flags();
	check_stale_window();
	check_tick();
	return tap_done();
}
