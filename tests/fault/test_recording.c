/* SPDX-License-Identifier: MIT */
#include "export/recording.h"

/*
 * Fails each allocation, write, cut, rename and read of a recording in turn: what was kept is what
 * comes back, and it goes on afterwards. Linked with fault_alloc.c, and with --wrap for write,
 * ftruncate, rename and pread, and for the names these have where a build asks for 64-bit offsets.
 */

#include <limits.h>
#include <sys/types.h>

#include "../lib/fault_alloc.h"
#include "../unit/export/log_dir.h"
#include "../unit/export/recording_world.h"
#include "tap.h"

#define SEED 4242
#define N_FRAMES 6

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
ssize_t __real_pread(int fd, void *data, size_t len, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset);
ssize_t __wrap_pread64(int fd, void *data, size_t len, off_t offset);

/* What the disk does. Reset to "everything succeeds" by healthy. */
static struct {
	size_t room;       /* bytes that still fit */
	size_t at_once;    /* most bytes a read or a write takes */
	int writes;        /* calls so far */
	int failing_cuts;  /* ftruncate calls to fail */
	int renames_until; /* rename calls that succeed before all fail */
	int reads_until;   /* pread calls that succeed before one fails */
} disk;

static const __typeof__(disk) healthy = {
	.room = SIZE_MAX, .at_once = SIZE_MAX, .renames_until = INT_MAX, .reads_until = INT_MAX};

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	ssize_t n;

	if (fd <= STDERR_FILENO)
		return __real_write(fd, data, len);
	disk.writes++;
	if (len > disk.at_once)
		len = disk.at_once;
	if (len > disk.room)
		len = disk.room;
	if (!len) {
		errno = ENOSPC;
		return -1;
	}
	n = __real_write(fd, data, len);
	if (n > 0 && disk.room != SIZE_MAX)
		disk.room -= (size_t)n;
	return n;
}

int __wrap_ftruncate(int fd, off_t size)
{
	if (disk.failing_cuts) {
		disk.failing_cuts--;
		errno = EIO;
		return -1;
	}
	return __real_ftruncate(fd, size);
}

int __wrap_ftruncate64(int fd, off_t size)
{
	return __wrap_ftruncate(fd, size);
}

int __wrap_rename(const char *from, const char *to)
{
	if (disk.renames_until-- > 0)
		return __real_rename(from, to);
	errno = EACCES;
	return -1;
}

ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset)
{
	if (disk.reads_until-- == 0) {
		errno = EIO;
		return -1;
	}
	return __real_pread(fd, data, len < disk.at_once ? len : disk.at_once, offset);
}

ssize_t __wrap_pread64(int fd, void *data, size_t len, off_t offset)
{
	return __wrap_pread(fd, data, len, offset);
}

static int create(const struct log_dir *d, const struct recording_options *options,
		  struct recording_writer **ret_writer)
{
	struct str_buf error = {0};
	int r = recording_create(d->log, options, ret_writer, &error);

	str_buf_done(&error);
	return r;
}

static struct recording_options options_of(uint32_t key_every)
{
	return (struct recording_options){
		.size = sizeof(struct recording_options),
		.host = "host",
		.program = "program",
		.key_every = key_every,
	};
}

/* Adds the next frame of the world, and notes in *frames, a bit each, if it was kept. */
static int add(struct recording_writer *writer, struct world *w, uint32_t *frames)
{
	struct str_buf error = {0};
	int r = recording_add(writer, world_next(w), &w->names, &error);

	if (r == 0)
		*frames |= 1U << w->n_frames;
	str_buf_done(&error);
	return r;
}

/* Which frames the file holds; one that is not as it was, bit 0. */
static int read_frames(const char *path, uint32_t *ret_frames)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct str_buf error = {0};
	struct world w;
	uint32_t frames = 0;
	int r = recording_open(path, &reader, &error);

	world_begin(&w, SEED);
	while (r >= 0 && (r = recording_next(reader, &frame, &error)) == 1) {
		while (w.n_frames < 31 && w.frame.realtime_ns != frame->realtime_ns)
			world_next(&w);
		frames |= world_same(&w, frame, recording_names(reader)) ? 1U << w.n_frames : 1;
	}
	recording_close(reader);
	str_buf_done(&error);
	if (r == 0)
		*ret_frames = frames;
	return r;
}

