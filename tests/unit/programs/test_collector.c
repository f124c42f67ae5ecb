/* SPDX-License-Identifier: MIT */
/* The collector's thread with a source that needs no kernel: frames come, stay as they are, and go
 * back; names and failures get through. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collector.h"
#include "feed.h"
#include "tap.h"

#define MS UINT64_C(1000000)
/* Whatever is waited for comes sooner. */
#define PATIENCE_MS 20000

struct fake {
	struct weir_conn_source source; /* first */
	uint64_t passes;
	int fail_at;     /* pass that fails; 0: none */
	uint64_t now_ns; /* of the next pass; 0: as the clock says */
};

static int fake_fd(struct weir_conn_source *source)
{
	(void)source;
	return -1;
}

static int fake_drain(struct weir_conn_source *source, weir_conn_event_fn fn, void *user)
{
	(void)source;
	(void)fn;
	(void)user;
	return 0;
}

/* A connection that grows by 100 bytes a pass, and one of each pass that closes in it. */
static int fake_sample(struct weir_conn_source *source, weir_conn_event_fn fn, void *user,
		       uint64_t *ret_now_ns)
{
	struct fake *fake = (struct fake *)source;
	struct weir_conn_event event = {
		.id = {.cookie = 1, .proto = WEIR_PROTO_TCP},
		.kind = WEIR_CONN_SAMPLE,
		.state = WEIR_TCP_ESTABLISHED,
	};
	struct weir_conn_event rename = {
		.kind = WEIR_CONN_RENAME,
		.owner = {.pid = 7, .start_boot_ns = 8, .comm = "renamed"},
	};

	fake->passes++;
	if (fake->fail_at && (int)fake->passes >= fake->fail_at)
		return -EIO;
	*ret_now_ns = fake->now_ns ? fake->now_ns : clock_monotonic_ns();
	event.time_ns = *ret_now_ns;
	event.counters.bytes_in = 100 * fake->passes;
	fn(user, &event);
	event.id.cookie = 1000 + fake->passes;
	event.kind = WEIR_CONN_FINAL;
	event.owner.pid = 9;
	fn(user, &event);
	fn(user, &rename);
	return 3;
}

static void fake_stats(struct weir_conn_source *source, struct weir_conn_source_stats *ret_stats)
{
	*ret_stats = (struct weir_conn_source_stats){.passes = ((struct fake *)source)->passes};
}

static const char *fake_describe(struct weir_conn_source *source)
{
	(void)source;
	return "fake source";
}

static void fake_close(struct weir_conn_source *source)
{
	(void)source;
}

static const struct weir_conn_source_ops fake_ops = {
	.name = "fake",
	.fd = fake_fd,
	.drain = fake_drain,
	.sample = fake_sample,
	.stats = fake_stats,
	.describe = fake_describe,
	.close = fake_close,
};

struct bench {
	struct fake fake;
	struct sampling sampling;
	struct collector *collector;
};

static void prepare(struct bench *bench, uint64_t interval_ns, int fail_at)
{
	const struct conn_table_options table = {.size = sizeof(table)};

	*bench = (struct bench){
		.fake = {.source.ops = &fake_ops, .fail_at = fail_at},
		.sampling = {.interval_ns = interval_ns, .host = "here"},
	};
	bench->sampling.source = &bench->fake.source;
	is_int(conn_table_new(&table, &bench->sampling.table), 0, "a table");
}

static void start(struct bench *bench, uint64_t interval_ns, int fail_at)
{
	const struct collector_options options = {.sampling = &bench->sampling};

	prepare(bench, interval_ns, fail_at);
	is_int(collector_start(&options, &bench->collector), 0, "a collector");
}

/* What collector_take says when there is something to say. */
static int take(struct bench *bench, const struct conn_frame **ret_frame, struct str_buf *error)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * MS;
	int r = 0;

	while (r == 0 && clock_monotonic_ns() < end_ns) {
		struct pollfd news = {.fd = collector_fd(bench->collector), .events = POLLIN};

		poll(&news, 1, PATIENCE_MS);
		r = collector_take(bench->collector, ret_frame, error);
	}
	return r;
}

static void test_frames(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	const struct conn_frame *frame = NULL;
	struct weir_owner owners[4];
	struct bench bench;
	uint64_t last = 0;

	/* The first look does not wait for an interval. */
	start(&bench, 3600 * UINT64_C(1000000000), 0);
	is_int(take(&bench, &frame, &error), 1, "the first frame comes at once");
	is_str(frame->source, "fake source", "with its source");
	is_str(frame->host, "here", "its host");
	is_int(frame->source_stats.passes, 1, "and its counters");
	is_int(collector_take(bench.collector, &frame, &error), 0, "there is no second one yet");
	collector_set_interval(bench.collector, MS);
	for (int i = 0; i < 50; i++) {
		struct conn_row seen;
		uint64_t bytes;

		is_int(take(&bench, &frame, &error), 1, "frame %d", i);
		bytes = frame->source_stats.passes * 100;
		ok(bytes > last && frame->tick.n_active >= 1, "is a newer one");
		last = bytes;
		seen = *frame->tick.active[0];
		is_int(seen.counters.bytes_in, bytes, "and has its own rows");
		/* Somewhere in here the collector looks again. */
		for (int j = 0; j < 1000; j++) {
			if (memcmp(&seen, frame->tick.active[0], sizeof(seen)) != 0)
				ok(false, "a row does not change while it is looked at");
		}
	}
	is_int(frame->interval_ns, MS, "the interval is the new one");
	ok(collector_take_renames(bench.collector, owners, 4) > 0, "names are heard of");
	is_str(owners[0].comm, "renamed", "as they are told");
	is_int(collector_stop(bench.collector, &error), 0, "it stops");
	is_int(error.len, 0, "and has nothing to complain of");
	sampling_done(&bench.sampling);
}

