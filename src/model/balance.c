/* SPDX-License-Identifier: MIT */

/*
 * A reading is collected link by link and address by address, then held against the one before.
 * Sockets are found on a link by their local address; what a host sends to one of its own addresses
 * never leaves it and is on loopback (net/ipv4/route.c, __ip_route_output_key).
 */

#include "model/balance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Addresses of the host that are told apart; sockets on any further one count as other. */
#define ADDRS_MAX 1024

#define NS_PER_SEC 1e9

/* Least header bytes: Ethernet (what loopback has too), IP, transport. */
#define ETHERNET_BYTES 14
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define TCP_BYTES 20
#define UDP_BYTES 8

struct home {
	struct weir_addr addr;
	uint32_t link_index;
};

struct reading {
	struct weir_link links[BALANCE_LINKS_MAX];
	size_t n_links;
	uint64_t forwarded;
	bool has_forwarded;
	uint64_t now_ns; /* 0: there is none */
};

struct balance_book {
	char only[WEIR_LINK_NAME_MAX]; /* "": the busiest */
	bool has_only;
	uint32_t chosen; /* index of the link; 0: none yet */
	struct reading now;
	struct reading before;
	struct home homes[ADDRS_MAX]; /* in the order of addresses, once all are told */
	size_t n_homes;
	size_t refused; /* of this reading */
};

int balance_book_new(const char *only, struct balance_book **ret_book)
{
	struct balance_book *book = calloc(1, sizeof(*book));

	if (!book)
		return -ENOMEM;
	book->has_only = only != NULL;
	if (only)
		strncpy(book->only, only, sizeof(book->only) - 1);
	*ret_book = book;
	return 0;
}

struct balance_book *balance_book_free(struct balance_book *book)
{
	free(book);
	return NULL;
}

void balance_begin(struct balance_book *book)
{
	book->now.n_links = 0;
	book->now.has_forwarded = false;
	book->n_homes = 0;
	book->refused = 0;
}

void balance_link(struct balance_book *book, const struct weir_link *link)
{
	struct reading *now = &book->now;

	if (book->has_only && strcmp(book->only, link->name) != 0)
		return;
	if (now->n_links < BALANCE_LINKS_MAX)
		now->links[now->n_links++] = *link;
	else
		book->refused++;
}

void balance_addr(struct balance_book *book, uint32_t link_index, const struct weir_addr *addr)
{
	if (book->n_homes < ADDRS_MAX)
		book->homes[book->n_homes++] = (struct home){*addr, link_index};
	else
		book->refused++;
}

void balance_forwarded(struct balance_book *book, uint64_t packets_ever)
{
	book->now.forwarded = packets_ever;
	book->now.has_forwarded = true;
}

static int compare_homes(const void *a, const void *b)
{
	return weir_addr_compare(&((const struct home *)a)->addr, &((const struct home *)b)->addr);
}

