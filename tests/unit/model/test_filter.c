/* SPDX-License-Identifier: MIT */

/* Every case is an expression and the rows that pass it, by their letters. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conn_events.h"
#include "model/filter.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW (100 * SEC)

static const char *cgroup_of(void *user, const struct conn_row *row)
{
	(void)user;
	return row->cgroup_id == 1 ? "/system.slice/nginx.service" : "";
}

static const char *user_of(void *user, const struct conn_row *row)
{
	(void)user;
	return row->owner.uid == 33 ? "www-data" : "";
}

static const struct conn_names names = {.cgroup = cgroup_of, .user_name = user_of};

/* n: nginx serving a client; everything known. */
static struct conn_row row_nginx(void)
{
	struct conn_row row = {
		.id = id_with_cookie(WEIR_PROTO_TCP, 1),
		.counters = {.bytes_in = 5000, .bytes_out = 3 << 20, .packets_in = 5},
		.tcp = {.srtt_us = 1500, .retrans = 12},
		.owner = owner_of(880, "nginx", WEIR_EVIDENCE_FILE),
		.cgroup_id = 1,
		.opened_ns = 40 * SEC,
		.rate_in = 340,
		.rate_out = 2 << 20,
		.state = WEIR_TCP_ESTABLISHED,
		.limit = WEIR_LIMIT_RWND,
		.rate_known = true,
	};

	row.id.local_port = 443;
	row.id.remote = addr_of("10.1.2.3");
	row.id.remote_port = 51544;
	row.id.netns = 4026531840U;
	row.owner.uid = 33;
	return row;
}

/* c: a client over IPv6, closing; its rate is not known yet. */
static struct conn_row row_curl(void)
{
	struct conn_row row = {
		.id = id_with_cookie(WEIR_PROTO_TCP, 2),
		.counters = {.bytes_in = 100, .bytes_out = 200},
		.owner = owner_of(1234, "Curl \"x\"", WEIR_EVIDENCE_CONNECT),
		.state = WEIR_TCP_FIN_WAIT1,
		.limit = WEIR_LIMIT_NONE,
	};

	row.id.local = addr_of("2001:db8::7");
	row.id.local_port = 40000;
	row.id.remote = addr_of("2001:db8::1");
	row.owner.uid = 1000;
	return row;
}

/* u: UDP of a process that has gone, from a source that cannot count. */
static struct conn_row row_udp(void)
{
	struct conn_row row = {
		.id = id_with_cookie(WEIR_PROTO_UDP, 3),
		.flags = WEIR_CONN_NO_COUNTERS,
	};

