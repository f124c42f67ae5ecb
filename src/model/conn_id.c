/* SPDX-License-Identifier: MIT */
#include "model/conn_id.h"

#include <string.h>

#include "base/siphash.h"

/* The identity of what is not (cookie, generation), without padding. */
struct tuple_key {
	uint64_t cookie;
	struct weir_addr local;
	struct weir_addr remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t proto;
};

_Static_assert(sizeof(struct tuple_key) == 48, "padding would be hashed");

bool conn_id_is_life(const struct weir_conn_id *id)
{
	return id->proto == WEIR_PROTO_TCP && id->cookie;
}

/* A bijection in which each bit of the input moves half the output (splitmix64's finalizer). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

uint64_t conn_id_hash(const uint8_t key[16], const struct weir_conn_id *id)
{
	struct tuple_key tuple = {
		.cookie = id->cookie,
		.local = id->local,
		.remote = id->remote,
		.local_port = id->local_port,
		.remote_port = id->remote_port,
		.proto = id->proto,
	};

	/* Cookies are the kernel's: nobody chooses them. Tuples are chosen by peers. */
	if (conn_id_is_life(id))
		return mix(id->cookie + id->generation * 0x9e3779b97f4a7c15ULL);
	return siphash24(key, &tuple, sizeof(tuple));
}

bool conn_id_equal(const struct weir_conn_id *a, const struct weir_conn_id *b)
{
	if (a->proto != b->proto || a->cookie != b->cookie)
		return false;
	if (conn_id_is_life(a))
		return a->generation == b->generation;
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       memcmp(&a->local, &b->local, sizeof(a->local)) == 0 &&
	       memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0;
}
