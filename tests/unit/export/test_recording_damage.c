/* SPDX-License-Identifier: MIT */

/*
 * A recording cut at every byte, and with every byte wrong: what is read is what was recorded, or
 * nothing.
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "export/recording.h"
#include "log_dir.h"
#include "recording_world.h"
#include "tap.h"

#define SEED 77
#define N_FRAMES 7
#define KEY_EVERY 3

/* Where each block ends; ends[0] is the end of the file's head. */
static size_t ends[N_FRAMES + 1];

static int make(const struct log_dir *d)
{
	const struct recording_options options = {.size = sizeof(options),
						  .host = "host",
						  .program = "program",
						  .key_every = KEY_EVERY};
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};
	struct world w;
	int r = recording_create(d->log, &options, &writer, &error);

	world_begin(&w, SEED);
	for (int i = 0; i < N_FRAMES && r == 0; i++) {
		ends[i] = recording_bytes(writer);
		r = recording_add(writer, world_next(&w), &w.names, &error);
		ends[i + 1] = recording_bytes(writer);
	}
	recording_finish(writer, NULL);
	str_buf_done(&error);
	return r;
}

/* Which frames come of a file, a bit each; one that is not as it was, or out of order: bit 31. How
 * often damage was told. */
struct outcome {
	int opened;
	uint32_t frames;
	int n_damaged;
	bool is_cut;
};

static struct outcome read_all(const struct log_dir *d)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct recording_info info;
	struct str_buf error = {0};
	struct outcome got = {.opened = recording_open(d->log, &reader, &error)};
	struct world w;
	int r = 1;

	world_begin(&w, SEED);
	if (got.opened == 0) {
		recording_info(reader, &info);
		got.is_cut = info.is_cut;
	}
	for (int steps = 0; got.opened == 0 && r != 0; steps++) {
		size_t said = error.len;

		r = recording_next(reader, &frame, &error);
		if (r == -EBADMSG)
			got.n_damaged++;
		if (steps > 3 * N_FRAMES || (r < 0 && (r != -EBADMSG || error.len == said)))
			got.frames |= 1U << 31;
		if (steps > 3 * N_FRAMES)
			break;
		if (r != 1)
			continue;
		while (w.n_frames < N_FRAMES && w.frame.realtime_ns != frame->realtime_ns)
			world_next(&w);
		if (!world_same(&w, frame, recording_names(reader)))
			got.frames |= 1U << 31;
		got.frames |= 1U << (w.n_frames - 1);
	}
	recording_close(reader);
	str_buf_done(&error);
	return got;
}

static uint32_t whole_before(size_t size)
{
	uint32_t frames = 0;

	for (int i = 0; i < N_FRAMES && ends[i + 1] <= size; i++)
		frames |= 1U << i;
	return frames;
}

static bool is_end(size_t size)
{
	for (int i = 0; i <= N_FRAMES; i++) {
		if (ends[i] == size)
			return true;
	}
	return false;
}

static void test_cut(const struct log_dir *d)
{
	unsigned int wrong = 0;

	for (size_t size = ends[N_FRAMES]; size-- > 0;) {
		uint32_t frames = whole_before(size);
		int opened = size < ends[0] ? -EBADMSG : frames ? 0 : -ENODATA;
		struct outcome got;

		if (truncate(d->log, (off_t)size) < 0)
			wrong++;
		got = read_all(d);
		if (got.opened == opened && got.frames == frames && !got.n_damaged &&
		    (opened < 0 || got.is_cut == !is_end(size)))
			continue;
		if (!wrong++)
			tap_note("at %zu: opened %d, frames %x, damaged %d", size, got.opened,
				 got.frames, got.n_damaged);
	}
	is_int(wrong, 0, "cut anywhere, all whole frames come back, and nothing is an error");
}

/* Turns some bits of a byte over; the same again puts it back. */
static int turn(int fd, size_t at, uint8_t bits)
{
	uint8_t byte;

	if (pread(fd, &byte, 1, (off_t)at) != 1)
		return -EIO;
	byte ^= bits;
	return pwrite(fd, &byte, 1, (off_t)at) == 1 ? 0 : -EIO;
}

/* What is left when the block at this place is wrong: up to it, and from the next key on. */
static uint32_t left_without(int block)
{
	uint32_t frames = 0;
	int next_key = (block / KEY_EVERY + 1) * KEY_EVERY;

	for (int i = 0; i < N_FRAMES; i++) {
		if (i < block || i >= next_key)
			frames |= 1U << i;
	}
	return frames;
}

static int block_at(size_t at)
{
	int block = 0;

	while (at >= ends[block + 1])
		block++;
	return block;
}

static void test_wrong_byte(const struct log_dir *d, uint8_t bits)
{
	CLEANUP(close_fd_p) int fd = open(d->log, O_RDWR | O_CLOEXEC);
	unsigned int wrong = 0;

	for (size_t at = 0; at < ends[N_FRAMES]; at++) {
		bool in_head = at < ends[0];
		uint32_t frames = in_head ? 0 : left_without(block_at(at));
		/* with nothing whole behind it, it is as if it were cut */
		bool is_last = !in_head && block_at(at) == N_FRAMES - 1;
		struct outcome got = {0};

		if (turn(fd, at, bits) == 0)
			got = read_all(d);
		if (turn(fd, at, bits) == 0 && got.opened == (in_head ? -EBADMSG : 0) &&
		    got.frames == frames && got.n_damaged == (in_head || is_last ? 0 : 1) &&
		    got.is_cut == is_last)
			continue;
		if (!wrong++)
			tap_note("at %zu: opened %d, frames %x, damaged %d, cut %d", at, got.opened,
				 got.frames, got.n_damaged, got.is_cut);
	}
	is_int(wrong, 0, "with bits %x of any byte wrong, only its block is lost, and that is told",
	       bits);
}

