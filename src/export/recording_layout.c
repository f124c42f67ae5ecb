/* SPDX-License-Identifier: MIT */
#include "export/recording_layout.h"

#include <string.h>

/*
 * Whoever gives one of these structs a new member has to say here where it is kept, and to count
 * RECORDING_VERSION up; the same goes for an enum whose numbers change.
 */
_Static_assert(sizeof(struct conn_row) == 288, "a member of a row that is not recorded");
_Static_assert(sizeof(struct weir_owner) == 40, "a member of an owner that is not recorded");
_Static_assert(sizeof(struct conn_frame) == 384, "a member of a frame that is not recorded");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "conn_table_stats.open is kept as 64 bits");
_Static_assert(WEIR_TCP_NEW_SYN_RECV == 12 && WEIR_EVIDENCE_CONNECT == 7 &&
		       WEIR_UNKNOWN_KERNEL == 4 && WEIR_LIMITS == 10,
	       "other numbers than those recorded");

#define NUMBER(type, member) RECORDING_FIELD(type, member, RECORDING_NUMBER, 0)
#define BYTES(type, member) RECORDING_FIELD(type, member, RECORDING_BYTES, 0)
#define TEXT(type, member) RECORDING_FIELD(type, member, RECORDING_TEXT, 0)
/* max is 1 or more */
#define UP_TO(type, member, max) RECORDING_FIELD(type, member, RECORDING_NUMBER, max)
#define TABLE(array)                                                                               \
	{                                                                                          \
		.fields = (array), .n = sizeof(array) / sizeof((array)[0]),                        \
	}

#define E struct recording_entry
/* What changes most often comes first: the bits that say what has changed are then the fewest. */
static const struct recording_field row_basics[] = {
	NUMBER(E, row.counters.bytes_in),
	NUMBER(E, row.counters.bytes_out),
	NUMBER(E, row.counters.packets_in),
	NUMBER(E, row.counters.packets_out),
	NUMBER(E, row.tcp.srtt_us),
	NUMBER(E, row.tcp.rttvar_us),
	NUMBER(E, row.tcp.busy_us),
	/* beyond here the bits take a second byte */
	NUMBER(E, row.tcp.unacked_bytes),
	NUMBER(E, row.tcp.cwnd),
	NUMBER(E, row.tcp.delivery_rate),
	NUMBER(E, row.tcp.unsent_bytes),
	NUMBER(E, row.tcp.unread_bytes),
	UP_TO(E, row.limit, WEIR_LIMITS - 1),
	UP_TO(E, row.rate_known, 1),
	/* a third */
	NUMBER(E, row.tcp.retrans),
	NUMBER(E, row.tcp.retrans_bytes),
	NUMBER(E, row.tcp.rwnd_limited_us),
	NUMBER(E, row.tcp.sndbuf_limited_us),
	NUMBER(E, row.rcvbuf_drops),
	NUMBER(E, who),
	NUMBER(E, row.state),
	/* and more */
	NUMBER(E, row.flags),
	NUMBER(E, row.closed_ns),
	NUMBER(E, row.opened_ns),
	NUMBER(E, row.id.local_port),
	NUMBER(E, row.id.remote_port),
	BYTES(E, row.id.remote),
	BYTES(E, row.id.local),
	NUMBER(E, row.id.cookie),
	NUMBER(E, row.id.generation),
	NUMBER(E, row.id.proto),
};
static const struct recording_field row_times[] = {
	NUMBER(E, row.active_ns),
};
static const struct recording_field row_rates[] = {
	NUMBER(E, row.delta_in), NUMBER(E, row.delta_out),     BYTES(E, row.rate_in),
	BYTES(E, row.rate_out),  NUMBER(E, row.delta_retrans),
};
static const struct recording_field row_smooth[] = {
	BYTES(E, row.smooth_in),
	BYTES(E, row.smooth_out),
};
#undef E

