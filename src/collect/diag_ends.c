/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/clock.h"
#include "collect/diag_source.h"
#include "collect/tcp_totals.h"

/* So that a flood of closes cannot keep drain() for ever: 32,768 ends a call. */
#define MAX_BATCHES 1024

/* What is made of one batch. fins[i] belongs to row i; lookup_of[i] is its index in lookups. */
struct verdicts {
	enum tcp_peer_fin fins[SOCK_DESTROYED_BATCH];
	struct sock_diag_lookup lookups[SOCK_DESTROYED_BATCH];
	size_t lookup_of[SOCK_DESTROYED_BATCH];
	size_t n_lookups;
};

void diag_ends_at_least(struct diag_source *source, struct diag_live_entry *entry, uint64_t time_ns,
			struct diag_delivery *delivery)
{
	struct weir_conn_event event = entry->last;

	event.kind = WEIR_CONN_FINAL;
	event.time_ns = time_ns;
	if (event.id.proto == WEIR_PROTO_TCP) {
		event.state = WEIR_TCP_CLOSE;
		event.flags |= WEIR_CONN_AT_LEAST;
		source->stats.finals++;
	}
	diag_live_remove(&source->live, entry);
	diag_deliver(delivery, &event);
}

/*
 * Destroyed without a peer: never connected (a listener, say), or disconnected before it was
 * closed. tcp_disconnect() zeroes the counters and moves write_seq away from snd_una, which only a
 * socket that once tried to connect shows (net/ipv4/tcp.c).
 */
static void end_without_peer(struct diag_source *source, const struct sock_diag_row *row,
			     uint64_t now_ns, struct diag_delivery *delivery)
{
	struct diag_live_entry *entry = diag_live_find(&source->live, row->id.cookie);

	if (entry)
		diag_ends_at_least(source, entry, now_ns, delivery);
	else if (row->wqueue_bytes)
		source->stats.lost_finals++;
}

static void end_with_peer(struct diag_source *source, const struct diag_space *space,
			  const struct sock_diag_row *row, enum tcp_peer_fin fin, uint64_t now_ns,
			  struct diag_delivery *delivery)
{
	struct diag_live_entry *entry = diag_live_find(&source->live, row->id.cookie);
	struct weir_conn_event event = {
		.id = row->id,
		.time_ns = now_ns,
		.kind = WEIR_CONN_FINAL,
		.state = WEIR_TCP_CLOSE,
		.flags = WEIR_CONN_PACKETS_32,
		.owner = {.uid = UINT32_MAX, .unknown = WEIR_UNKNOWN_EXITED},
	};

	if (entry) {
		event.owner = entry->last.owner;
		event.cgroup_id = entry->last.cgroup_id;
		event.id.generation = entry->last.id.generation;
		event.flags |= entry->last.flags & WEIR_CONN_PARTIAL;
		if (!diag_live_is_same_life(&entry->last.id, &row->id)) {
			event.id.generation++;
			diag_ends_at_least(source, entry, now_ns, delivery);
		} else {
			diag_live_remove(&source->live, entry);
		}
	} else if (!space->looked) {
		event.flags |= WEIR_CONN_PARTIAL;
	}
	event.id.netns = space->inode;
	if (tcp_totals_countable(row))
		tcp_totals_fill(row, fin, &event.counters, &event.tcp);
	else
		event.flags |= WEIR_CONN_NO_COUNTERS;
	if (tcp_totals_connect_failed(row))
		event.flags |= WEIR_CONN_CONNECT_FAILED;
	source->stats.finals++;
	diag_deliver(delivery, &event);
}

static struct tcp_history history_of(const struct diag_source *source,
				     const struct sock_diag_row *row)
{
	const struct diag_live_entry *entry = diag_live_find(&source->live, row->id.cookie);

	if (!entry || !diag_live_is_same_life(&entry->last.id, &row->id))
		return (struct tcp_history){0};
	return entry->history;
}

/* A socket that was destroyed without ever having had a peer was a listener, if it had a port: the
 * connections it accepted may have ended with it. */
static void note_listeners(struct diag_source *source, const struct diag_space *space)
{
	const struct sock_destroyed_batch *batch = source->batch;

	for (size_t i = 0; i < batch->n_rows; i++)
		if (!batch->rows[i].id.remote_port && batch->rows[i].id.local_port &&
		    !batch->rows[i].wqueue_bytes)
			diag_note_listener(source, space, batch->rows[i].id.local_port);
}

/* Decides about the peers' FINs; the undecided are looked up all at once. */
static void judge(struct diag_source *source, struct diag_space *space, struct verdicts *v)
{
	const struct sock_destroyed_batch *batch = source->batch;

	v->n_lookups = 0;
	note_listeners(source, space);
	for (size_t i = 0; i < batch->n_rows; i++) {
		const struct sock_diag_row *row = &batch->rows[i];
		struct tcp_history history = history_of(source, row);

		v->fins[i] = tcp_totals_fin_of_destroyed(row, &history);
		if (!row->id.remote_port || v->fins[i] != TCP_PEER_FIN_ASK)
			continue;
		v->lookups[v->n_lookups] = (struct sock_diag_lookup){.id = row->id};
		v->lookup_of[i] = v->n_lookups++;
	}
	if (!v->n_lookups)
		return;
	/* A look-up that fails leaves its entries at "nobody is there", the likeliest answer. */
	if (diag_space_reopen(space) == 0)
		(void)sock_diag_look_up(space->query_fd, space->seq, v->lookups, v->n_lookups);
	space->seq += (uint32_t)v->n_lookups;
	for (size_t i = 0; i < batch->n_rows; i++) {
		const struct sock_diag_row *row = &batch->rows[i];
		struct tcp_history history = history_of(source, row);

		if (row->id.remote_port && v->fins[i] == TCP_PEER_FIN_ASK)
			v->fins[i] = tcp_totals_fin_by_lookup(
				row, &history, v->lookups[v->lookup_of[i]].state,
				diag_has_listened(source, space, row->id.local_port));
	}
}

int diag_ends_drain(struct diag_source *source, struct diag_space *space,
		    struct diag_delivery *delivery)
{
	const struct sock_destroyed_batch *batch = source->batch;
	struct verdicts verdicts;

	if (space->destroyed_fd < 0) /* only UDP is listed */
		return 0;
	for (int i = 0; i < MAX_BATCHES; i++) {
		int r = sock_destroyed_receive(space->destroyed_fd, source->batch);
		uint64_t now_ns;

		if (r == -EAGAIN)
			return 0;
		if (r == -ENOBUFS) {
			space->overruns++;
			source->stats.lost_finals++;
			continue;
		}
		if (r < 0)
			return r;
		source->stats.bad_records += batch->n_bad;
		judge(source, space, &verdicts);
		now_ns = clock_monotonic_ns();
		for (size_t at = 0; at < batch->n_rows; at++) {
			const struct sock_diag_row *row = &batch->rows[at];

			if (row->id.remote_port)
				end_with_peer(source, space, row, verdicts.fins[at], now_ns,
					      delivery);
			else
				end_without_peer(source, row, now_ns, delivery);
		}
	}
	return 0;
}
