/* SPDX-License-Identifier: MIT */

/* Payload from tcp_info: the rules of collect/tcp_totals.h, each with the numbers that the kernel
 * showed for it (Linux 6.18, loopback; 100 bytes received, 50 sent where not said otherwise). */

#include "collect/tcp_totals.h"
#include "tap.h"

static struct sock_diag_row row_of(uint8_t state, uint64_t received, uint32_t rqueue,
				   uint64_t acked)
{
	return (struct sock_diag_row){
		.state = state,
		.rqueue_bytes = rqueue,
		.info_len = sizeof(struct tcp_info),
		.info = {.tcpi_bytes_received = received,
			 .tcpi_data_segs_in = received ? 1 : 0,
			 .tcpi_bytes_sent = 50,
			 .tcpi_data_segs_out = 1,
			 .tcpi_segs_in = 5,
			 .tcpi_bytes_acked = acked},
	};
}

static void test_live(void)
{
	static const struct {
		uint8_t state;
		uint64_t want;
	} cases[] = {
		{WEIR_TCP_ESTABLISHED, 101}, {WEIR_TCP_FIN_WAIT1, 101}, {WEIR_TCP_FIN_WAIT2, 101},
		{WEIR_TCP_CLOSE_WAIT, 100},  {WEIR_TCP_LAST_ACK, 100},  {WEIR_TCP_CLOSING, 100},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sock_diag_row row = row_of(cases[i].state, 101, 0, 50);
		struct weir_conn_counters counters;
		struct weir_tcp_info tcp;

		tcp_totals_fill(&row, tcp_totals_fin_of_live(&row), &counters, &tcp);
		is_int(counters.bytes_in, cases[i].want, "%s: bytes in",
		       weir_tcp_state_name(cases[i].state));
		is_int(counters.bytes_out, 50, "and out");
	}
}

/* One end of a connection that is over, and what is known besides. */
struct ending {
	const char *what;
	uint64_t received;
	uint32_t rqueue;
	uint64_t acked;
	uint8_t found;
	bool listened;
	uint64_t want;
};

static void test_destroyed(void)
{
	static const struct ending endings[] = {
		{"nothing but a FIN", 1, 0, 51, 0, true, 0},
		{"nothing at all", 0, 0, 51, 0, true, 0},
		{"server read to the end", 101, 0, 51, WEIR_TCP_LISTEN, false, 100},
		{"the same, its listener gone since", 101, 0, 51, 0, true, 100},
		{"client read to the end", 101, 0, 52, 0, false, 100},
		{"client closed first, peer not yet", 100, 0, 52, WEIR_TCP_FIN_WAIT2, false, 100},
		{"client closed first, then the peer", 100, 0, 52, WEIR_TCP_TIME_WAIT, false, 100},
		{"server closed first", 100, 0, 51, WEIR_TCP_TIME_WAIT, true, 100},
		{"the FIN is unread", 101, 1, 52, WEIR_TCP_TIME_WAIT, false, 100},
		{"client was reset", 100, 0, 51, 0, false, 100},
		{"server was reset", 100, 0, 50, WEIR_TCP_LISTEN, false, 100},
		{"data was left unread", 100, 100, 51, 0, false, 100},
		{"half-close nobody saw: one too many", 101, 0, 52, WEIR_TCP_TIME_WAIT, false, 101},
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const struct ending *end = &endings[i];
		struct sock_diag_row row =
			row_of(WEIR_TCP_CLOSE, end->received, end->rqueue, end->acked);
		struct tcp_history none = {0};
		enum tcp_peer_fin fin;
		struct weir_conn_counters counters;
		struct weir_tcp_info tcp;

		if (end->received <= 1)
			row.info.tcpi_data_segs_in = 0;
		fin = tcp_totals_fin_of_destroyed(&row, &none);
		if (fin == TCP_PEER_FIN_ASK)
			fin = tcp_totals_fin_by_lookup(&row, &none, end->found, end->listened);
		tcp_totals_fill(&row, fin, &counters, &tcp);
		is_int(counters.bytes_in, end->want, "%s", end->what);
	}
}

