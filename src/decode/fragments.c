/* SPDX-License-Identifier: MIT */
/*
 * A datagram lies in pages at its own offsets, with a bit for each 8 bytes that have come (all
 * offsets are multiples of 8) and one for each 8 bytes that a fragment begins with. What is to be
 * dropped whole is kept as a name without pages until its time is over, so that fragments that
 * straggle do not make a new datagram (RFC 5722 4: "including those not yet received").
 */
#include "decode/fragments.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_index.h"
#include "base/siphash.h"

#define UNIT 8
#define PAGE 2048u
#define PAGE_UNITS (PAGE / UNIT)
#define PAGES (FRAGMENTS_MAX_BYTES / PAGE)
#define DATAGRAM_MAX 65536u
#define DATAGRAM_PAGES (DATAGRAM_MAX / PAGE)
#define BUCKETS FRAGMENTS_MAX_DATAGRAMS
#define NONE UINT16_MAX
#define UNKNOWN UINT32_MAX

/* RFC 791 3.2; of version 6 any protocol (RFC 8200 4.5). Without padding: compared as bytes. */
struct key {
	struct weir_addr source;
	struct weir_addr destination;
	uint32_t id;
	uint32_t tunnel_id;
	uint16_t vlan[WEIR_FLOW_VLANS_MAX];
	uint8_t tunnels[WEIR_FLOW_TUNNELS_MAX];
	uint8_t n_vlans;
	uint8_t n_tunnels;
	uint8_t version;
	uint8_t proto;
};

static_assert(sizeof(struct key) == 52, "a key has no padding");

struct datagram {
	struct key key;
	struct layers layers; /* of the first fragment, once it has come */
	uint64_t begun_ns;
	uint64_t wire_bytes;
	uint32_t packets;
	uint32_t units;          /* that have come */
	uint32_t len;            /* by the last fragment; UNKNOWN: it has not come */
	uint32_t end;            /* of what has come */
	uint16_t next_in_bucket; /* and among those that are free */
	uint16_t older, younger; /* by begun_ns */
	bool is_dropped;         /* no pages: whatever comes goes */
	uint16_t pages[DATAGRAM_PAGES];
};

struct page {
	uint8_t data[PAGE];
	uint64_t here[PAGE_UNITS / 64];
	uint64_t begins[PAGE_UNITS / 64];
};

struct fragments {
	struct datagram datagrams[FRAGMENTS_MAX_DATAGRAMS];
	struct page pages[PAGES];
	uint8_t whole[DATAGRAM_MAX];
	uint16_t free_pages[PAGES];
	uint16_t buckets[BUCKETS];
	uint32_t n_free_pages;
	uint16_t free_datagram;
	uint16_t oldest, youngest;
	uint8_t hash_key[16];
	struct fragments_stats stats;
};

struct fragments *fragments_free(struct fragments *fragments)
{
	free(fragments);
	return NULL;
}

int fragments_new(struct fragments **ret_fragments)
{
	struct fragments *fragments = calloc(1, sizeof(*fragments));

	if (!fragments)
		return -ENOMEM;
	hash_key(fragments->hash_key);
	memset(fragments->buckets, 0xff, sizeof(fragments->buckets));
	for (uint32_t i = 0; i < PAGES; i++)
		fragments->free_pages[i] = (uint16_t)(PAGES - 1 - i);
	fragments->n_free_pages = PAGES;
	for (uint32_t i = 0; i < FRAGMENTS_MAX_DATAGRAMS; i++)
		fragments->datagrams[i].next_in_bucket =
			i + 1 < FRAGMENTS_MAX_DATAGRAMS ? (uint16_t)(i + 1) : NONE;
	fragments->free_datagram = 0;
	fragments->oldest = fragments->youngest = NONE;
	*ret_fragments = fragments;
	return 0;
}

static struct key key_of(const struct layers *layers)
{
	struct key key = {
		.source = layers->source,
		.destination = layers->destination,
		.id = layers->fragment.id,
		.tunnel_id = layers->tunnel_id,
		.n_vlans = layers->n_vlans,
		.n_tunnels = layers->n_tunnels,
		.version = layers->fragment.version,
		.proto = layers->fragment.version == 4 ? layers->proto : 0,
	};

