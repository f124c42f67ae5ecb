/* SPDX-License-Identifier: MIT */
#include "export/recording_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/recording_dictionary.h"
#include "export/recording_rows.h"
#include "export/recording_varint.h"

struct recording_decoder {
	struct recording_rows rows;
	struct recording_dictionary dictionary;
	struct recording_facts facts;
	struct conn_frame frame;
	struct conn_names names;
	const struct conn_row **pointers; /* the rows of the frame */
	size_t max_pointers;
};

static const char *name(const struct recording_decoder *d, const struct conn_row *row,
			enum recording_name which)
{
	uint32_t number = recording_dictionary_find(&d->dictionary, row);

	if (number == HASH_INDEX_NONE)
		return "";
	return recording_dictionary_text_at(&d->dictionary,
					    d->dictionary.whos[number].texts[which]);
}

static const char *process(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_PROCESS);
}

static const char *user_name(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_USER);
}

static const char *cgroup(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_CGROUP);
}

static const char *container(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_CONTAINER);
}

static const char *netns(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_NETNS);
}

static const char *workspace(void *user, const struct conn_row *row)
{
	return name(user, row, RECORDING_WORKSPACE);
}

int recording_decoder_new(struct recording_decoder **ret_decoder)
{
	struct recording_decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	recording_rows_init(&d->rows, false);
	d->names = (struct conn_names){
		.user = d,
		.process = process,
		.user_name = user_name,
		.cgroup = cgroup,
		.container = container,
		.netns = netns,
		.workspace = workspace,
	};
	*ret_decoder = d;
	return 0;
}

struct recording_decoder *recording_decoder_free(struct recording_decoder *decoder)
{
	if (!decoder)
		return NULL;
	recording_rows_done(&decoder->rows);
	recording_dictionary_done(&decoder->dictionary);
	free(decoder->pointers);
	free(decoder);
	return NULL;
}

const struct conn_frame *recording_decoder_frame(const struct recording_decoder *decoder)
{
	return &decoder->frame;
}

const struct conn_names *recording_decoder_names(const struct recording_decoder *decoder)
{
	return &decoder->names;
}

/* A number of things, each of which takes at least one byte of what is left. */
static int get_count(struct bytes *in, size_t *ret_n)
{
	uint64_t n;
	int r = recording_get_varint(in, &n);

	if (r < 0)
		return r;
	if (n > in->len)
		return -EBADMSG;
	*ret_n = n;
	return 0;
}

/* The input asks for more than there may be. */
static int bad_if_big(int r)
{
	return r == -EFBIG ? -EBADMSG : r;
}

static int get_texts(struct recording_decoder *d, struct bytes *in)
{
	size_t n = 0;
	size_t len = 0;
	int r = get_count(in, &n);

	for (; r == 0 && n; n--) {
		const uint8_t *text;

		r = get_count(in, &len);
		if (r < 0)
			break;
		text = bytes_take(in, len);
		if (!text || len > RECORDING_TEXT_MAX || memchr(text, '\0', len))
			return -EBADMSG;
		r = recording_dictionary_add_text(&d->dictionary, (const char *)text, len);
	}
	return bad_if_big(r);
}

static int get_facts(struct recording_decoder *d, struct bytes *in)
{
	int r = recording_fields_get(&recording_facts_fields, in, &d->facts);

	if (r < 0)
		return r;
	if (d->facts.host >= d->dictionary.n_texts || d->facts.source >= d->dictionary.n_texts)
		return -EBADMSG;
	return 0;
}

static int check_texts(const struct recording_decoder *d, const struct recording_who *who)
{
	for (int i = 0; i < RECORDING_NAMES; i++) {
		if (who->texts[i] >= d->dictionary.n_texts)
			return -EBADMSG;
	}
	return 0;
}