/* A whole life, with whatever fails failing: what was kept comes back. */
static bool story(const struct log_dir *d)
{
	const struct recording_options options = options_of(4);
	struct recording_writer *writer = NULL;
	struct world w;
	uint32_t kept = 0;
	uint32_t got = 0;
	int r = create(d, &options, &writer);

	if (r == -ENOMEM)
		r = create(d, &options, &writer);
	world_begin(&w, SEED);
	for (int i = 0; i < N_FRAMES && r == 0; i++) {
		r = add(writer, &w, &kept);
		if (r == -ENOMEM)
			r = 0;
	}
	recording_finish(writer, NULL);
	if (r == 0)
		r = read_frames(d->log, &got);
	if (r == -ENOMEM)
		r = read_frames(d->log, &got);
	if (r < 0 || got != kept)
		tap_note("%s, kept %x, got %x", strerror(-r), kept, got);
	return r == 0 && got == kept && __builtin_popcount(kept) >= N_FRAMES - 1;
}

static void test_memory(const struct log_dir *d)
{
	size_t live = fault_alloc_live_bytes();
	size_t n_wrong = 0;
	size_t nth = 1;
	bool failed = true;

	disk = healthy;
	for (; failed; nth++) {
		fault_alloc_fail_at(nth);
		n_wrong += !story(d);
		failed = fault_alloc_failed();
		n_wrong += fault_alloc_live_bytes() != live;
	}
	ok(nth > 20, "there are %zu allocations", nth - 1);
	is_int(n_wrong, 0, "each may fail: at most its frame is lost, and no memory");
}

static void test_one_write(const struct log_dir *d)
{
	const struct recording_options options = options_of(4);
	struct recording_writer *writer = NULL;
	struct world w;
	uint32_t kept = 0;
	int before;

	disk = healthy;
	world_begin(&w, SEED);
	is_int(create(d, &options, &writer), 0, "a recording");
	before = disk.writes;
	for (int i = 0; i < N_FRAMES; i++)
		add(writer, &w, &kept);
	is_int(disk.writes - before, N_FRAMES, "one write a frame");
	recording_finish(writer, NULL);
}

/* The disk is full after so many bytes of a frame; later there is room again. */
static bool full_story(const struct log_dir *d, size_t room, size_t at_once)
{
	const struct recording_options options = options_of(100);
	struct recording_writer *writer = NULL;
	struct world w;
	uint32_t kept = 0;
	uint32_t got = 0;
	bool right;

	disk = healthy;
	world_begin(&w, SEED);
	right = create(d, &options, &writer) == 0 && add(writer, &w, &kept) == 0 &&
		add(writer, &w, &kept) == 0;
	disk.room = room;
	disk.at_once = at_once;
	right = right && add(writer, &w, &kept) == -ENOSPC && read_frames(d->log, &got) == 0 &&
		got == kept && kept == 0x6;
	disk = healthy;
	right = right && add(writer, &w, &kept) == 0 && add(writer, &w, &kept) == 0 &&
		read_frames(d->log, &got) == 0 && got == kept && kept == 0x36;
	recording_finish(writer, NULL);
	return right;
}

static void test_full_disk(const struct log_dir *d)
{
	size_t n_wrong = 0;

	for (size_t room = 0; room < 400; room += 7)
		n_wrong += !full_story(d, room, room % 2 ? SIZE_MAX : 50);
	is_int(n_wrong, 0, "a full disk takes nothing that was kept, and it goes on afterwards");
}

