/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "../../lib/conn_events.h"
#include "export/recording.h"
#include "log_dir.h"
#include "model/conn_table.h"
#include "recording_world.h"
#include "tap.h"

static struct recording_options options_of(uint32_t key_every)
{
	return (struct recording_options){
		.size = sizeof(struct recording_options),
		.host = "web01",
		.program = "tcptop test",
		.key_every = key_every,
	};
}

/* Records n frames of the world, on and on. */
static int record(struct recording_writer *writer, struct world *w, uint32_t n)
{
	struct str_buf error = {0};
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++)
		r = recording_add(writer, world_next(w), &w->names, &error);
	if (error.len)
		tap_note("%s", error.data);
	str_buf_done(&error);
	return r;
}

static int create(struct log_dir *d, const struct recording_options *options,
		  struct recording_writer **ret_writer)
{
	struct str_buf error = {0};
	int r = recording_create(d->log, options, ret_writer, &error);

	if (error.len)
		tap_note("%s", error.data);
	str_buf_done(&error);
	return r;
}

static int open_file(const char *path, struct recording_reader **ret_reader)
{
	struct str_buf error = {0};
	int r = recording_open(path, ret_reader, &error);

	if (error.len)
		tap_note("%s", error.data);
	str_buf_done(&error);
	return r;
}

/* How many frames of a file are those of the world, from its next one on. */
static uint32_t replay(struct recording_reader *reader, struct world *w, uint32_t n)
{
	const struct conn_frame *frame;
	struct str_buf error = {0};
	uint32_t i = 0;

	while (i < n && recording_next(reader, &frame, &error) == 1) {
		world_next(w);
		if (!world_same(w, frame, recording_names(reader)))
			break;
		i++;
	}
	if (error.len)
		tap_note("%s", error.data);
	str_buf_done(&error);
	return i;
}

static void test_same(struct log_dir *d, uint64_t seed, uint32_t key_every)
{
	const uint32_t n = 300;
	struct recording_options options = options_of(key_every);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct str_buf error = {0};
	struct world w;
	int r = -1;

	world_begin(&w, seed);
	is_int(create(d, &options, &writer), 0, "a recording");
	is_int(record(writer, &w, n), 0, "of %u frames, a key each %u", n, key_every);
	ok(!recording_finish(writer, &r) && r == 0, "is finished");
	is_int(open_file(d->log, &reader), 0, "it opens");
	world_begin(&w, seed);
	is_int(replay(reader, &w, n), n, "every frame comes back as it was");
	is_int(recording_next(reader, &frame, &error), 0, "and then no more");
	is_int(recording_next(reader, &frame, &error), 0, "nor later");
	ok(!frame && !error.len, "without a word");
	recording_close(reader);
	str_buf_done(&error);
}

static void test_info(struct log_dir *d)
{
	struct recording_options options = options_of(4);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	struct recording_info info;
	struct stat st = {0};
	struct world w;

	world_begin(&w, 5);
	is_int(log_dir_write(d, "", "something else, for everybody"), 0, "a file is there");
	is_int(chmod(d->log, 0644), 0, "and everybody may read it");
	is_int(create(d, &options, &writer), 0, "it is replaced");
	is_int(stat(d->log, &st), 0, "it is there");
	is_int(st.st_mode & 07777, 0600, "and for nobody else any more");
	is_int(st.st_size, recording_bytes(writer), "it has its head");
	is_int(open_file(d->log, &reader), -ENODATA, "there is nothing in it");
	is_int(record(writer, &w, 10), 0, "ten frames");
	is_int(stat(d->log, &st), 0, "are there at once");
	is_int(st.st_size, recording_bytes(writer), "all of them");
	is_int(open_file(d->log, &reader), 0, "it can be read while it is written");
	is_int(record(writer, &w, 10), 0, "ten more");
	recording_info(reader, &info);
	is_int(info.n_frames, 10, "are not seen");
	is_str(info.host, "web01", "the host");
	is_str(info.program, "tcptop test", "the program");
	ok(!info.is_cut, "it is whole");
	ok(info.last_realtime_ns - info.first_realtime_ns - 9 * WORLD_SEC + 1000 < 2000,
	   "nine seconds, as exactly as the world ticks");
	recording_close(reader);
	recording_finish(writer, NULL);
	ok(!recording_finish(NULL, NULL) && !recording_close(NULL), "NULL is fine");
}