#define W struct recording_who
static const struct recording_field who_fields[] = {
	NUMBER(W, owner.pid),
	NUMBER(W, owner.uid),
	NUMBER(W, owner.start_boot_ns),
	TEXT(W, owner.comm),
	UP_TO(W, owner.evidence, WEIR_EVIDENCE_CONNECT),
	UP_TO(W, owner.unknown, WEIR_UNKNOWN_KERNEL),
	NUMBER(W, cgroup_id),
	NUMBER(W, netns),
	NUMBER(W, texts[RECORDING_PROCESS]),
	NUMBER(W, texts[RECORDING_USER]),
	NUMBER(W, texts[RECORDING_CGROUP]),
	NUMBER(W, texts[RECORDING_CONTAINER]),
	NUMBER(W, texts[RECORDING_NETNS]),
	NUMBER(W, texts[RECORDING_WORKSPACE]),
};
#undef W

const struct recording_fields recording_who_fields = TABLE(who_fields);
const struct recording_fields recording_who_texts = {
	.fields = who_fields + 8,
	.n = RECORDING_NAMES,
};
_Static_assert(sizeof(who_fields) / sizeof(who_fields[0]) == 8 + RECORDING_NAMES,
	       "the texts are the last ones");

#define F struct recording_facts
#define SIDE(side)                                                                                 \
	NUMBER(F, frame.balance.side.link_bytes), NUMBER(F, frame.balance.side.link_packets),      \
		NUMBER(F, frame.balance.side.socket_bytes),                                        \
		NUMBER(F, frame.balance.side.ownerless_bytes),                                     \
		NUMBER(F, frame.balance.side.retrans_bytes),                                       \
		NUMBER(F, frame.balance.side.header_bytes),                                        \
		NUMBER(F, frame.balance.side.other_bytes)
static const struct recording_field facts_fields[] = {
	NUMBER(F, frame.source_stats.passes),
	NUMBER(F, frame.source_stats.rows),
	NUMBER(F, frame.source_stats.finals),
	NUMBER(F, frame.source_stats.lost_finals),
	NUMBER(F, frame.source_stats.lost_names),
	NUMBER(F, frame.source_stats.lost_sockets),
	NUMBER(F, frame.source_stats.lost_flows),
	NUMBER(F, frame.source_stats.bad_records),
	NUMBER(F, frame.source_stats.pass_ns),
	NUMBER(F, frame.table_stats.open),
	NUMBER(F, frame.table_stats.opened),
	NUMBER(F, frame.table_stats.closed),
	NUMBER(F, frame.table_stats.expired),
	NUMBER(F, frame.table_stats.evicted),
	NUMBER(F, frame.table_stats.refused),
	NUMBER(F, frame.table_stats.backwards),
	SIDE(in),
	SIDE(out),
	BYTES(F, frame.balance.seconds),
	BYTES(F, frame.balance.rx_rate),
	BYTES(F, frame.balance.tx_rate),
	BYTES(F, frame.balance.accounted),
	BYTES(F, frame.balance.retrans_share),
	NUMBER(F, frame.balance.forwarded_packets),
	NUMBER(F, frame.balance.lost_events),
	TEXT(F, frame.balance.link),
	NUMBER(F, frame.interval_ns),
	NUMBER(F, host),
	NUMBER(F, source),
};
#undef SIDE
#undef F

const struct recording_fields recording_facts_fields = TABLE(facts_fields);

/*
 * What follows from the same connection in the frame before (NULL: it was not there, or the block
 * stands for itself) and from the stages before, as model/conn_rate.c makes it in the usual cases.
 * What is made otherwise only takes more room.
 */
struct foresight {
	const struct conn_row *before;
	const struct conn_row *now;
	const struct recording_span *span;
};

static void foresee_nothing(const struct foresight *f, struct conn_row *expected)
{
	(void)f;
	(void)expected;
}

/* What moved again is seen as long after its tick as it was before. */
static void foresee_times(const struct foresight *f, struct conn_row *expected)
{
	if (!f->before) {
		expected->active_ns = f->span->now_ns;
		return;
	}
	expected->active_ns = f->before->active_ns;
	if (memcmp(&f->before->counters, &f->now->counters, sizeof(f->now->counters)) != 0)
		expected->active_ns += f->span->now_ns - f->span->before_ns;
}

