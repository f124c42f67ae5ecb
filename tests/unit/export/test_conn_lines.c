/* SPDX-License-Identifier: MIT */
#include "export/conn_lines.h"
#include "sample_rows.h"
#include "tap.h"

static const struct conn_text_options plain_options;

static void add_one(struct str_buf *buf, const struct conn_row *row,
		    const struct conn_text_options *options)
{
	const struct conn_row *rows[] = {row};
	bool closed = row->closed_ns != 0;
	struct conn_tick tick = sample_tick(rows, !closed, rows, closed);

	str_buf_clear(buf);
	conn_lines_tick(buf, options, &tick);
}

/* Widths as the seed has them: 5 22 22 7 12 12 14 14 8 8 8 10 10. */
static void test_columns(struct str_buf *buf)
{
	struct conn_row row = sample_tcp();

	conn_lines_header(buf);
	is_str(buf->data,
	       "PROTO LOCAL                  REMOTE                 PID     PROCESS      "
	       "STATE        BYTES_IN       BYTES_OUT      PKTS_IN  PKTS_OUT RTT      "
	       "RATE_IN    RATE_OUT  \n",
	       "header");
	add_one(buf, &row, &plain_options);
	is_str(buf->data,
	       "TCP   10.0.0.1:22            10.0.0.2:51000         812     sshd         "
	       "ESTABLISHED  1258291 (1.2M) 340B           900      12       350us    "
	       "1.2KB/s    0B/s      \n",
	       "TCP");
	row.flags = WEIR_CONN_PARTIAL;
	memcpy(row.owner.comm,
	       "\xc3\xa9"
	       "23456789012",
	       14);
	add_one(buf, &row, &plain_options);
	is_str(buf->data,
	       "TCP   10.0.0.1:22            10.0.0.2:51000         812     \xc3\xa9"
	       "234567890~  "
	       "ESTABLISHED  1258291 (1.2M) 340B           900      12       350us    "
	       "1.2KB/s    0B/s       [PARTIAL]\n",
	       "PARTIAL, a long name cut and padded by characters");
	row = sample_udp();
	add_one(buf, &row, &plain_options);
	is_str(buf->data,
	       "UDP   [fe80::1]:40000        [2001:db8::35]:53      -       exited       "
	       "UDP          1124 (1.1K)    40B            1        1        -        "
	       "-          -         \n",
	       "UDP over IPv6, owner and rate unknown");
	row = sample_tcp();
	row.flags = WEIR_CONN_NO_COUNTERS;
	memcpy(row.owner.comm, "\x1b[2Jabcdefghijk", 15);
	add_one(buf, &row, &plain_options);
	is_str(buf->data,
	       "TCP   10.0.0.1:22            10.0.0.2:51000         812     \\x1b[2Jabc~  "
	       "ESTABLISHED  n/a            n/a            n/a      n/a      350us    "
	       "-          -         \n",
	       "no counters, and an escape sequence for a name");
}

static void test_closed(struct str_buf *buf)
{
	struct conn_row row = sample_closed();
	struct conn_row lingering = sample_closed();
	struct conn_row open = sample_tcp();
	const struct conn_row *active[] = {&lingering, &open};
	const struct conn_row *closed[] = {&row};
	struct conn_tick tick = sample_tick(active, 2, closed, 1);
	const char *second;

	memcpy(row.owner.comm, "a-name-of-fifte", 16);
	str_buf_clear(buf);
	conn_lines_tick(buf, &plain_options, &tick);
	second = strchr(buf->data, '\n') + 1;
	ok(strncmp(buf->data, "TCP   ", 6) == 0, "the active row comes first");
	is_str(second,
	       "[CLOSED] TCP 10.0.0.1:22 -> 10.0.0.2:51000 (a-name-of-fifte, PID 812) "
	       "in 1258291 (1.2M) out 340B 1.2s rtt 350us\n",
	       "then the closed one, once and with its whole name");
	row = sample_closed();
	row.opened_ns = 0;
	row.owner = (struct weir_owner){.unknown = WEIR_UNKNOWN_EXITED};
	row.tcp.srtt_us = 0;
	row.id.remote = (struct weir_addr){{[15] = 1}};
	add_one(buf, &row, &plain_options);
	is_str(buf->data,
	       "[CLOSED] TCP 10.0.0.1:22 -> [::1]:51000 (exited, PID -) "
	       "in 1258291 (1.2M) out 340B - rtt -\n",
	       "nothing known but the numbers");
	row.flags = WEIR_CONN_AT_LEAST;
	add_one(buf, &row, &plain_options);
	ok(strstr(buf->data, "rtt - [AT-LEAST]\n"), "nor they, if the end was lost");
}