/* From any frame to any other. */
static void test_seek(struct log_dir *d)
{
	enum { N = 40 };
	struct recording_options options = options_of(7);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	uint64_t times[N];
	uint32_t wrong = 0;
	struct world w;

	world_begin(&w, 11);
	is_int(create(d, &options, &writer), 0, "a recording");
	for (uint32_t i = 0; i < N; i++) {
		if (record(writer, &w, 1) < 0)
			wrong++;
		times[i] = w.frame.realtime_ns;
	}
	recording_finish(writer, NULL);
	is_int(open_file(d->log, &reader), 0, "it opens");
	for (uint32_t i = 0; i < N * N; i++) {
		uint32_t to = i * 17 % N; /* forwards and backwards */

		world_begin(&w, 11);
		for (uint32_t skip = 0; skip < to; skip++)
			world_next(&w);
		if (recording_seek(reader, times[to] - i % 2) != 0 ||
		    replay(reader, &w, 2) != (to == N - 1 ? 1 : 2))
			wrong++;
	}
	is_int(wrong, 0, "every frame can be gone to, from everywhere");
	is_int(recording_seek(reader, 0), 0, "before the first one");
	world_begin(&w, 11);
	is_int(replay(reader, &w, 1), 1, "is the first");
	is_int(recording_seek(reader, times[N - 1] + 1), -ENODATA, "after the last one");
	is_int(replay(reader, &w, 1), 0, "is none of the next");
	is_int(recording_seek(reader, UINT64_MAX), -ENODATA, "at the end of time");
	world_begin(&w, 11);
	for (uint32_t skip = 0; skip < N - 1; skip++)
		world_next(&w);
	is_int(replay(reader, &w, 9), 1, "is the last");
	recording_close(reader);
}

/* NTP sets the clock back meanwhile: frames are told apart by their order. */
static void test_clock_back(struct log_dir *d)
{
	static const uint64_t seconds[] = {10, 11, 12, 3, 4, 5, 11};
	enum { N = sizeof(seconds) / sizeof(seconds[0]) };
	struct recording_options options = options_of(3);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct recording_info info;
	struct str_buf error = {0};
	uint32_t wrong = 0;
	struct world w;

	world_begin(&w, 31);
	is_int(create(d, &options, &writer), 0, "a recording");
	for (uint32_t i = 0; i < N; i++) {
		world_next(&w);
		w.frame.realtime_ns = seconds[i] * WORLD_SEC;
		wrong += recording_add(writer, &w.frame, &w.names, &error) != 0;
	}
	recording_finish(writer, NULL);
	is_int(open_file(d->log, &reader), 0, "in which the clock goes back opens");
	recording_info(reader, &info);
	is_int(info.first_realtime_ns, 3 * WORLD_SEC, "the earliest time");
	is_int(info.last_realtime_ns, 12 * WORLD_SEC, "and the latest one");
	for (uint32_t i = 0; i < N; i++)
		wrong += recording_next_number(reader) != i ||
			 recording_realtime_ns(reader, i) != seconds[i] * WORLD_SEC ||
			 recording_next(reader, &frame, &error) != 1 ||
			 frame->realtime_ns != seconds[i] * WORLD_SEC;
	is_int(recording_next(reader, &frame, &error), 0, "then it ends");
	for (uint32_t i = 0; i < N * N; i++) {
		recording_go_to(reader, i * 5 % N);
		wrong += recording_next(reader, &frame, &error) != 1 ||
			 frame->realtime_ns != seconds[i * 5 % N] * WORLD_SEC;
	}
	is_int(wrong, 0, "every frame comes, in its order and by its number");
	is_int(recording_seek(reader, 11 * WORLD_SEC), 0, "a time that is there twice");
	is_int(recording_next_number(reader), 1, "is the first of them");
	recording_go_to(reader, N);
	is_int(recording_next(reader, &frame, &error), 0, "there is none past the last");
	recording_close(reader);
	str_buf_done(&error);
}

