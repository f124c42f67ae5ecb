/* SPDX-License-Identifier: MIT */
#include "collect/pcapng_blocks.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK_HEAD 8       /* type, length */
#define BLOCK_MIN 12       /* and the length again */
#define SECTION_BODY 16    /* byte order, version, length */
#define INTERFACE_BODY 8   /* link type, reserved, snap length */
#define ENHANCED_BODY 20   /* interface, time, lengths */
#define STATISTICS_BODY 12 /* interface, time */
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define NS_PER_S UINT64_C(1000000000)
#define DROPS_UNKNOWN 0xffff

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
};

enum option_code {
	OPTION_END = 0,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_TSOFFSET = 14,
	EPB_FLAGS = 2,
	ISB_IFDROP = 5,
	ISB_OSDROP = 7,
};

struct option {
	uint16_t code;
	struct bytes value;
};

void pcapng_done(struct pcapng *pcapng)
{
	for (uint32_t i = 0; i < pcapng->n_interfaces; i++)
		free(pcapng->interfaces[i]);
	free(pcapng->interfaces);
	*pcapng = (struct pcapng){0};
}

bool pcapng_is(struct bytes in)
{
	return in.len >= 4 && record_u32(in.data, false) == BLOCK_SECTION;
}

/* Takes the next option off in. False: there is none, or what stands there is none. */
static bool next_option(struct bytes *in, bool swapped, struct option *ret_option)
{
	const uint8_t *head = bytes_take(in, 4);
	uint16_t code;
	size_t len;

	if (!head)
		return false;
	code = record_u16(head, swapped);
	len = record_u16(head + 2, swapped);
	if (code == OPTION_END || in->len < len)
		return false;
	*ret_option = (struct option){code, {in->data, len}};
	len = (len + 3) & ~(size_t)3;
	bytes_take(in, len < in->len ? len : in->len);
	return true;
}

static uint64_t power_of_ten(unsigned int exponent)
{
	uint64_t power = 1;

	while (exponent--)
		power *= 10;
	return power;
}

/* if_tsresol: the unit is 10^-n seconds or, with the top bit, 2^-n. */
static struct pcapng_clock clock_of(uint8_t resolution)
{
	unsigned int n = resolution & 0x7f;

	if (resolution & 0x80)
		return (struct pcapng_clock){.mul = NS_PER_S, .div = 1, .shift = n};
	if (n <= 9)
		return (struct pcapng_clock){.mul = power_of_ten(9 - n), .div = 1};
	return (struct pcapng_clock){.mul = 1, .div = n - 9 > 19 ? 0 : power_of_ten(n - 9)};
}

