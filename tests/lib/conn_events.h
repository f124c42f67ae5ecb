/* SPDX-License-Identifier: MIT */
#pragma once

/* Synthetic events and rows for tests of the model. Header only: a test needs but a few of them. */

#include <stdio.h>
#include <string.h>

#include <weir/conn.h>

#define SEC 1000000000ULL
#define MSEC 1000000ULL

static inline struct weir_addr addr_of(const char *text)
{
	struct weir_addr addr = {{0}};

	weir_addr_parse(text, &addr);
	return addr;
}

/* 10.0.0.1:12345 to 93.184.216.34:443, without a cookie. */
static inline struct weir_conn_id id_of(enum weir_proto proto)
{
	return (struct weir_conn_id){
		.local = addr_of("10.0.0.1"),
		.remote = addr_of("93.184.216.34"),
		.local_port = 12345,
		.remote_port = 443,
		.proto = (uint8_t)proto,
	};
}

static inline struct weir_conn_id id_with_cookie(enum weir_proto proto, uint64_t cookie)
{
	struct weir_conn_id id = id_of(proto);

	id.cookie = cookie;
	return id;
}

static inline struct weir_owner owner_of(uint32_t pid, const char *comm,
					 enum weir_evidence evidence)
{
	struct weir_owner owner = {.pid = pid, .uid = UINT32_MAX, .evidence = (uint8_t)evidence};

	snprintf(owner.comm, sizeof(owner.comm), "%s", comm);
	return owner;
}

static inline struct weir_conn_event event_of(enum weir_conn_event_kind kind,
					      struct weir_conn_id id, uint64_t time_ns)
{
	return (struct weir_conn_event){
		.id = id,
		.time_ns = time_ns,
		.owner = {.uid = UINT32_MAX},
		.kind = (uint8_t)kind,
	};
}

static inline struct weir_conn_event
delta_of(enum weir_conn_event_kind kind, struct weir_conn_id id, uint64_t time_ns, uint64_t bytes)
{
	struct weir_conn_event event = event_of(kind, id, time_ns);

	if (kind == WEIR_CONN_SEND)
		event.counters = (struct weir_conn_counters){.bytes_out = bytes, .packets_out = 1};
	else
		event.counters = (struct weir_conn_counters){.bytes_in = bytes, .packets_in = 1};
	return event;
}

/* SAMPLE or FINAL with these totals and a packet for each 1000 bytes. */
static inline struct weir_conn_event totals_of(enum weir_conn_event_kind kind,
					       struct weir_conn_id id, uint64_t time_ns,
					       uint64_t bytes_in, uint64_t bytes_out)
{
	struct weir_conn_event event = event_of(kind, id, time_ns);

	event.counters = (struct weir_conn_counters){
		.bytes_in = bytes_in,
		.bytes_out = bytes_out,
		.packets_in = bytes_in / 1000,
		.packets_out = bytes_out / 1000,
	};
	return event;
}

static inline struct weir_conn_event state_of(struct weir_conn_id id, uint64_t time_ns,
					      enum weir_tcp_state state)
{
	struct weir_conn_event event = event_of(WEIR_CONN_STATE, id, time_ns);

	event.state = (uint8_t)state;
	return event;
}