/* Whoever made the file, or the link, beforehand could read what is recorded. */
static void test_another_user(struct log_dir *d)
{
	struct recording_options options = options_of(0);
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};
	char other[sizeof(d->log) + 8];
	struct stat st = {0};

	snprintf(other, sizeof(other), "%s.other", d->log);
	log_dir_files(d, 1);
	is_int(log_dir_write(d, ".other", "precious"), 0, "a file of our own");
	is_int(symlink(other, d->log), 0, "a link of our own to it");
	is_int(create(d, &options, &writer), 0, "is followed");
	writer = recording_finish(writer, NULL);
	is_int(log_dir_write(d, ".other", "precious"), 0, "once more");
	if (geteuid() != 0 || lchown(d->log, 4242, 4242) < 0) {
		tap_skip("a link of another user", "not root");
		log_dir_files(d, 1);
		return;
	}
	is_int(recording_create(d->log, &options, &writer, &error), -EPERM,
	       "a link of another user is not");
	ok(error.data && strstr(error.data, "another user"), "says why: %s", error.data);
	is_str(log_dir_read(d, ".other"), "precious", "and nothing is touched");
	log_dir_files(d, 1);
	is_int(log_dir_write(d, "", "his"), 0, "a file");
	is_int(chown(d->log, 4242, 4242), 0, "of another user");
	is_int(recording_create(d->log, &options, &writer, &error), -EPERM, "is refused");
	ok(!writer && stat(d->log, &st) == 0 && st.st_size == 3, "and stays as it was");
	log_dir_files(d, 1);
	str_buf_done(&error);
}

static void test_rotation(struct log_dir *d)
{
	struct recording_options options = options_of(7);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	char path[sizeof(d->log) + 12];
	uint32_t n = 0;
	struct world w;

	log_dir_files(d, 1);
	options.max_ns = 10 * WORLD_SEC;
	options.keep = 3;
	world_begin(&w, 21);
	is_int(create(d, &options, &writer), 0, "a recording of ten seconds a file");
	is_int(record(writer, &w, 38), 0, "is 38 seconds long");
	recording_finish(writer, NULL);
	is_int(log_dir_files(d, 0), 4, "so there are four files");
	world_begin(&w, 21);
	for (int i = 3; i >= 0; i--) {
		snprintf(path, sizeof(path), i ? "%s.%d" : "%s", d->log, i);
		is_int(open_file(path, &reader), 0, "file %d opens", i);
		n += replay(reader, &w, 99);
		recording_close(reader);
	}
	is_int(n, 38, "each stands for itself, and together they are all of it");

	log_dir_files(d, 1);
	is_int(log_dir_write(d, ".1", "somebody else's"), 0, "a file of another's");
	options.max_ns = 0;
	options.max_bytes = 2000;
	options.keep = 0;
	world_begin(&w, 22);
	is_int(create(d, &options, &writer), 0, "a recording of one small file");
	is_int(record(writer, &w, 50), 0, "of 50 frames");
	ok(recording_bytes(writer) < 20000, "is small");
	recording_finish(writer, NULL);
	is_int(log_dir_files(d, 0), 2, "none is kept");
	is_str(log_dir_read(d, ".1"), "somebody else's", "and nothing else is touched");
	log_dir_files(d, 1);
}

