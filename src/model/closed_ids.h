/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The identities of connections that were reported as closed and removed, so that a straggler (a
 * late sample, the record of tcp_destroy_sock minutes after the CLOSE) does not bring them back.
 * A fixed table of the last 16,384 or so, where the newer push out the older: it may forget, it
 * never grows.
 */

#include <stdbool.h>
#include <stdint.h>

struct closed_ids {
	uint64_t *hashes; /* 128 KiB, allocated at the first reserve */
};

void closed_ids_done(struct closed_ids *ids);

/* Makes the table if there is none yet. -ENOMEM. */
int closed_ids_reserve(struct closed_ids *ids);

/* Remembers an identity by its hash. closed_ids_reserve has been called. */
void closed_ids_add(struct closed_ids *ids, uint64_t hash);

bool closed_ids_has(const struct closed_ids *ids, uint64_t hash);
