/* SPDX-License-Identifier: MIT */

/* Stories of packets, and what a tracker makes flows of: how they begin, are kept apart, and end.
 */

#include "flow_frames.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MOST_FRAMES 24

/* The initiator's and the responder's frames of one connection; times in ms. */
#define I(ms, ...)                                                                                 \
	{                                                                                          \
		.time_ns = (ms)*FRAME_MS, .from = 1, .to = 2, .from_port = 1000, .to_port = 80,    \
		__VA_ARGS__                                                                        \
	}
#define B(ms, ...)                                                                                 \
	{                                                                                          \
		.time_ns = (ms)*FRAME_MS, .from = 2, .to = 1, .from_port = 80, .to_port = 1000,    \
		__VA_ARGS__                                                                        \
	}
#define OPENING                                                                                    \
	I(0, .flags = S, .seq = 99), B(10, .flags = S | A, .seq = 499, .ack = 100),                \
		I(20, .flags = A, .seq = 100, .ack = 500)
#define UDP(ms, port, ...)                                                                         \
	{                                                                                          \
		.time_ns = (ms)*FRAME_MS, .from = 1, .to = 2, .from_port = (port), .to_port = 53,  \
		.proto = IPPROTO_UDP, __VA_ARGS__                                                  \
	}

struct story {
	const char *what;
	const char *want;
	size_t max_flows; /* 0: 100 */
	bool no_finish;
	struct frame frames[MOST_FRAMES];
};

