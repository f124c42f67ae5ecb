/* SPDX-License-Identifier: MIT */
#include "collect/pcap_records.h"

#include <errno.h>
#include <stddef.h>

#define RECORD_BYTES 16
#define RECORD_BYTES_MODIFIED 24
#define NS_PER_S UINT64_C(1000000000)

/* Offset in a modified record's header of the kernel's packet type (PACKET_HOST and so on). */
#define MODIFIED_TYPE_AT 22

enum pcap_magic {
	MAGIC_MICROSECONDS = 0xa1b2c3d4,
	MAGIC_NANOSECONDS = 0xa1b23c4d,
	MAGIC_MODIFIED = 0xa1b2cd34,
};

static bool is_magic(uint32_t value)
{
	return value == MAGIC_MICROSECONDS || value == MAGIC_NANOSECONDS || value == MAGIC_MODIFIED;
}

bool pcap_is(struct bytes in)
{
	return in.len >= 4 &&
	       (is_magic(record_u32(in.data, false)) || is_magic(record_u32(in.data, true)));
}

int pcap_read_header(struct bytes *in, struct pcap_format *ret_format)
{
	const uint8_t *at;
	uint32_t magic;
	bool swapped;

	if (!pcap_is(*in))
		return -EBADMSG;
	at = bytes_take(in, PCAP_HEADER_BYTES);
	if (!at)
		return -ENODATA;
	swapped = !is_magic(record_u32(at, false));
	magic = record_u32(at, swapped);
	*ret_format = (struct pcap_format){
		.is_swapped = swapped,
		.is_modified = magic == MAGIC_MODIFIED,
		.may_swap_lens =
			record_u16(at + 4, swapped) == 2 && record_u16(at + 6, swapped) <= 3,
		.snap_len = record_u32(at + 16, swapped),
		/* above: the length of a frame check sequence, which stays at the data's end */
		.link_type = (uint16_t)record_u32(at + 20, swapped),
		.tick_ns = magic == MAGIC_NANOSECONDS ? 1 : 1000,
	};
	return 0;
}

/* include/uapi/linux/if_packet.h: 3 is PACKET_OTHERHOST, 4 PACKET_OUTGOING. */
static uint8_t direction_of(uint8_t type)
{
	if (type == 3)
		return WEIR_PACKET_OTHER;
	return type == 4 ? WEIR_PACKET_OUT : WEIR_PACKET_IN;
}

int pcap_walk(const struct pcap_format *format, struct packet_walk *walk)
{
	const size_t head = format->is_modified ? RECORD_BYTES_MODIFIED : RECORD_BYTES;
	const bool swapped = format->is_swapped;

	while (walk->n < walk->max) {
		const uint8_t *at = walk->in.data;
		struct weir_packet *packet = &walk->packets[walk->n];
		uint32_t cap_len;
		uint32_t wire_len;

		walk->need = head;
		if (walk->in.len < head)
			return 0;
		__builtin_prefetch(at + RECORD_PREFETCH);
		cap_len = record_u32(at + 8, swapped);
		wire_len = record_u32(at + 12, swapped);
		if (format->may_swap_lens && cap_len > wire_len) {
			cap_len = wire_len;
			wire_len = record_u32(at + 8, swapped);
		}
		if (cap_len > RECORD_MAX)
			return -EBADMSG;
		walk->need = head + cap_len;
		if (walk->in.len < walk->need)
			return 0;
		*packet = (struct weir_packet){
			.data = at + head,
			.cap_len = cap_len,
			.wire_len = record_max_u32(wire_len, cap_len),
			.time_ns = record_u32(at, swapped) * NS_PER_S +
				   (uint64_t)record_u32(at + 4, swapped) * format->tick_ns,
			.link_type = format->link_type,
			.time_source = WEIR_TIME_FILE,
		};
		if (format->is_modified)
			packet->direction = direction_of(at[MODIFIED_TYPE_AT]);
		bytes_take(&walk->in, walk->need);
		walk->n++;
	}
	walk->need = 0;
	return 0;
}
