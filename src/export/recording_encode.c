/* SPDX-License-Identifier: MIT */
#include "export/recording_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/recording_dictionary.h"
#include "export/recording_rows.h"
#include "export/recording_varint.h"
#include "model/conn_id.h"

#define FULL_WHOS (1U << 20)
#define FULL_TEXT_BYTES (64U << 20)

typedef const char *(*name_fn)(void *user, const struct conn_row *row);

/* Rows of the new frame that stand one after another as they did before, or that are all new. */
struct run {
	uint32_t first; /* its place before */
	uint32_t n;
	bool is_new;
};

struct recording_encoder {
	struct recording_rows rows;
	struct recording_dictionary dictionary;
	struct recording_facts facts;
	uint64_t now_ns; /* of the frame before; 0: none */

	/* while a frame is made */
	bool is_key;
	struct recording_span span;
	void *names_user;
	name_fn names[RECORDING_NAMES];
	uint32_t old_texts; /* how many the dictionary had before */
	uint32_t old_whos;
	struct str_buf renamed; /* owners that are called otherwise than before */
	uint32_t n_renamed;
	uint32_t last_renamed;
	struct str_buf runs;
	struct run run;
	uint32_t run_expected; /* where the next run begins if nothing moved */
	uint32_t cursor;       /* where the next row was if nothing moved */
	struct str_buf changed;
	uint32_t n_changed;
	uint32_t changed_expected;       /* the place behind the last one changed */
	struct recording_entry template; /* the new row before, to begin the next one from */
};

int recording_encoder_new(struct recording_encoder **ret_encoder)
{
	struct recording_encoder *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	recording_rows_init(&e->rows, true);
	*ret_encoder = e;
	return 0;
}

struct recording_encoder *recording_encoder_free(struct recording_encoder *encoder)
{
	if (!encoder)
		return NULL;
	recording_rows_done(&encoder->rows);
	recording_dictionary_done(&encoder->dictionary);
	str_buf_done(&encoder->renamed);
	str_buf_done(&encoder->runs);
	str_buf_done(&encoder->changed);
	free(encoder);
	return NULL;
}

bool recording_encoder_is_full(const struct recording_encoder *encoder)
{
	return encoder->dictionary.n_whos >= FULL_WHOS ||
	       encoder->dictionary.bytes.len >= FULL_TEXT_BYTES;
}

static void put_varint(struct str_buf *buf, uint64_t value)
{
	uint8_t *to = (uint8_t *)str_buf_reserve(buf, RECORDING_VARINT_MAX);

	if (to)
		buf->len += (size_t)(recording_put_varint(to, value) - to);
}

static void put_fields(struct str_buf *buf, const struct recording_fields *table,
		       const void *before, const void *now)
{
	uint8_t *to = (uint8_t *)str_buf_reserve(buf, recording_fields_room(table));

	if (to)
		buf->len += (size_t)(recording_fields_put(table, before, now, to) - to);
}

static const char *ask(const struct recording_encoder *e, int name, const struct conn_row *row)
{
	const char *text = e->names[name] ? e->names[name](e->names_user, row) : NULL;

	return text ? text : "";
}

/* Once a frame for each owner: a process may call exec, a user be renamed. */
static int ask_names(struct recording_encoder *e, uint32_t number, const struct conn_row *row)
{
	struct recording_who *who = &e->dictionary.whos[number];
	struct recording_who before = *who;

	if (who->asked == e->rows.frame)
		return 0;
	for (int i = 0; i < RECORDING_NAMES; i++) {
		const char *text = ask(e, i, row);
		int r = 0;

		if (strcmp(text, recording_dictionary_text_at(&e->dictionary, who->texts[i])) != 0)
			r = recording_dictionary_text(&e->dictionary, text, &who->texts[i]);
		if (r < 0)
			return r;
	}
	who->asked = e->rows.frame;
	if (number >= e->old_whos || memcmp(who->texts, before.texts, sizeof(who->texts)) == 0)
		return 0;
	put_varint(&e->renamed, recording_fold((uint64_t)number - e->last_renamed));
	put_fields(&e->renamed, &recording_who_texts, &before, who);
	e->last_renamed = number;
	e->n_renamed++;
	return 0;
}

