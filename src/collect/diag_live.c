/* SPDX-License-Identifier: MIT */
#include "collect/diag_live.h"

#include <errno.h>
#include <stdlib.h>

#define NONE UINT32_MAX

void diag_live_init(struct diag_live *live, uint32_t max)
{
	*live = (struct diag_live){.max = max, .free = NONE};
}

void diag_live_done(struct diag_live *live)
{
	u64_map_done(&live->by_cookie);
	free(live->entries);
	diag_live_init(live, 0);
}

struct diag_live_entry *diag_live_find(const struct diag_live *live, uint64_t cookie)
{
	uint32_t at;

	return u64_map_get(&live->by_cookie, cookie, &at) ? &live->entries[at] : NULL;
}

static int make_room(struct diag_live *live)
{
	uint32_t cap = live->cap ? live->cap * 2 : 64;
	struct diag_live_entry *entries;

	if (live->free != NONE || live->n_entries < live->cap)
		return 0;
	if (live->cap >= live->max)
		return -ENOBUFS;
	if (cap > live->max)
		cap = live->max;
	entries = realloc(live->entries, cap * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	live->entries = entries;
	live->cap = cap;
	return 0;
}

int diag_live_add(struct diag_live *live, uint64_t cookie, struct diag_live_entry **ret_entry)
{
	uint32_t at;
	int r = make_room(live);

	if (r < 0)
		return r;
	at = live->free != NONE ? live->free : live->n_entries;
	r = u64_map_set(&live->by_cookie, cookie, at);
	if (r < 0)
		return r;
	if (at == live->free)
		live->free = live->entries[at].next_free;
	else
		live->n_entries++;
	live->entries[at] = (struct diag_live_entry){.used = true, .last.id.cookie = cookie};
	*ret_entry = &live->entries[at];
	return 0;
}

void diag_live_remove(struct diag_live *live, struct diag_live_entry *entry)
{
	u64_map_remove(&live->by_cookie, entry->last.id.cookie);
	entry->used = false;
	entry->next_free = live->free;
	live->free = (uint32_t)(entry - live->entries);
}
