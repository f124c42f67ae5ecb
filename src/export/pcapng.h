/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Packets kept as pcapng (draft-ietf-opsawg-pcapng): nanoseconds, the tag of a VLAN put back where
 * the kernel took it from, the direction, and a comment a packet. Blocks are gathered and written
 * at once, so that a killed process leaves a file that is whole up to its last write; where a disk
 * is full, what went in is taken back to there.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/packet.h>

#include "base/str_buf.h"

struct pcapng_writer;

struct pcapng_options {
	const char *path;    /* made with mode 0640, or replaced */
	const char *program; /* what writes it, and on what: "" or text */
	const char *system;
	uint64_t rotate_at_bytes; /* 0: never by size */
	unsigned int keep;        /* how many old files, as path.1 and so on */
};

/* One that packets come from. */
struct pcapng_source {
	uint32_t number; /* packet->interface */
	uint16_t link_type;
	uint32_t snap_len; /* 0: no limit */
	const char *name;  /* "" and NULL: not told; also the filter */
	const char *filter;
};

/* What log_file_open says; error says it in words. The options are borrowed for the call. */
int pcapng_open(const struct pcapng_options *options, struct str_buf *error,
		struct pcapng_writer **ret_writer);

/* Packets of it may come from now on. -EEXIST: that number has one; -ENOMEM. */
int pcapng_add_source(struct pcapng_writer *writer, const struct pcapng_source *source);

/* Gathers a packet, and a comment if not NULL (untrusted text, kept escaped and up to 1 KiB).
 * -EINVAL: its interface was not added, or has another link type; -ENOMEM. */
int pcapng_add(struct pcapng_writer *writer, const struct weir_packet *packet, const char *comment);

/* Writes what is gathered, once for a batch. On failure, which is as log_file_write says, or
 * -ENOMEM, all earlier writes are kept and what was gathered is lost: *ret_lost packets. */
int pcapng_write(struct pcapng_writer *writer, uint64_t *ret_lost);

/* Begins a new file if this one has reached its size, or now; as log_file_rotate. 0 while something
 * is gathered that is not written. */
int pcapng_rotate(struct pcapng_writer *writer, bool now);

/* What is known of a source at the end: packets that came, and those the kernel had no room for. */
int pcapng_add_statistics(struct pcapng_writer *writer, uint32_t number, uint64_t received,
			  uint64_t dropped);

/* Frees the writer, NULL too; what was not written is lost. What close(2) said. */
int pcapng_close(struct pcapng_writer *writer);
