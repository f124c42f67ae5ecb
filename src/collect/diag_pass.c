/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/diag_source.h"
#include "collect/tcp_totals.h"

#define STATE(state) (1U << (state))

/* What a connection can be in, and listeners, which tell who opened a connection. The rest has no
 * socket any more (TIME_WAIT) or yet. */
#define TCP_STATES                                                                                 \
	(STATE(WEIR_TCP_ESTABLISHED) | STATE(WEIR_TCP_SYN_SENT) | STATE(WEIR_TCP_SYN_RECV) |       \
	 STATE(WEIR_TCP_FIN_WAIT1) | STATE(WEIR_TCP_FIN_WAIT2) | STATE(WEIR_TCP_CLOSE_WAIT) |      \
	 STATE(WEIR_TCP_LAST_ACK) | STATE(WEIR_TCP_CLOSING) | STATE(WEIR_TCP_LISTEN))
/* The kernel calls a connected UDP socket established. */
#define UDP_STATES STATE(WEIR_TCP_ESTABLISHED)

/* Dumps repeated because the table changed under them. */
#define MAX_TRIES 3

struct pass {
	struct diag_source *source;
	struct diag_space *space;
	struct diag_delivery *delivery;
	uint64_t now_ns; /* when the dump being read began */
	bool walked;     /* owners were looked for in this pass */
};

/* One walk a pass at most, and only if the last one was cheap enough. True if it was made. */
static bool walk_owners(struct pass *pass)
{
	struct diag_source *source = pass->source;
	uint64_t began_ns = clock_monotonic_ns();

	if (pass->walked || !pace_allows(&source->walk_pace, began_ns))
		return false;
	pass->walked = true;
	/* A walk that failed half-way found what it found; the next may find more. */
	(void)proc_owners_walk(source->owners);
	source->n_walks++;
	pace_note(&source->walk_pace, began_ns, clock_monotonic_ns());
	return true;
}

/* Who holds the socket now. Without a file (inode 0) it is the owner it had, if any. Until a walk
 * has looked for it the reason is the last walk's, which the next one puts right. */
static void find_owner(struct pass *pass, const struct sock_diag_row *row,
		       struct diag_live_entry *entry, struct weir_owner *owner)
{
	struct diag_source *source = pass->source;
	struct weir_owner found;

	*owner = entry->last.owner;

	if (!row->inode) {
		if (!owner->pid)
			owner->unknown = WEIR_UNKNOWN_EXITED;
		return;
	}
	if (row->inode != entry->inode) {
		entry->inode = row->inode;
		entry->born_walk = source->n_walks;
		entry->looked_walk = UINT32_MAX;
		owner->uid = row->uid;
	}
	if (entry->looked_walk == source->n_walks)
		return;
	proc_owners_find(source->owners, row->inode, &found);
	if (!found.pid && entry->born_walk == source->n_walks && walk_owners(pass))
		proc_owners_find(source->owners, row->inode, &found);
	/* Not looked for since it is there: the next pass tries again. */
	entry->looked_walk =
		entry->born_walk == source->n_walks && !found.pid ? UINT32_MAX : source->n_walks;
	if (found.pid)
		*owner = found;
	else if (!owner->pid)
		owner->unknown = found.unknown;
}

/* The same socket connected anew: another peer, or counters that began again. */
static bool is_other_life(const struct weir_conn_event *last, const struct weir_conn_event *event)
{
	if (!diag_live_is_same_life(&last->id, &event->id))
		return true;
	/* One byte less in is a FIN seen too early, see conn_source_diag.h. */
	return event->counters.bytes_out < last->counters.bytes_out ||
	       event->counters.bytes_in + 1 < last->counters.bytes_in;
}

static bool is_same_counters(const struct weir_conn_counters *a, const struct weir_conn_counters *b)
{
	return a->bytes_in == b->bytes_in && a->bytes_out == b->bytes_out &&
	       a->packets_in == b->packets_in && a->packets_out == b->packets_out;
}

