/* SPDX-License-Identifier: MIT */
#include "collect/conn_source_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "bpf/records.h"
#include "collect/bpf_load.h"
#include "collect/conn_record.h"
#include "collect/conn_rows.h"
#include "collect/conn_source_diag.h"
#include "collect/netns.h"
#include "collect/owner_walks.h"
#include "conns.skel.h"

#define DEFAULT_RING_BYTES (4u << 20)
#define DEFAULT_UDP_TIMEOUT_NS 5000000000ull
#define FIRST_ROWS 4096
/* A pass is repeated while rows were missed; it knows how many, so once is nearly always enough. */
#define MAX_REPEATS 24

_Static_assert((int)WEIR_EVIDENCE_CONNECT == 7 && (int)WEIR_EVIDENCE_CREATE == 2 &&
		       (int)WEIR_EVIDENCE_LISTENER == 1,
	       "the BPF side has its own copy of enum weir_evidence");

struct bpf_source {
	struct weir_conn_source base;
	struct bpf_loaded loaded;
	struct ring_buffer *ring;
	struct conn_rows rows;
	struct owner_walks walks;
	struct weir_conn_source *udp_list; /* where UDP cannot be counted it is at least listed */
	struct weir_conn_source_stats stats;
	uint64_t kernel_tick_ns;
	uint64_t udp_flows_forgotten;
	int64_t first_missing;    /* lives that the first passes could not place */
	int64_t missing;          /* that the last one could not */
	uint64_t lost_lives;      /* that ended without anything telling so */
	uint64_t resynced_losses; /* that have been made good for */
	uint32_t netns;
	char description[160];
	/* whom to tell, during a call */
	weir_conn_event_fn fn;
	void *user;
	uint64_t n_events;
};

static struct bpf_source *from_base(struct weir_conn_source *source)
{
	return (struct bpf_source *)source;
}

/* Every event passes here on its way out. */
static void tell(void *user, const struct weir_conn_event *event)
{
	struct bpf_source *s = user;

	if (s->netns && event->id.netns != s->netns && event->kind != WEIR_CONN_RENAME)
		return;
	if (event->kind == WEIR_CONN_FINAL)
		s->stats.finals++;
	s->n_events++;
	s->fn(s->user, event);
}

static int on_ring_record(void *user, void *data, size_t len)
{
	struct bpf_source *s = user;

	if (conn_record_decode(data, len, s->kernel_tick_ns, tell, s) < 0)
		s->stats.bad_records++;
	return 0;
}

static int read_ring(struct bpf_source *s)
{
	int r = ring_buffer__consume(s->ring);

	return r < 0 ? r : 0;
}

static void begin_call(struct bpf_source *s, weir_conn_event_fn fn, void *user)
{
	s->fn = fn;
	s->user = user;
	s->n_events = 0;
}

static int bpf_source_fd(struct weir_conn_source *source)
{
	return ring_buffer__epoll_fd(from_base(source)->ring);
}

static int bpf_source_drain(struct weir_conn_source *source, weir_conn_event_fn fn, void *user)
{
	struct bpf_source *s = from_base(source);
	int r;

	begin_call(s, fn, user);
	r = read_ring(s);
	return r < 0 ? r : (int)s->n_events;
}

/* A UDP flow that has been dying for a whole pass gets no more datagrams: its key can go. */
static void forget_flow(struct bpf_source *s, const struct conn_record *r)
{
	struct udp_flow_key key = {.cookie = r->cookie, .remote_port = r->remote_port};

	memcpy(key.remote, r->remote, sizeof(key.remote));
	if (bpf_map__delete_elem(s->loaded.skel->maps.udp_flows, &key, sizeof(key), 0) == 0)
		s->udp_flows_forgotten++;
}

