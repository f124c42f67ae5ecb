/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The records of a pcap file (draft-ietf-opsawg-pcap): a file header of 24 bytes, then a header of
 * 16 bytes and the bytes of a packet, again and again. Also the modified format of old Linux
 * tcpdumps (magic a1b2cd34), whose records have 8 bytes more. No I/O here.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "collect/packet_walk.h"

#define PCAP_HEADER_BYTES 24

struct pcap_format {
	bool is_swapped;    /* the other byte order than ours */
	bool is_modified;   /* magic a1b2cd34 */
	bool may_swap_lens; /* up to version 2.3 some writers put the lengths the other way round */
	uint16_t link_type;
	uint32_t snap_len;
	uint32_t tick_ns; /* 1000 or 1 */
};

/* Whether a file that begins so is one: at least 4 bytes. */
bool pcap_is(struct bytes in);

/* Takes the file header off in. -EBADMSG: it is none; -ENODATA: it is cut. */
int pcap_read_header(struct bytes *in, struct pcap_format *ret_format);

/* Goes on until walk->packets is full or in holds no whole record. -EBADMSG: the record there
 * cannot be one; there is no way to find the next. */
int pcap_walk(const struct pcap_format *format, struct packet_walk *walk);