static const char *host_of(void *user, const struct weir_addr *addr)
{
	return weir_addr_compare(addr, user) == 0 ? "web\x1b.example" : NULL;
}

static const char *service_of(void *user, uint16_t port, uint8_t proto)
{
	(void)user;
	return port == 22 && proto == WEIR_PROTO_TCP ? "ssh" : NULL;
}

static void test_endpoints(struct str_buf *buf)
{
	struct conn_row row = sample_closed();
	struct endpoint_names endpoints = {&row.id.remote, host_of, service_of};
	struct conn_text_options options = {.endpoints = &endpoints};
	struct str_buf want = {0};

	add_one(buf, &row, &options);
	is_str(buf->data,
	       "[CLOSED] TCP 10.0.0.1:ssh -> web\\x1b.example:51000 (sshd, PID 812) "
	       "in 1258291 (1.2M) out 340B 1.2s rtt 350us\n",
	       "names where there are some, escaped");
	options.redact = (struct redact){.remote_hash = true, .cmd = true};
	str_buf_puts(&want, "[CLOSED] TCP 10.0.0.1:ssh -> ");
	redact_addr(&options.redact, &want, &row.id.remote);
	str_buf_puts(&want, ":51000 (redacted, PID 812) "
			    "in 1258291 (1.2M) out 340B 1.2s rtt 350us\n");
	add_one(buf, &row, &options);
	is_str(buf->data, want.data, "a redacted remote is not resolved either");
	options = (struct conn_text_options){.units = {.si = true, .bits = true}};
	row = sample_tcp();
	add_one(buf, &row, &options);
	ok(strstr(buf->data, " 1258291 (1.3M) 340B "), "--si for amounts");
	ok(strstr(buf->data, " 9.8Kb/s    0b/s "), "--bits for rates");
	str_buf_done(&want);
}

#define SSHD_SAYS "TCP 10.0.0.1:22 to 10.0.0.2:51000, sshd, pid 812, "

static void test_plain(struct str_buf *buf)
{
	struct conn_row tcp = sample_tcp();
	struct conn_row udp = sample_udp();
	struct conn_row twin = sample_tcp();
	const struct conn_row *active[] = {&tcp, &udp, &twin};
	struct conn_row over = sample_closed();
	const struct conn_row *closed[] = {&over};
	struct conn_tick tick = sample_tick(active, 2, NULL, 0);
	struct conn_plain plain = {0};

	tcp.counters.bytes_in = 1229;
	str_buf_clear(buf);
	is_int(conn_plain_tick(&plain, buf, &plain_options, &tick), 0, "first tick");
	is_str(buf->data,
	       SSHD_SAYS "ESTABLISHED, in 1.2K, out 340B, receiving 1.2KB/s, sending 0B/s\n"
			 "UDP [fe80::1]:40000 to [2001:db8::35]:53, exited, pid unknown, in 1.1K, "
			 "out 40B, receiving unknown, sending unknown\n",
	       "everything is new");
	str_buf_clear(buf);
	is_int(conn_plain_tick(&plain, buf, &plain_options, &tick), 0, "second tick");
	is_str(buf->data, "", "nothing is new");
	tcp.rate_in = 0;
	is_int(conn_plain_tick(&plain, buf, &plain_options, &tick), 0, "third tick");
	is_str(buf->data,
	       SSHD_SAYS "ESTABLISHED, in 1.2K, out 340B, receiving 0B/s, sending 0B/s\n",
	       "that it stopped is news");
	twin = tcp;
	twin.id.generation++;
	tick.n_active = 3;
	str_buf_clear(buf);
	is_int(conn_plain_tick(&plain, buf, &plain_options, &tick), 0, "fourth tick");
	is_str(buf->data,
	       SSHD_SAYS "ESTABLISHED, in 1.2K, out 340B, receiving 0B/s, sending 0B/s\n",
	       "another life of the same socket is news, though it says the same");
	tick = sample_tick(&active[1], 1, closed, 1);
	str_buf_clear(buf);
	is_int(conn_plain_tick(&plain, buf, &plain_options, &tick), 0, "fifth tick");
	is_str(buf->data, "closed: " SSHD_SAYS "in 1.2M, out 340B, lasted 1.2s\n", "a close");
	conn_plain_done(&plain);
}

int main(void)
{
	struct str_buf buf = {0};

	test_columns(&buf);
	test_closed(&buf);
	test_endpoints(&buf);
	test_plain(&buf);
	str_buf_done(&buf);
	return tap_done();
}
