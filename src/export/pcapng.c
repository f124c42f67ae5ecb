/* SPDX-License-Identifier: MIT */
#include "export/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/log_file.h"

#define COMMENT_MAX 1024
#define TEXT_MAX 4096 /* of other options, whose length has 16 bits */
#define VLAN_AT 12    /* behind the two addresses of Ethernet */
#define VLAN_BYTES 4

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SHB_OS = 3,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	EPB_FLAGS = 2,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

/* epb_flags: bits 0 and 1 the direction, from bit 2 on how it was received. */
enum packet_flag {
	FLAG_IN = 1,
	FLAG_OUT = 2,
	FLAG_PROMISCUOUS = 4 << 2,
};

struct source {
	uint32_t number;
	uint16_t link_type;
};

struct pcapng_writer {
	struct log_file *file;
	struct source *sources;
	size_t n_sources;
	struct str_buf interfaces; /* blocks of all sources, which every file needs */
	size_t n_written;          /* bytes of them that this file has */
	size_t n_gathered;         /* … and will have with what is gathered */
	struct str_buf blocks;     /* gathered */
	uint64_t n_packets;        /* in them */
	struct str_buf comment;
};

static void put_u16(struct str_buf *buf, uint16_t value)
{
	str_buf_add(buf, (const char *)&value, sizeof(value));
}

static void put_u32(struct str_buf *buf, uint32_t value)
{
	str_buf_add(buf, (const char *)&value, sizeof(value));
}

static void put_padded(struct str_buf *buf, const void *data, size_t len)
{
	str_buf_add(buf, data, len);
	str_buf_add(buf, "\0\0\0", -len & 3);
}

static void put_option(struct str_buf *buf, uint16_t code, const void *value, size_t len)
{
	put_u16(buf, code);
	put_u16(buf, (uint16_t)len);
	put_padded(buf, value, len);
}

static void put_text(struct str_buf *buf, uint16_t code, const char *text)
{
	if (text && *text)
		put_option(buf, code, text, strnlen(text, TEXT_MAX));
}

/* Returns where the block began; its length is known at its end. */
static size_t begin_block(struct str_buf *buf, uint32_t type)
{
	size_t began = buf->len;

	put_u32(buf, type);
	put_u32(buf, 0);
	return began;
}

static void end_block(struct str_buf *buf, size_t began)
{
	uint32_t len = (uint32_t)(buf->len - began + sizeof(len));

	put_u32(buf, len);
	if (!buf->error)
		memcpy(buf->data + began + sizeof(len), &len, sizeof(len));
}

static void put_section(struct str_buf *buf, const struct pcapng_options *options)
{
	size_t began = begin_block(buf, BLOCK_SECTION);
	const int64_t unknown_length = -1;

	put_u32(buf, 0x1a2b3c4d); /* in our own byte order, as all that follows */
	put_u16(buf, 1);
	put_u16(buf, 0);
	str_buf_add(buf, (const char *)&unknown_length, sizeof(unknown_length));
	put_text(buf, SHB_OS, options->system);
	put_text(buf, SHB_USERAPPL, options->program);
	put_option(buf, OPTION_END, "", 0);
	end_block(buf, began);
}

static void put_interface(struct str_buf *buf, const struct pcapng_source *source)
{
	size_t began = begin_block(buf, BLOCK_INTERFACE);
	const uint8_t nanoseconds = 9;

	put_u16(buf, source->link_type);
	put_u16(buf, 0);
	put_u32(buf, source->snap_len);
	put_text(buf, IF_NAME, source->name);
	put_option(buf, IF_TSRESOL, &nanoseconds, 1);
	if (source->filter && *source->filter) {
		size_t len = strnlen(source->filter, TEXT_MAX);

		put_u16(buf, IF_FILTER);
		put_u16(buf, (uint16_t)(len + 1));
		str_buf_putc(buf, 0); /* a text, not a program */
		str_buf_add(buf, source->filter, len);
		str_buf_add(buf, "\0\0\0", -(len + 1) & 3);
	}
	put_option(buf, OPTION_END, "", 0);
	end_block(buf, began);
}