static void read_rows(struct bpf_source *s)
{
	uint32_t n = s->loaded.skel->bss->n_rows;

	for (uint32_t i = 0; i < n && i < s->rows.n_max; i++) {
		const struct conn_record *r = &s->rows.rows[i];

		if (conn_record_decode(r, sizeof(*r), s->kernel_tick_ns, tell, s) < 0)
			s->stats.bad_records++;
		if (r->kind == RECORD_UDP_DELTA && r->flags & RECORD_LAST)
			forget_flow(s, r);
	}
	s->stats.rows += n;
}

/*
 * Every connection that began has ended or is met by the pass; what is not was lost without a
 * trace. Those that begin or end meanwhile make the sum too small. A walk over lists that change
 * may also step over one, so only what two passes in a row miss is lost.
 */
static void count_missing(struct bpf_source *s, uint64_t begun_before)
{
	const struct conn_stats *stats = &s->loaded.skel->bss->stats;
	int64_t missing = (int64_t)(begun_before - stats->lives_ended - stats->live);
	int64_t both = missing < s->missing ? missing : s->missing;

	if (s->stats.passes > 1 && both - s->first_missing > (int64_t)s->lost_lives)
		s->lost_lives = (uint64_t)(both - s->first_missing);
	if (s->stats.passes < 2 && missing > s->first_missing)
		s->first_missing = missing;
	s->missing = missing;
}

/* Runs both iterators once into the rows. Returns whether rows were missed for want of room. */
static int walk_once(struct bpf_source *s)
{
	struct conns *skel = s->loaded.skel;
	uint64_t begun_ns = clock_monotonic_ns();
	uint64_t begun_before = skel->bss->stats.lives_begun;
	int r;

	skel->bss->n_rows = 0;
	skel->bss->stats.live = 0;
	skel->bss->stats.missed_rows = 0;
	skel->bss->stats.ownerless = 0;
	skel->bss->pass_ns = begun_ns;
	r = bpf_iter_run(skel->links.tcp_rows);
	if (r < 0)
		return r;
	count_missing(s, begun_before);
	/* even an empty hash table takes its time to walk */
	if (skel->bss->stats.udp_flows_made != s->udp_flows_forgotten)
		r = bpf_iter_run(skel->links.udp_rows);
	if (r < 0)
		return r;
	s->stats.pass_ns += clock_monotonic_ns() - begun_ns;
	read_rows(s);
	return skel->bss->stats.missed_rows > 0;
}

static int walk_all(struct bpf_source *s)
{
	struct conns *skel = s->loaded.skel;
	int missed = 1;
	int r;

	for (int i = 0; missed > 0 && i < MAX_REPEATS; i++) {
		missed = walk_once(s);
		if (missed <= 0)
			break;
		r = conn_rows_grow(&s->rows, s->rows.n_max + skel->bss->stats.missed_rows);
		if (r == -ENOBUFS && !skel->bss->retell)
			return 0; /* the rest is told by the next pass */
		if (r < 0)
			return r;
	}
	return missed;
}

/* A close that found no room in the ring, or whose programs the kernel has skipped, leaves a
 * connection that would seem to live for ever. So after such a loss the pass tells all that live,
 * and the table ends the others. */
static void resync(struct bpf_source *s)
{
	struct conns *skel = s->loaded.skel;
	struct weir_conn_event event = {.kind = WEIR_CONN_RESYNC};
	uint64_t losses = skel->bss->stats.lost_finals + s->lost_lives + owner_walks_skipped(skel) +
			  bpf_skipped_runs(skel->progs.tcp_destroy);

	skel->bss->retell = losses != s->resynced_losses;
	s->resynced_losses = losses;
	if (!skel->bss->retell)
		return;
	event.time_ns = clock_monotonic_ns();
	s->fn(s->user, &event);
}

