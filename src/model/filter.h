/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one filter language: text in, a compiled filter out, rows asked against it.
 *
 *	port 443 and (process ~ nginx or not udp) and rx_rate > 1M and remote in 10.0.0.0/8
 *
 *	expression := term { "or" term }		keywords in either case; "not" binds
 *	term       := factor { "and" factor }		tightest, then "and", then "or"
 *	factor     := { "not" } ( "(" expression ")" | test )
 *	test       := field operator value | field value | field "in" "(" value { "," value } ")"
 *	            | word
 *	operator   := = != ~ < > <= >= in
 *
 * `field value` means `field = value`. A value is a word or a "quoted string", in which a
 * backslash takes the next character as it is.
 *
 *	fields					values			operators
 *	proto state				tcp udp, a state name	= != ~ in
 *	limit					app rwnd … or none	the same
 *	local remote addr			address, prefix, 1.2.3.4:80, [::1]:80;  = != ~ in
 *						with ~ a part of its text
 *	port lport rport pid retr		number or range 80-90	= != < > <= >= in
 *	rx tx					bytes, K M G T (1024)	the same
 *	rx_rate tx_rate rate			bytes per second, "/s"	the same
 *	rtt					us ms s m h; bare: us	the same
 *	age					us ms s m h d; bare: s	the same
 *	process user cgroup container netns workspace	text		= != ~ in
 *
 * addr and port are either end's; rate is both directions' sum. ~ asks for a part, upper and lower
 * case alike; = on text is exact, but names of a fixed set are read in either case, with - or _.
 * The words tcp, udp and the states stand alone; any other lone word matches a part of the process
 * or of either end as it is shown, 10.0.0.1:443 or [::1]:443.
 *
 * What is not known (a rate before the second sample, the RTT and limit of UDP, pid 0, counters of
 *a source that has none, an empty text) makes every comparison false, != too. `not` only turns that
 *over: `not rx_rate > 1M` is true where the rate is unknown.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/conn_row.h"

#define FILTER_LENGTH_MAX 4096 /* bytes of an expression */
#define FILTER_DEPTH_MAX 64    /* parentheses inside one another */
#define FILTER_TESTS_MAX 512

struct filter;

struct filter_error {
	size_t column; /* 1-based, in UTF-8 characters; 0: it is about no place in the text */
	char message[128];
};

/* Compiles an expression. -EINVAL: it is wrong, and *ret_error (may be NULL) says where and how.
 * -ENOMEM. The text is not needed afterwards. */
int filter_parse(const char *text, struct filter **ret_filter, struct filter_error *ret_error);

struct filter *filter_free(struct filter *filter);

/* Whether a row passes. names may be NULL; now_ns is for age. Does not allocate. */
bool filter_match(const struct filter *filter, const struct conn_row *row,
		  const struct conn_names *names, uint64_t now_ns);

DEFINE_CLEANUP(filter_free_p, struct filter *, filter_free)
