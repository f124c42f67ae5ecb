/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "bpf/records.h"
#include "collect/conn_record.h"
#include "tap.h"

#define TICK_NS 4000000 /* HZ=250 */

struct seen {
	struct weir_conn_event events[4];
	int n;
};

static void see(void *user, const struct weir_conn_event *event)
{
	struct seen *seen = user;

	if (seen->n < 4)
		seen->events[seen->n] = *event;
	seen->n++;
}

static struct conn_record record(uint8_t kind)
{
	struct conn_record r = {
		.cookie = 7,
		.generation = 2,
		.time_ns = 5000,
		.opened_ns = 1000,
		.cgroup_id = 42,
		.local_port = 80,
		.remote_port = 5000,
		.netns = 4026531833,
		.uid = 33,
		.kind = kind,
		.state = WEIR_TCP_ESTABLISHED,
		.owner = {.pid = 100, .start_boot_ns = 99, .evidence = WEIR_EVIDENCE_CONNECT},
	};

	memcpy(r.owner.comm, "nginx", 6);
	r.remote[10] = r.remote[11] = 0xff;
	r.remote[15] = 9;
	return r;
}

static int decode(const struct conn_record *r, size_t len, struct seen *seen)
{
	*seen = (struct seen){.n = 0};
	return conn_record_decode(r, len, TICK_NS, see, seen);
}

static void tcp_sample_carries_all(void)
{
	struct conn_record r = record(RECORD_TCP_SAMPLE);
	const struct weir_conn_event *e;
	struct seen seen;

	r.bytes_in = 10;
	r.bytes_out = 20;
	r.packets_in = 4294967295u;
	r.packets_out = 2;
	r.mss = 1448;
	r.rate_delivered = 10;
	r.rate_interval_us = 1000;
	r.busy_ticks = 3;
	r.flags = RECORD_PARTIAL;
	is_int(decode(&r, sizeof(r), &seen), 1, "a TCP sample is one event");
	e = &seen.events[0];
	is_int(e->kind, WEIR_CONN_SAMPLE, "of kind SAMPLE");
	is_int(e->id.proto, WEIR_PROTO_TCP, "TCP");
	is_int(e->id.cookie, 7, "cookie");
	is_int(e->id.generation, 2, "generation");
	is_int(e->id.netns, 4026531833, "netns");
	is_int(e->counters.bytes_in, 10, "bytes in");
	is_int(e->counters.bytes_out, 20, "bytes out");
	is_int(e->counters.packets_in, 4294967295, "packets in, unsigned");
	is_int(e->flags, WEIR_CONN_PARTIAL | WEIR_CONN_PACKETS_32, "flags");
	is_int(e->tcp.delivery_rate, 14480000, "delivery rate in bytes per second");
	is_int(e->tcp.busy_us, 12000, "kernel ticks become microseconds");
	is_int(e->owner.pid, 100, "pid");
	is_int(e->owner.uid, 33, "uid");
	is_str(e->owner.comm, "nginx", "comm");
	ok(weir_addr_is_v4(&e->id.remote), "v4-mapped stays IPv4");
}

static void delivery_rate_does_not_overflow(void)
{
	struct conn_record r = record(RECORD_TCP_SAMPLE);
	struct seen seen;

	r.mss = 65535;
	r.rate_delivered = 20000000;
	r.rate_interval_us = 1000000;
	decode(&r, sizeof(r), &seen);
	is_int(seen.events[0].tcp.delivery_rate, 1310700000000, "a terabyte a second fits");
}

static void owners_unknown_have_a_reason(void)
{
	struct conn_record r = record(RECORD_TCP_FINAL);
	struct seen seen;

	r.owner.pid = 0;
	decode(&r, sizeof(r), &seen);
	is_int(seen.events[0].owner.unknown, WEIR_UNKNOWN_EXITED, "nobody held it: exited");
	is_int(seen.events[0].owner.evidence, WEIR_EVIDENCE_NONE, "and there is no evidence");
	r.flags = RECORD_KERNEL;
	decode(&r, sizeof(r), &seen);
	is_int(seen.events[0].owner.unknown, WEIR_UNKNOWN_KERNEL, "the kernel's own: kernel");
}

static void comm_is_always_terminated(void)
{
	struct conn_record r = record(RECORD_RENAME);
	struct seen seen;

	memset(r.owner.comm, 'x', sizeof(r.owner.comm));
	is_int(decode(&r, sizeof(r), &seen), 1, "a rename is one event");
	is_int(seen.events[0].kind, WEIR_CONN_RENAME, "of kind RENAME");
	is_int(strlen(seen.events[0].owner.comm), 15, "cut to leave room for the NUL");
}

static void udp_deltas_are_told_by_direction(void)
{
	static const struct {
		const char *what;
		uint32_t in, out;
		uint8_t flags;
		int events;
		int first_kind;
	} cases[] = {
		{"both ways", 1, 2, 0, 2, WEIR_CONN_SEND},
		{"only in", 3, 0, 0, 1, WEIR_CONN_RECV},
		{"only out", 0, 3, 0, 1, WEIR_CONN_SEND},
		{"only news of the owner", 0, 0, 0, 1, WEIR_CONN_RECV},
		{"the last of an idle flow", 0, 0, RECORD_LAST, 0, 0},
		{"the last, with datagrams", 0, 1, RECORD_LAST, 1, WEIR_CONN_SEND},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conn_record r = record(RECORD_UDP_DELTA);
		struct seen seen;

		r.packets_in = cases[i].in;
		r.packets_out = cases[i].out;
		r.bytes_in = cases[i].in * 100;
		r.bytes_out = cases[i].out * 100;
		r.flags = cases[i].flags;
		is_int(decode(&r, sizeof(r), &seen), cases[i].events, "udp, %s", cases[i].what);
		if (!cases[i].events)
			continue;
		is_int(seen.events[0].kind, cases[i].first_kind, "  its first kind");
		is_int(seen.events[0].counters.bytes_out, cases[i].out * 100, "  its bytes out");
	}
}

static void bad_records_are_refused(void)
{
	struct conn_record r = record(RECORD_TCP_SAMPLE);
	struct seen seen;

	is_int(decode(&r, sizeof(r) - 1, &seen), -EBADMSG, "one byte short");
	is_int(decode(&r, 0, &seen), -EBADMSG, "empty");
	r.kind = RECORD_NONE;
	is_int(decode(&r, sizeof(r), &seen), -EBADMSG, "no kind");
	r.kind = 200;
	is_int(decode(&r, sizeof(r), &seen), -EBADMSG, "an unknown kind");
	is_int(seen.n, 0, "and nothing is told");
}

int main(void)
{
	tcp_sample_carries_all();
	delivery_rate_does_not_overflow();
	owners_unknown_have_a_reason();
	comm_is_always_terminated();
	udp_deltas_are_told_by_direction();
	bad_records_are_refused();
	return tap_done();
}
