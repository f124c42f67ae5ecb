/* SPDX-License-Identifier: MIT */
/* TCP, UDP, ICMP, SCTP: ports, flags, and where the payload begins. */
#include <netinet/in.h>

#include "decode/walk.h"

#define TCP_HEADER 20
#define UDP_HEADER 8
#define ICMP_HEADER 8
#define SCTP_HEADER 12
#define IPPROTO_UDP_LITE 136

/* RFC 9293 3.2; only a SYN's window scale matters (RFC 7323 2.2). */
static uint8_t window_shift(const uint8_t *options, size_t len)
{
	size_t at = 0;

	while (at < len && options[at] != 0) {
		if (options[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 >= len || options[at + 1] < 2 || options[at + 1] > len - at)
			break;
		if (options[at] == 3 && options[at + 1] == 3)
			return options[at + 2] > 14 ? 14 : options[at + 2];
		at += options[at + 1];
	}
	return 0xff;
}

static void take_ports(struct layers *layers, const uint8_t *at)
{
	layers->source_port = bytes_be16(at);
	layers->destination_port = bytes_be16(at + 2);
}

/* RFC 9293 3.1 */
static enum step tcp_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, TCP_HEADER);
	struct layers *layers = walk->layers;
	const uint8_t *options;
	uint32_t header;

	if (!at)
		return walk_short(walk, TCP_HEADER, WEIR_MALFORMED_TCP);
	header = (at[12] >> 4) * 4u;
	if (header < TCP_HEADER)
		return walk_malformed(walk, WEIR_MALFORMED_TCP);
	options = walk_take(walk, header - TCP_HEADER);
	if (!options)
		return walk_short(walk, header - TCP_HEADER, WEIR_MALFORMED_TCP);
	take_ports(layers, at);
	layers->tcp = (struct layers_tcp){
		.seq = bytes_be32(at + 4),
		.ack = bytes_be32(at + 8),
		.flags = at[13],
		.window = bytes_be16(at + 14),
		.urgent = bytes_be16(at + 18),
		.window_shift = 0xff,
	};
	if (at[13] & TCP_SYN)
		layers->tcp.window_shift = window_shift(options, header - TCP_HEADER);
	return STEP_FLOW;
}

/* RFC 768. Length 0 is what does not fit 16 bits, as IP's own length did not (RFC 2675 4). */
static enum step udp_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, UDP_HEADER);
	uint32_t length;
	enum step step;

	if (!at)
		return walk_short(walk, UDP_HEADER, WEIR_MALFORMED_UDP);
	length = bytes_be16(at + 4);
	if (length != 0 || !walk->is_offloaded) {
		if (length < UDP_HEADER || length - UDP_HEADER > walk->wire_len)
			return walk_malformed(walk, WEIR_MALFORMED_UDP);
		walk_limit(walk, length - UDP_HEADER);
	}
	take_ports(walk->layers, at);
	step = tunnel_decode_udp(walk);
	return step == STEP_TRANSPORT ? STEP_FLOW : step;
}

/* RFC 3828 3.1: where UDP has a length, it says how much of it the checksum covers; 0: all. */
static enum step udp_lite_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, UDP_HEADER);
	uint32_t coverage;

	if (!at)
		return walk_short(walk, UDP_HEADER, WEIR_MALFORMED_UDP);
	coverage = bytes_be16(at + 4);
	if (coverage != 0 && (coverage < UDP_HEADER || coverage - UDP_HEADER > walk->wire_len))
		return walk_malformed(walk, WEIR_MALFORMED_UDP);
	take_ports(walk->layers, at);
	return STEP_FLOW;
}

static bool is_icmp_error(uint8_t proto, uint8_t type)
{
	if (proto == IPPROTO_ICMPV6) /* RFC 4443 2.1: errors have the high bit clear */
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12; /* RFC 792 */
}

/* Questions and answers that carry an identifier: echo, timestamp, information, address mask
 * (RFC 792, RFC 950, RFC 4443), extended echo (RFC 8335). */
static bool has_identifier(uint8_t proto, uint8_t type)
{
	if (proto == IPPROTO_ICMPV6)
		return type == 128 || type == 129 || type == 160 || type == 161;
	return type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 || type == 43;
}

static enum step icmp_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, ICMP_HEADER);
	struct layers *layers = walk->layers;

	if (!at)
		return walk_short(walk, ICMP_HEADER, WEIR_MALFORMED_ICMP);
	layers->icmp_type = at[0];
	layers->is_icmp_error = is_icmp_error(layers->proto, at[0]);
	if (has_identifier(layers->proto, at[0])) {
		layers->source_port = bytes_be16(at + 4);
		layers->destination_port = layers->source_port;
	}
	return STEP_FLOW;
}

/* RFC 9260 3.1 */
static enum step sctp_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, SCTP_HEADER);

	if (!at)
		return walk_short(walk, SCTP_HEADER, WEIR_MALFORMED_SCTP);
	take_ports(walk->layers, at);
	return STEP_FLOW;
}

/* An ICMP error quotes 8 bytes at least (RFC 792): enough for the ports. */
static enum step quoted_decode(struct walk *walk)
{
	struct layers *layers = walk->layers;
	const uint8_t *at = walk_take(walk, 8);

	if (!at)
		return STEP_CUT;
	switch (layers->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDP_LITE:
		take_ports(layers, at);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (has_identifier(layers->proto, at[0])) {
			layers->source_port = bytes_be16(at + 4);
			layers->destination_port = layers->source_port;
		}
		break;
	default:
		break;
	}
	return STEP_FLOW;
}

enum step transport_decode(struct walk *walk)
{
	enum step step;

	if (walk->is_quoted)
		return quoted_decode(walk);
	switch (walk->layers->proto) {
	case IPPROTO_TCP:
		return tcp_decode(walk);
	case IPPROTO_UDP:
		return udp_decode(walk);
	case IPPROTO_UDP_LITE:
		return udp_lite_decode(walk);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp_decode(walk);
	case IPPROTO_SCTP:
		return sctp_decode(walk);
	default:
		step = tunnel_decode_ip(walk);
		return step == STEP_TRANSPORT ? STEP_FLOW : step;
	}
}
