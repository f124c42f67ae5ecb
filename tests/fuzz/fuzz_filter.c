/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a filter expression. It must be compiled or refused with a column inside it; what
 * is compiled is asked about a few rows, and the same text with a `not` round it must say the
 * opposite of each.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conn_row rows_known(void)
{
	return (struct conn_row){
		.id = {.cookie = 1,
		       .netns = 5,
		       .local_port = 443,
		       .remote_port = 51544,
		       .proto = WEIR_PROTO_TCP,
		       .local = {.bytes = {[10] = 0xff, [11] = 0xff, 10}}},
		.counters = {.bytes_in = 5000, .bytes_out = 1 << 20},
		.tcp = {.srtt_us = 350},
		.owner = {.pid = 7, .uid = 33, .comm = "nginx"},
		.opened_ns = 1,
		.rate_in = 340,
		.state = WEIR_TCP_ESTABLISHED,
		.rate_known = true,
	};
}

static struct conn_row rows_unknown(void)
{
	return (struct conn_row){
		.id = {.proto = WEIR_PROTO_UDP, .remote = {.bytes = {0x20, 0x01}}},
		.owner = {.uid = UINT32_MAX, .unknown = WEIR_UNKNOWN_EXITED},
		.flags = WEIR_CONN_NO_COUNTERS,
	};
}

static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_filter: %s\n", what);
	abort();
}

static void check_opposite(const struct filter *filter, const struct filter *opposite)
{
	const struct conn_row rows[] = {rows_known(), rows_unknown()};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(filter_match(filter, &rows[i], NULL, 9) !=
			      filter_match(opposite, &rows[i], NULL, 9),
		      "not does not turn over");
}

static size_t count_open(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '(';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_p) char *text = malloc(size + 1);
	CLEANUP(free_p) char *inverse = malloc(size + 7);
	CLEANUP(filter_free_p) struct filter *filter = NULL;
	CLEANUP(filter_free_p) struct filter *opposite = NULL;
	struct filter_error error = {0};

	check(text && inverse, "no memory for the input");
	memcpy(text, data, size);
	text[size] = '\0';
	if (filter_parse(text, &filter, &error) < 0) {
		check(!filter, "a filter in spite of an error");
		check(error.column >= 1 && error.column <= strlen(text) + 1, "a column outside");
		check(error.message[0] && strlen(error.message) < sizeof(error.message),
		      "no message");
		return 0;
	}
	snprintf(inverse, size + 7, "not (%s)", text);
	/* What brackets add may be too long or too deep, and nothing else. */
	if (filter_parse(inverse, &opposite, NULL) == 0)
		check_opposite(filter, opposite);
	else
		check(strlen(inverse) > FILTER_LENGTH_MAX || count_open(text) >= FILTER_DEPTH_MAX,
		      "a filter in brackets is refused");
	return 0;
}
