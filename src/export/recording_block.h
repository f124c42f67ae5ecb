/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The frame of the format: what a file and each of its blocks begin with, checksums, compression.
 * What is inside a block is recording_frame.h's. docs/recording.md has both.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str_buf.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

#define RECORDING_VERSION 1

/* --- the file --- */

#define RECORDING_HEAD_MAX 512
#define RECORDING_HOST_MAX 256
#define RECORDING_PROGRAM_MAX 64

struct recording_head {
	char host[RECORDING_HOST_MAX];
	char program[RECORDING_PROGRAM_MAX];
};

/* Writes the head and returns its length. Longer texts are cut. */
size_t recording_head_pack(const char *host, const char *program, uint8_t to[RECORDING_HEAD_MAX]);

/* Reads it from the first len bytes of a file, and returns its length. -EBADMSG: it is none, or
 * damaged; -EOPNOTSUPP: it is of another version, which is then in *ret_version. */
int recording_head_unpack(const uint8_t *from, size_t len, struct recording_head *ret_head,
			  uint32_t *ret_version);

/* --- a block --- */

#define RECORDING_BLOCK_HEAD 48
#define RECORDING_BLOCK_MARK 0x016277f7U /* the first four bytes: f7 77 62 01 */
/* Bytes of what is in a block, before compression. */
#define RECORDING_RAW_MAX ((1U << 30) - 1)

struct recording_block {
	uint64_t realtime_ns;
	uint64_t monotonic_ns;
	uint32_t payload_bytes;
	uint32_t sequence; /* counts the blocks of a file, from 0 */
	uint64_t payload_hash;
	bool is_key; /* stands for itself */
};

void recording_block_pack(const struct recording_block *block, uint8_t to[RECORDING_BLOCK_HEAD]);

/* -EBADMSG: no block begins so. */
int recording_block_unpack(const uint8_t from[RECORDING_BLOCK_HEAD],
			   struct recording_block *ret_block);

uint64_t recording_hash(const void *data, size_t len);

/* Compresses raw and appends a whole block to *to. block's payload_bytes and payload_hash are
 * worked out. -ENOMEM, -EFBIG (raw is past RECORDING_RAW_MAX). */
int recording_block_make(struct ZSTD_CCtx_s *zstd, struct recording_block *block,
			 const struct str_buf *raw, struct str_buf *to);

/* The other way: what is in a block, once its hash was found right. -EBADMSG, -ENOMEM. */
int recording_block_open(struct ZSTD_DCtx_s *zstd, const void *payload, size_t len,
			 struct str_buf *raw);
