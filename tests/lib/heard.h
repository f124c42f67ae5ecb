/* SPDX-License-Identifier: MIT */
#pragma once

/* What a connection source says, kept in order, and how to find in it what it said of one end. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn_source.h>

#include "traffic.h"

#define HEARD_MAX 16384
#define HEARD_WAIT_NS (60 * 1000000000ULL)

struct heard {
	struct weir_conn_event events[HEARD_MAX];
	size_t n;
	size_t refused; /* events beyond HEARD_MAX */
	uint32_t netns; /* hear of this namespace only; 0: of all */
};

/* Never NULL: aborts without memory. */
struct heard *heard_new(void);

/* A weir_conn_event_fn. */
void hear(void *user, const struct weir_conn_event *event);

/* The last event of a kind about an end; *ret_count is how many there were. */
const struct weir_conn_event *heard_find(const struct heard *heard, const struct traffic_end *end,
					 enum weir_conn_event_kind kind, int *ret_count);

/* One pass of the source. Its return value. */
int heard_pass(struct weir_conn_source *source, struct heard *heard);

/* Sleeps on the source's descriptor until it has something to say, and hears it. False when
 * deadline_ns (CLOCK_MONOTONIC) has passed, or on an error. */
bool heard_wait(struct weir_conn_source *source, struct heard *heard, uint64_t deadline_ns);

/* Waits, bounded, until both ends of a connection have been told to be over. */
bool heard_await_finals(struct weir_conn_source *source, struct heard *heard,
			const struct traffic_pair *pair);

/* The source's count of ends it could not tell. */
uint64_t heard_lost_finals(struct weir_conn_source *source);

/* Moves into a network namespace of the test's own if that is allowed, so that nobody else's
 * connections are heard. */
void heard_settle(void);

/* Gives up root and every capability, if there is any; skips the test if that cannot be. */
void heard_become_nobody(void);