/* The first of the homes with this address, NULL if it is not the host's. */
static const struct home *find_home(const struct balance_book *book, const struct weir_addr *addr)
{
	size_t low = 0;
	size_t high = book->n_homes;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (weir_addr_compare(&book->homes[middle].addr, addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == book->n_homes || weir_addr_compare(&book->homes[low].addr, addr) != 0)
		return NULL;
	return &book->homes[low];
}

/* The same address may be on several links. */
static bool is_home_of(const struct balance_book *book, const struct weir_addr *addr,
		       uint32_t link_index)
{
	const struct home *end = book->homes + book->n_homes;

	for (const struct home *home = find_home(book, addr);
	     home && home < end && weir_addr_compare(&home->addr, addr) == 0; home++) {
		if (home->link_index == link_index)
			return true;
	}
	return false;
}

static bool has_home(const struct balance_book *book, uint32_t link_index)
{
	for (size_t i = 0; i < book->n_homes; i++) {
		if (book->homes[i].link_index == link_index)
			return true;
	}
	return false;
}

/* 127/8 and ::1. */
static bool is_loopback(const struct weir_addr *addr)
{
	static const uint8_t v6[16] = {[15] = 1};

	if (weir_addr_is_v4(addr))
		return addr->bytes[12] == 127;
	return memcmp(addr->bytes, v6, sizeof(v6)) == 0;
}

static bool is_on_link(const struct balance_book *book, const struct weir_link *link,
		       const struct weir_conn_id *id)
{
	bool inside =
		is_loopback(&id->local) || is_loopback(&id->remote) || find_home(book, &id->remote);

	if (link->is_loopback || inside)
		return link->is_loopback && inside;
	return is_home_of(book, &id->local, link->index);
}

static const struct weir_link *find_link(const struct reading *reading, uint32_t index)
{
	for (size_t i = 0; i < reading->n_links; i++) {
		if (reading->links[i].index == index)
			return &reading->links[i];
	}
	return NULL;
}

/* The same link in the reading before, NULL if it cannot be compared: it is new, or it is another
 * that took its index, or its counters began again. */
static const struct weir_link *link_before(const struct balance_book *book,
					   const struct weir_link *link)
{
	const struct weir_link *before = find_link(&book->before, link->index);

	if (!before || strcmp(before->name, link->name) != 0 || before->rx_bytes > link->rx_bytes ||
	    before->tx_bytes > link->tx_bytes || before->rx_packets > link->rx_packets ||
	    before->tx_packets > link->tx_packets)
		return NULL;
	return before;
}

/* Bytes in the interval; ever, in the first reading. */
static uint64_t traffic_of(const struct balance_book *book, const struct weir_link *link)
{
	const struct weir_link *before = link_before(book, link);
	uint64_t bytes = link->rx_bytes + link->tx_bytes;

	if (before)
		return bytes - before->rx_bytes - before->tx_bytes;
	return book->before.now_ns ? 0 : bytes;
}

/*
 * How much there is to see on a link. Of a bridge and its ports, which carry the same bytes, the
 * one with addresses is where the sockets are; and the one looked at stays, unless another carries
 * twice as much, so that the line does not jump.
 */
static double score_of(const struct balance_book *book, const struct weir_link *link)
{
	double score = (double)traffic_of(book, link);

	if (!link->is_up || (link->is_loopback && !book->has_only))
		return -1;
	if (link->index == book->chosen)
		score *= 2;
	/* Any with an address is before all without. */
	return has_home(book, link->index) ? score + 1 : score * 0x1p-65;
}

static bool has_other_traffic(const struct balance_book *book)
{
	for (size_t i = 0; i < book->now.n_links; i++) {
		const struct weir_link *link = &book->now.links[i];

		if (link->is_up && !link->is_loopback && traffic_of(book, link))
			return true;
	}
	return false;
}

static const struct weir_link *choose(const struct balance_book *book)
{
	const struct weir_link *best = NULL;
	double best_score = -1;

	for (size_t i = 0; i < book->now.n_links; i++) {
		const struct weir_link *link = &book->now.links[i];
		double score = score_of(book, link);

		if (book->has_only || score > best_score) {
			best = link;
			best_score = score;
		}
	}
	if (book->has_only || has_other_traffic(book))
		return best;
	for (size_t i = 0; i < book->now.n_links; i++) {
		if (book->now.links[i].is_loopback && traffic_of(book, &book->now.links[i]))
			return &book->now.links[i];
	}
	return best;
}

/* What rows come to. */
struct sums {
	struct balance_side in;
	struct balance_side out;
	double headers_in; /* bytes of payload times the header of a packet that carries them */
	double headers_out;
	uint64_t tcp_out;
	uint64_t tcp_retrans;
};

static bool is_attributed(const struct weir_owner *owner)
{
	return owner->pid || owner->unknown == WEIR_UNKNOWN_KERNEL;
}

static unsigned header_bytes(const struct weir_conn_id *id)
{
	return ETHERNET_BYTES + (weir_addr_is_v4(&id->remote) ? IPV4_BYTES : IPV6_BYTES) +
	       (id->proto == WEIR_PROTO_TCP ? TCP_BYTES : UDP_BYTES);
}

static void add_to_link(struct sums *sums, const struct conn_row *row)
{
	unsigned header = header_bytes(&row->id);

	if (is_attributed(&row->owner)) {
		sums->in.socket_bytes += row->delta_in;
		sums->out.socket_bytes += row->delta_out;
	} else {
		sums->in.ownerless_bytes += row->delta_in;
		sums->out.ownerless_bytes += row->delta_out;
	}
	sums->out.retrans_bytes += row->delta_retrans;
	sums->headers_in += (double)row->delta_in * header;
	sums->headers_out += (double)row->delta_out * header;
}

static void add_rows(const struct balance_book *book, const struct weir_link *link,
		     const struct conn_row *const *rows, size_t n_rows, uint32_t own_netns,
		     struct sums *sums)
{
	for (size_t i = 0; i < n_rows; i++) {
		const struct conn_row *row = rows[i];
		uint32_t netns = row->id.netns;

		if (!row->delta_in && !row->delta_out && !row->delta_retrans)
			continue;
		if (row->id.proto == WEIR_PROTO_TCP) {
			sums->tcp_out += row->delta_out;
			sums->tcp_retrans += row->delta_retrans;
		}
		if (link && (!netns || !own_netns || netns == own_netns) &&
		    is_on_link(book, link, &row->id))
			add_to_link(sums, row);
	}
}

/* Takes as much of what is left as is there: link and sockets are read one after the other, so
 * sockets may be ahead of their link by what came in between. */
static uint64_t take(uint64_t *left, uint64_t bytes)
{
	if (bytes > *left)
		bytes = *left;
	*left -= bytes;
	return bytes;
}

static void close_side(struct balance_side *side, uint64_t link_bytes, uint64_t link_packets,
		       double headers)
{
	double payload = (double)side->socket_bytes + (double)side->ownerless_bytes;
	double header = payload > 0 ? headers / payload : ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES;
	uint64_t left = link_bytes;

	side->link_bytes = link_bytes;
	side->link_packets = link_packets;
	take(&left, side->socket_bytes);
	take(&left, side->ownerless_bytes);
	take(&left, side->retrans_bytes);
	side->header_bytes = take(&left, (uint64_t)(header * (double)link_packets));
	side->other_bytes = left;
}

static void close_link(const struct weir_link *link, const struct weir_link *before,
		       struct sums *sums, struct balance *balance)
{
	double all;
	double other;

	balance->in = sums->in;
	balance->out = sums->out;
	close_side(&balance->in, link->rx_bytes - before->rx_bytes,
		   link->rx_packets - before->rx_packets, sums->headers_in);
	close_side(&balance->out, link->tx_bytes - before->tx_bytes,
		   link->tx_packets - before->tx_packets, sums->headers_out);
	all = (double)balance->in.link_bytes + (double)balance->out.link_bytes;
	other = (double)balance->in.other_bytes + (double)balance->out.other_bytes;
	balance->accounted = all > 0 ? (all - other) / all : 1;
	balance->rx_rate = (double)balance->in.link_bytes / balance->seconds;
	balance->tx_rate = (double)balance->out.link_bytes / balance->seconds;
}

void balance_close(struct balance_book *book, const struct conn_tick *tick, uint32_t own_netns,
		   uint64_t lost_events, struct balance *ret_balance)
{
	struct balance balance = {.lost_events = lost_events};
	const struct reading *then = &book->before;
	const struct weir_link *before = NULL;
	const struct weir_link *link;
	struct sums sums = {0};
	bool comparable = then->now_ns && tick->now_ns > then->now_ns;

	qsort(book->homes, book->n_homes, sizeof(book->homes[0]), compare_homes);
	link = choose(book);
	book->chosen = link ? link->index : 0;
	if (link) {
		memcpy(balance.link, link->name, sizeof(balance.link));
		before = link_before(book, link);
	}
	add_rows(book, link, tick->active, tick->n_active, own_netns, &sums);
	add_rows(book, link, tick->closed, tick->n_closed, own_netns, &sums);
	if (sums.tcp_retrans)
		balance.retrans_share =
			(double)sums.tcp_retrans / (double)(sums.tcp_out + sums.tcp_retrans);
	if (before && comparable) {
		balance.seconds = (double)(tick->now_ns - then->now_ns) / NS_PER_SEC;
		close_link(link, before, &sums, &balance);
	}
	if (comparable && book->now.has_forwarded && then->has_forwarded &&
	    book->now.forwarded >= then->forwarded)
		balance.forwarded_packets = book->now.forwarded - then->forwarded;
	book->before = book->now;
	book->before.now_ns = tick->now_ns;
	*ret_balance = balance;
}

size_t balance_refused(const struct balance_book *book)
{
	return book->refused;
}