int pcapng_close(struct pcapng_writer *writer)
{
	int r;

	if (!writer)
		return 0;
	r = log_file_close(writer->file);
	free(writer->sources);
	str_buf_done(&writer->interfaces);
	str_buf_done(&writer->blocks);
	str_buf_done(&writer->comment);
	free(writer);
	return r;
}

DEFINE_CLEANUP(pcapng_close_p, struct pcapng_writer *, pcapng_close)

int pcapng_open(const struct pcapng_options *options, struct str_buf *error,
		struct pcapng_writer **ret_writer)
{
	CLEANUP(pcapng_close_p) struct pcapng_writer *writer = calloc(1, sizeof(*writer));
	struct log_file_options file = {
		.path = options->path,
		.deed = "write packets to",
		.mode = 0640,
		.is_private = true,
		.rotate_at_bytes = options->rotate_at_bytes,
		.keep = options->keep,
	};
	size_t said = error->len;
	int r;

	if (!writer)
		return log_file_explain(&file, error, said, -ENOMEM);
	put_section(&writer->blocks, options);
	if (writer->blocks.error)
		return log_file_explain(&file, error, said, -ENOMEM);
	file.header = writer->blocks.data;
	file.header_len = writer->blocks.len;
	r = log_file_open(&file, error, &writer->file);
	if (r < 0)
		return r;
	str_buf_clear(&writer->blocks);
	*ret_writer = STEAL(writer);
	return 0;
}

/* Its place among the interfaces of each file; -1: there is none. */
static ssize_t find_source(const struct pcapng_writer *writer, uint32_t number)
{
	for (size_t i = 0; i < writer->n_sources; i++) {
		if (writer->sources[i].number == number)
			return (ssize_t)i;
	}
	return -1;
}

/* Interfaces that the file has not stand before what is gathered next. */
static void gather_interfaces(struct pcapng_writer *writer)
{
	if (!writer->blocks.len)
		writer->n_gathered = writer->n_written;
	if (writer->n_gathered == writer->interfaces.len)
		return;
	str_buf_add(&writer->blocks, writer->interfaces.data + writer->n_gathered,
		    writer->interfaces.len - writer->n_gathered);
	writer->n_gathered = writer->interfaces.len;
}

