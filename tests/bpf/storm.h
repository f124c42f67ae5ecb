/* SPDX-License-Identifier: MIT */
#pragma once

/* Many short connections of STORM_BYTES each, from one process to another, and each one written
 * down by both. */

#include "traffic.h"

#define STORM_BYTES 64

struct storm {
	size_t n;
	size_t at_once; /* connections open at a time: 1 is full speed, more makes them last longer
			 */
	struct traffic_pair *pairs; /* n, in shared memory; client and server of [i] are not of one
				     * connection: the server accepts in an order of its own */
	uint16_t port;              /* of the server */
};

/* Runs it to its end. Release with storm_done(), also on failure. */
int storm_run(struct storm *storm, size_t n, size_t at_once);
void storm_done(struct storm *storm);
