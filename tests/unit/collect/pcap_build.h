/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Capture files made byte by byte as the drafts say (draft-ietf-opsawg-pcap and -pcapng), in either
 * byte order, and handed to a capture as a file or through a pipe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/capture.h>

struct pcap_build {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool is_big; /* byte order of what is put next */
};

void build_done(struct pcap_build *build);
void build_u16(struct pcap_build *build, uint16_t value);
void build_u32(struct pcap_build *build, uint32_t value);
void build_bytes(struct pcap_build *build, const void *data, size_t len);

/* pcap */
void build_pcap(struct pcap_build *build, uint32_t magic, uint32_t link_type);
void build_record(struct pcap_build *build, uint32_t s, uint32_t fraction, const void *data,
		  uint32_t cap_len, uint32_t wire_len);

/* pcapng: a block is begun, filled, and ended; returns where it began. */
size_t build_block(struct pcap_build *build, uint32_t type);
void build_block_end(struct pcap_build *build, size_t began);
void build_option(struct pcap_build *build, uint16_t code, const void *value, uint16_t len);
void build_option_number(struct pcap_build *build, uint16_t code, uint64_t value, uint16_t len);
void build_section(struct pcap_build *build);
/* resolution 0: no such option. name may be NULL. */
void build_interface(struct pcap_build *build, uint16_t link_type, const char *name,
		     uint8_t resolution, int64_t offset_s);
void build_enhanced(struct pcap_build *build, uint32_t interface, uint64_t ticks, const void *data,
		    uint32_t cap_len, uint32_t wire_len);

/* Opens bytes as a file in memory; 0 or what weir_capture_open_file says. */
int build_open(const void *data, size_t len, const char *filter, struct weir_capture **ret_capture,
	       const char **ret_error);
/* … as what comes through a pipe whose writer has gone: at most 64 KiB. */
int build_open_pipe(const void *data, size_t len, struct weir_capture **ret_capture);

/* Reads to the end: what next() said last; *ret_n packets came. */
int build_count(struct weir_capture *capture, uint64_t *ret_n);
