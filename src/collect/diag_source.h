/* SPDX-License-Identifier: MIT */
#pragma once

/* The inside of conn_source_diag, shared by its passes (diag_pass.c) and its ends (diag_ends.c). */

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn_source.h>

#include "base/pace.h"
#include "collect/diag_live.h"
#include "collect/diag_spaces.h"
#include "collect/proc_owners.h"
#include "collect/sock_destroyed.h"
#include "collect/sock_diag.h"

#define DIAG_MAX_LISTENERS 131072

struct diag_source {
	struct weir_conn_source base; /* first, see weir/conn_source.h */
	struct diag_spaces spaces;
	struct diag_live live;
	struct u64_map listeners; /* (netns, port) → the pass that last saw somebody listen there */
	struct proc_owners *owners;
	struct pace walk_pace;
	uint32_t n_walks;
	bool has_tcp; /* TCP is wanted */
	bool has_udp; /* udp_diag is there */
	struct weir_conn_source_stats stats;
	char *buffer; /* SOCK_DIAG_BUFFER */
	struct sock_destroyed_batch *batch;
};

/* Where events go, and how many went. */
struct diag_delivery {
	weir_conn_event_fn fn;
	void *user;
	int n;
};

static inline void diag_deliver(struct diag_delivery *delivery, const struct weir_conn_event *event)
{
	delivery->fn(delivery->user, event);
	delivery->n++;
}

/* Somebody listens on the port now, or did a moment ago. Without memory for it, it is not known. */
static inline void diag_note_listener(struct diag_source *source, const struct diag_space *space,
				      uint16_t port)
{
	if (source->listeners.used >= DIAG_MAX_LISTENERS)
		u64_map_clear(&source->listeners); /* each pass notes those that still listen */
	(void)u64_map_set(&source->listeners, (uint64_t)space->inode << 16 | port,
			  (uint32_t)source->stats.passes);
}

/* True if that was noted in this pass or the last. */
static inline bool diag_has_listened(const struct diag_source *source,
				     const struct diag_space *space, uint16_t port)
{
	uint32_t pass;

	return u64_map_get(&source->listeners, (uint64_t)space->inode << 16 | port, &pass) &&
	       (uint32_t)source->stats.passes - pass <= 1;
}

/* One pass over a namespace. 0; -EOPNOTSUPP; -ENOMEM; or netlink's errno. */
int diag_pass_space(struct diag_source *source, struct diag_space *space,
		    struct diag_delivery *delivery);

/* Tells the ends that a namespace has heard of. 0 or netlink's errno. */
int diag_ends_drain(struct diag_source *source, struct diag_space *space,
		    struct diag_delivery *delivery);

/* Ends a socket whose end was not counted, with what was last seen of it, and forgets it. */
void diag_ends_at_least(struct diag_source *source, struct diag_live_entry *entry, uint64_t time_ns,
			struct diag_delivery *delivery);