	row.id.local_port = 50001;
	row.id.remote = addr_of("8.8.8.8");
	row.id.remote_port = 53;
	row.owner.uid = UINT32_MAX;
	row.owner.unknown = WEIR_UNKNOWN_EXITED;
	return row;
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	/* the specification's own */
	{"port 443 and (process ~ nginx or not udp) and rx_rate > 300 and remote in 10.0.0.0/8 "
	 "and state = established",
	 "n"},
	{"port 443 and (process ~ nginx or not udp) and rx_rate > 1M", ""},
	/* lone words */
	{"tcp", "nc"},
	{"UDP", "u"},
	{"established", "n"},
	{"fin-wait1", "c"},
	{"FIN_WAIT1", "c"},
	{"nginx", "n"},
	{"CURL", "c"},
	{"443", "nc"},
	{"5154", "n"},
	{":443", "nc"},
	{"10.1.2.3:51544", "n"},
	{"[2001:db8::1]:443", "c"},
	{"2001:DB8", "c"},
	{"8.8", "u"},
	{"exited", "u"},
	{"\"tcp\"", ""},
	{"nothing-like-it", ""},
	/* not, and, or, parentheses */
	{"not tcp", "u"},
	{"not not tcp", "nc"},
	{"NOT tcp Or nginx", "nu"},
	{"tcp and nginx or udp", "nu"},
	{"udp or tcp and nginx", "nu"},
	{"(udp or tcp) and nginx", "n"},
	{"not (udp or nginx)", "c"},
	{"not (not (udp) and not nginx)", "nu"},
	{"not (tcp and not (nginx or process ~ curl)) and not udp", "nc"},
	{"((((tcp))))", "nc"},
	/* proto and state */
	{"proto = tcp", "nc"},
	{"proto udp", "u"},
	{"proto != tcp", "u"},
	{"proto in (tcp, udp)", "ncu"},
	{"proto ~ dp", "u"},
	{"state fin_wait1", "c"},
	{"state != established", "cu"},
	{"state ~ WAIT", "c"},
	{"state in (established, fin-wait1)", "nc"},
	{"state udp", "u"},
	/* what limits: n is, c is not, u is not known */
	{"limit rwnd", "n"},
	{"limit = RWND", "n"},
	{"limit != rwnd", "c"},
	{"limit none", "c"},
	{"limit = -", "c"},
	{"limit in (none, rwnd)", "nc"},
	{"limit ~ wnd", "n"},
	{"limit peer-not-reading", ""},
	{"limit not_reading or limit cwnd", ""},
	{"limit != loss", "nc"},
	{"not limit loss", "ncu"},
	{"app", ""},
	/* addresses */
	{"remote = 10.1.2.3", "n"},
	{"remote 10.1.2.3:51544", "n"},
	{"remote 10.1.2.3:51545", ""},
	{"remote in 10.0.0.0/8", "n"},
	{"local in 10.0.0.0/8", "nu"},
	{"addr in 10.0.0.0/8", "nu"},
	{"addr != 10.1.2.3", "cu"},
	{"remote in (8.8.8.8, 2001:db8::/32)", "cu"},
	{"remote = [2001:db8::1]:443", "c"},
	{"remote = [2001:db8::1]", "c"},
	{"remote in ::/0", "c"},
	{"remote ~ db8", "c"},
	{"local ~ 10.0", "nu"},
	/* numbers */
	{"port 443", "nc"},
	{"port = 443", "nc"},
	{"port=443", "nc"},
	{"port != 443", "u"},
	{"lport 443", "n"},
	{"rport 443", "c"},
	{"port in (53,443)", "ncu"},
	{"port in 50000-60000", "nu"},
	{"port 50000-50001", "u"},
	{"port != 50000-60000", "c"},
	{"port in (53, 40000-40001)", "cu"},
	{"lport < 40000", "n"},
	{"lport <= 40000", "nc"},
	{"lport > 40000", "u"},
	{"lport >= 40000", "cu"},
	{"pid 880", "n"},
	{"pid != 880", "c"},
	{"pid < 1", ""},
	{"retr > 10", "n"},
	{"retr 0", "c"},
	{"rx 5000", "n"},
	{"tx >= 3M", "n"},
	{"tx > 3MiB", ""},
	{"tx > 2.5mb", "n"},
	{"rx < 1K", "c"},
	{"rx_rate > 300", "n"},
	{"tx_rate = 2M/s", "n"},
	{"rate > 2M", "n"},
	{"rate in 1M/s-3M/s", "n"},
	{"rtt 1500", "n"},
	{"rtt = 1.5ms", "n"},
	{"rtt < 2ms", "n"},
	{"rtt > 1us", "n"},
	{"age 60", "n"},
	{"age = 1m", "n"},
	{"age > 0.5h", ""},
	{"age < 1d", "n"},
	/* texts */
	{"process = nginx", "n"},
	{"process = NGINX", ""},
	{"process ~ NGIN", "n"},
	{"process != nginx", "cu"},
	{"process in (nginx, exited)", "nu"},
	{"process = \"Curl \\\"x\\\"\"", "c"},
	{"process ~ \"l \\\"\"", "c"},
	{"process \"and\"", ""},
	{"user www-data", "n"},
	{"user 33", "n"},
	{"user 1000", "c"},
	{"user != 33", "c"},
	{"cgroup ~ nginx", "n"},
	{"cgroup = /system.slice/nginx.service", "n"},
	{"cgroup != x", "n"},
	{"netns 4026531840", "n"},
	{"container ~ x", ""},
	{"workspace = x", ""},
	/* what is not known is false, and not turns that over */
	{"rx_rate >= 0", "n"},
	{"not rx_rate >= 0", "cu"},
	{"rx_rate != 1", "n"},
	{"rx >= 0", "nc"},
	{"not (rx >= 0)", "u"},
	{"rtt >= 0", "n"},
	{"age >= 0", "n"},
	{"pid >= 0", "nc"},
	{"user ~ \"\"", "nc"},
};

static void test_matches(void)
{
	const struct conn_row rows[] = {row_nginx(), row_curl(), row_udp()};
	const char letters[] = "ncu";

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		CLEANUP(filter_free_p) struct filter *filter = NULL;
		struct filter_error error = {0};
		char got[4] = "";
		size_t n = 0;

		if (filter_parse(cases[i].text, &filter, &error) < 0) {
			ok(false, "%s", cases[i].text);
			tap_note("column %zu: %s", error.column, error.message);
			continue;
		}
		for (size_t k = 0; k < N_ELEMENTS(rows); k++) {
			if (filter_match(filter, &rows[k], &names, NOW))
				got[n++] = letters[k];
		}
		is_str(got, cases[i].want, "%s", cases[i].text);
	}
}

