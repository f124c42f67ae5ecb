/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A timer for each flow: a wheel of four levels of 64 slots (Varghese and Lauck 1987), a slot of a
 * level as long as all of the level below. A timer set far ahead stands in a coarse slot and goes
 * off when the wheel comes to that slot, before its time; whoever takes it sees that it is early,
 * and sets it again. So nothing is ever sorted or moved down, and a flow's timer needs not be
 * touched while packets come. It never goes off late by more than FLOW_TIMERS_TICK_NS.
 *
 * Time is any that does not go back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/flow_memory.h"

#define FLOW_TIMERS_TICK_SHIFT 24 /* 16.8 ms */
#define FLOW_TIMERS_TICK_NS (UINT64_C(1) << FLOW_TIMERS_TICK_SHIFT)
#define FLOW_TIMERS_LEVELS 4
#define FLOW_TIMERS_SLOTS 64
#define FLOW_TIMERS_NONE UINT32_MAX

struct flow_timer {
	uint32_t previous; /* a timer, or the slot it is the first of (flow_timers.c) */
	uint32_t next;
};

struct flow_timers {
	struct flow_timer *timers; /* by index of the flow */
	uint64_t now_tick;
	uint64_t used[FLOW_TIMERS_LEVELS]; /* slots that are not empty, a bit each … */
	uint64_t due[FLOW_TIMERS_LEVELS];  /* … and those the wheel has come to */
	uint32_t slots[FLOW_TIMERS_LEVELS * FLOW_TIMERS_SLOTS];
	uint32_t due_slots[FLOW_TIMERS_LEVELS * FLOW_TIMERS_SLOTS];
	struct flow_memory memory;
};

/* For indices below max_timers. -ENOMEM. */
int flow_timers_init(struct flow_timers *timers, size_t max_timers);
void flow_timers_done(struct flow_timers *timers);

/* Forgets all timers. */
void flow_timers_clear(struct flow_timers *timers, uint64_t now_ns);

/* A timer that is not set. Past times are as good as the next tick. */
void flow_timers_set(struct flow_timers *timers, uint32_t index, uint64_t at_ns);
void flow_timers_unset(struct flow_timers *timers, uint32_t index);

/* Turns the wheel. What it comes to waits to be taken; all is to be taken before the next turn. */
void flow_timers_turn(struct flow_timers *timers, uint64_t now_ns);

/* Takes one; it is not set any more. FLOW_TIMERS_NONE: no more wait. */
uint32_t flow_timers_take(struct flow_timers *timers);

/* Whether a turn to this time comes to anything new. */
static inline bool flow_timers_turns(const struct flow_timers *timers, uint64_t now_ns)
{
	return now_ns >> FLOW_TIMERS_TICK_SHIFT != timers->now_tick;
}
