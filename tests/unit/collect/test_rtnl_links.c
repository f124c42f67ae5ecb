/* SPDX-License-Identifier: MIT */

/* Interfaces and addresses from messages as the kernel sends them, and as it never should. */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "collect/rtnl_links.h"
#include "tap.h"

#define STATS_SIZE sizeof(struct rtnl_link_stats64)

/* A message being built. */
struct built {
	_Alignas(8) char data[1024];
};

static struct nlmsghdr *message_of(struct built *built)
{
	return (struct nlmsghdr *)built->data;
}

static void begin_link(struct built *built, int index, unsigned int flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(built->data);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = RTM_NEWLINK;
	header->ifi_index = index;
	header->ifi_flags = flags;
}

/* Counters 1, 2, 3, … in the order of struct rtnl_link_stats64; len bytes of them. */
static void put_stats(struct built *built, size_t len)
{
	uint64_t stats[STATS_SIZE / 8 + 8];

	for (uint64_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		stats[i] = (i + 1) * 1000000000000;
	mnl_attr_put(message_of(built), IFLA_STATS64, len, stats);
}

static void begin_addr(struct built *built, uint8_t family, uint32_t index)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(built->data);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = RTM_NEWADDR;
	header->ifa_family = family;
	header->ifa_index = index;
}

static void test_link(void)
{
	struct built built;
	struct weir_link link;

	begin_link(&built, 42, IFF_UP | IFF_RUNNING);
	mnl_attr_put_u32(message_of(&built), IFLA_MTU, 1500);
	mnl_attr_put(message_of(&built), 4000, 3, "new");
	mnl_attr_put_strz(message_of(&built), IFLA_IFNAME, "eth0");
	put_stats(&built, STATS_SIZE);
	is_int(rtnl_link_decode(message_of(&built), &link), 0, "an interface");
	is_int(link.index, 42, "index");
	is_str(link.name, "eth0", "name");
	ok(link.is_up && !link.is_loopback, "up, and not loopback");
	is_int(link.rx_packets, 1000000000000, "packets in");
	is_int(link.tx_packets, 2000000000000, "packets out");
	is_int(link.rx_bytes, 3000000000000, "bytes in");
	is_int(link.tx_bytes, 4000000000000, "bytes out");
	is_int(link.rx_dropped, 7000000000000, "dropped in");
	is_int(link.tx_dropped, 8000000000000, "dropped out");
	begin_link(&built, 1, IFF_LOOPBACK);
	mnl_attr_put_strz(message_of(&built), IFLA_IFNAME, "lo");
	put_stats(&built, STATS_SIZE);
	is_int(rtnl_link_decode(message_of(&built), &link), 0, "another");
	ok(!link.is_up && link.is_loopback, "down, and loopback");
}

static const struct {
	const char *what;
	const char *name; /* NULL: none */
	size_t name_len;  /* with its NUL */
	size_t stats_len;
	int index;
	int want;
} links[] = {
	{"the longest name", "123456789012345", 16, STATS_SIZE, 1, 0},
	{"a name without NUL", "eth0", 4, STATS_SIZE, 1, 0},
	{"a name too long", "1234567890123456", 17, STATS_SIZE, 1, -EBADMSG},
	{"no name", NULL, 0, STATS_SIZE, 1, -EBADMSG},
	{"an empty name", "", 1, STATS_SIZE, 1, -EBADMSG},
	{"a name of no bytes", "", 0, STATS_SIZE, 1, -EBADMSG},
	{"counters of an older kernel", "eth0", 5, 64, 1, 0},
	{"counters of a newer kernel", "eth0", 5, STATS_SIZE + 64, 1, 0},
	{"too few counters", "eth0", 5, 63, 1, -EBADMSG},
	{"no counters", "eth0", 5, 0, 1, -EBADMSG},
	{"index 0", "eth0", 5, STATS_SIZE, 0, -EBADMSG},
	{"a negative index", "eth0", 5, STATS_SIZE, -1, -EBADMSG},
};

static void test_links(void)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct weir_link link = {.index = 77};
		struct built built;
		int r;

		begin_link(&built, links[i].index, IFF_UP);
		if (links[i].name)
			mnl_attr_put(message_of(&built), IFLA_IFNAME, links[i].name_len,
				     links[i].name);
		if (links[i].stats_len)
			put_stats(&built, links[i].stats_len);
		r = rtnl_link_decode(message_of(&built), &link);
		is_int(r, links[i].want, "%s", links[i].what);
		is_int(link.index, r < 0 ? 77 : 1, "the result is set only on success");
		if (r == 0)
			ok(strncmp(link.name, links[i].name, links[i].name_len) == 0, "its name");
	}
}

