/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The books: what went over an interface against what the sockets on it account for, and names for
 * the rest. Measured where the kernel counts; what is worked out is marked as such and never shown
 * as measured.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>
#include <weir/link.h>

#include "model/conn_table.h"

/* One interface over one interval. All but the rates are what came in that interval. */
struct balance_side {
	uint64_t link_bytes;      /* measured: frames of the interface */
	uint64_t link_packets;    /* measured */
	uint64_t socket_bytes;    /* measured: payload of sockets on it, attributed to a process */
	uint64_t ownerless_bytes; /* measured: payload of sockets whose process is not known */
	uint64_t retrans_bytes;   /* measured: payload sent again (out only) */
	uint64_t header_bytes; /* worked out: link_packets times the least headers (Ethernet, IPv4
				  or v6, TCP or UDP, all without options) of packets such as the
				  sockets' own, by their share of the payload */
	uint64_t other_bytes;  /* the rest: forwarded, other network namespaces, other protocols */
};

struct balance {
	char link[WEIR_LINK_NAME_MAX]; /* the interface looked at; "": none is known */
	double seconds; /* the interval's length; 0: there is no second reading yet */
	struct balance_side in;
	struct balance_side out;
	double rx_rate; /* bytes per second of the interface; meaningless if seconds is 0 */
	double tx_rate;
	/* (socket + ownerless + retrans + header) / link, both ways; 0 to 1. Never above, because
	 * what sockets have beyond their link is not counted: the two are read one after the other.
	 */
	double accounted;
	double retrans_share; /* retransmitted bytes / bytes sent by TCP, all sockets; 0 to 1 */
	uint64_t forwarded_packets; /* measured, whole host: IP forwarded in the interval */
	uint64_t lost_events;       /* of the source, ever: the sums may be that much short */
};

#define BALANCE_LINKS_MAX 256

struct balance_book; /* what is remembered from interval to interval */

/* only: the name of the interface wanted; NULL: the busiest one that is up and not loopback, or
 * loopback where there is no other traffic. -ENOMEM. */
int balance_book_new(const char *only, struct balance_book **ret_book);
struct balance_book *balance_book_free(struct balance_book *book);

/* One reading begins; then every interface, its addresses, and what the host forwarded. */
void balance_begin(struct balance_book *book);
void balance_link(struct balance_book *book, const struct weir_link *link);
void balance_addr(struct balance_book *book, uint32_t link_index, const struct weir_addr *addr);
void balance_forwarded(struct balance_book *book, uint64_t packets_ever);

/* Ends the reading with the rows of the tick it belongs to. own_netns: inode of the network
 * namespace the interfaces are of; rows of others do not count for them. */
void balance_close(struct balance_book *book, const struct conn_tick *tick, uint32_t own_netns,
		   uint64_t lost_events, struct balance *ret_balance);

/* Interfaces and addresses of the last reading there was no place for: their bytes are missing, or
 * are taken for those of others. */
size_t balance_refused(const struct balance_book *book);