static const struct {
	const char *text;
	size_t column;
	const char *message;
} wrong[] = {
	{"", 1, "the expression is empty"},
	{"  \t", 1, "the expression is empty"},
	{"limit slow", 7,
	 "expected none, app, sndbuf, rwnd, cwnd, loss, peer-not-reading, not-reading or "
	 "receiving, got 'slow'"},
	{"limit > app", 7, "'>' does not apply to limit"},
	{"port =", 7, "expected a value after '='"},
	{"port", 5, "expected an operator or a value after 'port'"},
	{"port and tcp", 6, "expected an operator or a value after 'port'"},
	{"port = and", 8, "expected a value after '='"},
	{"port = http", 8, "expected a port, 0 to 65535, got 'http'"},
	{"port 65536", 6, "expected a port, 0 to 65535, got '65536'"},
	{"port -1", 6, "expected a port, 0 to 65535, got '-1'"},
	{"port 0x50", 6, "expected a port, 0 to 65535, got '0x50'"},
	{"port 80.5", 6, "expected a port, 0 to 65535, got '80.5'"},
	{"port 90-80", 6, "expected a port, 0 to 65535, got '90-80'"},
	{"port 80-", 6, "expected a port, 0 to 65535, got '80-'"},
	{"port < 80-90", 8, "expected a port, 0 to 65535, got '80-90'"},
	{"port ~ 80", 6, "'~' does not apply to port"},
	{"pid 4294967296", 5, "expected a whole number, got '4294967296'"},
	{"rx > 1X", 6, "expected a number of bytes such as 340, 1.5M or 2G, got '1X'"},
	{"rx > 1M/s", 6, "expected a number of bytes such as 340, 1.5M or 2G, got '1M/s'"},
	{"rx > nan", 6, "expected a number of bytes such as 340, 1.5M or 2G, got 'nan'"},
	{"rate > /s", 8, "expected bytes per second such as 340, 1.5M or 2G/s, got '/s'"},
	{"rtt > 5d", 7, "expected a time such as 350us or 1.5ms, got '5d'"},
	{"age > 5x", 7, "expected a time such as 30s or 5m, got '5x'"},
	{"remote = 10.0.0.0/33", 10,
	 "expected an address, a prefix such as 10.0.0.0/8, or address:port, got '10.0.0.0/33'"},
	{"remote = ::1:x", 10,
	 "expected an address, a prefix such as 10.0.0.0/8, or address:port, got '::1:x'"},
	{"remote = [::1", 10,
	 "expected an address, a prefix such as 10.0.0.0/8, or address:port, got '[::1'"},
	{"remote = [::1]x", 10,
	 "expected an address, a prefix such as 10.0.0.0/8, or address:port, got '[::1]x'"},
	{"remote = 10.0.0.0/8:80", 10,
	 "expected an address, a prefix such as 10.0.0.0/8, or address:port, got '10.0.0.0/8:80'"},
	{"remote < 10.0.0.1", 8, "'<' does not apply to remote"},
	{"process >= x", 9, "'>=' does not apply to process"},
	{"proto = icmp", 9, "expected tcp or udp, got 'icmp'"},
	{"state = open", 9, "expected a TCP state such as established, got 'open'"},
	{"bogus = 3", 1, "unknown field 'bogus'"},
	{"tcp and bogus in (1)", 9, "unknown field 'bogus'"},
	{"\"port\" = 3", 2, "unknown field 'port'"},
	{"tcp udp", 5, "expected 'and', 'or' or the end, got 'udp'"},
	{"tcp)", 4, "expected 'and', 'or' or the end, got ')'"},
	{"(tcp", 1, "this '(' is not closed"},
	{"(tcp udp)", 6, "expected 'and', 'or' or ')', got 'udp'"},
	{"()", 2, "expected a condition, got ')'"},
	{"tcp and", 8, "expected a condition, got the end"},
	{"or tcp", 1, "expected a condition, got 'or'"},
	{"not", 4, "expected a condition, got the end"},
	{"= 3", 1, "expected a condition, got '='"},
	{"port in (80", 12, "expected ',' or ')' in the list"},
	{"port in (80 90)", 13, "expected ',' or ')' in the list"},
	{"port in ()", 10, "expected a value after '('"},
	{"port in (80,)", 13, "expected a value after ','"},
	{"port = (80)", 8, "expected a value after '='"},
	{"process = \"x", 11, "this quote is not closed"},
	{"process = \"x\\\"", 11, "this quote is not closed"},
	{"tcp ! udp", 5, "unexpected '!'"},
	{"tcp \x01", 5, "unexpected '?'"},
	{"tcp \x1b[31m", 5, "unexpected '?'"},
	/* columns count characters, and what is quoted back is fit for a terminal */
	{"\"\xc3\xa4\xc3\xb6\" and bogus = 1", 10, "unknown field 'bogus'"},
	{"tcp \xc3\xa4\xc2\x9b\xff", 5, "expected 'and', 'or' or the end, got '\xc3\xa4?\?'"},
	{"tcp abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 5,
	 "expected 'and', 'or' or the end, got 'abcdefghijklmnopqrstuvwxyzabc...'"},
};

