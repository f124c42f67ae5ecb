/* SPDX-License-Identifier: MIT */
#pragma once

/* Made-up frames that change in every way a frame can, and whether a replay gives them back. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/recording.h"
#include "model/conn_frame.h"

#define WORLD_ROWS_MAX 64
#define WORLD_SEC UINT64_C(1000000000)

struct world {
	struct conn_row rows[WORLD_ROWS_MAX];
	const struct conn_row *order[WORLD_ROWS_MAX];
	struct conn_frame frame;
	struct conn_names names;
	uint64_t random;
	uint32_t n_frames;
	uint32_t epoch; /* what things are called changes with it */
	size_t n_rows;
	char texts[6][96];
	char host[32];
	char source[32];
};

/* xorshift64: a world is the same in every run. */
static inline uint64_t world_draw(struct world *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

static inline const char *world_text(struct world *w, int i, const struct conn_row *row)
{
	static const char *const words[] = {"process", "user",  "/sys/group",
					    "podman",  "netns", "workspace"};
	uint64_t whose = row->owner.pid + row->owner.uid + row->cgroup_id + row->id.netns;

	if ((whose + i) % 7 == 0)
		return NULL;
	if ((whose + i) % 7 == 1)
		return "";
	snprintf(w->texts[i], sizeof(w->texts[i]), "%s\xff\n%llu %u", words[i],
		 (unsigned long long)whose, (w->epoch + i) / 2);
	return w->texts[i];
}

static inline const char *world_process(void *w, const struct conn_row *row)
{
	return world_text(w, 0, row);
}

static inline const char *world_user(void *w, const struct conn_row *row)
{
	return world_text(w, 1, row);
}

static inline const char *world_cgroup(void *w, const struct conn_row *row)
{
	return world_text(w, 2, row);
}

static inline const char *world_container(void *w, const struct conn_row *row)
{
	return world_text(w, 3, row);
}

static inline const char *world_netns(void *w, const struct conn_row *row)
{
	return world_text(w, 4, row);
}

static inline const char *world_workspace(void *w, const struct conn_row *row)
{
	return world_text(w, 5, row);
}

/* Numbers of all sizes, the ends included. */
static inline uint64_t world_number(struct world *w)
{
	static const uint64_t ends[] = {0, 1, UINT64_MAX, INT64_MAX, UINT64_MAX - 1, 127, 128};

	if (world_draw(w, 8) == 0)
		return ends[world_draw(w, sizeof(ends) / sizeof(ends[0]))];
	return world_draw(w, UINT64_MAX) >> world_draw(w, 64);
}

static inline double world_double(struct world *w)
{
	uint64_t bits = world_number(w);
	double value;

	/* any bits: subnormals, infinities and not-a-number come back, too */
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline float world_float(struct world *w)
{
	uint32_t bits = (uint32_t)world_number(w);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline void world_owner(struct world *w, struct conn_row *row)
{
	row->owner.pid = (uint32_t)world_draw(w, 5);
	row->owner.uid = world_draw(w, 3) ? (uint32_t)world_draw(w, 3) : UINT32_MAX;
	row->owner.start_boot_ns = world_draw(w, 3);
	snprintf(row->owner.comm, sizeof(row->owner.comm), "comm%d", (int)world_draw(w, 3));
	row->owner.evidence = (uint8_t)world_draw(w, WEIR_EVIDENCE_CONNECT + 1);
	row->owner.unknown = (uint8_t)world_draw(w, WEIR_UNKNOWN_KERNEL + 1);
	row->cgroup_id = world_draw(w, 3);
	row->id.netns = (uint32_t)world_draw(w, 3);
}

static inline void world_new_row(struct world *w, struct conn_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id.cookie = world_draw(w, 4) ? world_draw(w, 100) : 0;
	row->id.generation = (uint32_t)world_draw(w, 2);
	row->id.local.bytes[15] = (uint8_t)world_draw(w, 4);
	row->id.remote.bytes[0] = (uint8_t)world_draw(w, 4);
	row->id.local_port = (uint16_t)world_number(w);
	row->id.remote_port = (uint16_t)world_number(w);
	row->id.proto = world_draw(w, 2) ? WEIR_PROTO_TCP : WEIR_PROTO_UDP;
	row->opened_ns = world_number(w);
	world_owner(w, row);
}

/* What cannot happen happens here, too: counters run backwards, rates do not fit. */
static inline void world_upset(struct world *w, struct conn_row *row)
{
	row->counters = (struct weir_conn_counters){world_number(w), world_number(w),
						    world_number(w), world_number(w)};
	row->tcp.srtt_us = (uint32_t)world_number(w);
	row->tcp.rttvar_us = (uint32_t)world_number(w);
	row->tcp.cwnd = (uint32_t)world_number(w);
	row->tcp.retrans = (uint32_t)world_number(w);
	row->tcp.retrans_bytes = world_number(w);
	row->tcp.delivery_rate = world_number(w);
	row->tcp.busy_us = world_number(w);
	row->tcp.rwnd_limited_us = world_number(w);
	row->tcp.sndbuf_limited_us = world_number(w);
	row->tcp.unsent_bytes = (uint32_t)world_number(w);
	row->tcp.unacked_bytes = (uint32_t)world_number(w);
	row->tcp.unread_bytes = (uint32_t)world_number(w);
	row->opened_ns = world_number(w);
	row->closed_ns = world_number(w);
	row->active_ns = world_number(w);
	row->rate_in = world_double(w);
	row->rate_out = world_double(w);
	row->delta_in = world_number(w);
	row->delta_out = world_number(w);
	row->smooth_in = world_float(w);
	row->smooth_out = world_float(w);
	row->delta_retrans = (uint32_t)world_number(w);
	row->rcvbuf_drops = (uint32_t)world_number(w);
	row->version = (uint32_t)world_number(w);
	row->state = (uint8_t)world_number(w);
	row->flags = (uint8_t)world_number(w);
	row->limit = (uint8_t)world_draw(w, WEIR_LIMITS);
	row->rate_known = world_draw(w, 2);
	if (world_draw(w, 2))
		world_owner(w, row);
	if (world_draw(w, 4) == 0)
		row->id.local_port = (uint16_t)world_number(w); /* another one, or chosen late */
}

/* What a table makes of a connection that sends: the usual case, all of it foreseen. */
static inline void world_move(struct world *w, struct conn_row *row, uint64_t before_ns,
			      uint64_t now_ns)
{
	uint64_t in = world_draw(w, 100000), out = world_draw(w, 100000);
	uint64_t base_ns = row->active_ns > before_ns ? row->active_ns : before_ns;

	row->active_ns = now_ns + world_draw(w, 1000);
	row->counters.bytes_in += in;
	row->counters.bytes_out += out;
	row->delta_in = in;
	row->delta_out = out;
	row->delta_retrans = 0;
	row->rate_known = true;
	row->rate_in = (double)in / ((double)(row->active_ns - base_ns) / 1e9);
	row->rate_out = (double)out / ((double)(row->active_ns - base_ns) / 1e9);
	row->smooth_in = (float)row->rate_in;
}

static inline void world_swap(struct world *w, size_t a, size_t b)
{
	const struct conn_row *row = w->order[a];

	w->order[a] = w->order[b];
	w->order[b] = row;
}

static inline void world_change_rows(struct world *w, uint64_t before_ns)
{
	for (size_t i = 0; i < w->n_rows; i++) {
		struct conn_row *row = &w->rows[w->order[i] - w->rows];

		if (world_draw(w, 4) == 0)
			world_upset(w, row);
		else if (world_draw(w, 3) == 0)
			world_move(w, row, before_ns, w->frame.tick.now_ns);
	}
}

/* Rows come, go and change places. */
static inline void world_change_order(struct world *w)
{
	size_t n_new = world_draw(w, 2) ? world_draw(w, 8) : 0;

	for (size_t i = 0; i < w->n_rows; i++) {
		if (world_draw(w, 10) == 0)
			world_swap(w, i--, --w->n_rows);
	}
	while (n_new-- && w->n_rows < WORLD_ROWS_MAX)
		world_new_row(w, &w->rows[w->order[w->n_rows++] - w->rows]);
	if (world_draw(w, 3) == 0 && w->n_rows)
		world_swap(w, world_draw(w, w->n_rows), world_draw(w, w->n_rows));
}

static inline void world_change_facts(struct world *w)
{
	struct conn_frame *f = &w->frame;

	f->source_stats.passes++;
	f->source_stats.pass_ns = world_number(w);
	f->table_stats.open = world_number(w);
	f->balance.in.link_bytes = world_number(w);
	f->balance.out.other_bytes = world_number(w);
	f->balance.accounted = world_double(w);
	snprintf(f->balance.link, sizeof(f->balance.link), "eth%d", (int)world_draw(w, 2));
	snprintf(w->host, sizeof(w->host), "host%d", (int)world_draw(w, 3));
	snprintf(w->source, sizeof(w->source), "bpf %d", (int)world_draw(w, 3));
	f->host = w->host;
	f->source = w->source;
	f->interval_ns = WORLD_SEC;
}

static inline void world_begin(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed;
	w->names = (struct conn_names){
		.user = w,
		.process = world_process,
		.user_name = world_user,
		.cgroup = world_cgroup,
		.container = world_container,
		.netns = world_netns,
		.workspace = world_workspace,
	};
	for (size_t i = 0; i < WORLD_ROWS_MAX; i++)
		w->order[i] = &w->rows[i];
}

/* The next frame; it stays until the one after it. The same seed makes the same frames. */
static inline const struct conn_frame *world_next(struct world *w)
{
	struct conn_tick *tick = &w->frame.tick;
	uint64_t before_ns = tick->now_ns;

	w->n_frames++;
	tick->now_ns = w->n_frames * WORLD_SEC + world_draw(w, 1000);
	w->frame.realtime_ns = 1700000000 * WORLD_SEC + tick->now_ns;
	w->epoch += world_draw(w, 3) == 0;
	world_change_order(w);
	world_change_rows(w, before_ns);
	world_change_facts(w);
	tick->n_closed = w->n_rows ? world_draw(w, w->n_rows) / 2 : 0;
	tick->n_active = w->n_rows - tick->n_closed;
	tick->active = w->order;
	tick->closed = w->order + tick->n_active;
	return &w->frame;
}

#define WORLD_SAME(member) (memcmp(&a->member, &b->member, sizeof(a->member)) == 0)

/* Member by member, bit by bit; what is only padding is not looked at. */
static inline bool world_same_row(const struct conn_row *a, const struct conn_row *b)
{
	return WORLD_SAME(id.cookie) && WORLD_SAME(id.generation) && WORLD_SAME(id.netns) &&
	       WORLD_SAME(id.local) && WORLD_SAME(id.remote) && WORLD_SAME(id.local_port) &&
	       WORLD_SAME(id.remote_port) && WORLD_SAME(id.proto) && WORLD_SAME(counters) &&
	       WORLD_SAME(tcp.srtt_us) && WORLD_SAME(tcp.rttvar_us) && WORLD_SAME(tcp.cwnd) &&
	       WORLD_SAME(tcp.retrans) && WORLD_SAME(tcp.retrans_bytes) &&
	       WORLD_SAME(tcp.delivery_rate) && WORLD_SAME(tcp.busy_us) &&
	       WORLD_SAME(tcp.rwnd_limited_us) && WORLD_SAME(tcp.sndbuf_limited_us) &&
	       WORLD_SAME(tcp.unsent_bytes) && WORLD_SAME(tcp.unacked_bytes) &&
	       WORLD_SAME(tcp.unread_bytes) && WORLD_SAME(owner.pid) && WORLD_SAME(owner.uid) &&
	       WORLD_SAME(owner.start_boot_ns) && WORLD_SAME(owner.comm) &&
	       WORLD_SAME(owner.evidence) && WORLD_SAME(owner.unknown) && WORLD_SAME(cgroup_id) &&
	       WORLD_SAME(opened_ns) && WORLD_SAME(closed_ns) && WORLD_SAME(active_ns) &&
	       WORLD_SAME(rate_in) && WORLD_SAME(rate_out) && WORLD_SAME(delta_in) &&
	       WORLD_SAME(delta_out) && WORLD_SAME(smooth_in) && WORLD_SAME(smooth_out) &&
	       WORLD_SAME(delta_retrans) && WORLD_SAME(rcvbuf_drops) && WORLD_SAME(state) &&
	       WORLD_SAME(flags) && WORLD_SAME(limit) && WORLD_SAME(rate_known);
}

static inline bool world_same_names(const struct conn_row *row, const struct conn_names *a,
				    const struct conn_names *b)
{
	char x[16], y[16];

	return strcmp(conn_row_process(row, a), conn_row_process(row, b)) == 0 &&
	       strcmp(conn_row_user(row, a, x), conn_row_user(row, b, y)) == 0 &&
	       strcmp(conn_row_cgroup(row, a), conn_row_cgroup(row, b)) == 0 &&
	       strcmp(conn_row_container(row, a), conn_row_container(row, b)) == 0 &&
	       strcmp(conn_row_netns(row, a, x), conn_row_netns(row, b, y)) == 0 &&
	       strcmp(conn_row_workspace(row, a), conn_row_workspace(row, b)) == 0;
}

static inline bool world_same_rows(struct world *w, const struct conn_row *const *rows,
				   const struct conn_row *const *got,
				   const struct conn_names *names)
{
	size_t n = rows == w->frame.tick.active ? w->frame.tick.n_active : w->frame.tick.n_closed;

	for (size_t i = 0; i < n; i++) {
		if (!world_same_row(rows[i], got[i]) ||
		    !world_same_names(rows[i], &w->names, names))
			return false;
	}
	return true;
}

/* Stats and balance are all numbers without padding but for one name. */
_Static_assert(sizeof(struct weir_conn_source_stats) == 9 * 8, "padding would be compared");
_Static_assert(sizeof(struct conn_table_stats) == 7 * 8, "padding would be compared");
_Static_assert(sizeof(struct balance) == WEIR_LINK_NAME_MAX + 21 * 8, "padding would be compared");

/* Whether what was read is the frame the world has just made. */
static inline bool world_same(struct world *w, const struct conn_frame *b,
			      const struct conn_names *names)
{
	const struct conn_frame *a = &w->frame;

	return WORLD_SAME(realtime_ns) && WORLD_SAME(tick.now_ns) && WORLD_SAME(interval_ns) &&
	       WORLD_SAME(tick.n_active) && WORLD_SAME(tick.n_closed) && WORLD_SAME(source_stats) &&
	       WORLD_SAME(table_stats) && WORLD_SAME(balance) && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->source, b->source) == 0 &&
	       world_same_rows(w, a->tick.active, b->tick.active, names) &&
	       world_same_rows(w, a->tick.closed, b->tick.closed, names);
}