	memcpy(key.vlan, layers->vlan, sizeof(key.vlan));
	memcpy(key.tunnels, layers->tunnels, sizeof(key.tunnels));
	return key;
}

static uint16_t *bucket_of(struct fragments *fragments, const struct key *key)
{
	return &fragments->buckets[siphash24(fragments->hash_key, key, sizeof(*key)) % BUCKETS];
}

static struct datagram *find(struct fragments *fragments, const struct key *key)
{
	for (uint16_t at = *bucket_of(fragments, key); at != NONE;) {
		struct datagram *datagram = &fragments->datagrams[at];

		if (memcmp(&datagram->key, key, sizeof(*key)) == 0)
			return datagram;
		at = datagram->next_in_bucket;
	}
	return NULL;
}

static void release_pages(struct fragments *fragments, struct datagram *datagram)
{
	for (uint32_t i = 0; i < DATAGRAM_PAGES; i++) {
		if (datagram->pages[i] == NONE)
			continue;
		fragments->free_pages[fragments->n_free_pages++] = datagram->pages[i];
		datagram->pages[i] = NONE;
	}
	fragments->stats.waiting -= datagram->packets;
}

/* Its fragments go, its name stays. */
static void drop(struct fragments *fragments, struct datagram *datagram)
{
	release_pages(fragments, datagram);
	fragments->stats.dropped += datagram->packets;
	datagram->packets = 0;
	datagram->is_dropped = true;
}

static void unlink_age(struct fragments *fragments, struct datagram *datagram)
{
	uint16_t *after = datagram->older == NONE ? &fragments->oldest
						  : &fragments->datagrams[datagram->older].younger;
	uint16_t *before = datagram->younger == NONE
				   ? &fragments->youngest
				   : &fragments->datagrams[datagram->younger].older;

	*after = datagram->younger;
	*before = datagram->older;
}

/* Nothing of it is left. */
static void forget(struct fragments *fragments, struct datagram *datagram)
{
	uint16_t self = (uint16_t)(datagram - fragments->datagrams);
	uint16_t *at = bucket_of(fragments, &datagram->key);

	while (*at != self)
		at = &fragments->datagrams[*at].next_in_bucket;
	*at = datagram->next_in_bucket;
	unlink_age(fragments, datagram);
	datagram->next_in_bucket = fragments->free_datagram;
	fragments->free_datagram = self;
}

static void drop_oldest(struct fragments *fragments)
{
	struct datagram *oldest = &fragments->datagrams[fragments->oldest];

	drop(fragments, oldest);
	forget(fragments, oldest);
}

/* There are others: all pages hold far more than one datagram can have. */
static void drop_oldest_but(struct fragments *fragments, const struct datagram *datagram)
{
	struct datagram *oldest = &fragments->datagrams[fragments->oldest];

	if (oldest == datagram)
		oldest = &fragments->datagrams[oldest->younger];
	drop(fragments, oldest);
	forget(fragments, oldest);
}

static void drop_late(struct fragments *fragments, uint64_t now_ns)
{
	while (fragments->oldest != NONE) {
		const struct datagram *oldest = &fragments->datagrams[fragments->oldest];

		if (now_ns < oldest->begun_ns || now_ns - oldest->begun_ns < FRAGMENTS_TIMEOUT_NS)
			break;
		drop_oldest(fragments);
	}
}

static struct datagram *begin(struct fragments *fragments, const struct key *key, uint64_t now_ns)
{
	uint16_t *bucket = bucket_of(fragments, key);
	struct datagram *datagram;
	uint16_t self;

	if (fragments->free_datagram == NONE)
		drop_oldest(fragments);
	self = fragments->free_datagram;
	datagram = &fragments->datagrams[self];
	fragments->free_datagram = datagram->next_in_bucket;
	memset(datagram, 0, sizeof(*datagram));
	memset(datagram->pages, 0xff, sizeof(datagram->pages));
	datagram->key = *key;
	datagram->begun_ns = now_ns;
	datagram->len = UNKNOWN;
	datagram->next_in_bucket = *bucket;
	*bucket = self;
	datagram->older = fragments->youngest;
	datagram->younger = NONE;
	if (fragments->youngest == NONE)
		fragments->oldest = self;
	else
		fragments->datagrams[fragments->youngest].younger = self;
	fragments->youngest = self;
	return datagram;
}