/* What both ways of counting must make of it: with streams, and without. */
static const struct story stories[] = {
	{"a whole connection", "+1 -1 1:fin:4+2",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(40, .flags = F | A, .seq = 500, .ack = 101),
		    I(50, .flags = A, .seq = 101, .ack = 501)}},
	{"FIN and FIN: over at once, but the end waits for stragglers", "+1 -1", .no_finish = true,
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(40, .flags = F | A, .seq = 500, .ack = 101),
		    I(50, .flags = A, .seq = 101, .ack = 501)}},
	{"and no longer than 10 s", "+1 -1 1:fin:3+2 +2", .no_finish = true,
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(40, .flags = F | A, .seq = 500, .ack = 101), UDP(10100, 7)}},
	{"a SYN after the end is a new flow", "+1 -1 1:fin:3+2 +2 -2 2:eof:1+0rh",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(40, .flags = F | A, .seq = 500, .ack = 101),
		    I(50, .flags = S, .seq = 7777777)}},
	{"both close at once", "+1 -1 1:fin:4+3",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(30, .flags = F | A, .seq = 500, .ack = 100),
		    I(40, .flags = A, .seq = 101, .ack = 501),
		    B(40, .flags = A, .seq = 501, .ack = 101)}},
	{"one FIN is no end", "+1 -1 1:eof:3+1",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500)}},
	{"but the flow then is idle sooner", "+1 -1 1:idle:3+1 +2 -2 2:eof:1+0",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500), UDP(10100, 7)}},
	{"a reset", "+1 -1 1:rst:2+2", .frames = {OPENING, B(30, .flags = R, .seq = 500)}},
	{"a reset by the initiator", "+1 -1 1:rst:3+1",
	 .frames = {OPENING, I(30, .flags = R | A, .seq = 100, .ack = 500)}},
	{"one that nobody believes", "+1 -1 1:eof:2+2",
	 .frames = {OPENING, B(30, .flags = R, .seq = 900000)}},
	{"one from before", "+1 -1 1:eof:2+2", .frames = {OPENING, B(30, .flags = R, .seq = 400)}},
	{"after data that was not acknowledged", "+1 -1 1:rst:4+1",
	 .frames = {OPENING, I(30, .flags = A, .seq = 100, .ack = 500, .len = 10),
		    I(31, .flags = R, .seq = 110)}},
	{"a refused connection", "+1 -1 1:rst:1+1",
	 .frames = {I(0, .flags = S, .seq = 99), B(1, .flags = R | A, .ack = 100)}},
	{"a refusal of another SYN", "+1 -1 1:eof:1+1",
	 .frames = {I(0, .flags = S, .seq = 99), B(1, .flags = R | A, .ack = 5000)}},
	{"a second try after it", "+1 -1 1:rst:1+1 +2 -2 2:rst:1+1r",
	 .frames = {I(0, .flags = S, .seq = 99), B(1, .flags = R | A, .ack = 100),
		    I(500, .flags = S, .seq = 99), B(501, .flags = R | A, .ack = 100)}},
	{"a scan: the answer comes again", "+1 -1 1:rst:2+2",
	 .frames = {I(0, .flags = S, .seq = 99), B(1, .flags = S | A, .seq = 499, .ack = 100),
		    I(2, .flags = R, .seq = 100), B(1000, .flags = S | A, .seq = 499, .ack = 100)}},
	{"only the end of a connection", "+1 -1 1:fin:2+1m",
	 .frames = {I(0, .flags = F | A, .seq = 100, .ack = 500),
		    B(1, .flags = F | A, .seq = 500, .ack = 101),
		    I(2, .flags = A, .seq = 101, .ack = 501)}},
	{"only a reset", "+1 -1 1:rst:1+0m", .frames = {I(0, .flags = R, .seq = 99)}},
	{"RST after FIN and FIN changes nothing", "+1 -1 1:fin:4+2",
	 .frames = {OPENING, I(30, .flags = F | A, .seq = 100, .ack = 500),
		    B(40, .flags = F | A, .seq = 500, .ack = 101), I(50, .flags = R, .seq = 101)}},
	{"nobody answers", "+1 -1 1:eof:3+0h",
	 .frames = {I(0, .flags = S, .seq = 99), I(1000, .flags = S, .seq = 99),
		    I(3000, .flags = S, .seq = 99)}},
	{"for 30 s", "+1 -1 1:idle:1+0h +2 -2 2:eof:1+0",
	 .frames = {I(0, .flags = S, .seq = 99), UDP(30100, 7)}},
	{"SYN-ACK first: it is for the initiator", "+1 -1 1:eof:1+2",
	 .frames = {B(0, .flags = S | A, .seq = 499, .ack = 100),
		    I(1, .flags = A, .seq = 100, .ack = 500),
		    B(2, .flags = A, .seq = 500, .ack = 100, .len = 9)}},
	{"no SYN at all: who is seen first", "+1 -1 1:eof:2+1m",
	 .frames = {B(0, .flags = A, .seq = 500, .ack = 100, .len = 9),
		    I(1, .flags = A, .seq = 100, .ack = 509),
		    B(2, .flags = A, .seq = 509, .ack = 100, .len = 9)}},
	{"a SYN amid a connection is no new flow", "+1 -1 1:eof:4+1",
	 .frames = {OPENING, I(30, .flags = A, .seq = 100, .ack = 500, .len = 5),
		    I(40, .flags = S, .seq = 88888888)}},
	{"unless the other side agrees: the end was not seen", "+1 -1 1:idle:3+1 +2 -2 2:eof:1+1r",
	 .frames = {OPENING, I(40, .flags = S, .seq = 888888888),
		    B(41, .flags = S | A, .seq = 999999999, .ack = 888888889),
		    I(42, .flags = A, .seq = 888888889, .ack = 1000000000)}},
	{"a connection is idle after 300 s", "+1 -1 1:idle:2+1 +2 -2 2:eof:1+0",
	 .frames = {OPENING, UDP(300100, 7)}},
	{"not before", "+1 +2 -2 2:idle:1+0 -1 1:eof:3+1",
	 .frames = {OPENING, UDP(200000, 7), I(299000, .flags = A, .seq = 100, .ack = 500)}},
	{"at the very nanosecond", "+1 +2 -1 1:idle:2+1 -2 2:idle:1+0 +3 -3 3:eof:1+0m",
	 .frames = {OPENING, UDP(300019, 7), I(600020, .flags = A, .seq = 100, .ack = 500)}},
	{"UDP after 60 s", "+1 -1 1:idle:2+0 +2 -2 2:eof:1+0",
	 .frames = {UDP(0, 7), UDP(59999, 7), UDP(119999, 7)}},
	{"UDP answers", "+1 -1 1:eof:1+1",
	 .frames = {UDP(0, 7),
		    {.from = 2, .to = 1, .from_port = 53, .to_port = 7, .proto = IPPROTO_UDP}}},
	{"echo after 10 s, by identifier", "+1 +2 -2 2:idle:1+0 -1 1:idle:1+1 +3 -3 3:eof:1+0",
	 .frames = {{.from = 1, .to = 2, .from_port = 5, .proto = IPPROTO_ICMP, .icmp_type = 8},
		    {.from = 2, .to = 1, .from_port = 5, .proto = IPPROTO_ICMP},
		    {.from = 1, .to = 2, .from_port = 6, .proto = IPPROTO_ICMP, .icmp_type = 8},
		    {.from = 1,
		     .to = 2,
		     .from_port = 6,
		     .proto = IPPROTO_ICMP,
		     .icmp_type = 8,
		     .time_ns = 10 * FRAME_S}}},
	{"an ICMP error is a flow of its own", "+1 +2 -1 1:eof:1+0 -2 2:eof:1+0",
	 .frames = {UDP(0, 7),
		    {.from = 2,
		     .to = 1,
		     .proto = IPPROTO_ICMP,
		     .icmp_type = 3,
		     .len = 28,
		     .first = 0x45}}},
	{"SCTP is counted", "+1 -1 1:eof:1+1",
	 .frames = {{.from = 1,
		     .to = 2,
		     .from_port = 5,
		     .to_port = 6,
		     .proto = IPPROTO_SCTP,
		     .len = 4},
		    {.from = 2,
		     .to = 1,
		     .from_port = 6,
		     .to_port = 5,
		     .proto = IPPROTO_SCTP,
		     .len = 4}}},
	{"an address talks to itself", "+1 -1 1:eof:2+1",
	 .frames = {{.from = 1, .to = 1, .from_port = 9, .to_port = 5, .proto = IPPROTO_UDP},
		    {.from = 1, .to = 1, .from_port = 5, .to_port = 9, .proto = IPPROTO_UDP},
		    {.from = 1, .to = 1, .from_port = 9, .to_port = 5, .proto = IPPROTO_UDP}}},
	{"a little back in time is out of order", "+1 -1 1:eof:3+0",
	 .frames = {UDP(5000, 7), UDP(4000, 7), UDP(5001, 7)}},
	{"far back, the clock was set", "+1 -1 1:idle:1+0 +2 -2 2:eof:2+0",
	 .frames = {UDP(4000000, 7), UDP(1000, 7), UDP(2000, 7)}},
	{"and it goes on from there", "+1 +2 -2 2:idle:1+0 -1 1:idle:1+0 +3 -3 3:eof:1+0",
	 .frames = {UDP(4000000, 7), UDP(1000, 8), UDP(62000, 9)}},
	{"no time is the time before", "+1 -1 1:eof:3+0",
	 .frames = {UDP(4000000, 7), UDP(0, 7), UDP(4000001, 7)}},
	{"evicted: the least recently used",
	 "+1 +2 +3 -2 2:evicted:2+0 +4 -1 1:eof:3+0 -3 3:eof:2+0 -4 4:eof:1+0", .max_flows = 3,
	 .frames = {UDP(0, 1), UDP(0, 1), UDP(0, 2), UDP(0, 2), UDP(0, 3), UDP(0, 3), UDP(0, 1),
		    UDP(0, 4)}},
	{"before it, what has one packet",
	 "+1 +2 +3 -3 3:evicted:1+0 +4 -1 1:eof:2+0 -2 2:eof:2+0 -4 4:eof:1+0", .max_flows = 3,
	 .frames = {UDP(0, 1), UDP(0, 1), UDP(0, 2), UDP(0, 2), UDP(0, 3), UDP(0, 4)}},
	{"before that, what is half open",
	 "+1 +2 +3 -2 2:evicted:2+0h +4 -1 1:eof:1+0 -3 3:eof:1+0 -4 4:eof:1+0", .max_flows = 3,
	 .frames = {UDP(0, 1), I(0, .flags = S), I(1, .flags = S), UDP(0, 2), UDP(0, 4)}},
	{"and what is over goes first, with its own end",
	 "+1 -1 +2 1:rst:1+1 +3 -2 2:eof:1+0h -3 3:eof:1+0", .max_flows = 2,
	 .frames = {I(0, .flags = S, .seq = 99),
		    B(1, .flags = R | A, .ack = 100),
		    {.from = 1, .to = 2, .from_port = 9, .flags = S},
		    UDP(0, 4)}},
	{"a table of one", "+1 -1 1:evicted:1+0 +2 -2 2:evicted:1+0 +3 -3 3:eof:1+0",
	 .max_flows = 1, .frames = {UDP(0, 1), UDP(0, 2), UDP(0, 1)}},
	{"VLANs apart", "+1 +2 +3 -1 1:eof:2+0 -2 2:eof:1+0 -3 3:eof:1+0",
	 .frames = {UDP(0, 7, .vlans = {5}), UDP(0, 7, .vlans = {6}), UDP(0, 7, .vlans = {5, 6}),
		    UDP(0, 7, .vlans = {5})}},
	{"tunnels apart",
	 "+1 +2 +3 +4 +5 -1 1:eof:2+0 -2 2:eof:1+0 -3 3:eof:1+0 -4 4:eof:1+0 -5 5:eof:1+0",
	 .frames = {UDP(0, 7), UDP(0, 7, .tunnel = WEIR_TUNNEL_VXLAN, .tunnel_id = 1),
		    UDP(0, 7, .tunnel = WEIR_TUNNEL_VXLAN, .tunnel_id = 2),
		    UDP(0, 7, .tunnel = WEIR_TUNNEL_GENEVE, .tunnel_id = 1),
		    UDP(0, 7, .tunnel = WEIR_TUNNEL_GRE, .tunnel_id = 1), UDP(0, 7)}},
	{"both directions of GTP-U and of MPLS have names of their own",
	 "+1 +2 -1 1:eof:1+1 -2 2:eof:1+1",
	 .frames = {UDP(0, 7, .tunnel = WEIR_TUNNEL_GTPU, .tunnel_id = 1),
		    {.from = 2,
		     .to = 1,
		     .from_port = 53,
		     .to_port = 7,
		     .proto = IPPROTO_UDP,
		     .tunnel = WEIR_TUNNEL_GTPU,
		     .tunnel_id = 9},
		    UDP(0, 8, .tunnel = WEIR_TUNNEL_MPLS, .tunnel_id = 16),
		    {.from = 2, .to = 1, .from_port = 53, .to_port = 8, .proto = IPPROTO_UDP}}},
	{"IPv6 is another address", "+1 +2 -1 1:eof:1+0 -2 2:eof:1+0",
	 .frames = {UDP(0, 7), UDP(0, 7, .is_v6 = true)}},
};