static int find_who(struct recording_encoder *e, const struct conn_row *row, uint32_t *ret_number)
{
	uint32_t number = recording_dictionary_find(&e->dictionary, row);
	struct recording_who who;
	int r;

	if (number == HASH_INDEX_NONE) {
		number = e->dictionary.n_whos;
		who = recording_who_of(row);
		r = recording_dictionary_add_who(&e->dictionary, &who);
		if (r < 0)
			return r;
	}
	*ret_number = number;
	return 0;
}

static void end_run(struct recording_encoder *e)
{
	const struct run *run = &e->run;

	if (!run->n)
		return;
	put_varint(&e->runs, (uint64_t)run->n << 1 | run->is_new);
	if (run->is_new)
		return;
	put_varint(&e->runs, recording_fold((uint64_t)run->first - e->run_expected));
	e->run_expected = run->first + run->n;
}

static void add_to_run(struct recording_encoder *e, bool is_new, uint32_t place)
{
	struct run *run = &e->run;

	if (run->n && run->is_new == is_new && (is_new || run->first + run->n == place)) {
		run->n++;
		return;
	}
	end_run(e);
	*run = (struct run){.first = place, .n = 1, .is_new = is_new};
}

/* Most rows follow each other as they did before. */
static struct recording_entry *keep_row(struct recording_encoder *e, const struct conn_row *row,
					uint32_t *ret_place)
{
	struct recording_entry *entry = NULL;
	uint32_t place = e->cursor;

	if (place < e->rows.n_last &&
	    conn_id_equal(&recording_rows_at(&e->rows, place)->row.id, &row->id))
		entry = recording_rows_keep(&e->rows, place);
	if (!entry) {
		place = recording_rows_find(&e->rows, &row->id);
		entry = recording_rows_keep(&e->rows, place);
	}
	if (!entry)
		return NULL;
	e->cursor = place + 1;
	*ret_place = place;
	return entry;
}

/* Equal bytes are equal rows; what differs only in padding is looked at more closely later. The
 * version says nothing of the connection. */
static bool is_same(const struct conn_row *a, const struct conn_row *b)
{
	const size_t version_end = offsetof(struct conn_row, version) + sizeof(a->version);
	const char *a_bytes = (const char *)a;
	const char *b_bytes = (const char *)b;

	return memcmp(a_bytes, b_bytes, offsetof(struct conn_row, version)) == 0 &&
	       memcmp(a_bytes + version_end, b_bytes + version_end, sizeof(*a) - version_end) == 0;
}

static int put_row(struct recording_encoder *e, struct recording_entry *entry, bool is_new,
		   const struct conn_row *row)
{
	struct recording_entry now = {.row = *row, .who = entry->who};
	uint32_t place = e->rows.n_next - 1;
	uint8_t *to;
	int r = 0;

	if (is_new || !recording_who_is_of(&e->dictionary.whos[entry->who], row))
		r = find_who(e, row, &now.who);
	if (r == 0)
		r = ask_names(e, now.who, row);
	if (r < 0)
		return r;
	put_varint(&e->changed, place - e->changed_expected);
	to = (uint8_t *)str_buf_reserve(&e->changed, recording_row_room());
	if (!to)
		return e->changed.error;
	e->changed.len += (size_t)(recording_row_put(is_new ? &e->template : entry, &now, is_new,
						     &e->span, to) -
				   to);
	e->n_changed++;
	e->changed_expected = place + 1;
	*entry = now;
	if (is_new)
		e->template = now;
	return 0;
}

static int add_row(struct recording_encoder *e, const struct conn_row *row)
{
	uint32_t place = 0;
	struct recording_entry *entry = keep_row(e, row, &place);
	bool is_new = e->is_key || !entry;
	int r = entry ? 0 : recording_rows_add(&e->rows, row, &entry);

	if (r < 0)
		return r;
	add_to_run(e, is_new, place);
	if (!is_new && is_same(&entry->row, row))
		return ask_names(e, entry->who, row);
	return put_row(e, entry, is_new, row);
}

static int add_rows(struct recording_encoder *e, const struct conn_row *const *rows, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_row(e, rows[i]);
	return r;
}

