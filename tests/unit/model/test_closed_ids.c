/* SPDX-License-Identifier: MIT */
#include "model/closed_ids.h"
#include "tap.h"

/* Hashes whose upper half, which chooses the bucket, is the same. */
static uint64_t in_bucket(uint64_t bucket, uint64_t i)
{
	return bucket << 32 | (i + 1);
}

int main(void)
{
	struct closed_ids ids = {0};
	bool right = true;

	ok(!closed_ids_has(&ids, in_bucket(3, 0)), "nothing in what is not there");
	is_int(closed_ids_reserve(&ids), 0, "a table");
	is_int(closed_ids_reserve(&ids), 0, "which is made once");
	ok(!closed_ids_has(&ids, in_bucket(3, 0)), "nothing in it");
	for (uint64_t i = 0; i < 8; i++)
		closed_ids_add(&ids, in_bucket(3, i));
	closed_ids_add(&ids, in_bucket(4, 0));
	for (uint64_t i = 0; i < 8; i++)
		right = right && closed_ids_has(&ids, in_bucket(3, i));
	ok(right, "eight of one bucket are remembered");
	ok(!closed_ids_has(&ids, in_bucket(4, 1)), "what was not added is not");
	closed_ids_add(&ids, in_bucket(3, 8));
	ok(!closed_ids_has(&ids, in_bucket(3, 0)), "a ninth pushes out the oldest");
	for (uint64_t i = 1; i <= 8; i++)
		right = right && closed_ids_has(&ids, in_bucket(3, i));
	ok(right && closed_ids_has(&ids, in_bucket(4, 0)), "and no other");
	closed_ids_done(&ids);
	ok(!closed_ids_has(&ids, in_bucket(4, 0)), "done forgets all");
	return tap_done();
}
