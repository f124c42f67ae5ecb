/* SPDX-License-Identifier: MIT */

/*
 * What a recording costs: CPU time to keep a frame, to read it again and to go to any second, and
 * bytes on the disk. The frames are a real table's, fed with made-up traffic.
 *
 *   recording FILE    makes and removes FILE; prints one JSON object
 */

#include "export/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/conn_table.h"

#define SEC UINT64_C(1000000000)
#define BOOT_NS (5000 * SEC)

struct scenario {
	const char *name;
	uint32_t n_conns;
	uint32_t n_active;
	uint32_t n_short; /* connections that come and go within a tick */
	uint32_t n_ticks;
};

static const struct scenario scenarios[] = {
	{"ten_minutes_1000_conns_100_active", 1000, 100, 0, 600},
	{"ten_minutes_1000_conns_100_active_20_short", 1000, 100, 20, 600},
	{"conns_100000_active_100", 100000, 100, 0, 130},
	{"conns_100000_active_100000", 100000, 100000, 0, 70},
};

struct world {
	struct conn_table *table;
	const struct scenario *scenario;
	uint64_t random;
	uint64_t next_short;
	struct weir_conn_event *conns;
};

static void die(const char *what, int r)
{
	fprintf(stderr, "recording: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* xorshift64: the same world in every run. */
static uint64_t draw(struct world *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

static struct weir_conn_event new_conn(struct world *w, uint64_t cookie, uint64_t now_ns)
{
	struct weir_conn_event event = {
		.id = {.cookie = cookie,
		       .netns = 4026531840,
		       .local = {{[10] = 0xff, 0xff, 10, 0, 0, 1}},
		       .remote = {{[10] = 0xff, 0xff, 10, 1}},
		       .local_port = 443,
		       .remote_port = (uint16_t)(32768 + draw(w, 28000)),
		       .proto = WEIR_PROTO_TCP},
		.opened_ns = now_ns,
		.cgroup_id = 100 + draw(w, 20),
		.tcp = {.srtt_us = 400, .rttvar_us = 100, .cwnd = 10},
		.owner = {.pid = (uint32_t)(1000 + draw(w, 50)),
			  .uid = 33,
			  .start_boot_ns = SEC,
			  .comm = "nginx",
			  .evidence = WEIR_EVIDENCE_TRANSITION},
		.kind = WEIR_CONN_SAMPLE,
		.state = WEIR_TCP_ESTABLISHED,
	};

	event.id.remote.bytes[14] = (uint8_t)draw(w, 256);
	event.id.remote.bytes[15] = (uint8_t)draw(w, 256);
	return event;
}

/* What a busy server's connection does in a second. */
static void move(struct world *w, struct weir_conn_event *event, uint64_t now_ns)
{
	uint64_t in = 500 + draw(w, 20000), out = 5000 + draw(w, 2000000);

	event->time_ns = now_ns + 20000 + draw(w, 300000);
	event->counters.bytes_in += in;
	event->counters.bytes_out += out;
	event->counters.packets_in += 1 + in / 1448;
	event->counters.packets_out += 1 + out / 1448;
	event->tcp.srtt_us = (uint32_t)(400 + draw(w, 200));
	event->tcp.rttvar_us = (uint32_t)(100 + draw(w, 50));
	event->tcp.cwnd = (uint32_t)(10 + draw(w, 40));
	event->tcp.busy_us += draw(w, 900000);
	event->tcp.delivery_rate = 1000000 + draw(w, 9000000);
	event->tcp.unacked_bytes = (uint32_t)draw(w, 60000);
	if (draw(w, 20) == 0) {
		event->tcp.retrans++;
		event->tcp.retrans_bytes += 1448;
	}
}

static void apply(struct world *w, const struct weir_conn_event *event)
{
	int r = conn_table_apply(w->table, event);

	if (r < 0)
		die("event", r);
}

static void begin_and_end(struct world *w, uint64_t now_ns)
{
	struct weir_conn_event event = new_conn(w, ++w->next_short, now_ns - 1 - draw(w, SEC / 2));

	move(w, &event, now_ns);
	event.time_ns = now_ns - 1;
	event.kind = WEIR_CONN_FINAL;
	event.state = WEIR_TCP_CLOSE;
	apply(w, &event);
}

static struct conn_tick tick(struct world *w, uint32_t t)
{
	const struct scenario *s = w->scenario;
	uint64_t now_ns = BOOT_NS + t * SEC + draw(w, 50000);
	struct conn_tick tick;
	int r;

	for (uint32_t i = 0; i < s->n_active; i++) {
		move(w, &w->conns[i], now_ns);
		apply(w, &w->conns[i]);
	}
	for (uint32_t i = 0; i < s->n_short; i++)
		begin_and_end(w, now_ns);
	r = conn_table_tick(w->table, now_ns, false, &tick);
	if (r < 0)
		die("tick", r);
	return tick;
}

static void open_world(struct world *w, const struct scenario *s)
{
	int r = conn_table_new(NULL, &w->table);

	if (r < 0)
		die("table", r);
	w->scenario = s;
	w->random = 88172645463325252ULL;
	w->next_short = 1000000;
	w->conns = calloc(s->n_conns, sizeof(*w->conns));
	if (!w->conns)
		die("connections", -ENOMEM);
	for (uint32_t i = 0; i < s->n_conns; i++) {
		w->conns[i] = new_conn(w, i + 1, BOOT_NS - 1 - draw(w, 1000 * SEC));
		move(w, &w->conns[i], BOOT_NS);
		apply(w, &w->conns[i]);
	}
}

static void close_world(struct world *w)
{
	conn_table_free(w->table);
	free(w->conns);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of this thread: what others do at the time does not count. */
static uint64_t cpu_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static double ms_since(uint64_t begin_ns)
{
	return (double)(cpu_ns() - begin_ns) / 1e6;
}

static void write_all(struct world *w, const char *path)
{
	const struct recording_options options = {
		.size = sizeof(options),
		.host = "bench",
		.program = "bench",
		.max_bytes = UINT64_C(1) << 40,
	};
	struct recording_writer *writer = NULL;
	struct str_buf error = {0};
	double ms[1000];
	double key_ms;
	uint64_t key_bytes = 0;
	int r = recording_create(path, &options, &writer, &error);

	for (uint32_t t = 0; t < w->scenario->n_ticks && r == 0; t++) {
		struct conn_frame frame = {
			.tick = tick(w, t),
			.realtime_ns = 1700000000 * SEC + t * SEC,
			.interval_ns = SEC,
			.host = "bench",
			.source = "bench",
		};
		uint64_t begin_ns = cpu_ns();

		r = recording_add(writer, &frame, NULL, &error);
		ms[t] = ms_since(begin_ns);
		if (t == 0)
			key_bytes = recording_bytes(writer);
	}
	if (r < 0)
		die(error.data ? error.data : path, r);
	key_ms = ms[60]; /* the second key block: all memory is there by then */
	printf("\"bytes\": %llu, ", (unsigned long long)recording_bytes(writer));
	recording_finish(writer, NULL);
	str_buf_done(&error);
	qsort(ms, w->scenario->n_ticks, sizeof(ms[0]), compare);
	printf("\"first_key_bytes\": %llu, \"add_ms_median\": %.3f, \"add_ms_key\": %.3f, ",
	       (unsigned long long)key_bytes, ms[w->scenario->n_ticks / 2], key_ms);
}

static void read_all(const struct scenario *s, const char *path)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame;
	struct str_buf error = {0};
	uint64_t begin_ns = cpu_ns();
	uint32_t n = 0;
	int r = recording_open(path, &reader, &error);

	if (r < 0)
		die(path, r);
	while (recording_next(reader, &frame, &error) > 0)
		n++;
	if (n != s->n_ticks)
		die(error.data ? error.data : "frames are missing", -EBADMSG);
	printf("\"read_ms_each\": %.3f, ", ms_since(begin_ns) / n);
	begin_ns = cpu_ns();
	/* a long way from the first key block */
	recording_seek(reader, (1700000000 + 59) * SEC);
	if (recording_next(reader, &frame, &error) != 1)
		die("seek", -EBADMSG);
	printf("\"seek_ms_59th\": %.3f}", ms_since(begin_ns));
	recording_close(reader);
	str_buf_done(&error);
}

int main(int argc, char **argv)
{
	const size_t n = sizeof(scenarios) / sizeof(scenarios[0]);

	if (argc != 2)
		return 2;
	printf("{");
	for (size_t i = 0; i < n; i++) {
		struct world world = {0};

		printf("%s\n \"%s\": {", i ? "," : "", scenarios[i].name);
		open_world(&world, &scenarios[i]);
		write_all(&world, argv[1]);
		read_all(&scenarios[i], argv[1]);
		close_world(&world);
	}
	printf("\n}\n");
	unlink(argv[1]);
	return 0;
}
