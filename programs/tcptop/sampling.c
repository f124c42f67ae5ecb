/* SPDX-License-Identifier: MIT */
#include "sampling.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "source_open.h"

#define NS_PER_S UINT64_C(1000000000)

/* Events the table has no place for are counted by it, and told with the losses. */
static void on_event(void *user, const struct weir_conn_event *event)
{
	struct sampling *sampling = user;

	if (event->kind != WEIR_CONN_RENAME)
		(void)conn_table_apply(sampling->table, event);
	else if (sampling->rename)
		sampling->rename(sampling->rename_user, &event->owner);
}

/* A look that is later than this after the one before has slept. */
static uint64_t max_gap_ns(uint64_t interval_ns)
{
	return 2 * interval_ns + 5 * NS_PER_S;
}

static int open_table(struct sampling *sampling, const struct sampling_wishes *wishes)
{
	const struct options *options = sampling->options;
	const struct conn_table_options table = {
		.size = sizeof(table),
		.max_conns = options->max_conns,
		.udp_timeout_ns = options->udp_timeout_ns,
		.closed_linger_ns = wishes->closed_linger_ns,
		.max_gap_ns = max_gap_ns(options->interval_ns),
	};

	return conn_table_new(&table, &sampling->table);
}

int sampling_open(struct sampling *sampling, const struct options *options,
		  const struct sampling_wishes *wishes, FILE *errors)
{
	int r, r_accounts;

	*sampling = (struct sampling){.options = options, .interval_ns = options->interval_ns};
	if (gethostname(sampling->host, sizeof(sampling->host) - 1) < 0)
		sampling->host[0] = '\0';
	r = open_table(sampling, wishes);
	if (r < 0) {
		fprintf(errors, "tcptop: table of connections: %s\n", strerror(-r));
		return r;
	}
	r_accounts = wishes->balance ? accounts_new(options->interface, &sampling->accounts) : 0;
	if (r_accounts < 0)
		fprintf(errors, "tcptop: going on without the interfaces' counters: %s\n",
			strerror(-r_accounts));
	return source_open(options, wishes->netns, errors, &sampling->source);
}

void sampling_done(struct sampling *sampling)
{
	accounts_free(STEAL(sampling->accounts));
	if (sampling->source)
		sampling->source->ops->close(STEAL(sampling->source));
	conn_table_free(STEAL(sampling->table));
}

int sampling_fd(const struct sampling *sampling)
{
	return sampling->source->ops->fd(sampling->source);
}

static int fail(const struct sampling *sampling, struct str_buf *error, const char *what, int r)
{
	str_buf_printf(error, "%s: %s: %s", sampling->source->ops->name, what, strerror(-r));
	return r;
}

int sampling_drain(struct sampling *sampling, struct str_buf *error)
{
	int r = sampling->source->ops->drain(sampling->source, on_event, sampling);

	return r < 0 ? fail(sampling, error, "reading closes", r) : 0;
}

void sampling_set_interval(struct sampling *sampling, uint64_t interval_ns)
{
	if (sampling->longest_interval_ns < sampling->interval_ns)
		sampling->longest_interval_ns = sampling->interval_ns;
	sampling->interval_ns = interval_ns;
}

static int tick(struct sampling *sampling, uint64_t now_ns, bool flush, struct conn_tick *ret_tick)
{
	uint64_t longest_ns = sampling->interval_ns;
	int r;

	if (longest_ns < sampling->longest_interval_ns)
		longest_ns = sampling->longest_interval_ns;
	conn_table_set_max_gap(sampling->table, max_gap_ns(longest_ns));
	r = conn_table_tick(sampling->table, now_ns, flush, ret_tick);
	if (r >= 0)
		sampling->longest_interval_ns = 0;
	return r;
}

static void close_accounts(struct sampling *sampling, struct conn_frame *frame,
			   struct str_buf *error)
{
	int r = accounts_close(sampling->accounts, frame);

	if (r >= 0 || r == sampling->accounts_failed)
		return;
	if (r == -ENOBUFS)
		str_buf_puts(error, "more interfaces or addresses than are told apart: "
				    "\"accounted\" is too low");
	else
		str_buf_printf(error, "the interfaces' counters cannot be read: %s", strerror(-r));
	sampling->accounts_failed = r;
}

int sampling_look(struct sampling *sampling, bool flush, struct conn_frame *ret_frame,
		  struct str_buf *error)
{
	struct weir_conn_source *source = sampling->source;
	struct conn_frame frame = {
		.interval_ns = sampling->interval_ns,
		.host = sampling->host,
		.source = source->ops->describe(source),
	};
	uint64_t now_ns;
	int r = source->ops->sample(source, on_event, sampling, &now_ns);

	if (r < 0)
		return fail(sampling, error, "reading connections", r);
	r = tick(sampling, now_ns, flush, &frame.tick);
	if (r < 0)
		return fail(sampling, error, "table of connections", r);
	frame.realtime_ns = clock_realtime_ns();
	source->ops->stats(source, &frame.source_stats);
	conn_table_stats(sampling->table, &frame.table_stats);
	if (sampling->accounts)
		close_accounts(sampling, &frame, error);
	*ret_frame = frame;
	return 0;
}

bool sampling_finals_at_least(const struct sampling *sampling)
{
	return strcmp(sampling->source->ops->name, "diag") == 0;
}
