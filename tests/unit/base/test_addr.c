/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include <weir/addr.h>
#include <weir/conn.h>

#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* In, and what comes out again; NULL: refused. Cases of RFC 5952 4 and RFC 4291 2.2. */
static const struct {
	const char *text;
	const char *want;
} addr_cases[] = {
	{"10.0.0.1", "10.0.0.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"::", "::"},
	{"::1", "::1"},
	{"1::", "1::"},
	{"2001:db8::1", "2001:db8::1"},
	{"2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	{"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
	{"0:2:3:4:5:6:0:0", "0:2:3:4:5:6::"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"fe80::abcd:0:0", "fe80::abcd:0:0"},
	{"", NULL},
	{"10.0.0", NULL},
	{"10.0.0.256", NULL},
	{"10.0.0.1 ", NULL},
	{"1::2::3", NULL},
	{"12345::", NULL},
	{"localhost", NULL},
};

static void test_parse_format(void)
{
	for (size_t i = 0; i < N_ELEMENTS(addr_cases); i++) {
		struct weir_addr addr = {{0xaa}};
		char text[WEIR_ADDR_TEXT_MAX] = "";
		int r = weir_addr_parse(addr_cases[i].text, &addr);

		if (!addr_cases[i].want) {
			is_int(r, -EINVAL, "'%s' is refused", addr_cases[i].text);
			is_int(addr.bytes[0], 0xaa, "and the result untouched");
			continue;
		}
		is_int(r, 0, "'%s' is an address", addr_cases[i].text);
		is_int(weir_addr_format(&addr, text), strlen(addr_cases[i].want), "its length");
		is_str(text, addr_cases[i].want, "its text");
	}
}

static void test_endpoints(void)
{
	char text[WEIR_ENDPOINT_TEXT_MAX];
	struct weir_addr addr = weir_addr_from_v4((const uint8_t[]){10, 0, 0, 1});

	is_int(weir_endpoint_format(&addr, 443, text), 12, "length of a v4 endpoint");
	is_str(text, "10.0.0.1:443", "a v4 endpoint");
	weir_addr_parse("2001:db8::1", &addr);
	weir_endpoint_format(&addr, 0, text);
	is_str(text, "[2001:db8::1]:0", "a v6 endpoint");
	weir_addr_parse("1111:2222:3333:4444:5555:6666:7777:8888", &addr);
	is_int(weir_endpoint_format(&addr, 65535, text), 47, "the longest endpoint fits");
}

static void test_questions(void)
{
	static const char *const ordered[] = {"0.0.0.0", "9.255.0.0", "10.0.0.1",
					      "::",      "::1",       "2001:db8::1"};
	struct weir_addr a;
	struct weir_addr b;

	for (size_t i = 0; i < N_ELEMENTS(ordered); i++) {
		weir_addr_parse(ordered[i], &a);
		is_int(weir_addr_is_v4(&a), i < 3, "%s is %sv4", ordered[i], i < 3 ? "" : "not ");
		is_int(weir_addr_is_any(&a), i == 0 || i == 3, "%s: any address", ordered[i]);
		for (size_t k = 0; k < N_ELEMENTS(ordered); k++) {
			int order;

			weir_addr_parse(ordered[k], &b);
			order = weir_addr_compare(&a, &b);
			ok((order < 0) == (i < k) && (order > 0) == (i > k), "%s against %s",
			   ordered[i], ordered[k]);
		}
	}
}

/* want: 1 inside, 0 outside, -1: the prefix is refused. */
static const struct {
	const char *prefix;
	const char *addr;
	int want;
} prefix_cases[] = {
	{"10.0.0.0/8", "10.255.255.255", 1},
	{"10.0.0.0/8", "11.0.0.0", 0},
	{"10.1.2.3/8", "10.9.9.9", 1},
	{"10.0.0.0/9", "10.127.0.1", 1},
	{"10.0.0.0/9", "10.128.0.1", 0},
	{"10.0.0.1", "10.0.0.1", 1},
	{"10.0.0.1/32", "10.0.0.2", 0},
	{"0.0.0.0/0", "203.0.113.9", 1},
	{"0.0.0.0/0", "2001:db8::1", 0},
	{"::/0", "2001:db8::1", 1},
	{"::/0", "203.0.113.9", 0},
	{"2001:db8::/32", "2001:db8:ffff::1", 1},
	{"2001:db8::/32", "2001:db9::1", 0},
	{"2001:db8::/33", "2001:db8:8000::", 0},
	{"::1", "::1", 1},
	{"::1/128", "::2", 0},
	{"::ffff:10.0.0.0/104", "10.1.1.1", 1},
	{"10.0.0.0/33", "10.0.0.0", -1},
	{"10.0.0.0/", "10.0.0.0", -1},
	{"10.0.0.0/-1", "10.0.0.0", -1},
	{"10.0.0.0/8x", "10.0.0.0", -1},
	{"10.0.0.0/0008", "10.0.0.0", -1},
	{"::/129", "::", -1},
	{"/8", "10.0.0.0", -1},
	{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8", "::", -1},
};

static void test_prefixes(void)
{
	struct weir_prefix prefix;
	struct weir_addr addr;

	for (size_t i = 0; i < N_ELEMENTS(prefix_cases); i++) {
		int r = weir_prefix_parse(prefix_cases[i].prefix, &prefix);

		if (prefix_cases[i].want < 0) {
			is_int(r, -EINVAL, "'%s' is refused", prefix_cases[i].prefix);
			continue;
		}
		is_int(r, 0, "'%s' is a prefix", prefix_cases[i].prefix);
		weir_addr_parse(prefix_cases[i].addr, &addr);
		is_int(weir_prefix_contains(&prefix, &addr), prefix_cases[i].want, "%s in %s",
		       prefix_cases[i].addr, prefix_cases[i].prefix);
	}
	weir_prefix_parse("10.1.2.3/8", &prefix);
	weir_addr_parse("10.0.0.0", &addr);
	is_int(weir_addr_compare(&prefix.addr, &addr), 0, "bits beyond the prefix are cleared");
	is_int(prefix.bits, 104, "bits count in the 16-byte form");
}

static void test_names(void)
{
	is_str(weir_tcp_state_name(WEIR_TCP_NONE), "UDP", "UDP has no state but its name");
	is_str(weir_tcp_state_name(WEIR_TCP_ESTABLISHED), "ESTABLISHED", "a state");
	is_str(weir_tcp_state_name(WEIR_TCP_CLOSE), "CLOSE", "the closed state");
	is_str(weir_tcp_state_name(WEIR_TCP_NEW_SYN_RECV), "NEW_SYN_RECV", "the last state");
	is_str(weir_tcp_state_name((enum weir_tcp_state)99), "UNKNOWN", "a state of tomorrow");
	is_str(weir_unknown_name(WEIR_UNKNOWN_NOT), "", "a known owner needs no reason");
	is_str(weir_unknown_name(WEIR_UNKNOWN_OTHER_NETNS), "other-netns", "a reason");
	is_str(weir_unknown_name((enum weir_unknown)99), "", "no such reason");
}

int main(void)
{
	test_parse_format();
	test_endpoints();
	test_questions();
	test_prefixes();
	test_names();
	return tap_done();
}