static void test_errors(void)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		struct filter *filter = NULL;
		struct filter_error error = {0};

		is_int(filter_parse(wrong[i].text, &filter, &error), -EINVAL, "refused: %s",
		       wrong[i].message);
		is_int(error.column, wrong[i].column, "at its column");
		is_str(error.message, wrong[i].message, "in words");
		ok(!filter, "and the result untouched");
	}
	is_int(filter_parse("(", &(struct filter *){NULL}, NULL), -EINVAL, "nobody asks why");
}

/* n times what, then after. */
static char *repeat(const char *before, const char *what, size_t n, const char *after)
{
	size_t len = strlen(what);
	char *text = malloc(strlen(before) + n * len + strlen(after) + 1);
	char *at = stpcpy(text, before);

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, what);
	strcpy(at, after);
	return text;
}

/* Refused with a message that begins so, or, if NULL, taken. */
static void limit(char *text, const char *message, const char *what)
{
	CLEANUP(filter_free_p) struct filter *filter = NULL;
	CLEANUP(free_p) char *freed = text;
	struct filter_error error = {0};
	int r = filter_parse(text, &filter, &error);

	if (!message)
		is_int(r, 0, "%s", what);
	else
		ok(r == -EINVAL && strncmp(error.message, message, strlen(message)) == 0, "%s: %s",
		   what, error.message);
	(void)freed;
}

static void test_limits(void)
{
	char *deep = repeat("", "(", 64, "tcp");
	char *deeper = repeat("", "(", 65, "tcp");

	limit(repeat(deep, ")", 64, ""), NULL, "64 parentheses");
	limit(repeat(deeper, ")", 65, ""), "more than 64 parentheses", "65 parentheses");
	free(deep);
	free(deeper);
	limit(repeat("x", " or x", 511, ""), NULL, "512 conditions");
	limit(repeat("x", " or x", 512, ""), "more than 512 conditions", "513 conditions");
	limit(repeat("port in (1", ",1", 511, ")"), NULL, "a list of 512");
	limit(repeat("port in (1", ",1", 512, ")"), "more than 512 conditions", "a list of 513");
	limit(repeat("", "not ", 1000, "tcp"), NULL, "a thousand nots");
	limit(repeat("", "x", 4096, ""), NULL, "4096 bytes");
	limit(repeat("", "x", 4097, ""), "the expression is longer than 4096", "4097 bytes");
	limit(repeat("process ~ \"", "\\\\", 2042, "\""), NULL, "a string of backslashes");
}

/* A long chain passes or fails by its last condition. */
static void test_chains(void)
{
	const struct conn_row row = row_nginx();
	struct {
		char *text;
		bool want;
	} chains[] = {
		{repeat("pid 1", " or pid 1", 400, " or pid 880"), true},
		{repeat("pid 1", " or pid 1", 400, ""), false},
		{repeat("pid 880", " and pid 880", 300, ""), true},
		{repeat("pid 880", " and pid 880", 300, " and pid 1"), false},
		{repeat("not (pid 880", " and not pid 1", 250, ")"), false},
	};

	for (size_t i = 0; i < N_ELEMENTS(chains); i++) {
		CLEANUP(filter_free_p) struct filter *filter = NULL;

		is_int(filter_parse(chains[i].text, &filter, NULL), 0, "chain %zu", i);
		is_int(filter && filter_match(filter, &row, NULL, NOW), chains[i].want,
		       "chain %zu is decided", i);
		free(chains[i].text);
	}
}

int main(void)
{
	test_matches();
	test_errors();
	test_limits();
	test_chains();
	return tap_done();
}
