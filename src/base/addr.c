/* SPDX-License-Identifier: MIT */

/*
 * Addresses as text and back. Formatting is by hand: it runs twice a row a tick, and inet_ntop goes
 * through printf.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weir/addr.h>

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

#define ADDR_BITS 128
#define V4_BITS 32
#define V4_MAPPED_BITS 96

struct weir_addr weir_addr_from_v4(const uint8_t v4[4])
{
	struct weir_addr addr;

	memcpy(addr.bytes, v4_mapped, sizeof(v4_mapped));
	memcpy(addr.bytes + sizeof(v4_mapped), v4, 4);
	return addr;
}

bool weir_addr_is_v4(const struct weir_addr *addr)
{
	return memcmp(addr->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool weir_addr_is_any(const struct weir_addr *addr)
{
	static const uint8_t zeros[16];

	if (weir_addr_is_v4(addr))
		return memcmp(addr->bytes + sizeof(v4_mapped), zeros, 4) == 0;
	return memcmp(addr->bytes, zeros, sizeof(zeros)) == 0;
}

int weir_addr_compare(const struct weir_addr *a, const struct weir_addr *b)
{
	bool a_v4 = weir_addr_is_v4(a);
	bool b_v4 = weir_addr_is_v4(b);

	if (a_v4 != b_v4)
		return a_v4 ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

int weir_addr_parse(const char *text, struct weir_addr *ret_addr)
{
	struct weir_addr addr;
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*ret_addr = weir_addr_from_v4(v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, addr.bytes) != 1)
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

static char *put_decimal(char *to, unsigned value)
{
	char digits[5];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		*to++ = digits[--n];
	return to;
}

static char *put_hex(char *to, unsigned value)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 12;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*to++ = digits[(value >> shift) & 0xf];
	return to;
}

static char *put_v4(char *to, const uint8_t v4[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		to = put_decimal(to, v4[i]);
	}
	return to;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2); 8: none. */
static int find_zeros(const unsigned groups[8], int *ret_len)
{
	int best = 8;
	int best_len = 1;

	for (int i = 0; i < 8; i++) {
		int len = 0;

		while (i + len < 8 && !groups[i + len])
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
		i += len;
	}
	*ret_len = best_len;
	return best;
}

static char *put_v6(char *to, const uint8_t bytes[16])
{
	unsigned groups[8];
	int zeros_len;
	int zeros;

	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	zeros = find_zeros(groups, &zeros_len);
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			*to++ = ':';
			*to++ = ':';
			i += zeros_len - 1;
			continue;
		}
		if (i && i != zeros + zeros_len)
			*to++ = ':';
		to = put_hex(to, groups[i]);
	}
	return to;
}

size_t weir_addr_format(const struct weir_addr *addr, char text[WEIR_ADDR_TEXT_MAX])
{
	char *end;

	if (weir_addr_is_v4(addr))
		end = put_v4(text, addr->bytes + sizeof(v4_mapped));
	else
		end = put_v6(text, addr->bytes);
	*end = '\0';
	return (size_t)(end - text);
}

size_t weir_endpoint_format(const struct weir_addr *addr, uint16_t port,
			    char text[WEIR_ENDPOINT_TEXT_MAX])
{
	char *end = text;

	if (weir_addr_is_v4(addr)) {
		end = put_v4(end, addr->bytes + sizeof(v4_mapped));
	} else {
		*end++ = '[';
		end = put_v6(end, addr->bytes);
		*end++ = ']';
	}
	*end++ = ':';
	end = put_decimal(end, port);
	*end = '\0';
	return (size_t)(end - text);
}

/* Up to three digits and nothing else; -EINVAL otherwise or above max. */
static int parse_bits(const char *text, unsigned max, unsigned *ret_bits)
{
	unsigned bits = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 3)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		bits = bits * 10 + (unsigned)(text[i] - '0');
	}
	if (bits > max)
		return -EINVAL;
	*ret_bits = bits;
	return 0;
}

static void clear_host_bits(struct weir_prefix *prefix)
{
	for (unsigned i = prefix->bits; i < ADDR_BITS; i++)
		prefix->addr.bytes[i / 8] &= (uint8_t) ~(0x80U >> (i % 8));
}

int weir_prefix_parse(const char *text, struct weir_prefix *ret_prefix)
{
	struct weir_prefix prefix = {.bits = ADDR_BITS};
	char addr_text[WEIR_ADDR_TEXT_MAX];
	const char *slash = strchrnul(text, '/');
	size_t addr_len = (size_t)(slash - text);
	unsigned bits;
	bool dotted;

	if (addr_len >= sizeof(addr_text))
		return -EINVAL;
	memcpy(addr_text, text, addr_len);
	addr_text[addr_len] = '\0';
	if (weir_addr_parse(addr_text, &prefix.addr) < 0)
		return -EINVAL;
	if (*slash) {
		/* ::ffff:10.0.0.0/104 counts its bits as IPv6 does, although it means IPv4. */
		dotted = !strchr(addr_text, ':');
		if (parse_bits(slash + 1, dotted ? V4_BITS : ADDR_BITS, &bits) < 0)
			return -EINVAL;
		prefix.bits = (uint8_t)(dotted ? V4_MAPPED_BITS + bits : bits);
		clear_host_bits(&prefix);
	}
	*ret_prefix = prefix;
	return 0;
}

bool weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_addr *addr)
{
	size_t bytes = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;
	unsigned diff;

	/* ::/0 means every IPv6 address: that IPv4 lies inside it is a matter of our storage. */
	if (prefix->bits < V4_MAPPED_BITS && weir_addr_is_v4(addr))
		return false;
	if (memcmp(prefix->addr.bytes, addr->bytes, bytes) != 0)
		return false;
	if (!rest)
		return true;
	diff = (unsigned)(prefix->addr.bytes[bytes] ^ addr->bytes[bytes]);
	return diff >> (8 - rest) == 0;
}
