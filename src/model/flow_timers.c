/* SPDX-License-Identifier: MIT */
#include "model/flow_timers.h"

#include <string.h>

#define SLOT_BITS 6
#define N_SLOTS (FLOW_TIMERS_LEVELS * FLOW_TIMERS_SLOTS)
/* As far ahead as the wheel reaches: 78 hours. */
#define MOST_TICKS ((UINT64_C(1) << (SLOT_BITS * FLOW_TIMERS_LEVELS)) - 1)

/* `previous` of the first timer of a slot: this and the slot's number; with due slots, that too. */
#define OF_SLOT UINT32_C(0x80000000)
#define OF_DUE UINT32_C(0x40000000)
#define SLOT_NUMBER (N_SLOTS - 1)

_Static_assert(FLOW_TIMERS_SLOTS == 1 << SLOT_BITS, "a bit each in a word");

int flow_timers_init(struct flow_timers *timers, size_t max_timers)
{
	int r;

	*timers = (struct flow_timers){0};
	r = flow_memory_init(&timers->memory, max_timers, sizeof(*timers->timers));
	if (r < 0)
		return r;
	timers->timers = timers->memory.at;
	flow_timers_clear(timers, 0);
	return 0;
}

void flow_timers_done(struct flow_timers *timers)
{
	flow_memory_done(&timers->memory);
	*timers = (struct flow_timers){0};
}

void flow_timers_clear(struct flow_timers *timers, uint64_t now_ns)
{
	timers->now_tick = now_ns >> FLOW_TIMERS_TICK_SHIFT;
	memset(timers->used, 0, sizeof(timers->used));
	memset(timers->due, 0, sizeof(timers->due));
}

static uint64_t bit_of(unsigned int number)
{
	return UINT64_C(1) << (number % FLOW_TIMERS_SLOTS);
}

/* The finest slot that reaches so far; the level below would come by it too soon, again and again.
 */
static unsigned int slot_for(const struct flow_timers *timers, uint64_t tick)
{
	uint64_t ahead = tick - timers->now_tick;
	unsigned int level = 0;

	while (level < FLOW_TIMERS_LEVELS - 1 && ahead >> (SLOT_BITS * (level + 1)))
		level++;
	return level * FLOW_TIMERS_SLOTS + (tick >> (SLOT_BITS * level)) % FLOW_TIMERS_SLOTS;
}

void flow_timers_set(struct flow_timers *timers, uint32_t index, uint64_t at_ns)
{
	/* A tick is over when the next one begins. */
	uint64_t tick = (at_ns >> FLOW_TIMERS_TICK_SHIFT) + (at_ns % FLOW_TIMERS_TICK_NS != 0);
	unsigned int number;
	uint64_t *used;

	if (tick <= timers->now_tick)
		tick = timers->now_tick + 1;
	else if (tick - timers->now_tick > MOST_TICKS)
		tick = timers->now_tick + MOST_TICKS;
	number = slot_for(timers, tick);
	used = &timers->used[number / FLOW_TIMERS_SLOTS];
	timers->timers[index] = (struct flow_timer){OF_SLOT | number, FLOW_TIMERS_NONE};
	if (*used & bit_of(number)) {
		timers->timers[index].next = timers->slots[number];
		timers->timers[timers->slots[number]].previous = index;
	}
	timers->slots[number] = index;
	*used |= bit_of(number);
}

/* The slot has another first timer, or none. */
static void set_first(struct flow_timers *timers, uint32_t slot, uint32_t index)
{
	unsigned int number = slot & SLOT_NUMBER;
	uint64_t *words = slot & OF_DUE ? timers->due : timers->used;
	uint32_t *slots = slot & OF_DUE ? timers->due_slots : timers->slots;

	if (index == FLOW_TIMERS_NONE)
		words[number / FLOW_TIMERS_SLOTS] &= ~bit_of(number);
	else
		slots[number] = index;
}

void flow_timers_unset(struct flow_timers *timers, uint32_t index)
{
	struct flow_timer timer = timers->timers[index];

	if (timer.previous & OF_SLOT)
		set_first(timers, timer.previous, timer.next);
	else
		timers->timers[timer.previous].next = timer.next;
	if (timer.next != FLOW_TIMERS_NONE)
		timers->timers[timer.next].previous = timer.previous;
}

/* The slots of a level from the one behind `from` to `to`, at most all of them. */
static uint64_t slots_between(uint64_t from, uint64_t to)
{
	uint64_t n = to - from;
	uint64_t bits;
	unsigned int first = (from + 1) % FLOW_TIMERS_SLOTS;

	if (n == 0)
		return 0;
	if (n >= FLOW_TIMERS_SLOTS)
		return UINT64_MAX;
	bits = (UINT64_C(1) << n) - 1;
	return first ? bits << first | bits >> (FLOW_TIMERS_SLOTS - first) : bits;
}

void flow_timers_turn(struct flow_timers *timers, uint64_t now_ns)
{
	uint64_t tick = now_ns >> FLOW_TIMERS_TICK_SHIFT;

	for (unsigned int level = 0; level < FLOW_TIMERS_LEVELS; level++) {
		unsigned int shift = SLOT_BITS * level;
		uint64_t met = timers->used[level] &
			       slots_between(timers->now_tick >> shift, tick >> shift);

		timers->used[level] &= ~met;
		timers->due[level] |= met;
		for (; met; met &= met - 1) {
			unsigned int number =
				level * FLOW_TIMERS_SLOTS + (unsigned int)__builtin_ctzll(met);
			uint32_t first = timers->slots[number];

			timers->due_slots[number] = first;
			timers->timers[first].previous = OF_SLOT | OF_DUE | number;
		}
	}
	timers->now_tick = tick;
}

uint32_t flow_timers_take(struct flow_timers *timers)
{
	for (unsigned int level = 0; level < FLOW_TIMERS_LEVELS; level++) {
		if (timers->due[level]) {
			unsigned int slot = (unsigned int)__builtin_ctzll(timers->due[level]);
			uint32_t index = timers->due_slots[level * FLOW_TIMERS_SLOTS + slot];

			flow_timers_unset(timers, index);
			return index;
		}
	}
	return FLOW_TIMERS_NONE;
}
