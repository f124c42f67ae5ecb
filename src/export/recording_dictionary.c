/* SPDX-License-Identifier: MIT */
#include "export/recording_dictionary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

#define FIRST_ROOM 64

/* The identity of an owner, without padding. */
struct who_key {
	uint64_t start_boot_ns;
	uint64_t cgroup_id;
	uint32_t pid;
	uint32_t uid;
	char comm[WEIR_COMM_MAX];
	uint32_t netns;
	uint16_t evidence;
	uint16_t unknown;
};

_Static_assert(sizeof(struct who_key) == 48, "padding would be hashed");

void recording_dictionary_done(struct recording_dictionary *d)
{
	str_buf_done(&d->bytes);
	free(d->texts);
	free(d->whos);
	hash_index_done(&d->text_index);
	hash_index_done(&d->who_index);
	*d = (struct recording_dictionary){0};
}

int recording_dictionary_clear(struct recording_dictionary *d)
{
	str_buf_clear(&d->bytes);
	hash_index_done(&d->text_index);
	hash_index_done(&d->who_index);
	hash_key(d->key);
	d->n_texts = 0;
	d->n_whos = 0;
	return recording_dictionary_add_text(d, "", 0);
}

/* Room for one more of size bytes each. */
static int make_room(void **array, uint32_t n, uint32_t *max, size_t size)
{
	uint32_t more = *max ? *max * 2 : FIRST_ROOM;
	void *bigger;

	if (n < *max)
		return 0;
	bigger = realloc(*array, more * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*max = more;
	return 0;
}

static uint64_t text_hash(const struct recording_dictionary *d, const char *text, size_t len)
{
	return siphash24(d->key, text, len);
}

int recording_dictionary_add_text(struct recording_dictionary *d, const char *text, size_t len)
{
	void *texts = d->texts;
	int r;

	if (d->bytes.len + len + 1 > RECORDING_TEXTS_MAX)
		return -EFBIG;
	r = make_room(&texts, d->n_texts, &d->max_texts, sizeof(*d->texts));
	d->texts = texts;
	if (r == 0)
		r = hash_index_reserve(&d->text_index);
	if (r < 0)
		return r;
	if (!str_buf_reserve(&d->bytes, len + 1))
		return d->bytes.error;
	d->texts[d->n_texts] = (uint32_t)d->bytes.len;
	hash_index_add(&d->text_index, text_hash(d, text, len), d->n_texts++);
	str_buf_add(&d->bytes, text, len);
	str_buf_putc(&d->bytes, '\0');
	return 0;
}

const char *recording_dictionary_text_at(const struct recording_dictionary *d, uint32_t number)
{
	return d->bytes.data + d->texts[number];
}

int recording_dictionary_text(struct recording_dictionary *d, const char *text,
			      uint32_t *ret_number)
{
	size_t len = strnlen(text, RECORDING_TEXT_MAX);
	uint64_t hash = text_hash(d, text, len);
	uint32_t at, number;
	int r;

	for (number = hash_index_first(&d->text_index, hash, &at); number != HASH_INDEX_NONE;
	     number = hash_index_next(&d->text_index, hash, &at)) {
		const char *known = recording_dictionary_text_at(d, number);

		if (strncmp(known, text, len) == 0 && !known[len])
			break;
	}
	if (number == HASH_INDEX_NONE) {
		number = d->n_texts;
		r = recording_dictionary_add_text(d, text, len);
		if (r < 0)
			return r;
	}
	*ret_number = number;
	return 0;
}

static uint64_t who_hash(const struct recording_dictionary *d, const struct recording_who *who)
{
	struct who_key key = {
		.start_boot_ns = who->owner.start_boot_ns,
		.cgroup_id = who->cgroup_id,
		.pid = who->owner.pid,
		.uid = who->owner.uid,
		.netns = who->netns,
		.evidence = who->owner.evidence,
		.unknown = who->owner.unknown,
	};

	memcpy(key.comm, who->owner.comm, sizeof(key.comm));
	return siphash24(d->key, &key, sizeof(key));
}

int recording_dictionary_add_who(struct recording_dictionary *d, const struct recording_who *who)
{
	void *whos = d->whos;
	int r;

	if (d->n_whos >= RECORDING_WHOS_MAX)
		return -EFBIG;
	r = make_room(&whos, d->n_whos, &d->max_whos, sizeof(*d->whos));
	d->whos = whos;
	if (r == 0)
		r = hash_index_reserve(&d->who_index);
	if (r < 0)
		return r;
	d->whos[d->n_whos] = *who;
	hash_index_add(&d->who_index, who_hash(d, who), d->n_whos++);
	return 0;
}

struct recording_who recording_who_of(const struct conn_row *row)
{
	struct recording_who who = {
		.owner = row->owner,
		.cgroup_id = row->cgroup_id,
		.netns = row->id.netns,
	};

	who.owner.comm[WEIR_COMM_MAX - 1] = '\0';
	return who;
}

bool recording_who_is_of(const struct recording_who *who, const struct conn_row *row)
{
	return who->owner.pid == row->owner.pid && who->cgroup_id == row->cgroup_id &&
	       who->owner.uid == row->owner.uid && who->netns == row->id.netns &&
	       who->owner.start_boot_ns == row->owner.start_boot_ns &&
	       who->owner.evidence == row->owner.evidence &&
	       who->owner.unknown == row->owner.unknown &&
	       memcmp(who->owner.comm, row->owner.comm, WEIR_COMM_MAX - 1) == 0;
}

uint32_t recording_dictionary_find(const struct recording_dictionary *d, const struct conn_row *row)
{
	struct recording_who who = recording_who_of(row);
	uint64_t hash = who_hash(d, &who);
	uint32_t at, number;

	for (number = hash_index_first(&d->who_index, hash, &at); number != HASH_INDEX_NONE;
	     number = hash_index_next(&d->who_index, hash, &at)) {
		if (recording_who_is_of(&d->whos[number], row))
			break;
	}
	return number;
}
