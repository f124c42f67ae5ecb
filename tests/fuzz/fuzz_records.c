/* SPDX-License-Identifier: MIT */

/* Any bytes where the BPF programs' records are expected: decoded or refused, and what comes out
 * is sane enough for a table. */

#include <stdlib.h>
#include <string.h>

#include "bpf/records.h"
#include "collect/conn_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *user, const struct weir_conn_event *event)
{
	struct weir_conn_counters *told = user;

	told->bytes_in += event->counters.bytes_in;
	told->bytes_out += event->counters.bytes_out;
	told->packets_in += event->counters.packets_in;
	told->packets_out += event->counters.packets_out;
	if (event->kind > WEIR_CONN_RENAME || event->owner.evidence > WEIR_EVIDENCE_CONNECT ||
	    !memchr(event->owner.comm, '\0', sizeof(event->owner.comm)))
		abort();
	if (event->owner.pid == 0 && event->owner.unknown == WEIR_UNKNOWN_NOT)
		abort();
}

/* Datagrams are told as deltas: what a record counts is in its events, neither less nor more. */
static void check_deltas(const struct conn_record *record, const struct weir_conn_counters *told)
{
	if (told->bytes_in != record->bytes_in || told->bytes_out != record->bytes_out ||
	    told->packets_in != record->packets_in || told->packets_out != record->packets_out)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < sizeof(struct conn_record) ? size : sizeof(struct conn_record);
	struct weir_conn_counters told = {0};
	struct conn_record record;

	memcpy(&record, data, len); /* the ring hands out aligned records */
	if (conn_record_decode(&record, len, 4000000, check, &told) >= 0 &&
	    record.kind == RECORD_UDP_DELTA)
		check_deltas(&record, &told);
	return 0;
}