int pcapng_add_source(struct pcapng_writer *writer, const struct pcapng_source *source)
{
	size_t before = writer->interfaces.len;
	struct source *sources;

	if (find_source(writer, source->number) >= 0)
		return -EEXIST;
	sources = reallocarray(writer->sources, writer->n_sources + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	writer->sources = sources;
	put_interface(&writer->interfaces, source);
	if (writer->interfaces.error) {
		writer->interfaces.len = before;
		writer->interfaces.error = 0;
		return -ENOMEM;
	}
	sources[writer->n_sources++] = (struct source){source->number, source->link_type};
	return 0;
}

static void put_data(struct str_buf *buf, const struct weir_packet *packet, bool is_tagged)
{
	const char *data = (const char *)packet->data;

	if (is_tagged) {
		const char tag[VLAN_BYTES] = {
			(char)(packet->vlan_tpid >> 8), (char)packet->vlan_tpid,
			(char)(packet->vlan_tci >> 8), (char)packet->vlan_tci};

		str_buf_add(buf, data, VLAN_AT);
		str_buf_add(buf, tag, VLAN_BYTES);
		str_buf_add(buf, data + VLAN_AT, packet->cap_len - VLAN_AT);
		str_buf_add(buf, "\0\0\0", -packet->cap_len & 3);
	} else {
		put_padded(buf, data, packet->cap_len);
	}
}

static uint32_t flags_of(const struct weir_packet *packet)
{
	switch (packet->direction) {
	case WEIR_PACKET_IN:
		return FLAG_IN;
	case WEIR_PACKET_OUT:
		return FLAG_OUT;
	case WEIR_PACKET_OTHER:
		return FLAG_IN | FLAG_PROMISCUOUS;
	default:
		return 0;
	}
}

static void put_comment(struct pcapng_writer *writer, const char *comment)
{
	if (!comment || !*comment)
		return;
	str_buf_clear(&writer->comment);
	text_escape(&writer->comment, comment, strnlen(comment, COMMENT_MAX));
	if (writer->comment.len)
		put_option(&writer->blocks, OPTION_COMMENT, writer->comment.data,
			   writer->comment.len);
}

int pcapng_add(struct pcapng_writer *writer, const struct weir_packet *packet, const char *comment)
{
	ssize_t id = find_source(writer, packet->interface);
	bool is_tagged = packet->vlan_tpid && packet->link_type == WEIR_LINK_ETHERNET &&
			 packet->cap_len >= VLAN_AT;
	uint32_t tag_len = is_tagged ? VLAN_BYTES : 0;
	uint32_t flags = flags_of(packet);
	struct str_buf *blocks = &writer->blocks;
	size_t began;

	if (id < 0 || writer->sources[id].link_type != packet->link_type)
		return -EINVAL;
	gather_interfaces(writer);
	began = begin_block(blocks, BLOCK_ENHANCED);
	put_u32(blocks, (uint32_t)id);
	put_u32(blocks, (uint32_t)(packet->time_ns >> 32));
	put_u32(blocks, (uint32_t)packet->time_ns);
	put_u32(blocks, packet->cap_len + tag_len);
	put_u32(blocks, packet->wire_len + tag_len);
	put_data(blocks, packet, is_tagged);
	put_comment(writer, comment);
	if (flags)
		put_option(blocks, EPB_FLAGS, &flags, sizeof(flags));
	if (flags || (comment && *comment))
		put_option(blocks, OPTION_END, "", 0);
	end_block(blocks, began);
	writer->n_packets++;
	return blocks->error;
}

int pcapng_add_statistics(struct pcapng_writer *writer, uint32_t number, uint64_t received,
			  uint64_t dropped)
{
	ssize_t id = find_source(writer, number);
	struct str_buf *blocks = &writer->blocks;
	size_t began;

	if (id < 0)
		return -EINVAL;
	gather_interfaces(writer);
	began = begin_block(blocks, BLOCK_STATISTICS);
	put_u32(blocks, (uint32_t)id);
	put_u32(blocks, 0); /* when is not told: the packets say it */
	put_u32(blocks, 0);
	put_option(blocks, ISB_IFRECV, &received, sizeof(received));
	put_option(blocks, ISB_IFDROP, &dropped, sizeof(dropped));
	put_option(blocks, OPTION_END, "", 0);
	end_block(blocks, began);
	return blocks->error;
}

int pcapng_write(struct pcapng_writer *writer, uint64_t *ret_lost)
{
	struct str_buf *blocks = &writer->blocks;
	int r = 0;

	gather_interfaces(writer);
	if (blocks->error)
		r = blocks->error;
	else if (blocks->len)
		r = log_file_write(writer->file, blocks->data, blocks->len);
	if (r == 0)
		writer->n_written = writer->n_gathered;
	else if (ret_lost)
		*ret_lost = writer->n_packets;
	str_buf_clear(blocks);
	writer->n_packets = 0;
	return r;
}

int pcapng_rotate(struct pcapng_writer *writer, bool now)
{
	uint64_t before = log_file_rotated(writer->file);
	int r;

	if (writer->blocks.len)
		return 0;
	r = log_file_rotate(writer->file, now);
	if (log_file_rotated(writer->file) != before)
		writer->n_written = 0;
	return r;
}