/* A frame need not have anything. */
static void test_empty(struct log_dir *d)
{
	struct recording_options options = options_of(2);
	const struct conn_frame empty = {0};
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct str_buf error = {0};

	is_int(create(d, &options, &writer), 0, "a recording");
	for (int i = 0; i < 5; i++)
		is_int(recording_add(writer, &empty, NULL, &error), 0, "an empty frame");
	recording_finish(writer, NULL);
	is_int(open_file(d->log, &reader), 0, "it opens");
	for (int i = 0; i < 5; i++) {
		is_int(recording_next(reader, &frame, &error), 1, "a frame");
		ok(frame && !frame->tick.n_active && !frame->tick.n_closed && !frame->host[0],
		   "with nothing in it");
	}
	recording_close(reader);
	str_buf_done(&error);
}

/* What nobody touches costs next to nothing, whatever its order. */
static void test_idle(struct log_dir *d)
{
	enum { N = 5000 };
	struct recording_options options = options_of(1000);
	struct recording_writer *writer = NULL;
	struct conn_row *rows = calloc(N, sizeof(*rows));
	const struct conn_row **order = calloc(N, sizeof(*order));
	struct conn_frame frame = {.tick = {.active = order, .n_active = N}};
	struct str_buf error = {0};
	uint64_t bytes;

	for (uint32_t i = 0; rows && order && i < N; i++) {
		rows[i].id = (struct weir_conn_id){.cookie = i + 1, .proto = WEIR_PROTO_TCP};
		order[i] = &rows[i];
	}
	is_int(create(d, &options, &writer), 0, "a recording");
	is_int(recording_add(writer, &frame, NULL, &error), 0, "of many rows");
	bytes = recording_bytes(writer);
	frame.tick.active = order + 1;
	frame.tick.n_active--;
	is_int(recording_add(writer, &frame, NULL, &error), 0, "one goes, the others are idle");
	ok(recording_bytes(writer) - bytes < 100, "that is %d bytes",
	   (int)(recording_bytes(writer) - bytes));
	recording_finish(writer, NULL);
	free(rows);
	free(order);
	str_buf_done(&error);
}

/* What the model works out of the counters is worked out again, and not kept. */
static void test_foreseen(struct log_dir *d)
{
	enum { N = 500 };
	struct recording_options options = options_of(1000);
	struct recording_writer *writer = NULL;
	struct conn_frame frame = {0};
	struct conn_table *table = NULL;
	struct str_buf error = {0};
	uint64_t bytes = 0;
	int r = conn_table_new(NULL, &table);

	is_int(create(d, &options, &writer), 0, "a recording");
	for (uint64_t t = 1; t <= 5 && r == 0; t++) {
		bytes = recording_bytes(writer);
		for (uint64_t i = 1; i <= N && r == 0; i++) {
			struct weir_conn_event event =
				totals_of(WEIR_CONN_SAMPLE, id_with_cookie(WEIR_PROTO_TCP, i),
					  t * SEC + i * 17, t * i * 100, t * i * 777);

			event.opened_ns = i;
			r = conn_table_apply(table, &event);
		}
		if (r == 0)
			r = conn_table_tick(table, t * SEC, false, &frame.tick);
		if (r == 0)
			r = recording_add(writer, &frame, NULL, &error);
	}
	is_int(r, 0, "of a table's own rows");
	bytes = recording_bytes(writer) - bytes;
	ok(frame.tick.n_active == N && frame.tick.active[0]->rate_in > 1, "all of them active");
	ok(bytes < N * 12, "takes %.1f bytes for each", (double)bytes / N);
	recording_finish(writer, NULL);
	conn_table_free(table);
	str_buf_done(&error);
}