static int begin(struct recording_encoder *e, const struct conn_frame *frame, bool is_key)
{
	int r = is_key ? recording_dictionary_clear(&e->dictionary) : 0;

	if (r == 0)
		r = recording_rows_begin(&e->rows, frame->tick.n_active + frame->tick.n_closed);
	if (r < 0)
		return r;
	if (is_key) {
		e->facts = (struct recording_facts){0};
		e->now_ns = 0;
	}
	e->is_key = is_key;
	e->span = (struct recording_span){e->now_ns, frame->tick.now_ns};
	e->old_texts = is_key ? 1 : e->dictionary.n_texts;
	e->old_whos = e->dictionary.n_whos;
	str_buf_clear(&e->renamed);
	str_buf_clear(&e->runs);
	str_buf_clear(&e->changed);
	e->n_renamed = e->last_renamed = 0;
	e->n_changed = e->changed_expected = 0;
	e->run = (struct run){0};
	e->run_expected = e->cursor = 0;
	e->template = (struct recording_entry){0};
	return 0;
}

static void put_texts(const struct recording_encoder *e, struct str_buf *raw)
{
	const struct recording_dictionary *d = &e->dictionary;

	put_varint(raw, d->n_texts - e->old_texts);
	for (uint32_t i = e->old_texts; i < d->n_texts; i++) {
		const char *text = recording_dictionary_text_at(d, i);
		size_t len = strlen(text);

		put_varint(raw, len);
		str_buf_add(raw, text, len);
	}
}

static void put_whos(const struct recording_encoder *e, struct str_buf *raw)
{
	static const struct recording_who none;
	const struct recording_dictionary *d = &e->dictionary;
	const struct recording_who *before = &none;

	put_varint(raw, d->n_whos - e->old_whos);
	for (uint32_t i = e->old_whos; i < d->n_whos; i++) {
		put_fields(raw, &recording_who_fields, before, &d->whos[i]);
		before = &d->whos[i];
	}
	put_varint(raw, e->n_renamed);
	str_buf_add(raw, e->renamed.data ? e->renamed.data : "", e->renamed.len);
}

static int put_all(struct recording_encoder *e, const struct recording_facts *facts,
		   struct str_buf *raw)
{
	put_texts(e, raw);
	put_fields(raw, &recording_facts_fields, &e->facts, facts);
	put_whos(e, raw);
	put_varint(raw, facts->frame.tick.n_active);
	put_varint(raw, facts->frame.tick.n_closed);
	str_buf_add(raw, e->runs.data ? e->runs.data : "", e->runs.len);
	put_varint(raw, e->n_changed);
	str_buf_add(raw, e->changed.data ? e->changed.data : "", e->changed.len);
	if (e->renamed.error || e->runs.error || e->changed.error)
		return -ENOMEM;
	return raw->error;
}

static int encode(struct recording_encoder *e, const struct conn_frame *frame, bool is_key,
		  struct str_buf *raw)
{
	struct recording_facts facts = {.frame = *frame};
	int r = begin(e, frame, is_key);

	if (r == 0)
		r = recording_dictionary_text(&e->dictionary, frame->host ? frame->host : "",
					      &facts.host);
	if (r == 0)
		r = recording_dictionary_text(&e->dictionary, frame->source ? frame->source : "",
					      &facts.source);
	if (r == 0)
		r = add_rows(e, frame->tick.active, frame->tick.n_active);
	if (r == 0)
		r = add_rows(e, frame->tick.closed, frame->tick.n_closed);
	if (r < 0)
		return r;
	end_run(e);
	recording_rows_end(&e->rows);
	r = put_all(e, &facts, raw);
	e->facts = facts;
	e->now_ns = frame->tick.now_ns;
	return r;
}

int recording_encode(struct recording_encoder *encoder, const struct conn_frame *frame,
		     const struct conn_names *names, bool is_key, struct str_buf *raw)
{
	static const struct conn_names no_names;
	int r;

	if (frame->tick.n_active > RECORDING_ROWS_MAX ||
	    frame->tick.n_closed > RECORDING_ROWS_MAX - frame->tick.n_active)
		return -EFBIG;
	names = names ? names : &no_names;
	encoder->names_user = names->user;
	encoder->names[RECORDING_PROCESS] = names->process;
	encoder->names[RECORDING_USER] = names->user_name;
	encoder->names[RECORDING_CGROUP] = names->cgroup;
	encoder->names[RECORDING_CONTAINER] = names->container;
	encoder->names[RECORDING_NETNS] = names->netns;
	encoder->names[RECORDING_WORKSPACE] = names->workspace;
	str_buf_clear(raw);
	r = encode(encoder, frame, is_key, raw);
	if (r < 0)
		recording_rows_clear(&encoder->rows);
	return r;
}
