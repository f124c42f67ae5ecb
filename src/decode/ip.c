/* SPDX-License-Identifier: MIT */
/* IP of both versions: lengths, addresses, extension headers, fragments. */
#include <netinet/in.h>
#include <string.h>

#include "decode/walk.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define MAX_EXTENSIONS 16

static void addr_from_v4(struct weir_addr *addr, const uint8_t *v4)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(addr->bytes, mapped, sizeof(mapped));
	memcpy(addr->bytes + sizeof(mapped), v4, 4);
}

/* What IP carries, or a part of it. A quoted beginning has its ports. */
static enum step carried(struct walk *walk, struct layers_fragment fragment)
{
	/* With IPv4's own header no more than 65535 (RFC 791 3.1). */
	uint32_t max = fragment.version == 4 ? 65535 - IPV4_HEADER : 65535;

	if (fragment.offset == 0 && (!fragment.more || walk->is_quoted))
		return STEP_TRANSPORT;
	/* Not empty, and all but the last end at a multiple of 8 (RFC 791 3.2, RFC 8200 4.5). */
	if (!walk->is_quoted &&
	    (walk->wire_len == 0 || (fragment.more && walk->wire_len % 8 != 0) ||
	     walk->wire_len > max || fragment.offset > max - walk->wire_len))
		return walk_malformed(walk, WEIR_MALFORMED_FRAGMENT);
	walk->layers->fragment = fragment;
	return STEP_FRAGMENT;
}

/* What may have the length 0, for more than 16 bits can say or because segmentation is left to the
 * card (Linux BIG TCP, RFC 2675): all others have none, and what follows is padding. */
static bool is_offloaded(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_HOPOPTS ||
	       proto == IPPROTO_IPIP || proto == IPPROTO_IPV6 || proto == IPPROTO_GRE;
}

/* The length IP states for itself and what it carries, of which `header` is read. */
static bool limit_to(struct walk *walk, uint32_t stated, uint32_t header, uint8_t proto)
{
	walk->is_offloaded = stated == 0 && is_offloaded(proto);
	if (walk->is_quoted || walk->is_offloaded)
		return true;
	if (stated < header || stated - header > walk->wire_len)
		return false;
	walk_limit(walk, stated - header);
	return true;
}

/* RFC 791 3.1 */
enum step ipv4_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, IPV4_HEADER);
	struct layers *layers = walk->layers;
	uint32_t header, fragment;

	if (!at)
		return walk_short(walk, IPV4_HEADER, WEIR_MALFORMED_IPV4);
	header = (at[0] & 15u) * 4;
	if (at[0] >> 4 != 4 || header < IPV4_HEADER)
		return walk_malformed(walk, WEIR_MALFORMED_IPV4);
	if (header > IPV4_HEADER && !walk_take(walk, header - IPV4_HEADER))
		return walk_short(walk, header - IPV4_HEADER, WEIR_MALFORMED_IPV4);
	if (!limit_to(walk, bytes_be16(at + 2), header, at[9]))
		return walk_malformed(walk, WEIR_MALFORMED_IPV4);
	layers->ttl = at[8];
	layers->proto = at[9];
	addr_from_v4(&layers->source, at + 12);
	addr_from_v4(&layers->destination, at + 16);
	fragment = bytes_be16(at + 6) & 0x3fff;
	if (!fragment)
		return STEP_TRANSPORT;
	return carried(walk, (struct layers_fragment){
				     .id = bytes_be16(at + 4),
				     .offset = (fragment & 0x1fff) * 8,
				     .more = fragment & 0x2000,
				     .version = 4,
			     });
}

static bool is_extension(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139: /* HIP, RFC 7401 */
	case 140: /* shim6, RFC 5533 */
		return true;
	default:
		return false;
	}
}

/* RFC 8200 4.5 */
static enum step fragment_header(struct walk *walk, const uint8_t *at)
{
	uint32_t fragment = bytes_be16(at + 2);

	return carried(walk, (struct layers_fragment){
				     .id = bytes_be32(at + 4),
				     .offset = fragment & 0xfff8,
				     .more = fragment & 1,
				     .version = 6,
			     });
}

/* RFC 8200 4. Each begins with what follows it, then its length: in 8 bytes beyond the first 8, but
 * for AH in 4 bytes beyond the first 8 (RFC 4302 2.2), and a fragment header has none. */
enum step extensions_decode(struct walk *walk)
{
	uint8_t next = walk->layers->proto;
	uint32_t header;
	enum step step;

	for (int n = 0; is_extension(next); n++) {
		const uint8_t *at = walk->in.data;

		if (n == MAX_EXTENSIONS)
			return walk_malformed(walk, WEIR_MALFORMED_DEPTH);
		if (walk->in.len < 8)
			return walk_short(walk, 8, WEIR_MALFORMED_EXTENSION);
		header = next == IPPROTO_FRAGMENT ? 8
			 : next == IPPROTO_AH     ? (at[1] + 2u) * 4
						  : (at[1] + 1u) * 8;
		if (!walk_take(walk, header))
			return walk_short(walk, header, WEIR_MALFORMED_EXTENSION);
		walk->layers->proto = at[0];
		if (next == IPPROTO_FRAGMENT) {
			step = fragment_header(walk, at);
			if (step != STEP_TRANSPORT)
				return step;
		}
		next = at[0];
	}
	return STEP_TRANSPORT;
}

/* RFC 8200 3 */
enum step ipv6_decode(struct walk *walk)
{
	const uint8_t *at = walk_take(walk, IPV6_HEADER);
	struct layers *layers = walk->layers;

	if (!at)
		return walk_short(walk, IPV6_HEADER, WEIR_MALFORMED_IPV6);
	if (at[0] >> 4 != 6 || !limit_to(walk, bytes_be16(at + 4), 0, at[6]))
		return walk_malformed(walk, WEIR_MALFORMED_IPV6);
	layers->proto = at[6];
	layers->ttl = at[7];
	memcpy(layers->source.bytes, at + 8, 16);
	memcpy(layers->destination.bytes, at + 24, 16);
	return is_extension(at[6]) ? STEP_EXTENSION : STEP_TRANSPORT;
}
