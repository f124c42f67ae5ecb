/* SPDX-License-Identifier: MIT */

/* A ring too small for a storm of closes loses some of them, and counts every one it lost. Nobody
 * drains it while the storm blows, so that it must overflow. All happens in a network namespace of
 * the test's own: nobody else's connections are counted. */

#include <stddef.h>
#include <stdint.h>

#include <weir/conn_source.h>

#include "collect/conn_source_bpf.h"
#include "own_netns.h"
#include "storm.h"
#include "tap.h"
#include "tcptop_run.h"

#define CONNECTIONS 2000
#define SMALL_RING 65536
/* What others on this host do meanwhile can be lost too, and is then counted with ours: it may only
 * add, and not every time. */
#define ATTEMPTS 5

struct seen {
	uint16_t port; /* of the storm's server */
	size_t finals; /* of the storm's connections */
	uint64_t bytes_in;
	uint64_t bytes_out;
};

static void on_event(void *user, const struct weir_conn_event *event)
{
	struct seen *seen = user;

	if (event->kind != WEIR_CONN_FINAL || event->id.proto != WEIR_PROTO_TCP ||
	    (event->id.local_port != seen->port && event->id.remote_port != seen->port))
		return;
	seen->finals++;
	seen->bytes_in += event->counters.bytes_in;
	seen->bytes_out += event->counters.bytes_out;
}

/* Drains until nothing comes any more. */
static int drain(struct weir_conn_source *source, struct seen *seen)
{
	int r;

	do
		r = source->ops->drain(source, on_event, seen);
	while (r > 0);
	return r;
}

/* One storm. Returns what was delivered and lost, together; -1 on failure. */
static int64_t blow(const struct conn_source_bpf_options *options, uint64_t *ret_lost)
{
	struct weir_conn_source_stats stats;
	struct weir_conn_source *source = NULL;
	struct storm storm;
	struct seen seen = {.finals = 0};

	if (!is_int(conn_source_bpf_open(options, &source), 0, "the source opens"))
		return -1;
	is_int(storm_run(&storm, CONNECTIONS, 1), 0, "the connections are made");
	seen.port = storm.port;
	is_int(drain(source, &seen), 0, "the ring is drained");
	source->ops->stats(source, &stats);
	source->ops->close(source);
	storm_done(&storm);
	tap_note("%zu closes delivered, %llu lost", seen.finals,
		 (unsigned long long)stats.lost_finals);
	is_int(seen.bytes_in + seen.bytes_out, seen.finals * STORM_BYTES,
	       "what was delivered is exact");
	*ret_lost = stats.lost_finals;
	return (int64_t)(seen.finals + stats.lost_finals);
}

static void test_small(uint32_t netns)
{
	struct conn_source_bpf_options options = {
		.size = sizeof(options), .ring_bytes = SMALL_RING, .netns = netns};
	int64_t told = 0;
	uint64_t lost = 0;

	for (int i = 0; i < ATTEMPTS && told != 2 * CONNECTIONS; i++) {
		told = blow(&options, &lost);
		ok(told >= 2 * CONNECTIONS, "64 KiB: no close is neither delivered nor counted");
		ok(lost > 0, "64 KiB: the ring is too small for all");
	}
	is_int(told, 2 * CONNECTIONS, "64 KiB: delivered and lost are all there were");
}

static void test_large(uint32_t netns)
{
	struct conn_source_bpf_options options = {.size = sizeof(options), .netns = netns};
	uint64_t lost = 0;

	is_int(blow(&options, &lost), 2 * CONNECTIONS, "4 MiB: all are delivered");
	is_int(lost, 0, "4 MiB: none is lost");
}

int main(void)
{
	uint32_t netns;

	tcptop_run_require_root();
	if (own_netns_enter(&netns) < 0)
		tap_skip_all("no network namespaces");
	test_small(netns);
	test_large(netns);
	return tap_done();
}