/* What is torn and cannot be cut off is at least not written behind. */
static void test_cut_fails(const struct log_dir *d)
{
	const struct recording_options options = options_of(100);
	struct recording_writer *writer = NULL;
	struct world w;
	uint32_t kept = 0;
	uint32_t got = 0;

	disk = healthy;
	world_begin(&w, SEED);
	is_int(create(d, &options, &writer), 0, "a recording");
	is_int(add(writer, &w, &kept), 0, "a frame");
	disk.room = 100;
	disk.failing_cuts = 2;
	is_int(add(writer, &w, &kept), -ENOSPC, "the disk is full");
	is_int(read_frames(d->log, &got), 0, "the torn block");
	is_int(got, kept, "is as if it were not there");
	disk.room = SIZE_MAX;
	is_int(add(writer, &w, &kept), -EIO, "nothing is written behind it");
	is_int(add(writer, &w, &kept), 0, "until it can be cut off");
	recording_finish(writer, NULL);
	is_int(read_frames(d->log, &got), 0, "then all");
	is_int(got, kept, "is there");
}

static void test_rotation_fails(const struct log_dir *d)
{
	struct recording_options options = options_of(100);
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};
	struct world w;
	uint32_t got = 0;

	disk = healthy;
	options.max_ns = 3 * WORLD_SEC;
	options.keep = 2;
	world_begin(&w, SEED);
	is_int(create(d, &options, &writer), 0, "a recording of three seconds a file");
	for (int i = 0; i < 3; i++)
		is_int(recording_add(writer, world_next(&w), &w.names, &error), 0, "a frame");
	ok(!error.len, "no word");
	disk.renames_until = 0;
	for (int i = 0; i < 3; i++)
		is_int(recording_add(writer, world_next(&w), &w.names, &error), 0,
		       "the next file cannot be begun, but the frame is kept");
	ok(error.data && strstr(error.data, "next file") && strstr(error.data, d->log), "said: %s",
	   error.data);
	is_int(read_frames(d->log, &got), 0, "it goes on in the same file");
	is_int(got, 0x7e, "with all of them");
	disk = healthy;
	for (int i = 0; i < 3; i++)
		is_int(recording_add(writer, world_next(&w), &w.names, &error), 0, "a frame");
	is_int(read_frames(d->log, &got), 0, "later the next file begins");
	ok(got && !(got & 0x7f), "with what came then");
	recording_finish(writer, NULL);
	str_buf_done(&error);
}

/* Each read fails once, or is short: then it is tried again. */
static void test_reads(const struct log_dir *d)
{
	uint32_t want = 0;
	uint32_t got = 0;
	size_t n_wrong = 0;
	int n = 0;

	log_dir_files(d, 1);
	disk = healthy;
	ok(story(d), "a recording");
	is_int(read_frames(d->log, &want), 0, "is read");
	disk.at_once = 5;
	is_int(read_frames(d->log, &got), 0, "by a few bytes at a time");
	is_int(got, want, "it is the same");
	for (disk = healthy;; n++) {
		disk.reads_until = n;
		if (read_frames(d->log, &got) == 0)
			break;
		n_wrong += disk.reads_until >= 0;
	}
	ok(n > N_FRAMES, "there are %d reads", n);
	is_int(n_wrong, 0, "each may fail");
	disk = healthy;
}

/* A read that failed is tried again where it was. */
static void test_retry(const struct log_dir *d)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct str_buf error = {0};
	struct world w;

	disk = healthy;
	world_begin(&w, SEED);
	is_int(recording_open(d->log, &reader, &error), 0, "a recording");
	is_int(recording_next(reader, &frame, &error), 1, "its first frame");
	disk.reads_until = 0;
	is_int(recording_next(reader, &frame, &error), -EIO, "the next one cannot be read");
	disk = healthy;
	is_int(recording_next(reader, &frame, &error), 1, "now it can");
	world_next(&w);
	world_next(&w);
	ok(world_same(&w, frame, recording_names(reader)), "and it is the next one");
	recording_close(reader);
	str_buf_done(&error);
}

int main(void)
{
	struct log_dir d;

	if (log_dir_init(&d) < 0)
		tap_skip_all("no directory to write to");
	test_memory(&d);
	test_one_write(&d);
	test_full_disk(&d);
	test_cut_fails(&d);
	test_rotation_fails(&d);
	test_reads(&d);
	test_retry(&d);
	log_dir_done(&d);
	return tap_done();
}
