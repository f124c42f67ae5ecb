/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The flows there are, up to a maximum: found by key, and listed in the order in which room would
 *be made, the least recently used of each kind first. It knows nothing of time or of protocols.
 *
 *	bucket, 64 bytes: | 12 tags, 1 byte of the hash each | overflow | 12 indices |
 *
 * Records never move; an index is good from add to remove. Memory for all is reserved at once and
 * touched as it is needed: 192 bytes a flow, 8 for its links, 7 to 14 in the buckets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/flow_key.h"
#include "model/flow_memory.h"

#define FLOW_NONE UINT32_MAX
#define FLOW_TABLE_MAX (1u << 30)
#define FLOW_BUCKET_SLOTS 12

/* What goes first when there is no room. */
enum flow_list {
	FLOW_OVER,       /* has ended; what straggles is counted */
	FLOW_HALF_OPEN,  /* TCP: nobody has answered the SYN */
	FLOW_ONE_PACKET, /* nothing came after the first */
	FLOW_ACTIVE,
	FLOW_LISTS,
};

/* Why a flow is given up; the tracker has the times. */
enum flow_timeout {
	FLOW_TIMEOUT_OPENING,
	FLOW_TIMEOUT_CLOSING,
	FLOW_TIMEOUT_TCP,
	FLOW_TIMEOUT_UDP,
	FLOW_TIMEOUT_ICMP,
	FLOW_TIMEOUT_OTHER,
	FLOW_TIMEOUT_OWN, /* own_idle_ms */
	FLOW_TIMEOUTS,
};

enum flow_mark {
	FLOW_INITIATOR_IS_HIGHER = 1 << 0, /* of the key's endpoints */
	FLOW_DEAF = 1 << 1,                /* the sink wants no more of it */
	FLOW_TIMES_SYN = 1 << 2,           /* rtt_us is when the SYN came, after start_ns */
	FLOW_ANSWERED_SYN = 1 << 3,        /* and the other side's has come */
	/* TCP, counted without streams; by side, so << side */
	FLOW_KNOWS_NEXT = 1 << 4,
	FLOW_HAS_HOLE = 1 << 6,
};

#define FLOW_PUBLIC_FLAGS 0xf
#define FLOW_MPLS_SHIFT 4

/* By enum weir_side, where there are two. What a packet touches comes first. */
struct flow_record {
	struct flow_key key;
	uint64_t last_ns;
	uint32_t hash;
	uint8_t tcp_flags[2];
	uint8_t marks;           /* enum flow_mark, or-ed */
	uint8_t list : 3;        /* enum flow_list; FLOW_LISTS: free */
	uint8_t timeout : 4;     /* enum flow_timeout */
	uint8_t is_shadowed : 1; /* a SYN of another connection came; top has its number */
	/* 64 */
	uint64_t packets[2];
	uint64_t bytes[2];
	uint64_t payload[2];
	uint32_t next[2]; /* TCP without streams: what each side sends next … */
	uint32_t ack[2];  /* … and the last it acknowledged */
	/* 128 */
	uint64_t id;
	uint64_t start_ns;
	uint32_t retransmits[2];
	uint32_t out_of_order[2];
	uint32_t hole_end[2]; /* FLOW_HAS_HOLE: next to here is missing … */
	uint32_t top[2];      /* … and here ends what has come */
	uint32_t rtt_us;
	uint32_t own_idle_ms;
	uint32_t tunnel_id; /* of the first packet */
	uint8_t ttl[2];
	uint8_t flags; /* enum weir_flow_flag, or-ed (HALF_OPEN is the list's), and flow_key_mpls */
	uint8_t end;   /* enum weir_flow_end */
};

_Static_assert(sizeof(struct flow_record) == 192, "three lines of the cache");

/* Neighbours in a list; the list itself stands between its last and its first. */
struct flow_links {
	uint32_t previous;
	uint32_t next;
};

struct flow_bucket {
	uint8_t tags[FLOW_BUCKET_SLOTS]; /* 0: empty */
	uint8_t overflow; /* entries that passed through here and stand further on; 255: or more */
	uint8_t padding[3];
	uint32_t indices[FLOW_BUCKET_SLOTS];
};

struct flow_table {
	struct flow_record *records;
	struct flow_links *links;    /* behind those of the records, those of the lists */
	struct flow_bucket *buckets; /* aligned to 64 */
	uint32_t mask;               /* buckets in use - 1 */
	uint32_t max_mask;
	uint32_t max_flows;
	uint32_t n_flows;
	uint32_t n_fresh;             /* records ever used */
	uint32_t free;                /* those used and free now, through links.next */
	struct flow_memory memory[3]; /* of the first three */
};

/* -ENOMEM, -EINVAL (0 or more than FLOW_TABLE_MAX). On failure the table is as after done. */
int flow_table_init(struct flow_table *table, size_t max_flows);
void flow_table_done(struct flow_table *table);

/* Forgets all flows, and keeps the memory. */
void flow_table_clear(struct flow_table *table);

/* FLOW_NONE: there is none. */
uint32_t flow_table_find(const struct flow_table *table, const struct flow_key *key, uint32_t hash);

static inline bool flow_table_is_full(const struct flow_table *table)
{
	return table->n_flows == table->max_flows;
}

/* A record, zeroed but for key and hash, last of a list. The table is not full, and has no such
 * key. */
uint32_t flow_table_add(struct flow_table *table, const struct flow_key *key, uint32_t hash,
			enum flow_list list);
void flow_table_remove(struct flow_table *table, uint32_t index);

/* The one that goes next to make room; FLOW_NONE: the table is empty. */
uint32_t flow_table_victim(const struct flow_table *table);

/* Ahead of a find: its bucket; then, once that is there, the records it may find. */
static inline void flow_table_prefetch(const struct flow_table *table, uint32_t hash)
{
	__builtin_prefetch(&table->buckets[hash & table->mask]);
}

void flow_table_prefetch_record(const struct flow_table *table, uint32_t hash);

static inline struct flow_record *flow_table_at(const struct flow_table *table, uint32_t index)
{
	return &table->records[index];
}

/* Puts a flow last in the list that ends at `end`. */
static inline void flow_table_put_last(struct flow_links *links, uint32_t index, uint32_t end)
{
	struct flow_links old = links[index];
	uint32_t last;

	links[old.previous].next = old.next;
	links[old.next].previous = old.previous;
	last = links[end].previous;
	links[index] = (struct flow_links){.previous = last, .next = end};
	links[last].next = index;
	links[end].previous = index;
}

static inline void flow_table_move(struct flow_table *table, uint32_t index, enum flow_list list)
{
	flow_table_put_last(table->links, index, table->max_flows + (uint32_t)list);
	table->records[index].list = (uint8_t)(list & 7);
}

/* Makes it the one of its list that was used last. */
static inline void flow_table_touch(struct flow_table *table, uint32_t index)
{
	uint32_t end = table->max_flows + table->records[index].list;

	if (table->links[index].next != end)
		flow_table_put_last(table->links, index, end);
}