static bool bit(const uint64_t *bits, uint32_t at)
{
	return bits[at / 64] >> at % 64 & 1;
}

static struct page *page_of(struct fragments *fragments, const struct datagram *datagram,
			    uint32_t unit)
{
	uint16_t page = unit < DATAGRAM_MAX / UNIT ? datagram->pages[unit / PAGE_UNITS] : NONE;

	return page == NONE ? NULL : &fragments->pages[page];
}

static bool is_here(struct fragments *fragments, const struct datagram *datagram, uint32_t unit)
{
	const struct page *page = page_of(fragments, datagram, unit);

	return page && bit(page->here, unit % PAGE_UNITS);
}

static bool begins(struct fragments *fragments, const struct datagram *datagram, uint32_t unit)
{
	const struct page *page = page_of(fragments, datagram, unit);

	return page && bit(page->begins, unit % PAGE_UNITS);
}

/* Those of n bits from `first` on that are in the word `first` is in; *n: how many these are. */
static uint64_t bits_of_word(uint32_t first, uint32_t *n)
{
	uint32_t room = 64 - first % 64;

	if (*n > room)
		*n = room;
	return (*n == 64 ? UINT64_MAX : (UINT64_C(1) << *n) - 1) << first % 64;
}

static bool overlaps(struct fragments *fragments, const struct datagram *datagram, uint32_t first,
		     uint32_t end)
{
	uint32_t n;

	for (uint32_t unit = first; unit < end; unit += n) {
		const struct page *page = page_of(fragments, datagram, unit);
		uint64_t bits;

		n = end - unit;
		bits = bits_of_word(unit, &n);
		if (page && page->here[unit % PAGE_UNITS / 64] & bits)
			return true;
	}
	return false;
}

static bool same_bytes(struct fragments *fragments, const struct datagram *datagram,
		       uint32_t offset, struct bytes data)
{
	while (data.len > 0) {
		const struct page *page = page_of(fragments, datagram, offset / UNIT);
		size_t n = PAGE - offset % PAGE;
		const uint8_t *at;

		if (n > data.len)
			n = data.len;
		at = bytes_take(&data, n);
		if (!page || memcmp(page->data + offset % PAGE, at, n) != 0)
			return false;
		offset += (uint32_t)n;
	}
	return true;
}

/* A fragment that has come already: of the same place, the same length and the same bytes (RFC 8200
 * 4.5 lets these pass). */
static bool is_repeated(struct fragments *fragments, const struct datagram *datagram,
			const struct layers *layers)
{
	uint32_t offset = layers->fragment.offset;
	uint32_t len = layers->payload_len;
	uint32_t first = offset / UNIT;
	uint32_t end = (offset + len + UNIT - 1) / UNIT;

	if (!begins(fragments, datagram, first) ||
	    layers->fragment.more != (offset + len != datagram->len))
		return false;
	for (uint32_t unit = first; unit < end; unit++)
		if (!is_here(fragments, datagram, unit) ||
		    (unit > first && begins(fragments, datagram, unit)))
			return false;
	if (is_here(fragments, datagram, end) && !begins(fragments, datagram, end))
		return false;
	return same_bytes(fragments, datagram, offset, layers->payload);
}

/* One that cannot be of the same datagram as the others. */
static bool contradicts(struct fragments *fragments, const struct datagram *datagram,
			const struct layers *layers)
{
	uint32_t offset = layers->fragment.offset;
	uint32_t end = offset + layers->payload_len;

	if (layers->payload.len < layers->payload_len) /* cut: what is missing never comes */
		return true;
	if (datagram->len == UNKNOWN ? !layers->fragment.more && end < datagram->end
				     : !layers->fragment.more || end > datagram->len)
		return true;
	return overlaps(fragments, datagram, offset / UNIT, (end + UNIT - 1) / UNIT);
}

static void take_pages(struct fragments *fragments, struct datagram *datagram, uint32_t offset,
		       uint32_t end)
{
	for (uint32_t i = offset / PAGE; i < (end + PAGE - 1) / PAGE; i++) {
		uint16_t page;

		if (datagram->pages[i] != NONE)
			continue;
		while (fragments->n_free_pages == 0)
			drop_oldest_but(fragments, datagram);
		page = fragments->free_pages[--fragments->n_free_pages];
		memset(fragments->pages[page].here, 0, sizeof(fragments->pages[page].here));
		memset(fragments->pages[page].begins, 0, sizeof(fragments->pages[page].begins));
		datagram->pages[i] = page;
	}
}

