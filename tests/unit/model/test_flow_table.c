/* SPDX-License-Identifier: MIT */

/* The table against an array that is searched from end to end, with good hashes and with bad. */

#include <errno.h>

#include "model/flow_table.h"
#include "tap.h"

#define KEYS 2000
#define STEPS 200000

struct oracle {
	uint32_t index[KEYS]; /* of each key; FLOW_NONE: not there */
	uint32_t list[KEYS];
	uint64_t used[KEYS]; /* when it was put last in its list */
	uint64_t now;
	uint32_t n;
};

struct world {
	struct flow_table table;
	struct oracle oracle;
	uint32_t hash_mask; /* of the bits that hashes differ in */
	uint32_t random;
};

static uint32_t next_random(struct world *world)
{
	world->random = world->random * 1664525 + 1013904223;
	return world->random >> 8;
}

static struct flow_key key_of(uint32_t number)
{
	return (struct flow_key){.words = {1, 2, 3, number, 5, 6}};
}

static uint32_t hash_of(const struct world *world, uint32_t number)
{
	return number * UINT32_C(2654435761) & world->hash_mask;
}

static bool found_right(const struct world *world, uint32_t number)
{
	struct flow_key key = key_of(number);

	return flow_table_find(&world->table, &key, hash_of(world, number)) ==
	       world->oracle.index[number];
}

/* Of the first list that has any, the one that was put there first. */
static uint32_t oracle_victim(const struct oracle *oracle)
{
	uint32_t victim = FLOW_NONE;

	for (uint32_t i = 0; i < KEYS; i++) {
		if (oracle->index[i] == FLOW_NONE)
			continue;
		if (victim == FLOW_NONE || oracle->list[i] < oracle->list[victim] ||
		    (oracle->list[i] == oracle->list[victim] &&
		     oracle->used[i] < oracle->used[victim]))
			victim = i;
	}
	return victim;
}

static void forget(struct world *world, uint32_t number)
{
	flow_table_remove(&world->table, world->oracle.index[number]);
	world->oracle.index[number] = FLOW_NONE;
	world->oracle.n--;
}

static bool step(struct world *world)
{
	struct oracle *oracle = &world->oracle;
	uint32_t number = next_random(world) % KEYS;
	uint32_t list = next_random(world) % FLOW_LISTS;
	struct flow_key key = key_of(number);

	if (!found_right(world, number))
		return false;
	oracle->now++;
	if (oracle->index[number] == FLOW_NONE) {
		if (flow_table_is_full(&world->table)) {
			uint32_t victim = oracle_victim(oracle);

			if (flow_table_victim(&world->table) != oracle->index[victim])
				return false;
			forget(world, victim);
		}
		oracle->index[number] = flow_table_add(&world->table, &key, hash_of(world, number),
						       (enum flow_list)list);
		oracle->n++;
	} else if (next_random(world) % 3 == 0) {
		forget(world, number);
		return found_right(world, number);
	} else if (next_random(world) % 2) {
		flow_table_move(&world->table, oracle->index[number], (enum flow_list)list);
	} else {
		list = oracle->list[number];
		flow_table_touch(&world->table, oracle->index[number]);
	}
	oracle->list[number] = list;
	oracle->used[number] = oracle->now;
	return found_right(world, number) && world->table.n_flows == oracle->n;
}

static void test_oracle(const char *what, size_t max_flows, uint32_t hash_mask)
{
	static struct world world;
	bool right = true;

	world = (struct world){.hash_mask = hash_mask, .random = 7};
	for (uint32_t i = 0; i < KEYS; i++)
		world.oracle.index[i] = FLOW_NONE;
	is_int(flow_table_init(&world.table, max_flows), 0, "%s: a table", what);
	for (int i = 0; i < (hash_mask ? STEPS : STEPS / 10) && right; i++)
		right = step(&world);
	for (uint32_t i = 0; i < KEYS && right; i++)
		right = found_right(&world, i);
	ok(right, "%s: as a plain search", what);
	flow_table_clear(&world.table);
	for (uint32_t i = 0; i < KEYS; i++)
		world.oracle.index[i] = FLOW_NONE;
	for (uint32_t i = 0; i < KEYS && right; i++)
		right = found_right(&world, i);
	ok(right && flow_table_victim(&world.table) == FLOW_NONE, "%s: empty again", what);
	flow_table_done(&world.table);
}

static void test_limits(void)
{
	struct flow_table table;

	is_int(flow_table_init(&table, 0), -EINVAL, "a table of none");
	is_int(flow_table_init(&table, (size_t)FLOW_TABLE_MAX + 1), -EINVAL, "a table of too many");
	flow_table_done(&table);
}

int main(void)
{
	test_oracle("room for all", KEYS, UINT32_MAX);
	test_oracle("room for one", 1, UINT32_MAX);
	test_oracle("room for most", KEYS / 2 + 3, UINT32_MAX);
	test_oracle("one bucket's worth of hashes", KEYS, 0xff000000);
	test_oracle("one tag", KEYS, 0x00ffffff);
	test_oracle("a single hash", 500, 0);
	test_limits();
	return tap_done();
}