static int bpf_source_sample(struct weir_conn_source *source, weir_conn_event_fn fn, void *user,
			     uint64_t *ret_now_ns)
{
	struct bpf_source *s = from_base(source);
	struct conn_stats *stats = &s->loaded.skel->bss->stats;
	uint64_t begun_ns;
	int r;

	begin_call(s, fn, user);
	r = owner_walks_run(&s->walks, s->loaded.skel, clock_monotonic_ns());
	if (r < 0)
		return r;
	begun_ns = clock_monotonic_ns();
	s->stats.pass_ns = 0;
	resync(s);
	r = walk_all(s);
	if (r < 0)
		return r;
	owner_walks_note(&s->walks, stats->ownerless, clock_monotonic_ns());
	/* after the rows: a close is later than the sample of the same connection */
	r = read_ring(s);
	if (r < 0)
		return r;
	if (s->udp_list) {
		uint64_t listed_ns;

		r = s->udp_list->ops->sample(s->udp_list, tell, s, &listed_ns);
		if (r < 0)
			return r;
	}
	s->stats.passes++;
	*ret_now_ns = begun_ns;
	return (int)s->n_events;
}

/* Calls that were to be counted, but whose program the kernel has skipped. */
static uint64_t skipped_calls(const struct bpf_source *s)
{
	const struct conns *skel = s->loaded.skel;

	if (s->loaded.udp_packets || s->loaded.udp_calls != UDP_CALLS_TRACEPOINT)
		return 0;
	return bpf_skipped_runs(skel->progs.udp_sent) + bpf_skipped_runs(skel->progs.udp_received);
}

static void bpf_source_stats(struct weir_conn_source *source,
			     struct weir_conn_source_stats *ret_stats)
{
	struct bpf_source *s = from_base(source);
	const struct conn_stats *stats = &s->loaded.skel->bss->stats;

	*ret_stats = s->stats;
	ret_stats->lost_finals = stats->lost_finals + s->lost_lives;
	ret_stats->lost_names = stats->lost_names;
	ret_stats->lost_sockets = stats->lost_sockets;
	ret_stats->lost_flows = stats->lost_packets + skipped_calls(s);
}

static const char *bpf_source_describe(struct weir_conn_source *source)
{
	return from_base(source)->description;
}

static void bpf_source_close(struct weir_conn_source *source)
{
	struct bpf_source *s = from_base(source);

	if (!s)
		return;
	if (s->udp_list)
		s->udp_list->ops->close(s->udp_list);
	ring_buffer__free(s->ring);
	conn_rows_done(&s->rows);
	bpf_loaded_done(&s->loaded);
	free(s);
}

static const struct weir_conn_source_ops bpf_source_ops = {
	.name = "bpf",
	.fd = bpf_source_fd,
	.drain = bpf_source_drain,
	.sample = bpf_source_sample,
	.stats = bpf_source_stats,
	.describe = bpf_source_describe,
	.close = bpf_source_close,
};

static void bpf_source_free_p(struct bpf_source **s)
{
	if (*s)
		bpf_source_close(&(*s)->base);
}

static const char *calls_name(enum udp_calls calls)
{
	switch (calls) {
	case UDP_CALLS_TRACEPOINT:
		return "send/recv_length";
	case UDP_CALLS_FEXIT:
		return "fexit";
	case UDP_CALLS_KPROBE:
		return "kprobe";
	case UDP_CALLS_NONE:
		break;
	}
	return "none";
}

static void describe(struct bpf_source *s)
{
	const struct bpf_loaded *l = &s->loaded;
	int len = snprintf(s->description, sizeof(s->description), "bpf: tcp sk_storage, udp ");

	if (l->udp_packets)
		snprintf(s->description + len, sizeof(s->description) - (size_t)len,
			 "cgroup_skb (owner %s)",
			 l->udp_senders ? "egress" : calls_name(l->udp_calls));
	else if (l->udp_calls != UDP_CALLS_NONE)
		snprintf(s->description + len, sizeof(s->description) - (size_t)len,
			 "%s (calls; cgroup_skb: %s)", calls_name(l->udp_calls),
			 strerror(-l->udp_packets_error));
	else
		snprintf(s->description + len, sizeof(s->description) - (size_t)len,
			 "n/a (cgroup_skb: %s)", strerror(-l->udp_packets_error));
}

