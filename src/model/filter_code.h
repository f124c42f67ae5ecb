/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The compiled form of a filter, between the parser, which writes it, and filter.c, which runs it.
 * Tests only; and, or, not are in where each test goes next:
 *
 *	a and (b or not c)	0: a  true->1       false->REJECT
 *				1: b  true->ACCEPT  false->2
 *				2: c  true->REJECT  false->ACCEPT
 */

#include <stdint.h>

#include "model/filter.h"

enum filter_field {
	FILTER_PROTO,
	FILTER_STATE,
	FILTER_LIMIT,
	FILTER_LOCAL,
	FILTER_REMOTE,
	FILTER_ADDR,
	FILTER_PORT,
	FILTER_LPORT,
	FILTER_RPORT,
	FILTER_PID,
	FILTER_RETR,
	FILTER_RX,
	FILTER_TX,
	FILTER_RX_RATE,
	FILTER_TX_RATE,
	FILTER_RATE,
	FILTER_RTT, /* microseconds */
	FILTER_AGE, /* seconds */
	FILTER_PROCESS,
	FILTER_USER,
	FILTER_CGROUP,
	FILTER_CONTAINER,
	FILTER_NETNS,
	FILTER_WORKSPACE,
	FILTER_WORD, /* a lone word */
	FILTER_FIELDS,
};

enum filter_op {
	FILTER_EQ, /* numbers: low <= x <= high */
	FILTER_LT, /* x < low */
	FILTER_LE,
	FILTER_GT,
	FILTER_GE,
	FILTER_PART, /* ~ */
};

struct filter_range {
	double low;
	double high;
};

struct filter_endpoint {
	struct weir_prefix prefix;
	uint16_t port;
	bool has_port;
};

struct filter_test {
	uint8_t field;    /* enum filter_field */
	uint8_t op;       /* enum filter_op */
	bool negate;      /* !=: turns over what is known, and only that */
	bool has_id;      /* user, netns: the text is a number too, id */
	uint16_t next[2]; /* after false, after true: a test, FILTER_REJECT or FILTER_ACCEPT */
	uint32_t id;
	const char *text; /* in lower case for PART; borrowed from the filter */
	union {
		struct filter_range range;       /* numbers */
		struct filter_endpoint endpoint; /* local, remote, addr without PART */
		uint32_t mask; /* proto, state, limit: the values that match, a bit each */
	};
};

#define FILTER_REJECT 0xfffe
#define FILTER_ACCEPT 0xffff

struct filter {
	struct filter_test *tests;
	size_t n_tests;
	char *texts; /* all words of the expression that are kept, each with its NUL */
};

/* How the fields differ in what they take. */
enum filter_type {
	FILTER_TYPE_NAME, /* of a fixed set: proto, state, limit */
	FILTER_TYPE_ADDR,
	FILTER_TYPE_NUMBER,
	FILTER_TYPE_TEXT,
};

enum filter_type filter_field_type(enum filter_field field);

/* -ENOENT: no field has this name. */
int filter_field_find(const char *name, enum filter_field *ret_field);

/* The protocol or state a lone word names. -ENOENT: neither. */
int filter_name_find(const char *word, enum filter_field *ret_field, uint32_t *ret_mask);

/*
 * Compiles test->text as the value of test->field under test->op, into the rest of *test.
 * range: lo-hi is allowed. On -EINVAL *ret_wanted says what the value should have been, to follow
 * the word "expected".
 */
int filter_value_compile(struct filter_test *test, char *text, bool range, const char **ret_wanted);