/* Puts what blocks a to b hold twice, or leaves them out. */
static int repeat(const struct log_dir *d, int from, int to, int times)
{
	CLEANUP(free_p) char *all = malloc(ends[N_FRAMES]);
	CLEANUP(fclose_p) FILE *file = fopen(d->log, "r+e");
	size_t size = ends[N_FRAMES];

	if (!file || !all || fread(all, 1, size, file) != size ||
	    fseek(file, (long)ends[from], SEEK_SET) < 0)
		return -EIO;
	while (times--)
		fwrite(all + ends[from], 1, ends[to] - ends[from], file);
	fwrite(all + ends[to], 1, size - ends[to], file);
	if (fflush(file) == EOF || ftruncate(fileno(file), ftell(file)) < 0)
		return -EIO;
	return 0;
}

/* Each block is right by itself here, but does not stand on the one before. */
static void test_spliced(const struct log_dir *d)
{
	struct outcome got;

	is_int(repeat(d, 1, 2, 0), 0, "a block is taken out");
	got = read_all(d);
	is_int(got.frames, 0x79, "nothing is made up of what follows it, up to the next key");
	is_int(got.n_damaged, 1, "and that is told");
	is_int(make(d), 0, "the recording again");
	is_int(repeat(d, 3, 4, 0), 0, "a key block is taken out");
	got = read_all(d);
	is_int(got.frames, 0x47, "what stands on it is lost");
	is_int(make(d), 0, "the recording again");
	is_int(repeat(d, 1, 2, 2), 0, "a block is there twice");
	got = read_all(d);
	is_int(got.frames, 0x7b, "it is not added twice");
	is_int(make(d), 0, "the recording again");
}

/* The same where every block could be added to any state: one row, and only its bytes grow. */
static void test_spliced_plain(const struct log_dir *d)
{
	const struct recording_options options = {
		.size = sizeof(options), .host = "", .program = "", .key_every = 100};
	struct conn_row row = {.id = {.cookie = 1}};
	const struct conn_row *rows[] = {&row};
	struct conn_frame frame = {.tick = {.active = rows, .n_active = 1}};
	const struct conn_frame *got = NULL;
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	struct str_buf error = {0};
	size_t kept[N_FRAMES + 1];

	memcpy(kept, ends, sizeof(kept));
	is_int(recording_create(d->log, &options, &writer, &error), 0, "a plain recording");
	for (int i = 0; i < N_FRAMES; i++) {
		ends[i] = recording_bytes(writer);
		frame.tick.now_ns += WORLD_SEC;
		row.counters.bytes_in += 1000;
		recording_add(writer, &frame, NULL, &error);
		ends[i + 1] = recording_bytes(writer);
	}
	recording_finish(writer, NULL);
	is_int(repeat(d, 3, 4, 0), 0, "a block is taken out");
	is_int(recording_open(d->log, &reader, &error), 0, "it opens");
	for (int i = 0; i < 3; i++)
		is_int(recording_next(reader, &got, &error), 1, "a frame before it");
	is_int(got ? got->tick.active[0]->counters.bytes_in : 0, 3000, "the last one");
	is_int(recording_next(reader, &got, &error), -EBADMSG, "none is made up after it");
	ok(error.data && strstr(error.data, ": the frames after 1970-") &&
		   strstr(error.data, " are missing"),
	   "which is told: %s", error.data);
	is_int(recording_next(reader, &got, &error), 0, "nor later: there is no key");
	recording_close(reader);
	str_buf_done(&error);
	memcpy(ends, kept, sizeof(kept));
}

static void test_garbage(const struct log_dir *d)
{
	CLEANUP(close_fd_p) int fd = open(d->log, O_RDWR | O_APPEND | O_CLOEXEC);
	char zeros[4096] = {0};
	struct outcome got;

	is_int(write(fd, zeros, sizeof(zeros)), (int)sizeof(zeros),
	       "a machine that went down may leave zeros");
	got = read_all(d);
	ok(got.is_cut && got.frames == whole_before(ends[N_FRAMES]) && !got.n_damaged,
	   "that is only a cut");
	for (int i = 0; i < 64; i++) {
		if (write(fd, "\xf7wb\x01\xf7wb", 7) != 7)
			break;
	}
	got = read_all(d);
	ok(got.is_cut && got.frames == whole_before(ends[N_FRAMES]) && !got.n_damaged,
	   "and so is what looks like a block");
}

int main(void)
{
	struct log_dir d;

	if (log_dir_init(&d) < 0)
		tap_skip_all("no directory to write to");
	is_int(make(&d), 0, "a recording of %d frames", N_FRAMES);
	tap_note("%zu bytes", ends[N_FRAMES]);
	is_int(read_all(&d).frames, whole_before(ends[N_FRAMES]), "is whole");
	test_wrong_byte(&d, 0x01);
	test_wrong_byte(&d, 0xff);
	test_spliced(&d);
	test_spliced_plain(&d);
	is_int(make(&d), 0, "the recording again");
	test_garbage(&d);
	is_int(make(&d), 0, "the recording again");
	test_cut(&d);
	log_dir_done(&d);
	return tap_done();
}
