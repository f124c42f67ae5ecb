/* SPDX-License-Identifier: MIT */
#include "export/recording_block.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

/*
 * A file's head:                         A block's head:
 *
 *   0  "WEIRREC\n"                          0  f7 77 62 01
 *   8  u32 version                          4  u32 bytes of the payload
 *  12  u16 bytes of the whole head          8  u64 CLOCK_REALTIME, ns
 *  14  u8 bytes of the host's name         16  u64 CLOCK_MONOTONIC, ns
 *  15  u8 bytes of the program's           24  u32 sequence
 *  16  the two texts                       28  u8 1: key, 0: delta; 3 bytes 0
 *   …  u64 XXH3 of all before              32  u64 XXH3 of the payload
 *                                          40  u64 XXH3 of all before
 */

#define HEAD_FIXED 16
#define HASH_LEN 8
/* A zstd block of 4 bytes makes at most 128 KiB (RFC 8878 3.1.1.2). */
#define EXPANSION_MAX (128 * 1024 / 4)
#define BLOCK_HASHED (RECORDING_BLOCK_HEAD - HASH_LEN)

static const uint8_t magic[8] = {'W', 'E', 'I', 'R', 'R', 'E', 'C', '\n'};

static void put16(uint8_t *to, uint16_t value)
{
	value = htole16(value);
	memcpy(to, &value, sizeof(value));
}

static void put32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static void put64(uint8_t *to, uint64_t value)
{
	value = htole64(value);
	memcpy(to, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return le16toh(value);
}

static uint32_t get32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

static uint64_t get64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return le64toh(value);
}

uint64_t recording_hash(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

size_t recording_head_pack(const char *host, const char *program, uint8_t to[RECORDING_HEAD_MAX])
{
	size_t host_len = strnlen(host, RECORDING_HOST_MAX - 1);
	size_t program_len = strnlen(program, RECORDING_PROGRAM_MAX - 1);
	size_t hashed = HEAD_FIXED + host_len + program_len;

	memcpy(to, magic, sizeof(magic));
	put32(to + 8, RECORDING_VERSION);
	put16(to + 12, (uint16_t)(hashed + HASH_LEN));
	to[14] = (uint8_t)host_len;
	to[15] = (uint8_t)program_len;
	memcpy(to + HEAD_FIXED, host, host_len);
	memcpy(to + HEAD_FIXED + host_len, program, program_len);
	put64(to + hashed, recording_hash(to, hashed));
	return hashed + HASH_LEN;
}

int recording_head_unpack(const uint8_t *from, size_t len, struct recording_head *ret_head,
			  uint32_t *ret_version)
{
	struct recording_head head = {0};
	size_t hashed;

	if (len < HEAD_FIXED || memcmp(from, magic, sizeof(magic)) != 0)
		return -EBADMSG;
	if (get32(from + 8) != RECORDING_VERSION) {
		*ret_version = get32(from + 8);
		return -EOPNOTSUPP;
	}
	hashed = (size_t)HEAD_FIXED + from[14] + from[15];
	if (get16(from + 12) != hashed + HASH_LEN || len < hashed + HASH_LEN ||
	    from[15] >= RECORDING_PROGRAM_MAX)
		return -EBADMSG;
	if (get64(from + hashed) != recording_hash(from, hashed))
		return -EBADMSG;
	memcpy(head.host, from + HEAD_FIXED, from[14]);
	memcpy(head.program, from + HEAD_FIXED + from[14], from[15]);
	*ret_head = head;
	return (int)(hashed + HASH_LEN);
}

void recording_block_pack(const struct recording_block *block, uint8_t to[RECORDING_BLOCK_HEAD])
{
	memset(to, 0, RECORDING_BLOCK_HEAD);
	put32(to, RECORDING_BLOCK_MARK);
	put32(to + 4, block->payload_bytes);
	put64(to + 8, block->realtime_ns);
	put64(to + 16, block->monotonic_ns);
	put32(to + 24, block->sequence);
	to[28] = block->is_key;
	put64(to + 32, block->payload_hash);
	put64(to + BLOCK_HASHED, recording_hash(to, BLOCK_HASHED));
}

int recording_block_unpack(const uint8_t from[RECORDING_BLOCK_HEAD],
			   struct recording_block *ret_block)
{
	static const uint8_t zero[3];

	if (get32(from) != RECORDING_BLOCK_MARK ||
	    get64(from + BLOCK_HASHED) != recording_hash(from, BLOCK_HASHED) || from[28] > 1 ||
	    memcmp(from + 29, zero, sizeof(zero)) != 0)
		return -EBADMSG;
	*ret_block = (struct recording_block){
		.payload_bytes = get32(from + 4),
		.realtime_ns = get64(from + 8),
		.monotonic_ns = get64(from + 16),
		.sequence = get32(from + 24),
		.is_key = from[28],
		.payload_hash = get64(from + 32),
	};
	return 0;
}

int recording_block_make(struct ZSTD_CCtx_s *zstd, struct recording_block *block,
			 const struct str_buf *raw, struct str_buf *to)
{
	size_t room, len;
	char *at;

	if (raw->error)
		return raw->error;
	if (raw->len > RECORDING_RAW_MAX)
		return -EFBIG;
	room = ZSTD_compressBound(raw->len);
	at = str_buf_reserve(to, RECORDING_BLOCK_HEAD + room);
	if (!at)
		return to->error;
	/* Nothing but memory can be short: there is room for the worst case. */
	len = ZSTD_compress2(zstd, at + RECORDING_BLOCK_HEAD, room, raw->data, raw->len);
	if (ZSTD_isError(len))
		return -ENOMEM;
	block->payload_bytes = (uint32_t)len;
	block->payload_hash = recording_hash(at + RECORDING_BLOCK_HEAD, len);
	recording_block_pack(block, (uint8_t *)at);
	to->len += RECORDING_BLOCK_HEAD + len;
	return 0;
}

int recording_block_open(struct ZSTD_DCtx_s *zstd, const void *payload, size_t len,
			 struct str_buf *raw)
{
	unsigned long long size = ZSTD_getFrameContentSize(payload, len);
	char *to;

	/* both "unknown" and "no frame" are past it, too */
	if (size > RECORDING_RAW_MAX || size / EXPANSION_MAX > len)
		return -EBADMSG;
	str_buf_clear(raw);
	to = str_buf_reserve(raw, size);
	if (!to)
		return raw->error;
	if (ZSTD_decompressDCtx(zstd, to, size, payload, len) != size)
		return -EBADMSG;
	raw->len = size;
	return 0;
}