static uint64_t ahead(uint64_t now, uint64_t base)
{
	return now > base ? now - base : 0;
}

static void foresee_rates(const struct foresight *f, struct conn_row *expected)
{
	static const struct conn_row none;
	const struct conn_row *before = f->before ? f->before : &none;
	uint64_t base_ns = f->before ? f->before->active_ns : f->now->opened_ns;
	double seconds;

	expected->delta_in = expected->delta_out = 0;
	expected->rate_in = expected->rate_out = 0;
	expected->delta_retrans = 0;
	if (!f->span->before_ns)
		return;
	if (base_ns < f->span->before_ns)
		base_ns = f->span->before_ns;
	seconds = (double)ahead(f->now->active_ns, base_ns) / 1e9;
	expected->delta_in = ahead(f->now->counters.bytes_in, before->counters.bytes_in);
	expected->delta_out = ahead(f->now->counters.bytes_out, before->counters.bytes_out);
	expected->delta_retrans =
		(uint32_t)f->now->tcp.retrans_bytes - (uint32_t)before->tcp.retrans_bytes;
	if (seconds > 0) {
		expected->rate_in = (double)expected->delta_in / seconds;
		expected->rate_out = (double)expected->delta_out / seconds;
	}
}

/* Without a fused multiply-add (-ffp-contract=off): the reader has to get the writer's bits. */
static float smooth(float before, double rate, uint64_t length_ns)
{
	double weight = (double)length_ns / (double)(length_ns + 3000000000);
	double step = weight * (rate - (double)before);
	float next = (float)((double)before + step);

	return rate < 1 && next < 1 ? 0 : next;
}

static void foresee_smooth(const struct foresight *f, struct conn_row *expected)
{
	uint64_t length_ns = ahead(f->span->now_ns, f->span->before_ns);

	expected->smooth_in = f->before ? f->before->smooth_in : 0;
	expected->smooth_out = f->before ? f->before->smooth_out : 0;
	if (!f->now->rate_known)
		return;
	if (!f->before || !f->before->rate_known) {
		expected->smooth_in = (float)f->now->rate_in;
		expected->smooth_out = (float)f->now->rate_out;
		return;
	}
	expected->smooth_in = smooth(f->before->smooth_in, f->now->rate_in, length_ns);
	expected->smooth_out = smooth(f->before->smooth_out, f->now->rate_out, length_ns);
}

static const struct stage {
	struct recording_fields fields;
	void (*foresee)(const struct foresight *f, struct conn_row *expected);
} stages[] = {
	{TABLE(row_basics), foresee_nothing},
	{TABLE(row_times), foresee_times},
	{TABLE(row_rates), foresee_rates},
	{TABLE(row_smooth), foresee_smooth},
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

size_t recording_row_room(void)
{
	size_t room = 0;

	for (size_t i = 0; i < N_STAGES; i++)
		room += recording_fields_room(&stages[i].fields);
	return room;
}

uint8_t *recording_row_put(const struct recording_entry *before, const struct recording_entry *now,
			   bool is_new, const struct recording_span *span, uint8_t *to)
{
	struct recording_entry expected = *before;
	const struct foresight f = {is_new ? NULL : &before->row, &now->row, span};

	for (size_t i = 0; i < N_STAGES; i++) {
		stages[i].foresee(&f, &expected.row);
		to = recording_fields_put(&stages[i].fields, &expected, now, to);
	}
	return to;
}

int recording_row_get(struct bytes *in, bool is_new, const struct recording_span *span,
		      struct recording_entry *inout)
{
	const struct conn_row before = inout->row;
	const struct foresight f = {is_new ? NULL : &before, &inout->row, span};
	int r = 0;

	for (size_t i = 0; i < N_STAGES && r == 0; i++) {
		stages[i].foresee(&f, &inout->row);
		r = recording_fields_get(&stages[i].fields, in, inout);
	}
	return r;
}
