/* SPDX-License-Identifier: MIT */

/* Interfaces in a network namespace of the test's own: frames over a veth pair are counted to the
 * byte, addresses are those that were given, and many are listed whole while others come and go. */

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/iface_addrs.h"
#include "collect/rtnl_links.h"
#include "own_netns.h"
#include "tap.h"
#include "veth.h"

#define MANY 100 /* pairs: more than one message's worth */
#define CHURNS 30
#define MAX_SEEN 512

struct seen {
	struct weir_link links[MAX_SEEN];
	size_t n;
};

static void see(void *user, const struct weir_link *link)
{
	struct seen *seen = user;

	if (seen->n < MAX_SEEN)
		seen->links[seen->n++] = *link;
}

static int look(struct rtnl_links *links, struct seen *seen)
{
	seen->n = 0;
	return rtnl_links_read(links, see, seen);
}

/* NULL if there is none of that name, or more than one. */
static const struct weir_link *find(const struct seen *seen, const char *name)
{
	const struct weir_link *found = NULL;

	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->links[i].name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = &seen->links[i];
	}
	return found;
}

/* Broadcasts of a protocol that nobody answers (IEEE 802 local experimental). Past the queue, which
 * begins to take frames only a while after the link is up. */
static int send_frames(const char *name, const size_t *sizes, size_t n)
{
	CLEANUP(close_fd_p) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(name),
				 .sll_halen = ETH_ALEN};
	struct ether_header header = {.ether_dhost = {255, 255, 255, 255, 255, 255},
				      .ether_type = 0xb588};
	char frame[ETH_FRAME_LEN] = {0};
	int one = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		return -errno;
	memcpy(frame, &header, sizeof(header));
	for (size_t i = 0; i < n; i++)
		if (sendto(fd, frame, sizes[i], 0, (struct sockaddr *)&to, sizeof(to)) !=
		    (ssize_t)sizes[i])
			return -errno;
	return 0;
}

static void test_counters(struct rtnl_links *links, struct seen *seen)
{
	static const size_t sizes[] = {60, 61, 1514, 14, 777, 1000};
	const struct weir_link *a, *b;
	uint64_t bytes = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bytes += sizes[i];
	is_int(send_frames("wa", sizes, sizeof(sizes) / sizeof(sizes[0])), 0, "frames are sent");
	ok(look(links, seen) > 0, "the interfaces");
	a = find(seen, "wa");
	b = find(seen, "wb");
	if (!ok(a && b, "both ends are listed, once"))
		return;
	is_int(a->index, if_nametoindex("wa"), "by their index");
	ok(a->is_up && b->is_up && !a->is_loopback, "up, and not loopback");
	is_int(a->tx_bytes, bytes, "bytes out of one end");
	is_int(b->rx_bytes, bytes, "bytes into the other");
	is_int(a->tx_packets, sizeof(sizes) / sizeof(sizes[0]), "frames out of one end");
	is_int(b->rx_packets, sizeof(sizes) / sizeof(sizes[0]), "frames into the other");
	is_int(a->rx_bytes + b->tx_bytes, 0, "nothing the other way");
	a = find(seen, "lo");
	ok(a && a->is_loopback && a->is_up, "loopback is known as such");
}

struct wanted {
	uint32_t if_index;
	struct weir_addr addr;
	int n;
};

static void match(void *user, uint32_t if_index, const struct weir_addr *addr)
{
	struct wanted *wanted = user;

	wanted->n += if_index == wanted->if_index && weir_addr_compare(addr, &wanted->addr) == 0;
}