static int get_whos(struct recording_decoder *d, struct bytes *in)
{
	struct recording_who who = {0};
	size_t n = 0;
	int r = get_count(in, &n);

	for (; r == 0 && n; n--) {
		r = recording_fields_get(&recording_who_fields, in, &who);
		if (r == 0)
			r = check_texts(d, &who);
		if (r == 0)
			r = recording_dictionary_add_who(&d->dictionary, &who);
	}
	return bad_if_big(r);
}

static int get_renamed(struct recording_decoder *d, struct bytes *in)
{
	uint64_t number = 0;
	size_t n = 0;
	int r = get_count(in, &n);

	for (; r == 0 && n; n--) {
		struct recording_who *who;
		uint64_t step;

		r = recording_get_varint(in, &step);
		if (r < 0)
			return r;
		number += recording_unfold(step);
		if (number >= d->dictionary.n_whos)
			return -EBADMSG;
		who = &d->dictionary.whos[number];
		r = recording_fields_get(&recording_who_texts, in, who);
		if (r == 0)
			r = check_texts(d, who);
	}
	return r;
}

/* Rows that nothing is known of until they are told. They have no owner then. */
static int add_new(struct recording_decoder *d, size_t n)
{
	static const struct conn_row zero;
	struct recording_entry *entry;

	for (; n; n--) {
		int r = recording_rows_add(&d->rows, &zero, &entry);

		if (r < 0)
			return r;
		entry->who = HASH_INDEX_NONE;
	}
	return 0;
}

static int keep_old(struct recording_decoder *d, uint64_t place, size_t n)
{
	for (; n; n--, place++) {
		if (place >= d->rows.n_last || !recording_rows_keep(&d->rows, (uint32_t)place))
			return -EBADMSG;
	}
	return 0;
}

/* Which rows the frame has, n in all, and where they come from. */
static int get_runs(struct recording_decoder *d, struct bytes *in, size_t n, size_t *ret_new)
{
	uint64_t expected = 0;
	size_t n_new = 0;
	int r = 0;

	while (n && r == 0) {
		uint64_t run;
		uint64_t step;

		r = recording_get_varint(in, &run);
		if (r == 0 && (run < 2 || run >> 1 > n))
			r = -EBADMSG;
		if (r < 0)
			return r;
		n -= run >> 1;
		if (run & 1) {
			/* each of them will be told */
			r = run >> 1 > in->len ? -EBADMSG : add_new(d, run >> 1);
			n_new += run >> 1;
			continue;
		}
		r = recording_get_varint(in, &step);
		if (r < 0)
			return r;
		expected += recording_unfold(step);
		r = keep_old(d, expected, run >> 1);
		expected += run >> 1;
	}
	if (r == 0)
		*ret_new = n_new;
	return r;
}

/* What belongs to the owner is filled in from there. */
static int set_owner(const struct recording_decoder *d, struct recording_entry *entry)
{
	const struct recording_who *who;

	if (entry->who >= d->dictionary.n_whos)
		return -EBADMSG;
	who = &d->dictionary.whos[entry->who];
	entry->row.owner = who->owner;
	entry->row.cgroup_id = who->cgroup_id;
	entry->row.id.netns = who->netns;
	return 0;
}

/* The place of the next row that is told. */
static int get_place(const struct recording_decoder *d, struct bytes *in, uint64_t *inout)
{
	uint64_t step;
	int r = recording_get_varint(in, &step);

	if (r < 0)
		return r;
	if (step >= d->rows.n_next || *inout + step >= d->rows.n_next)
		return -EBADMSG;
	*inout += step;
	return 0;
}

static int get_changed(struct recording_decoder *d, struct bytes *in,
		       const struct recording_span *span, size_t n_new)
{
	struct recording_entry template = {0};
	uint64_t place = 0;
	size_t n = 0;
	int r = get_count(in, &n);

	for (; r == 0 && n; n--, place++) {
		struct recording_entry *entry;
		bool is_new;

		r = get_place(d, in, &place);
		if (r < 0)
			return r;
		entry = recording_rows_made(&d->rows, (uint32_t)place);
		is_new = entry->who == HASH_INDEX_NONE;
		if (is_new) {
			entry->row = template.row;
			entry->who = template.who;
		}
		r = recording_row_get(in, is_new, span, entry);
		if (r == 0)
			r = set_owner(d, entry);
		if (is_new)
			template = *entry;
		n_new -= is_new;
	}
	return r == 0 && n_new ? -EBADMSG : r;
}