static void test_unwatched(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct bench bench;

	start(&bench, MS, 0);
	is_int(collector_stop(bench.collector, &error), 0, "it stops with frames nobody took");
	sampling_done(&bench.sampling);
	is_int(collector_stop(NULL, &error), 0, "none stops as well");
}

static void test_failure(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0}, again = {0};
	const struct conn_frame *frame;
	struct bench bench;
	int r;

	start(&bench, MS, 3);
	do
		r = take(&bench, &frame, &error);
	while (r > 0);
	is_int(r, -EIO, "a source that fails ends it");
	is_str(error.data, "fake: reading connections: Input/output error", "and that is told");
	is_int(collector_stop(bench.collector, &again), -EIO, "at the end too");
	is_int(again.len, 0, "but it is not told twice");
	sampling_done(&bench.sampling);
}

/* A frame that is held does not hide the end, and neither does one that nobody has taken. */
static void test_failure_while_held(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * MS;
	const struct conn_frame *frame;
	struct pollfd news = {.events = POLLIN};
	struct bench bench;
	int r = 0;

	start(&bench, MS, 2);
	news.fd = collector_fd(bench.collector);
	while (r == 0 && clock_monotonic_ns() < end_ns) {
		poll(&news, 1, PATIENCE_MS);
		r = collector_hear(bench.collector, &error);
	}
	is_int(r, -EIO, "the end is heard of");
	is_str(error.data, "fake: reading connections: Input/output error", "and why");
	str_buf_clear(&error);
	is_int(collector_take(bench.collector, &frame, &error), 1, "the last frame is still there");
	is_int(poll(&news, 1, 0), 1, "and there is more to hear after it");
	is_int(collector_take(bench.collector, &frame, &error), -EIO, "which is the end");
	is_int(collector_stop(bench.collector, &error), -EIO, "it stops");
	is_str(error.data, "fake: reading connections: Input/output error", "told once");
	sampling_done(&bench.sampling);
}

/* No write goes beyond the first byte of a file from now on, or any again. */
static void set_full(bool full)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void take_paused(struct feed_live *live, struct str_buf *error)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * MS;
	const struct conn_frame *frame = NULL;

	while (error->len == 0 && clock_monotonic_ns() < end_ns) {
		struct pollfd news = {.fd = live->feed.ops->fd(&live->feed), .events = POLLIN};

		poll(&news, 1, PATIENCE_MS);
		if (live->feed.ops->take(&live->feed, &frame, error) != 0)
			return;
	}
}

static void test_recording_fails(void)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	char path[] = "/tmp/test_collector.XXXXXX";
	struct options options = {.record_path = path};
	struct collector_options collector = {0};
	struct names names;
	struct feed_live live;
	struct bench bench;
	int r;

	close(mkstemp(path));
	r = recorder_open(&options, "here", &collector.recorder, &error);
	if (r == -EOPNOTSUPP) {
		tap_skip("a recording that fails", "this build has no recordings");
		return;
	}
	is_int(r, 0, "a recording");
	prepare(&bench, MS, 0);
	is_int(names_init(&names), 0, "names");
	collector.sampling = &bench.sampling;
	set_full(true);
	r = collector_start(&collector, &bench.collector);
	feed_live_init(&live, bench.collector, &names);
	live.feed.ops->pause(&live.feed, true);
	take_paused(&live, &error);
	set_full(false);
	is_int(r, 0, "a collector");
	ok(error.data && strstr(error.data, "; the recording has ended"),
	   "that a recording has ended is told while paused: %s", error.data);
	str_buf_clear(&error);
	ok(collector_stop(bench.collector, &error) < 0, "and at the end");
	ok(error.data && strstr(error.data, path), "with its file's name: %s", error.data);
	(void)recorder_close(collector.recorder, &error);
	names_done(&names);
	sampling_done(&bench.sampling);
	unlink(path);
}

/* Whether the rates of a look at that time are known. */
static bool look_knows(struct bench *bench, uint64_t now_ns)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	struct conn_frame frame;

	bench->fake.now_ns = now_ns;
	if (sampling_look(&bench->sampling, false, &frame, &error) < 0)
		return false;
	for (size_t i = 0; i < frame.tick.n_active; i++) {
		if (frame.tick.active[i]->id.cookie == 1)
			return frame.tick.active[i]->rate_known;
	}
	return false;
}

static void test_interval_and_gap(void)
{
	const uint64_t s = 1000 * MS;
	struct bench bench;

	prepare(&bench, s, 0);
	ok(!look_knows(&bench, 100 * s), "no rate at first");
	ok(look_knows(&bench, 101 * s), "and one a second later");
	ok(!look_knows(&bench, 110 * s), "a look that is late by much has none");
	sampling_set_interval(&bench.sampling, 9 * s);
	ok(look_knows(&bench, 119 * s), "unless that is the interval");
	ok(look_knows(&bench, 128 * s), "each time");
	sampling_set_interval(&bench.sampling, 60 * s);
	sampling_set_interval(&bench.sampling, s);
	ok(look_knows(&bench, 180 * s), "the interval that has been waited for counts");
	ok(!look_knows(&bench, 189 * s), "and then the new one does");
	sampling_done(&bench.sampling);
}

int main(void)
{
	test_frames();
	test_unwatched();
	test_failure();
	test_failure_while_held();
	test_recording_fails();
	test_interval_and_gap();
	return tap_done();
}
