/* SPDX-License-Identifier: MIT */
#include "collect/conn_source_diag.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/diag_source.h"

#define DEFAULT_MAX_CONNS 262144
#define DEFAULT_BUFFER_BYTES ((size_t)8 << 20)

static struct diag_source *of(struct weir_conn_source *source)
{
	return (struct diag_source *)source;
}

static int diag_fd(struct weir_conn_source *source)
{
	return of(source)->spaces.epoll_fd;
}

static int drain_all(struct diag_source *source, struct diag_delivery *delivery)
{
	for (size_t i = 0; i < source->spaces.n; i++) {
		int r = diag_ends_drain(source, &source->spaces.list[i], delivery);

		if (r < 0)
			return r;
	}
	return 0;
}

static int diag_drain(struct weir_conn_source *source, weir_conn_event_fn fn, void *user)
{
	struct diag_delivery delivery = {.fn = fn, .user = user};
	int r = drain_all(of(source), &delivery);

	return r < 0 ? r : delivery.n;
}

static void end_namespace(struct diag_source *source, uint32_t inode, uint64_t now_ns,
			  struct diag_delivery *delivery)
{
	for (uint32_t i = 0; i < source->live.n_entries; i++) {
		struct diag_live_entry *entry = &source->live.entries[i];

		if (entry->used && entry->last.id.netns == inode)
			diag_ends_at_least(source, entry, now_ns, delivery);
	}
}

/* Lets go of namespaces that nobody is in any more, after a last look. */
static int drop_spaces(struct diag_source *source, uint64_t now_ns, struct diag_delivery *delivery)
{
	for (size_t i = 0; i < source->spaces.n; i++) {
		struct diag_space *space = &source->spaces.list[i];
		int r;

		if (space->listed)
			continue;
		r = diag_ends_drain(source, space, delivery);
		if (r < 0)
			return r;
		end_namespace(source, space->inode, now_ns, delivery);
	}
	diag_spaces_drop(&source->spaces);
	return 0;
}

static int diag_sample(struct weir_conn_source *base, weir_conn_event_fn fn, void *user,
		       uint64_t *ret_now_ns)
{
	struct diag_source *source = of(base);
	struct diag_delivery delivery = {.fn = fn, .user = user};
	uint64_t now_ns = clock_monotonic_ns();
	int r = drain_all(source, &delivery);

	if (r == 0)
		r = diag_spaces_update(&source->spaces, now_ns);
	if (r == 0)
		r = drop_spaces(source, now_ns, &delivery);
	source->stats.passes++;
	for (size_t i = 0; i < source->spaces.n && r == 0; i++)
		r = diag_pass_space(source, &source->spaces.list[i], &delivery);
	if (r < 0)
		return r;
	source->stats.pass_ns = clock_monotonic_ns() - now_ns;
	*ret_now_ns = now_ns;
	return delivery.n;
}

static void diag_stats(struct weir_conn_source *source, struct weir_conn_source_stats *ret_stats)
{
	*ret_stats = of(source)->stats;
}

static const char *diag_describe(struct weir_conn_source *source)
{
	return of(source)->has_udp ? "diag: tcp sock_diag and its destroy group, udp not counted"
				   : "diag: tcp sock_diag and its destroy group, no udp";
}

static void diag_close(struct weir_conn_source *base)
{
	struct diag_source *source = of(base);

	diag_spaces_done(&source->spaces);
	diag_live_done(&source->live);
	u64_map_done(&source->listeners);
	proc_owners_free(source->owners);
	free(source->buffer);
	free(source->batch);
	free(source);
}

static const struct weir_conn_source_ops diag_ops = {
	.name = "diag",
	.fd = diag_fd,
	.drain = diag_drain,
	.sample = diag_sample,
	.stats = diag_stats,
	.describe = diag_describe,
	.close = diag_close,
};

static int refuse_row(void *user, const struct sock_diag_row *row)
{
	(void)user;
	(void)row;
	return 0;
}

/* Asks for no state at all: an empty dump if the kernel has the module, -EOPNOTSUPP if not. */
static int probe(struct diag_source *source, uint8_t proto)
{
	const struct sock_diag_query query = {.family = AF_INET, .proto = proto};
	const struct sock_diag_sink sink = {
		.row = refuse_row,
		.bad_records = &source->stats.bad_records,
	};
	CLEANUP(close_fd_p) int fd = -1;
	int r = sock_diag_open(&fd);

	return r < 0 ? r : sock_diag_dump(fd, 1, &query, source->buffer, &sink);
}

static int prepare(struct diag_source *source, const struct conn_source_diag_options *options)
{
	struct diag_spaces_options spaces = {
		.all_netns = options->all_netns,
		.netns = options->netns,
	};
	int r;

	if (!options->without_tcp)
		spaces.buffer_bytes = options->destroyed_buffer_bytes
					      ? options->destroyed_buffer_bytes
					      : DEFAULT_BUFFER_BYTES;

	diag_live_init(&source->live, options->max_conns ? options->max_conns : DEFAULT_MAX_CONNS);
	source->buffer = malloc(SOCK_DIAG_BUFFER);
	source->batch = malloc(sizeof(*source->batch));
	if (!source->buffer || !source->batch)
		return -ENOMEM;
	source->has_tcp = !options->without_tcp;
	r = source->has_tcp ? probe(source, WEIR_PROTO_TCP) : 0;
	if (r < 0)
		return r;
	r = probe(source, WEIR_PROTO_UDP);
	if (r < 0 && (r != -EOPNOTSUPP || !source->has_tcp))
		return r;
	source->has_udp = r == 0;
	r = proc_owners_new(NULL, 0, &source->owners);
	return r < 0 ? r : diag_spaces_init(&source->spaces, &spaces);
}

static void close_p(struct weir_conn_source **source)
{
	if (*source)
		diag_close(*source);
}

int conn_source_diag_open(const struct conn_source_diag_options *options,
			  struct weir_conn_source **ret_source)
{
	static const struct conn_source_diag_options defaults = {.size = sizeof(defaults)};
	CLEANUP(close_p) struct weir_conn_source *base = NULL;
	struct diag_source *source;
	int r;

	if (options && options->size != sizeof(*options))
		return -EINVAL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->spaces.epoll_fd = -1;
	source->base.ops = &diag_ops;
	base = &source->base;
	r = prepare(source, options ? options : &defaults);
	if (r < 0)
		return r;
	base->enters_netns = source->spaces.others;
	*ret_source = STEAL(base);
	return 0;
}
