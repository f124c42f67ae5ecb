/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng): sections of either byte order, each with
 * interfaces of its own. They are numbered through the whole file. A block that contradicts itself
 * is passed over and counted, as long as its two lengths agree. No I/O here.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/capture.h>

#include "base/bytes.h"
#include "collect/packet_walk.h"

/* Interfaces beyond these are malformed, and so are their packets. */
#define PCAPNG_INTERFACES_MAX 65536
#define PCAPNG_NAME_MAX 255

/* How to get from ticks to nanoseconds: (ticks * mul / div >> shift) + offset_ns. */
struct pcapng_clock {
	uint64_t mul;
	uint64_t div; /* 0: a tick is too short to ever make a nanosecond */
	unsigned int shift;
	int64_t offset_s;
};

struct pcapng_interface {
	struct weir_file_interface told; /* its name is at name */
	struct pcapng_clock clock;
	uint64_t dropped; /* as its last statistics say */
	char name[PCAPNG_NAME_MAX + 1];
};

struct pcapng {
	bool is_swapped;        /* this section */
	uint32_t section_first; /* number of its interface 0 */
	uint32_t n_interfaces;
	uint32_t interfaces_cap;
	struct pcapng_interface **interfaces;
	uint64_t dropped;
};

void pcapng_done(struct pcapng *pcapng);

/* Whether a file that begins so is one: at least 4 bytes. */
bool pcapng_is(struct bytes in);

/* Goes on until walk->packets is full, in holds no whole block, or an interface has been declared
 * (so that whoever filters knows it before its packets come). -EBADMSG: what stands there is no
 * block, or a section of a version that is not known; there is no way to find the next. -ENOMEM */
int pcapng_walk(struct pcapng *pcapng, struct packet_walk *walk);
