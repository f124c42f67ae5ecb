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
	(void)user;
	if (event->kind > WEIR_CONN_RENAME || event->owner.evidence > WEIR_EVIDENCE_CONNECT ||
	    !memchr(event->owner.comm, '\0', sizeof(event->owner.comm)))
		abort();
	if (event->owner.pid == 0 && event->owner.unknown == WEIR_UNKNOWN_NOT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conn_record record;

	/* the ring hands out aligned records */
	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	conn_record_decode(&record, size < sizeof(record) ? size : sizeof(record), 4000000, check,
			   NULL);
	return 0;
}
