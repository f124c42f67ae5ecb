/* SPDX-License-Identifier: MIT */
#ifndef WEIR_ADDR_H
#define WEIR_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An IP address. IPv4 is kept in its v4-mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so that a
 * v4 connection made through a v6 socket and one made through a v4 socket are the same address.
 */
struct weir_addr {
	uint8_t bytes[16];
};

/* Longest text of an address with its NUL (INET6_ADDRSTRLEN). */
#define WEIR_ADDR_TEXT_MAX 46
/* Longest text of "[address]:port" with its NUL. */
#define WEIR_ENDPOINT_TEXT_MAX (WEIR_ADDR_TEXT_MAX + 2 + 6)

/* Builds the v4-mapped form from four bytes in network order. */
struct weir_addr weir_addr_from_v4(const uint8_t v4[4]);

bool weir_addr_is_v4(const struct weir_addr *addr);

/* True for 0.0.0.0 and ::. */
bool weir_addr_is_any(const struct weir_addr *addr);

/* <0, 0, >0 as memcmp; v4 sorts before v6 in numeric order. */
int weir_addr_compare(const struct weir_addr *a, const struct weir_addr *b);

/* Parses "10.0.0.1" or "2001:db8::1". -EINVAL when it is neither; *ret_addr is then untouched. */
int weir_addr_parse(const char *text, struct weir_addr *ret_addr);

/* Writes the numeric text (v4 dotted, v6 as RFC 5952) and returns its length. */
size_t weir_addr_format(const struct weir_addr *addr, char text[WEIR_ADDR_TEXT_MAX]);

/* Writes "10.0.0.1:443" or "[2001:db8::1]:443" and returns its length. */
size_t weir_endpoint_format(const struct weir_addr *addr, uint16_t port,
			    char text[WEIR_ENDPOINT_TEXT_MAX]);

/* A network such as 10.0.0.0/8; bits counts in the 16-byte form, so 10.0.0.0/8 has bits = 104. */
struct weir_prefix {
	struct weir_addr addr;
	uint8_t bits;
};

/* Parses "10.0.0.0/8", "2001:db8::/32" or a bare address (a prefix of its full length). -EINVAL
 * otherwise. Bits beyond the prefix length are cleared. */
int weir_prefix_parse(const char *text, struct weir_prefix *ret_prefix);

bool weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_addr *addr);

#endif