static bool is_same_tcp(const struct weir_tcp_info *a, const struct weir_tcp_info *b)
{
	return a->srtt_us == b->srtt_us && a->rttvar_us == b->rttvar_us && a->cwnd == b->cwnd &&
	       a->retrans == b->retrans && a->retrans_bytes == b->retrans_bytes &&
	       a->delivery_rate == b->delivery_rate && a->busy_us == b->busy_us &&
	       a->rwnd_limited_us == b->rwnd_limited_us &&
	       a->sndbuf_limited_us == b->sndbuf_limited_us && a->unsent_bytes == b->unsent_bytes &&
	       a->unacked_bytes == b->unacked_bytes && a->unread_bytes == b->unread_bytes;
}

static bool is_same_owner(const struct weir_owner *a, const struct weir_owner *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->start_boot_ns == b->start_boot_ns &&
	       a->evidence == b->evidence && a->unknown == b->unknown &&
	       memcmp(a->comm, b->comm, sizeof(a->comm)) == 0;
}

static bool is_unchanged(const struct weir_conn_event *last, const struct weir_conn_event *event)
{
	return last->state == event->state && last->flags == event->flags &&
	       last->id.local_port == event->id.local_port && last->cgroup_id == event->cgroup_id &&
	       is_same_counters(&last->counters, &event->counters) &&
	       is_same_tcp(&last->tcp, &event->tcp) && is_same_owner(&last->owner, &event->owner);
}

static struct weir_conn_event event_of(const struct pass *pass, const struct sock_diag_row *row)
{
	struct weir_conn_event event = {
		.id = row->id,
		.time_ns = pass->now_ns,
		.cgroup_id = row->cgroup_id,
		.kind = WEIR_CONN_SAMPLE,
		.owner.uid = row->uid,
	};

	event.id.netns = pass->space->inode;
	if (!pass->space->looked)
		event.flags |= WEIR_CONN_PARTIAL;
	if (row->id.proto == WEIR_PROTO_UDP) {
		event.flags |= WEIR_CONN_NO_COUNTERS;
		return event;
	}
	event.state = row->state;
	event.flags |= WEIR_CONN_PACKETS_32;
	if (tcp_totals_countable(row))
		tcp_totals_fill(row, tcp_totals_fin_of_live(row), &event.counters, &event.tcp);
	else
		event.flags |= WEIR_CONN_NO_COUNTERS;
	return event;
}

/* Returns the entry of the row's socket with the facts of its present life, or NULL if there is no
 * room for it. *ret_new: it was not there before. */
static struct diag_live_entry *entry_of(struct pass *pass, struct weir_conn_event *event,
					bool *ret_new)
{
	struct diag_live *live = &pass->source->live;
	struct diag_live_entry *entry = diag_live_find(live, event->id.cookie);
	uint32_t generation = 0;

	if (entry && !is_other_life(&entry->last, event)) {
		event->id.generation = entry->last.id.generation;
		event->flags = (uint8_t)((event->flags & ~WEIR_CONN_PARTIAL) |
					 (entry->last.flags & WEIR_CONN_PARTIAL));
		if (event->counters.bytes_in < entry->last.counters.bytes_in)
			event->counters.bytes_in = entry->last.counters.bytes_in;
		*ret_new = false;
		return entry;
	}
	if (entry) {
		generation = entry->last.id.generation + 1;
		if (event->id.proto == WEIR_PROTO_UDP)
			generation = 0; /* a datagram socket's 4-tuple tells it apart */
		diag_ends_at_least(pass->source, entry, pass->now_ns, pass->delivery);
		event->flags &= (uint8_t)~WEIR_CONN_PARTIAL;
	}
	if (diag_live_add(live, event->id.cookie, &entry) < 0)
		return NULL;
	event->id.generation = generation;
	entry->last.owner.uid = UINT32_MAX;
	*ret_new = true;
	return entry;
}

static void note_history(const struct sock_diag_row *row, const struct weir_conn_event *event,
			 struct diag_live_entry *entry)
{
	enum tcp_opener opener = tcp_totals_opener_of_live(row);

	if (opener == TCP_OPENER_UNKNOWN)
		opener = entry->history.opener;
	entry->history = (struct tcp_history){
		.seen = true,
		.has_file = row->inode != 0,
		.state = row->state,
		.opener = (uint8_t)opener,
		.data_segs_in = row->info.tcpi_data_segs_in,
		.bytes_in = event->counters.bytes_in,
	};
}