/* However few keys are asked for, there is one before too much stands on the last. */
static void test_early_key(struct log_dir *d)
{
	enum { N = 4000 };
	struct recording_options options = options_of(100000);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	struct conn_row *rows = calloc(N, sizeof(*rows));
	const struct conn_row **order = calloc(N, sizeof(*order));
	struct conn_frame frame = {.tick = {.active = order, .n_active = N}};
	const struct conn_frame *got = NULL;
	struct str_buf error = {0};
	struct world w;
	FILE *file;

	world_begin(&w, 5);
	is_int(create(d, &options, &writer), 0, "a recording");
	for (uint32_t t = 0; rows && order && t < 40; t++) {
		for (uint32_t i = 0; i < N; i++) {
			rows[i].id =
				(struct weir_conn_id){.cookie = i + 1, .proto = WEIR_PROTO_TCP};
			rows[i].counters.bytes_in = world_draw(&w, UINT64_MAX);
			order[i] = &rows[i];
		}
		if (recording_add(writer, &frame, NULL, &error) < 0)
			break;
	}
	ok(recording_bytes(writer) > 1 << 20, "is large");
	recording_finish(writer, NULL);
	file = fopen(d->log, "r+e");
	ok(file && fseek(file, 200, SEEK_SET) == 0 && fputs("xyz", file) > 0 && !fclose(file),
	   "its first key block is damaged");
	is_int(open_file(d->log, &reader), 0, "it opens");
	is_int(recording_next(reader, &got, &error), -EBADMSG, "the first frames are lost");
	ok(error.data && strstr(error.data, ": the frames before 1970-"), "which is told: %s",
	   error.data);
	is_int(recording_next(reader, &got, &error), 1, "others are not");
	recording_close(reader);
	free(rows);
	free(order);
	str_buf_done(&error);
}

static void test_refusals(struct log_dir *d)
{
	static const struct {
		const char *text;
		const char *says;
	} others[] = {
		{"", "no recording"},
		{"WEIRREC\n", "no recording"},
		{"timestamp,protocol,local_addr,local_port\n", "no recording"},
		{"WEIRREC\n\x02\x01\x01\x01xxxx", "version"},
	};
	struct recording_options options = options_of(0);
	struct recording_writer *writer = NULL;
	struct recording_reader *reader = NULL;
	struct str_buf error = {0};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		str_buf_clear(&error);
		is_int(log_dir_write(d, "", others[i].text), 0, "another file");
		is_int(recording_open(d->log, &reader, &error), -EBADMSG, "is refused");
		ok(error.data && strstr(error.data, others[i].says) && strstr(error.data, d->log),
		   "says why: %s", error.data);
	}
	is_int(open_file(d->dir, &reader), -EBADMSG, "a directory is none");
	log_dir_files(d, 1);
	is_int(open_file(d->log, &reader), -ENOENT, "nor is what is not there");
	is_int(mkfifo(d->log, 0600), 0, "a pipe");
	is_int(open_file(d->log, &reader), -EBADMSG, "is not waited for");
	is_int(create(d, &options, &writer), -ENXIO, "nor is one that nobody reads from");
	log_dir_files(d, 1);
	options.size--;
	is_int(create(d, &options, &writer), -EINVAL, "options of another build are refused");
	ok(!reader && !writer, "and nothing is made");
	is_int(log_dir_files(d, 0), 0, "nor left lying about");
	str_buf_done(&error);
}

static void test_full_disk(void)
{
	struct recording_options options = options_of(0);
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};

	is_int(recording_create("/dev/full", &options, &writer, &error), -ENOSPC,
	       "a full disk takes no recording");
	ok(error.data && strstr(error.data, "'/dev/full': No space left on device"), "says so: %s",
	   error.data);
	str_buf_done(&error);
}

int main(void)
{
	struct log_dir d;

	signal(SIGPIPE, SIG_IGN);
	if (log_dir_init(&d) < 0)
		tap_skip_all("no directory to write to");
	for (uint64_t seed = 1; seed <= 8; seed++)
		test_same(&d, seed * 7919, seed % 4 == 0 ? 1000 : (uint32_t)seed * 5 - 4);
	ok(recording_is_built_in(), "this build can record");
	test_info(&d);
	test_seek(&d);
	test_clock_back(&d);
	test_another_user(&d);
	test_rotation(&d);
	test_empty(&d);
	test_idle(&d);
	test_foreseen(&d);
	test_early_key(&d);
	test_refusals(&d);
	test_full_disk();
	log_dir_done(&d);
	return tap_done();
}
