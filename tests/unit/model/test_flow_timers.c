/* SPDX-License-Identifier: MIT */

/* The wheel against a list of times: nothing is forgotten, nothing goes off late. */

#include <stdlib.h>

#include "model/flow_timers.h"
#include "tap.h"

#define TIMERS 500

struct world {
	struct flow_timers timers;
	uint64_t at_ns[TIMERS]; /* 0: not set */
	uint64_t now_ns;
	uint64_t early; /* times a timer was set again */
	uint32_t random;
};

static uint32_t next_random(struct world *world)
{
	world->random = world->random * 1664525 + 1013904223;
	return world->random >> 4;
}

/* From nanoseconds to days. */
static uint64_t random_span(struct world *world)
{
	return (uint64_t)next_random(world) << next_random(world) % 26;
}

static void set(struct world *world, uint32_t index, uint64_t at_ns)
{
	world->at_ns[index] = at_ns;
	flow_timers_set(&world->timers, index, at_ns);
}

/* Takes what is due; what is early is set again, as it is meant to be. */
static bool turn(struct world *world, uint64_t now_ns)
{
	uint32_t index;

	world->now_ns = now_ns;
	flow_timers_turn(&world->timers, now_ns);
	while ((index = flow_timers_take(&world->timers)) != FLOW_TIMERS_NONE) {
		if (index >= TIMERS || !world->at_ns[index])
			return false;
		if (world->at_ns[index] > now_ns) {
			flow_timers_set(&world->timers, index, world->at_ns[index]);
			world->early++;
		} else {
			world->at_ns[index] = 0;
		}
	}
	for (uint32_t i = 0; i < TIMERS; i++)
		if (world->at_ns[i] && world->at_ns[i] + FLOW_TIMERS_TICK_NS <= now_ns)
			return false;
	return true;
}

static void test_oracle(void)
{
	static struct world world = {.random = 3};
	bool right = true;
	size_t fired = 0;

	is_int(flow_timers_init(&world.timers, TIMERS), 0, "a wheel");
	for (int i = 0; i < 100000 && right; i++) {
		uint32_t index = next_random(&world) % TIMERS;

		if (!world.at_ns[index]) {
			set(&world, index, world.now_ns + 1 + random_span(&world));
		} else if (next_random(&world) % 4 == 0) {
			flow_timers_unset(&world.timers, index);
			world.at_ns[index] = 0;
		}
		if (next_random(&world) % 8 == 0)
			right = turn(&world, world.now_ns + random_span(&world) / 64);
	}
	ok(right, "timers of all lengths, set and unset, as time goes by");
	right = turn(&world, world.now_ns + (UINT64_C(1) << 60));
	for (uint32_t i = 0; i < TIMERS; i++)
		fired += !world.at_ns[i];
	ok(right && fired == TIMERS, "in the end all have gone off");
	ok(world.early < 500000, "few are met too early: %llu times",
	   (unsigned long long)world.early);
	flow_timers_done(&world.timers);
}

/* Each level's edges, at each phase of the level below. */
static void test_edges(void)
{
	static const uint64_t ticks[] = {
		0,    1,    62,     63,     64,     65,       4031,     4032,     4095,    4096,
		4097, 4159, 262143, 262144, 262145, 16777214, 16777215, 16777216, 99999999};
	static struct world world;
	bool right = true;

	for (uint64_t phase = 0; phase < 130 && right; phase++) {
		world = (struct world){.now_ns = phase * FLOW_TIMERS_TICK_NS};
		right = flow_timers_init(&world.timers, TIMERS) == 0 && turn(&world, world.now_ns);
		for (uint32_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++)
			set(&world, i, world.now_ns + ticks[i] * FLOW_TIMERS_TICK_NS + 1);
		for (uint32_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]) && right; i++) {
			uint64_t at_ns = (phase + ticks[i]) * FLOW_TIMERS_TICK_NS;

			right = turn(&world, at_ns) && world.at_ns[i] != 0 &&
				turn(&world, at_ns + FLOW_TIMERS_TICK_NS) && world.at_ns[i] == 0;
		}
		flow_timers_done(&world.timers);
	}
	ok(right, "at the edges of the levels: not before, and within a tick");
}

int main(void)
{
	test_oracle();
	test_edges();
	return tap_done();
}