/* What a sample knew settles it for certain. */
static void test_history(void)
{
	static const struct {
		const char *what;
		struct tcp_history history;
		enum tcp_peer_fin want;
	} cases[] = {
		{"no data since: no FIN counted",
		 {.seen = true, .state = WEIR_TCP_ESTABLISHED, .data_segs_in = 1, .bytes_in = 101},
		 TCP_PEER_FIN_NO},
		{"no data since: one number more is the FIN",
		 {.seen = true, .state = WEIR_TCP_ESTABLISHED, .data_segs_in = 1, .bytes_in = 100},
		 TCP_PEER_FIN_YES},
		{"the FIN had come",
		 {.seen = true, .state = WEIR_TCP_CLOSE_WAIT, .data_segs_in = 9, .bytes_in = 7},
		 TCP_PEER_FIN_YES},
		{"data since: ask",
		 {.seen = true, .state = WEIR_TCP_ESTABLISHED, .data_segs_in = 9, .bytes_in = 7},
		 TCP_PEER_FIN_ASK},
	};
	struct sock_diag_row row = row_of(WEIR_TCP_CLOSE, 101, 0, 51);
	struct tcp_history history = {.seen = true, .has_file = true, .state = WEIR_TCP_FIN_WAIT2};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(tcp_totals_fin_of_destroyed(&row, &cases[i].history), cases[i].want, "%s",
		       cases[i].what);
	is_int(tcp_totals_fin_by_lookup(&row, &history, WEIR_TCP_TIME_WAIT, false),
	       TCP_PEER_FIN_YES, "a half-close that was seen read the FIN");
	history = (struct tcp_history){.seen = true, .opener = TCP_OPENER_PEER};
	is_int(tcp_totals_fin_by_lookup(&row, &history, 0, false), TCP_PEER_FIN_YES,
	       "a server without its listener, known from a sample");
	history.opener = TCP_OPENER_US;
	is_int(tcp_totals_fin_by_lookup(&row, &history, 0, true), TCP_PEER_FIN_NO,
	       "a client that was reset, on a port that listens, known from a sample");
}

static void test_opener(void)
{
	struct sock_diag_row row = row_of(WEIR_TCP_ESTABLISHED, 100, 0, 50);

	is_int(tcp_totals_opener_of_live(&row), TCP_OPENER_PEER, "no SYN of ours was answered");
	row.info.tcpi_bytes_acked = 51;
	is_int(tcp_totals_opener_of_live(&row), TCP_OPENER_US, "one was");
	row.info.tcpi_bytes_acked = 31;
	row.info.tcpi_notsent_bytes = 7;
	row.wqueue_bytes = 27;
	is_int(tcp_totals_opener_of_live(&row), TCP_OPENER_US, "with 20 bytes in flight, 7 unsent");
	row.state = WEIR_TCP_CLOSE_WAIT;
	is_int(tcp_totals_opener_of_live(&row), TCP_OPENER_UNKNOWN, "later it cannot be told");
}

static void test_fields(void)
{
	struct sock_diag_row row = row_of(WEIR_TCP_CLOSE_WAIT, 1001, 11, 0);
	struct weir_conn_counters counters;
	struct weir_tcp_info tcp;

	row.wqueue_bytes = 30;
	row.info.tcpi_notsent_bytes = 10;
	row.info.tcpi_bytes_sent = 500;
	row.info.tcpi_bytes_retrans = 120;
	row.info.tcpi_total_retrans = 3;
	row.info.tcpi_rtt = 350;
	row.info.tcpi_rttvar = 40;
	tcp_totals_fill(&row, TCP_PEER_FIN_YES, &counters, &tcp);
	is_int(counters.bytes_out, 380, "what was sent again is not counted");
	is_int(tcp.retrans, 3, "but told");
	is_int(tcp.unread_bytes, 10, "the FIN is no unread byte");
	is_int(tcp.unacked_bytes, 20, "in flight");
	is_int(tcp.unsent_bytes, 10, "waiting");
	is_int(tcp.srtt_us, 350, "round-trip time");
	row.info.tcpi_rtt = 0;
	row.info.tcpi_rttvar = 250000;
	tcp_totals_fill(&row, TCP_PEER_FIN_YES, &counters, &tcp);
	is_int(tcp.rttvar_us, 0, "no variance before the first sample");
	row.info_len = 200;
	ok(!tcp_totals_countable(&row), "a kernel that does not count bytes sent");
	row.info_len = 216;
	ok(tcp_totals_countable(&row), "one that does");
}

static void test_connect_failed(void)
{
	struct sock_diag_row row = row_of(WEIR_TCP_CLOSE, 0, 0, 0);

	row.info.tcpi_bytes_sent = 0;
	row.info.tcpi_segs_in = 0;
	ok(tcp_totals_connect_failed(&row), "nobody answered");
	row.info.tcpi_segs_in = 1;
	ok(tcp_totals_connect_failed(&row), "a reset answered");
	row.info.tcpi_segs_in = 2;
	ok(!tcp_totals_connect_failed(&row), "SYN and ACK came: accepted");
	row.info.tcpi_segs_in = 1;
	row.info.tcpi_bytes_acked = 1;
	ok(!tcp_totals_connect_failed(&row), "our SYN was answered");
}

int main(void)
{
	test_live();
	test_destroyed();
	test_history();
	test_opener();
	test_fields();
	test_connect_failed();
	return tap_done();
}
