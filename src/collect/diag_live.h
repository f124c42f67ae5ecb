/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sockets that the last passes saw, by cookie. It is kept for three things only: the end of a
 * socket comes without its owner; what a sample knew of the peer's FIN settles the last byte; and
 * a socket that vanishes without an end must still be ended.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

#include "collect/tcp_totals.h"
#include "collect/u64_map.h"

struct diag_live_entry {
	struct weir_conn_event last; /* as it was delivered */
	struct tcp_history history;
	uint32_t inode;
	uint32_t born_walk;   /* the count of owner walks when the inode was first seen */
	uint32_t looked_walk; /* … and when the owner was last looked up */
	uint64_t seen_pass;
	uint64_t seen_overruns; /* of its namespace, when it was last seen */
	uint32_t next_free;
	bool used;
};

struct diag_live {
	struct u64_map by_cookie; /* cookie → index of entries */
	struct diag_live_entry *entries;
	uint32_t n_entries; /* ever used */
	uint32_t cap;
	uint32_t max;
	uint32_t free; /* first of the free ones, UINT32_MAX: none */
};

/* False if seen is another life of the socket that was known: it has been connected anew. A local
 * port that was not chosen yet at SYN_SENT may have been since. */
static inline bool diag_live_is_same_life(const struct weir_conn_id *known,
					  const struct weir_conn_id *seen)
{
	return known->remote_port == seen->remote_port &&
	       (!known->local_port || known->local_port == seen->local_port) &&
	       weir_addr_compare(&known->remote, &seen->remote) == 0;
}

void diag_live_init(struct diag_live *live, uint32_t max);
void diag_live_done(struct diag_live *live);

/* NULL: not there. Borrowed until the next add. */
struct diag_live_entry *diag_live_find(const struct diag_live *live, uint64_t cookie);

/* A blank entry for a cookie that is not there. -ENOBUFS: the table is full; -ENOMEM. */
int diag_live_add(struct diag_live *live, uint64_t cookie, struct diag_live_entry **ret_entry);

void diag_live_remove(struct diag_live *live, struct diag_live_entry *entry);