static int take_row(void *user, const struct sock_diag_row *listed)
{
	struct pass *pass = user;
	struct diag_source *source = pass->source;
	struct sock_diag_row row = *listed;
	struct diag_live_entry *entry;
	struct weir_conn_event event;
	bool is_new;

	/* tcp_info is read after the header, so its state is the fresher one. A socket that closed
	 * in between is told by its end. */
	if (row.info_len)
		row.state = row.info.tcpi_state;
	if (row.state == WEIR_TCP_LISTEN)
		diag_note_listener(source, pass->space, row.id.local_port);
	if (!row.id.remote_port || row.state == WEIR_TCP_CLOSE)
		return 0;
	event = event_of(pass, &row);
	entry = entry_of(pass, &event, &is_new);
	if (!entry) {
		source->stats.lost_sockets++;
		event.owner.unknown = WEIR_UNKNOWN_EXITED;
		source->stats.rows++;
		diag_deliver(pass->delivery, &event);
		return 0;
	}
	find_owner(pass, &row, entry, &event.owner);
	note_history(&row, &event, entry);
	entry->seen_pass = source->stats.passes;
	entry->seen_overruns = pass->space->overruns;
	if (!is_new && event.id.proto == WEIR_PROTO_TCP && is_unchanged(&entry->last, &event))
		return 0;
	entry->last = event;
	source->stats.rows++;
	diag_deliver(pass->delivery, &event);
	return 0;
}

static int dump(struct pass *pass, uint8_t family, uint8_t proto)
{
	struct diag_source *source = pass->source;
	struct diag_space *space = pass->space;
	const struct sock_diag_query query = {
		.family = family,
		.proto = proto,
		.info = proto == WEIR_PROTO_TCP,
		.states = proto == WEIR_PROTO_TCP ? TCP_STATES : UDP_STATES,
	};
	const struct sock_diag_sink sink = {
		.user = pass,
		.row = take_row,
		.bad_records = &source->stats.bad_records,
	};
	int r = -EINTR;

	for (int i = 0; i < MAX_TRIES && r == -EINTR; i++) {
		r = diag_space_reopen(space);
		if (r < 0)
			return r;
		pass->now_ns = clock_monotonic_ns();
		r = sock_diag_dump(space->query_fd, space->seq++, &query, source->buffer, &sink);
	}
	if (r < 0 && r != -EINTR && r != -EOPNOTSUPP) {
		close_fd_p(&space->query_fd);
		space->query_fd = -1;
	}
	return r;
}

/*
 * Ends what was not in this pass, which was a whole one. A UDP socket is told by nothing else. A
 * TCP socket is told by its destruction, which may be a moment behind, or be put off for as long as
 * its descriptor stays open; but not at all if an overflow has swallowed it.
 */
static void end_vanished(struct pass *pass)
{
	struct diag_source *source = pass->source;
	const struct diag_space *space = pass->space;

	for (uint32_t i = 0; i < source->live.n_entries; i++) {
		struct diag_live_entry *entry = &source->live.entries[i];
		bool udp = entry->last.id.proto == WEIR_PROTO_UDP;

		if (!entry->used || entry->last.id.netns != space->inode ||
		    entry->seen_pass == source->stats.passes)
			continue;
		if (udp || (entry->seen_pass + 1 < source->stats.passes &&
			    entry->seen_overruns != space->overruns))
			diag_ends_at_least(source, entry, pass->now_ns, pass->delivery);
	}
}

int diag_pass_space(struct diag_source *source, struct diag_space *space,
		    struct diag_delivery *delivery)
{
	struct pass pass = {.source = source, .space = space, .delivery = delivery};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	bool whole = true;

	for (size_t i = 0; i < sizeof(families); i++) {
		int r = source->has_tcp ? dump(&pass, families[i], WEIR_PROTO_TCP) : 0;

		/* IPv6 can be absent as a whole. */
		if (r == -EOPNOTSUPP && families[i] == AF_INET6)
			continue;
		if (r < 0 && r != -EINTR)
			return r;
		whole = whole && r == 0;
		r = source->has_udp ? dump(&pass, families[i], WEIR_PROTO_UDP) : 0;
		if (r < 0 && r != -EINTR && r != -EOPNOTSUPP)
			return r;
		whole = whole && r != -EINTR;
	}
	if (whole) {
		end_vanished(&pass);
		space->looked = true;
	}
	return 0;
}