static void put(struct fragments *fragments, struct datagram *datagram, uint32_t offset,
		struct bytes data)
{
	uint32_t first = offset / UNIT;
	uint32_t end = (offset + (uint32_t)data.len + UNIT - 1) / UNIT;
	uint32_t n;

	for (uint32_t unit = first; unit < end; unit += n) {
		struct page *page = page_of(fragments, datagram, unit);
		size_t len;

		n = end - unit;
		page->here[unit % PAGE_UNITS / 64] |= bits_of_word(unit, &n);
		len = data.len < n * UNIT ? data.len : n * UNIT;
		memcpy(page->data + unit % PAGE_UNITS * UNIT, data.data, len);
		bytes_take(&data, len);
	}
	page_of(fragments, datagram, first)->begins[first % PAGE_UNITS / 64] |= UINT64_C(1)
										<< first % 64;
	datagram->units += end - first;
}

/* Keeps one that fits. */
static void keep(struct fragments *fragments, struct datagram *datagram,
		 const struct layers *layers)
{
	uint32_t offset = layers->fragment.offset;
	uint32_t end = offset + layers->payload_len;

	take_pages(fragments, datagram, offset, end);
	put(fragments, datagram, offset, layers->payload);
	if (offset == 0)
		datagram->layers = *layers;
	if (!layers->fragment.more)
		datagram->len = end;
	if (end > datagram->end)
		datagram->end = end;
}

static int complete(struct fragments *fragments, struct datagram *datagram, struct layers *layers,
		    struct fragments_datagram *ret_datagram)
{
	for (uint32_t at = 0; at < datagram->len; at += PAGE) {
		const struct page *page = page_of(fragments, datagram, at / UNIT);
		uint32_t n = datagram->len - at < PAGE ? datagram->len - at : PAGE;

		assert(page); /* each unit of it has come */
		memcpy(fragments->whole + at, page->data, n);
	}
	*layers = datagram->layers;
	*ret_datagram = (struct fragments_datagram){
		.data = {fragments->whole, datagram->len},
		.packets = datagram->packets,
		.wire_bytes = datagram->wire_bytes,
	};
	layers->payload = ret_datagram->data;
	layers->payload_len = datagram->len;
	release_pages(fragments, datagram);
	forget(fragments, datagram);
	fragments->stats.completed++;
	return 1;
}

int fragments_add_inner(struct fragments *fragments, struct layers *layers, uint64_t now_ns,
			struct fragments_datagram *datagram)
{
	struct key key = key_of(layers);
	struct datagram *own;

	drop_late(fragments, now_ns);
	fragments->stats.seen += datagram->packets;
	own = find(fragments, &key);
	if (!own)
		own = begin(fragments, &key, now_ns);
	if (own->is_dropped) {
		fragments->stats.dropped += datagram->packets;
		return 0;
	}
	fragments->stats.waiting += datagram->packets;
	own->packets += datagram->packets;
	own->wire_bytes += datagram->wire_bytes;
	if (is_repeated(fragments, own, layers))
		return 0;
	if (contradicts(fragments, own, layers)) {
		drop(fragments, own);
		return 0;
	}
	keep(fragments, own, layers);
	if (own->len == UNKNOWN || own->units < (own->len + UNIT - 1) / UNIT)
		return 0;
	return complete(fragments, own, layers, datagram);
}

int fragments_add(struct fragments *fragments, struct layers *layers,
		  const struct weir_packet *packet, uint64_t now_ns,
		  struct fragments_datagram *ret_datagram)
{
	struct fragments_datagram datagram = {
		.packets = 1,
		.wire_bytes =
			packet->wire_len > packet->cap_len ? packet->wire_len : packet->cap_len,
	};
	int r = fragments_add_inner(fragments, layers, now_ns, &datagram);

	if (r == 1)
		*ret_datagram = datagram;
	return r;
}

void fragments_stats(const struct fragments *fragments, struct fragments_stats *ret_stats)
{
	*ret_stats = fragments->stats;
}