/* Nothing of UDP can be counted: its connected sockets are listed, with counters that say so. */
static int list_udp(struct bpf_source *s)
{
	const struct conn_source_diag_options options = {
		.size = sizeof(options),
		.without_tcp = true,
		.all_netns = true,
		.netns = s->netns,
	};
	struct conn_source_diag_options here = options;
	int r = conn_source_diag_open(&options, &s->udp_list);

	if (r != -EPERM)
		return r == -EOPNOTSUPP ? 0 : r; /* no udp_diag: then not even that */
	here.all_netns = false;
	return conn_source_diag_open(&here, &s->udp_list);
}

static int tag_existing(void *user)
{
	struct bpf_source *s = user;

	return bpf_iter_run(s->loaded.skel->links.tcp_existing);
}

/* Sockets older than we are: an iterator over TCP sees only the namespace it is opened in. A
 * namespace we may not enter, or that is gone by now, is passed over: its new connections are seen
 * all the same. */
static int tag_everywhere(struct bpf_source *s)
{
	CLEANUP(free_p) struct netns *list = NULL;
	size_t n = 0, hidden = 0;
	uint32_t self = 0;
	int r;

	r = netns_self(&self);
	if (r < 0)
		return r;
	r = tag_existing(s);
	if (r < 0)
		return r;
	r = netns_list(NULL, &list, &n, &hidden);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (list[i].inode == self || (s->netns && list[i].inode != s->netns))
			continue;
		r = netns_call(list[i].path, tag_existing, s);
		if (r < 0 && !netns_is_passed_over(r))
			return r;
	}
	return 0;
}

static int start(struct bpf_source *s)
{
	struct conns *skel = s->loaded.skel;
	struct timespec tick;
	int r;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) < 0)
		return -errno;
	s->kernel_tick_ns = (uint64_t)tick.tv_sec * 1000000000 + (uint64_t)tick.tv_nsec;
	r = conn_rows_init(&s->rows, bpf_map__fd(skel->maps.rows), FIRST_ROWS);
	if (r < 0)
		return r;
	s->ring = ring_buffer__new(bpf_map__fd(skel->maps.events), on_ring_record, s, NULL);
	if (!s->ring)
		return -errno;
	describe(s);
	if (!s->loaded.udp_packets && s->loaded.udp_calls == UDP_CALLS_NONE) {
		r = list_udp(s);
		if (r < 0)
			return r;
		s->base.enters_netns = s->udp_list && s->udp_list->enters_netns;
	}
	r = tag_everywhere(s);
	if (r >= 0 && skel->bss->stats.sockets_found > s->rows.n_max)
		r = conn_rows_grow(&s->rows, skel->bss->stats.sockets_found);
	return r;
}

int conn_source_bpf_open(const struct conn_source_bpf_options *options,
			 struct weir_conn_source **ret_source)
{
	CLEANUP(bpf_source_free_p) struct bpf_source *s = NULL;
	struct bpf_load_options load = {
		.udp_timeout_ns =
			options->udp_timeout_ns ? options->udp_timeout_ns : DEFAULT_UDP_TIMEOUT_NS,
		.ring_bytes =
			options->ring_bytes ? (uint32_t)options->ring_bytes : DEFAULT_RING_BYTES,
		.netns = options->netns,
		.without = options->without,
	};
	int r;

	if (options->size != sizeof(*options))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.ops = &bpf_source_ops;
	s->netns = options->netns;
	s->rows.fd = -1;
	r = bpf_load(&load, &s->loaded);
	if (r < 0)
		return r;
	r = start(s);
	if (r < 0)
		return r;
	*ret_source = &STEAL(s)->base;
	return 0;
}