static void test_addresses(struct rtnl_links *links)
{
	CLEANUP(free_p) struct weir_addr *addrs = NULL;
	struct wanted wanted = {.if_index = if_nametoindex("wa")};
	size_t n = 0;

	is_int(iface_addrs_get("wa", &addrs, &n), -ENOENT, "an interface without address");
	is_int(veth_set_address("wa", "192.0.2.1"), 0, "one is given");
	weir_addr_parse("192.0.2.1", &wanted.addr);
	ok(rtnl_addrs_read(links, match, &wanted) > 0, "addresses");
	is_int(wanted.n, 1, "it is among them, once, with its interface");
	is_int(iface_addrs_get("wa", &addrs, &n), 0, "by the interface's name");
	ok(n == 1 && weir_addr_compare(&addrs[0], &wanted.addr) == 0, "it is the only one");
	wanted = (struct wanted){.if_index = 1};
	weir_addr_parse("127.0.0.1", &wanted.addr);
	ok(rtnl_addrs_read(links, match, &wanted) > 0, "again");
	is_int(wanted.n, 1, "loopback has its own");
}

static int make_many(void)
{
	int r = 0;

	for (int i = 0; i < MANY && r == 0; i++) {
		char a[16], b[16];

		snprintf(a, sizeof(a), "ma%d", i);
		snprintf(b, sizeof(b), "mb%d", i);
		r = veth_make(a, b);
	}
	return r;
}

static int count_many(const struct seen *seen)
{
	int n = 0;

	for (int i = 0; i < MANY; i++) {
		char a[16], b[16];

		snprintf(a, sizeof(a), "ma%d", i);
		snprintf(b, sizeof(b), "mb%d", i);
		n += find(seen, a) != NULL;
		n += find(seen, b) != NULL;
	}
	return n;
}

/* In a child: a pair comes and goes, CHURNS times. */
static pid_t start_churn(void)
{
	pid_t child = fork();

	if (child < 0)
		abort();
	if (child)
		return child;
	alarm(120);
	for (int i = 0; i < CHURNS; i++)
		if (veth_make("ca", "cb") < 0 || veth_remove("ca") < 0)
			_exit(1);
	_exit(0);
}

static void test_many(struct rtnl_links *links, struct seen *seen)
{
	int rounds = 0, interrupted = 0, wrong = 0, status = 0;
	pid_t churn;

	is_int(make_many(), 0, "%d pairs more", MANY);
	ok(look(links, seen) >= 2 * MANY, "all at once");
	is_int(count_many(seen), 2 * MANY, "each once");
	churn = start_churn();
	for (; waitpid(churn, &status, WNOHANG) == 0; rounds++) {
		int r = look(links, seen);

		if (r == -EINTR)
			interrupted++;
		else
			wrong += r < 2 * MANY || count_many(seen) != 2 * MANY;
	}
	is_int(status, 0, "others come and go meanwhile");
	is_int(wrong, 0, "and each time all the others are there once");
	tap_note("%d of %d times the list would not hold still", interrupted, rounds);
	ok(look(links, seen) >= 2 * MANY && !find(seen, "ca"), "the socket is good afterwards");
}

/* The last, for it leaves the namespace. */
static void test_namespace(struct rtnl_links *links, struct seen *seen)
{
	struct rtnl_links *here = NULL;
	uint32_t inode;

	is_int(own_netns_enter(&inode), 0, "another namespace");
	is_int(rtnl_links_open(&here), 0, "a socket here");
	ok(look(here, seen) > 0 && !find(seen, "wa"), "does not see the interfaces there");
	ok(look(links, seen) > 0 && find(seen, "wa"), "the one from there still does");
	rtnl_links_close(here);
}

int main(void)
{
	CLEANUP(free_p) struct seen *seen = calloc(1, sizeof(*seen));
	struct rtnl_links *links = NULL;
	uint32_t inode;
	int r;

	if (!seen)
		abort();
	if (own_netns_enter(&inode) < 0)
		tap_skip_all("no network namespace of our own is allowed");
	veth_without_ipv6();
	r = veth_make("wa", "wb");
	if (r == -EOPNOTSUPP)
		tap_skip_all("this kernel has no veth");
	is_int(r, 0, "a veth pair");
	is_int(veth_up("wa") | veth_up("wb"), 0, "both ends up");
	if (is_int(rtnl_links_open(&links), 0, "a socket")) {
		test_counters(links, seen);
		test_addresses(links);
		test_many(links, seen);
		test_namespace(links, seen);
	}
	rtnl_links_close(links);
	return tap_done();
}