static void tell(const struct story *story, bool streams)
{
	const struct weir_tracker_options options = {
		.size = sizeof(options),
		.max_flows = story->max_flows ? story->max_flows : 100,
		.streams = streams,
	};
	struct weir_tracker *tracker = NULL;
	struct heard heard = {0};
	struct weir_tracker_sink sink = heard_sink(&heard);
	struct weir_tracker_stats stats;
	size_t n = 0;

	while (n < MOST_FRAMES && story->frames[n].from)
		n++;
	if (weir_tracker_new(&options, &sink, &tracker) < 0) {
		ok(false, "%s: a tracker", story->what);
		return;
	}
	frames_push(tracker, story->frames, n);
	if (!story->no_finish)
		weir_tracker_finish(tracker);
	is_str(heard.text, story->want, "%s%s", story->what, streams ? ", with streams" : "");
	weir_tracker_stats(tracker, &stats);
	if (stats.packets != n || (!story->no_finish && (heard.packets != n || stats.open_flows)))
		ok(false, "%s: %zu packets, of flows %llu", story->what, n,
		   (unsigned long long)heard.packets);
	weir_tracker_free(tracker);
}

int main(void)
{
	for (size_t i = 0; i < N_ELEMENTS(stories); i++) {
		tell(&stories[i], false);
		tell(&stories[i], true);
	}
	return tap_done();
}
