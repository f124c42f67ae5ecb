/* SPDX-License-Identifier: MIT */

/*
 * Whoever gives a row or a frame a new member finds out here that a recording does not keep it:
 * each byte that is not padding is changed by itself and has to come back.
 */

#include <stdbool.h>

#include "export/recording.h"
#include "log_dir.h"
#include "tap.h"

struct range {
	size_t offset;
	size_t size;
	const char *why;
};

#define RANGE(type, member, why)                                                                   \
	{                                                                                          \
		offsetof(struct type, member), sizeof(((struct type *)0)->member), why             \
	}

static const struct range row_others[] = {
	RANGE(conn_row, version, "the table's own"),
	RANGE(conn_row, owner.comm[WEIR_COMM_MAX - 1], "always NUL"),
};

static const struct range frame_others[] = {
	RANGE(conn_frame, tick.active, "the rows"),
	RANGE(conn_frame, tick.n_active, "the rows"),
	RANGE(conn_frame, tick.closed, "the rows"),
	RANGE(conn_frame, tick.n_closed, "the rows"),
	RANGE(conn_frame, host, "a text"),
	RANGE(conn_frame, source, "a text"),
	RANGE(conn_frame, balance.link[WEIR_LINK_NAME_MAX - 1], "always NUL"),
};

/* What a file holds of one frame with one row. */
struct moment {
	struct conn_frame frame;
	struct conn_row row;
};

static int write_all(struct log_dir *d, const struct moment *moments, size_t n, unsigned key_every)
{
	const struct recording_options options = {
		.size = sizeof(options), .host = "", .program = "", .key_every = key_every};
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};
	int r = recording_create(d->log, &options, &writer, &error);

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct conn_row *row = &moments[i].row;
		struct conn_frame frame = moments[i].frame;

		frame.tick.active = &row;
		frame.tick.n_active = 1;
		r = recording_add(writer, &frame, NULL, &error);
	}
	recording_finish(writer, NULL);
	str_buf_done(&error);
	return r;
}

static int read_all(const struct log_dir *d, struct moment *moments, size_t n)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame;
	struct str_buf error = {0};
	int r = recording_open(d->log, &reader, &error);

	for (size_t i = 0; i < n && r == 0; i++) {
		r = recording_next(reader, &frame, &error) == 1 ? 0 : -EBADMSG;
		if (r < 0)
			break;
		moments[i].frame = *frame;
		moments[i].row = *frame->tick.active[0];
	}
	if (error.len)
		tap_note("%s", error.data);
	recording_close(reader);
	str_buf_done(&error);
	return r;
}

static bool is_in(const struct range *ranges, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		if (at >= ranges[i].offset && at < ranges[i].offset + ranges[i].size)
			return true;
	}
	return false;
}

/* What is to be looked at: members holds a byte that is not 0 for each that is no padding. */
struct subject {
	const char *name;
	const uint8_t *members;
	size_t size;
	size_t offset; /* in struct moment */
	const struct range *others;
	size_t n_others;
};

/* Each byte of the subject is changed in a frame of its own. */
static void test_each_byte(struct log_dir *d, const struct subject *s, unsigned key_every)
{
	CLEANUP(free_p) struct moment *given = calloc(s->size, sizeof(*given));
	CLEANUP(free_p) struct moment *got = calloc(s->size, sizeof(*got));
	size_t n_members = 0;
	size_t n_lost = 0;

	for (size_t i = 0; given && i < s->size; i++) {
		if (s->members[i] && !is_in(s->others, s->n_others, i))
			((uint8_t *)&given[i])[s->offset + i] = 1;
	}
	is_int(write_all(d, given, s->size, key_every), 0, "a frame for each byte of a %s",
	       s->name);
	is_int(read_all(d, got, s->size), 0, "is read again");
	for (size_t i = 0; i < s->size; i++) {
		if (!s->members[i] || is_in(s->others, s->n_others, i))
			continue;
		n_members++;
		if (((uint8_t *)&got[i])[s->offset + i] == 1)
			continue;
		if (!n_lost++)
			tap_note("lost: the byte at %zu", i);
	}
	is_int(n_lost, 0, "each of its %zu bytes comes back, with a key each %u", n_members,
	       key_every);
}

int main(void)
{
#if __has_builtin(__builtin_clear_padding)
	struct conn_row row;
	struct conn_frame frame;
	const struct subject subjects[] = {
		{"row", (const uint8_t *)&row, sizeof(row), offsetof(struct moment, row),
		 row_others, sizeof(row_others) / sizeof(row_others[0])},
		{"frame", (const uint8_t *)&frame, sizeof(frame), offsetof(struct moment, frame),
		 frame_others, sizeof(frame_others) / sizeof(frame_others[0])},
	};
	struct log_dir d;

	memset(&row, 0xff, sizeof(row));
	memset(&frame, 0xff, sizeof(frame));
	__builtin_clear_padding(&row);
	__builtin_clear_padding(&frame);
	if (log_dir_init(&d) < 0)
		tap_skip_all("no directory to write to");
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		test_each_byte(&d, &subjects[i], 1);
		test_each_byte(&d, &subjects[i], 1000);
	}
	log_dir_done(&d);
	return tap_done();
#else
	tap_skip_all("this compiler cannot tell padding from members");
#endif
}