/* Times before 1970 and after 2554 stay there. */
static uint64_t clock_ns(const struct pcapng_clock *clock, uint64_t ticks)
{
	__int128 ns;

	if (!clock->div)
		ns = 0;
	else if (clock->div == 1)
		ns = (__int128)((unsigned __int128)ticks * clock->mul >> clock->shift);
	else
		ns = ticks / clock->div;
	ns += (__int128)clock->offset_s * (__int128)NS_PER_S;
	if (ns < 0)
		return 0;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

static void set_interface_option(struct pcapng_interface *interface, const struct option *option,
				 bool swapped)
{
	const struct bytes *value = &option->value;
	size_t len = value->len < PCAPNG_NAME_MAX ? value->len : PCAPNG_NAME_MAX;
	int64_t offset_s = interface->clock.offset_s;

	if (option->code == IF_NAME) {
		memcpy(interface->name, value->data, len);
		interface->name[len] = '\0';
	} else if (option->code == IF_TSRESOL && value->len == 1) {
		interface->clock = clock_of(value->data[0]);
		interface->clock.offset_s = offset_s;
	} else if (option->code == IF_TSOFFSET && value->len == 8) {
		interface->clock.offset_s = (int64_t)record_u64(value->data, swapped);
	}
}

static int add_interface(struct pcapng *pcapng, struct pcapng_interface *interface)
{
	if (pcapng->n_interfaces == pcapng->interfaces_cap) {
		uint32_t cap = pcapng->interfaces_cap ? pcapng->interfaces_cap * 2 : 4;
		struct pcapng_interface **more =
			reallocarray(pcapng->interfaces, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		pcapng->interfaces = more;
		pcapng->interfaces_cap = cap;
	}
	pcapng->interfaces[pcapng->n_interfaces++] = interface;
	return 0;
}

/* 0, -EBADMSG: the block is to be passed over, -ENOMEM. */
static int read_interface(struct pcapng *pcapng, struct bytes body)
{
	const uint8_t *at = bytes_take(&body, INTERFACE_BODY);
	struct pcapng_interface *interface;
	struct option option;
	int r;

	if (!at || pcapng->n_interfaces >= PCAPNG_INTERFACES_MAX)
		return -EBADMSG;
	interface = calloc(1, sizeof(*interface));
	if (!interface)
		return -ENOMEM;
	interface->told.link_type = record_u16(at, pcapng->is_swapped);
	interface->told.snap_len = record_u32(at + 4, pcapng->is_swapped);
	interface->told.name = interface->name;
	interface->clock = clock_of(6);
	while (next_option(&body, pcapng->is_swapped, &option))
		set_interface_option(interface, &option, pcapng->is_swapped);
	r = add_interface(pcapng, interface);
	if (r < 0)
		free(interface);
	return r;
}

/* By its number within the section. */
static struct pcapng_interface *interface_at(const struct pcapng *pcapng, uint32_t id)
{
	return id < pcapng->n_interfaces - pcapng->section_first
		       ? pcapng->interfaces[pcapng->section_first + id]
		       : NULL;
}

static int read_statistics(struct pcapng *pcapng, struct bytes body)
{
	const uint8_t *at = bytes_take(&body, STATISTICS_BODY);
	struct pcapng_interface *interface;
	struct option option;
	uint64_t dropped = 0;

	interface = at ? interface_at(pcapng, record_u32(at, pcapng->is_swapped)) : NULL;
	if (!interface)
		return -EBADMSG;
	while (next_option(&body, pcapng->is_swapped, &option)) {
		if ((option.code == ISB_IFDROP || option.code == ISB_OSDROP) &&
		    option.value.len == 8)
			dropped += record_u64(option.value.data, pcapng->is_swapped);
	}
	if (dropped > interface->dropped) { /* counted since its capture began */
		pcapng->dropped += dropped - interface->dropped;
		interface->dropped = dropped;
	}
	return 0;
}

/* epb_flags: bits 0 and 1 are 1 for inbound, 2 for outbound. */
static uint8_t direction_of(struct bytes options, bool swapped)
{
	struct option option;

	while (next_option(&options, swapped, &option)) {
		if (option.code != EPB_FLAGS || option.value.len != 4)
			continue;
		switch (record_u32(option.value.data, swapped) & 3) {
		case 1:
			return WEIR_PACKET_IN;
		case 2:
			return WEIR_PACKET_OUT;
		default:
			return WEIR_PACKET_UNKNOWN;
		}
	}
	return WEIR_PACKET_UNKNOWN;
}

/* An enhanced packet, or an obsolete one: they differ in their first four bytes. */
static int read_packet(struct pcapng *pcapng, enum block_type type, struct bytes body,
		       struct weir_packet *packet)
{
	const bool swapped = pcapng->is_swapped;
	const uint8_t *at = bytes_take(&body, ENHANCED_BODY);
	const struct pcapng_interface *interface;
	const uint8_t *data;
	uint32_t cap_len;
	uint32_t id;

	if (!at)
		return -EBADMSG;
	id = type == BLOCK_PACKET ? record_u16(at, swapped) : record_u32(at, swapped);
	interface = interface_at(pcapng, id);
	cap_len = record_u32(at + 12, swapped);
	data = bytes_take(&body, cap_len);
	if (!interface || !data)
		return -EBADMSG;
	*packet = (struct weir_packet){
		.data = data,
		.cap_len = cap_len,
		.wire_len = record_max_u32(record_u32(at + 16, swapped), cap_len),
		.time_ns = clock_ns(&interface->clock, (uint64_t)record_u32(at + 4, swapped) << 32 |
							       record_u32(at + 8, swapped)),
		.interface = pcapng->section_first + id,
		.link_type = interface->told.link_type,
		.time_source = WEIR_TIME_FILE,
	};
	if (type == BLOCK_PACKET && record_u16(at + 2, swapped) != DROPS_UNKNOWN)
		pcapng->dropped += record_u16(at + 2, swapped);
	if (bytes_take(&body, -cap_len & 3) && body.len)
		packet->direction = direction_of(body, swapped);
	return 1;
}

/* Of the section's first interface, without a time; its captured length is what there is. */
static int read_simple(struct pcapng *pcapng, struct bytes body, struct weir_packet *packet)
{
	const struct pcapng_interface *interface = interface_at(pcapng, 0);
	const uint8_t *at = bytes_take(&body, 4);
	uint32_t wire_len;

	if (!at || !interface)
		return -EBADMSG;
	wire_len = record_u32(at, pcapng->is_swapped);
	bytes_limit(&body, wire_len);
	if (interface->told.snap_len)
		bytes_limit(&body, interface->told.snap_len);
	else if (body.len < wire_len)
		return -EBADMSG;
	*packet = (struct weir_packet){
		.data = body.data,
		.cap_len = (uint32_t)body.len,
		.wire_len = wire_len,
		.interface = pcapng->section_first,
		.link_type = interface->told.link_type,
		.time_source = WEIR_TIME_NONE,
	};
	return 1;
}

/* 1: *packet is one, 0: it was none, -EBADMSG: it is to be passed over, -ENOMEM. */
static int read_block(struct pcapng *pcapng, uint32_t type, struct bytes body,
		      struct weir_packet *packet)
{
	switch (type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
		return read_packet(pcapng, type, body, packet);
	case BLOCK_SIMPLE:
		return read_simple(pcapng, body, packet);
	case BLOCK_INTERFACE:
		return read_interface(pcapng, body);
	case BLOCK_STATISTICS:
		return read_statistics(pcapng, body);
	default:
		return 0;
	}
}

/* A section tells its byte order itself, which its length is already in. */
static int begin_section(struct pcapng *pcapng, struct packet_walk *walk)
{
	const uint8_t *at = walk->in.data;
	bool swapped;

	walk->need = BLOCK_HEAD + SECTION_BODY;
	if (walk->in.len < walk->need)
		return 0;
	swapped = record_u32(at + 8, false) != BYTE_ORDER_MAGIC;
	if (record_u32(at + 8, swapped) != BYTE_ORDER_MAGIC || record_u16(at + 12, swapped) != 1 ||
	    record_u32(at + 4, swapped) < BLOCK_MIN + SECTION_BODY)
		return -EBADMSG;
	pcapng->is_swapped = swapped;
	pcapng->section_first = pcapng->n_interfaces;
	return 1;
}

/* 1: in begins with a whole block of *ret_len bytes; 0: not all of it is there. -EBADMSG */
static int frame_block(struct pcapng *pcapng, struct packet_walk *walk, uint32_t *ret_type,
		       uint32_t *ret_len)
{
	const uint8_t *at = walk->in.data;
	uint32_t len;
	int r;

	walk->need = BLOCK_MIN;
	if (walk->in.len < BLOCK_MIN)
		return 0;
	*ret_type = record_u32(at, pcapng->is_swapped);
	if (*ret_type == BLOCK_SECTION) {
		r = begin_section(pcapng, walk);
		if (r <= 0)
			return r;
	}
	len = record_u32(at + 4, pcapng->is_swapped);
	if (len < BLOCK_MIN || len % 4 || len > RECORD_MAX)
		return -EBADMSG;
	walk->need = len;
	if (walk->in.len < len)
		return 0;
	if (record_u32(at + len - 4, pcapng->is_swapped) != len)
		return -EBADMSG;
	*ret_len = len;
	return 1;
}

int pcapng_walk(struct pcapng *pcapng, struct packet_walk *walk)
{
	const uint32_t n_interfaces = pcapng->n_interfaces;

	walk->need = 0;
	while (walk->n < walk->max && pcapng->n_interfaces == n_interfaces) {
		uint32_t type = 0;
		uint32_t len = 0;
		struct bytes body;
		int r = frame_block(pcapng, walk, &type, &len);

		if (r <= 0)
			return r;
		__builtin_prefetch(walk->in.data + RECORD_PREFETCH);
		body = (struct bytes){walk->in.data + BLOCK_HEAD, len - BLOCK_MIN};
		r = read_block(pcapng, type, body, &walk->packets[walk->n]);
		if (r == -ENOMEM)
			return r;
		walk->malformed += r == -EBADMSG;
		walk->n += r == 1;
		bytes_take(&walk->in, len);
		walk->need = 0;
	}
	return 0;
}
