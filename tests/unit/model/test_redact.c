/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "model/redact.h"
#include "tap.h"

static void test_parse(void)
{
	static const struct {
		const char *text;
		bool remote_hash, user, cmd;
	} good[] = {
		{"remote=hash", true, false, false},
		{"user", false, true, false},
		{"cmd", false, false, true},
		{"cmd,remote=hash,user", true, true, true},
	};
	static const struct {
		const char *text;
		const char *names;
	} bad[] = {
		{"", "''"},
		{"remote", "'remote'"},
		{"user,remote=cut", "'remote=cut'"},
		{"user,,cmd", "''"},
		{"user,", "''"},
		{"User", "'User'"},
		{"us\x1b[er", "'us\\x1b[er'"},
	};
	struct str_buf error = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct redact redact = {0};

		is_int(redact_parse(good[i].text, &redact, &error), 0, "'%s' is taken",
		       good[i].text);
		ok(redact.remote_hash == good[i].remote_hash && redact.user == good[i].user &&
			   redact.cmd == good[i].cmd,
		   "'%s' means what it says", good[i].text);
	}
	is_int(error.len, 0, "and nothing is said");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct redact redact = {.key = {1, 2, 3}};
		struct redact before = redact;

		str_buf_clear(&error);
		is_int(redact_parse(bad[i].text, &redact, &error), -EINVAL, "%s is refused",
		       bad[i].names);
		ok(strstr(error.data, bad[i].names), "and named: %s", error.data);
		ok(memcmp(&redact, &before, sizeof(redact)) == 0, "and changes nothing");
	}
	str_buf_done(&error);
}

static void test_hash(void)
{
	struct redact one = {.key = {1}};
	struct redact two = {.key = {2}};
	struct weir_addr a = weir_addr_from_v4((const uint8_t[]){10, 0, 0, 1});
	struct weir_addr b = weir_addr_from_v4((const uint8_t[]){10, 0, 0, 2});
	struct str_buf first = {0};
	struct str_buf again = {0};

	redact_addr(&one, &first, &a);
	is_int(first.len, 18, "a hash is h- and 16 digits");
	is_int(strspn(first.data + 2, "0123456789abcdef"), 16, "hex digits");
	ok(memcmp(first.data, "h-", 2) == 0, "after h-");
	redact_addr(&one, &again, &a);
	is_str(again.data, first.data, "the same address is the same hash");
	str_buf_clear(&again);
	redact_addr(&one, &again, &b);
	ok(strcmp(again.data, first.data) != 0, "another address is another");
	str_buf_clear(&again);
	redact_addr(&two, &again, &a);
	ok(strcmp(again.data, first.data) != 0, "and so it is under another key");
	str_buf_done(&first);
	str_buf_done(&again);
}

int main(void)
{
	test_parse();
	test_hash();
	return tap_done();
}