static int get_rows(struct recording_decoder *d, struct bytes *in,
		    const struct recording_span *span)
{
	uint64_t n_active = 0;
	uint64_t n_closed = 0;
	size_t n_new = 0;
	size_t n;
	int r = recording_get_varint(in, &n_active);

	if (r == 0)
		r = recording_get_varint(in, &n_closed);
	if (r < 0)
		return r;
	if (n_active > RECORDING_ROWS_MAX || n_closed > RECORDING_ROWS_MAX - n_active)
		return -EBADMSG;
	n = n_active + n_closed;
	if (n > d->rows.n_last + in->len) /* an old one each, or a byte for a new one */
		return -EBADMSG;
	r = recording_rows_begin(&d->rows, n);
	if (r == 0)
		r = get_runs(d, in, n, &n_new);
	if (r == 0)
		r = get_changed(d, in, span, n_new);
	if (r < 0)
		return r;
	d->frame.tick.n_active = n_active;
	d->frame.tick.n_closed = n_closed;
	recording_rows_end(&d->rows);
	return 0;
}

static int point_at_rows(struct recording_decoder *d)
{
	size_t n = d->rows.n_last;

	if (n > d->max_pointers) {
		const struct conn_row **pointers = malloc(n * sizeof(*pointers));

		if (!pointers)
			return -ENOMEM;
		free(d->pointers);
		d->pointers = pointers;
		d->max_pointers = n;
	}
	for (size_t i = 0; i < n; i++)
		d->pointers[i] = &recording_rows_at(&d->rows, (uint32_t)i)->row;
	return 0;
}

static int begin(struct recording_decoder *d)
{
	d->facts = (struct recording_facts){0};
	recording_rows_clear(&d->rows);
	return recording_dictionary_clear(&d->dictionary);
}

static int decode(struct recording_decoder *d, const struct recording_block *block, struct bytes in)
{
	struct recording_span span = {
		.before_ns = block->is_key ? 0 : d->frame.tick.now_ns,
		.now_ns = block->monotonic_ns,
	};
	int r = block->is_key ? begin(d) : 0;

	if (r == 0)
		r = get_texts(d, &in);
	if (r == 0)
		r = get_facts(d, &in);
	if (r == 0)
		r = get_whos(d, &in);
	if (r == 0)
		r = get_renamed(d, &in);
	if (r == 0)
		r = get_rows(d, &in, &span);
	if (r == 0 && in.len)
		r = -EBADMSG;
	return r == 0 ? point_at_rows(d) : r;
}

/* The frame, from its parts. */
static void compose(struct recording_decoder *d, const struct recording_block *block)
{
	struct conn_tick tick = d->frame.tick;

	d->frame = d->facts.frame;
	d->frame.tick = tick;
	d->frame.tick.active = d->pointers;
	d->frame.tick.closed = d->pointers ? d->pointers + tick.n_active : NULL;
	d->frame.tick.now_ns = block->monotonic_ns;
	d->frame.realtime_ns = block->realtime_ns;
	d->frame.host = recording_dictionary_text_at(&d->dictionary, d->facts.host);
	d->frame.source = recording_dictionary_text_at(&d->dictionary, d->facts.source);
}

int recording_decode(struct recording_decoder *decoder, const struct recording_block *block,
		     struct bytes raw)
{
	int r = decode(decoder, block, raw);

	if (r == 0) {
		compose(decoder, block);
		return 0;
	}
	/* nothing half read is ever looked at */
	recording_rows_clear(&decoder->rows);
	(void)recording_dictionary_clear(&decoder->dictionary);
	return r;
}
