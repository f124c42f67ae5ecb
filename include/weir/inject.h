/* SPDX-License-Identifier: MIT */
#ifndef WEIR_INJECT_H
#define WEIR_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sends frames as they are, through a ring shared with the kernel (PACKET_TX_RING). */

struct weir_inject_options {
	size_t size; /* sizeof(struct weir_inject_options) */
	const char *interface;
	const char *netns;    /* as in struct weir_live_options */
	uint32_t n_frames;    /* slots of the ring; 0: 1024 */
	uint32_t frame_bytes; /* longest frame; 0: 2048 */
	bool bypass_qdisc;    /* PACKET_QDISC_BYPASS: no queue, no shaping; full means lost */
};

struct weir_inject_stats {
	uint64_t sent; /* frames the kernel took */
	uint64_t bytes;
	uint64_t rejected; /* frames it refused (TP_STATUS_WRONG_FORMAT) */
};

struct weir_inject;

/* -EPERM: CAP_NET_RAW is missing; -ENODEV; -ENOMEM. */
int weir_inject_open(const struct weir_inject_options *options, struct weir_inject **ret_inject);
void weir_inject_close(struct weir_inject *inject);

/* A free slot of `len` bytes to be filled, or NULL: the ring is full (flush, and try again), or len
 * is more than a frame holds. It is sent by the next flush. */
uint8_t *weir_inject_slot(struct weir_inject *inject, size_t len);

/* Sends what was filled. With wait, returns when all is gone. 0 or a negative errno. */
int weir_inject_flush(struct weir_inject *inject, bool wait);

void weir_inject_stats(const struct weir_inject *inject, struct weir_inject_stats *ret_stats);

#endif
