/* SPDX-License-Identifier: MIT */
#ifndef WEIR_LINK_H
#define WEIR_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define WEIR_LINK_NAME_MAX 16

/* A network interface and the kernel's own counters of it (struct rtnl_link_stats64), which count
 * whole frames, headers included, since the interface was made. */
struct weir_link {
	uint32_t index;
	char name[WEIR_LINK_NAME_MAX]; /* NUL-terminated; chosen by whoever made it, so untrusted */
	bool is_up;
	bool is_loopback;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t rx_dropped;
	uint64_t tx_dropped;
};

/* Eats one interface. It is borrowed for the call. */
typedef void (*weir_link_fn)(void *user, const struct weir_link *link);

#endif