/* Every truncation, in memory of exactly that size for the sanitizer. */
static void test_truncated(void)
{
	struct built built;
	uint32_t whole;
	int accepted = 0;

	begin_link(&built, 1, IFF_UP);
	mnl_attr_put_strz(message_of(&built), IFLA_IFNAME, "eth0");
	put_stats(&built, STATS_SIZE);
	mnl_attr_put_u32(message_of(&built), IFLA_MTU, 1500);
	whole = message_of(&built)->nlmsg_len;
	for (uint32_t len = sizeof(struct nlmsghdr); len < whole; len += NLMSG_ALIGNTO) {
		CLEANUP(free_p) char *data = malloc(len);
		struct weir_link link;

		if (!data)
			abort();
		memcpy(data, built.data, len);
		memcpy(data, &len, sizeof(len));
		accepted += rtnl_link_decode((struct nlmsghdr *)data, &link) == 0;
	}
	is_int(accepted, 1, "of all truncations only the one before the last attribute is taken");
}

static const uint8_t v4[4] = {192, 0, 2, 1};
static const uint8_t v4_peer[4] = {192, 0, 2, 254};
static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [15] = 7};

static const struct {
	const char *what;
	uint8_t family;
	struct {
		uint16_t type;
		uint16_t len;
		const uint8_t *bytes;
	} attributes[2];
	int want;
	const char *addr;
} addrs[] = {
	{"IPv4", AF_INET, {{IFA_ADDRESS, 4, v4}, {IFA_LOCAL, 4, v4}}, 0, "192.0.2.1"},
	{"point to point",
	 AF_INET,
	 {{IFA_ADDRESS, 4, v4_peer}, {IFA_LOCAL, 4, v4}},
	 0,
	 "192.0.2.1"},
	{"the other way round",
	 AF_INET,
	 {{IFA_LOCAL, 4, v4}, {IFA_ADDRESS, 4, v4_peer}},
	 0,
	 "192.0.2.1"},
	{"IPv6", AF_INET6, {{IFA_ADDRESS, 16, v6}}, 0, "2001:db8::7"},
	{"another family", AF_UNIX, {{IFA_LOCAL, 4, v4}}, -ENOENT, NULL},
	{"no address", AF_INET, {{IFA_BROADCAST, 4, v4}}, -ENOENT, NULL},
	{"an IPv6 address that is IPv4", AF_INET6, {{IFA_ADDRESS, 4, v4}}, -EBADMSG, NULL},
	{"an IPv4 address that is IPv6", AF_INET, {{IFA_LOCAL, 16, v6}}, -EBADMSG, NULL},
	{"an address of no bytes", AF_INET, {{IFA_LOCAL, 0, v4}}, -EBADMSG, NULL},
};

static void test_addrs(void)
{
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct rtnl_addr addr = {.if_index = 77};
		char text[WEIR_ADDR_TEXT_MAX];
		struct built built;

		begin_addr(&built, addrs[i].family, 5);
		for (int a = 0; a < 2 && addrs[i].attributes[a].type; a++)
			mnl_attr_put(message_of(&built), addrs[i].attributes[a].type,
				     addrs[i].attributes[a].len, addrs[i].attributes[a].bytes);
		is_int(rtnl_addr_decode(message_of(&built), &addr), addrs[i].want, "%s",
		       addrs[i].what);
		is_int(addr.if_index, addrs[i].want ? 77 : 5, "the result is set only on success");
		if (addrs[i].want)
			continue;
		weir_addr_format(&addr.addr, text);
		is_str(text, addrs[i].addr, "the local address");
	}
}

static void test_bad_attribute(void)
{
	static const uint16_t lengths[] = {0, 3, 9, 200, 65535};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct rtnl_addr addr;
		struct built built;
		struct nlattr *attr;

		begin_addr(&built, AF_INET, 5);
		attr = mnl_nlmsg_get_payload_tail(message_of(&built));
		mnl_attr_put(message_of(&built), IFA_LOCAL, 4, v4);
		attr->nla_len = lengths[i];
		is_int(rtnl_addr_decode(message_of(&built), &addr), -EBADMSG,
		       "an attribute that says it has %u bytes", lengths[i]);
	}
}

static void count_link(void *user, const struct weir_link *link)
{
	int *n = user;

	*n += link->is_loopback && strcmp(link->name, "lo") == 0;
}

static void count_addr(void *user, uint32_t if_index, const struct weir_addr *addr)
{
	int *n = user;

	*n += if_index > 0 && !weir_addr_is_any(addr);
}

static void test_kernel(void)
{
	struct rtnl_links *open = NULL;
	int n, r;

	is_int(rtnl_links_open(&open), 0, "a socket");
	for (int round = 0; round < 2; round++) {
		n = 0;
		ok(rtnl_links_read(open, count_link, &n) > 0, "interfaces of this machine");
		is_int(n, 1, "loopback once");
		n = 0;
		r = rtnl_addrs_read(open, count_addr, &n);
		is_int(n, r, "every address is one, on an interface");
	}
	ok(!rtnl_links_close(open), "closed");
	ok(!rtnl_links_close(NULL), "nothing to close");
}

int main(void)
{
	test_link();
	test_links();
	test_truncated();
	test_addrs();
	test_bad_attribute();
	test_kernel();
	return tap_done();
}
