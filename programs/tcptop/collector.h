/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Looks at the host at each interval, in a thread of its own, so that whoever shows what was seen
 * is never kept waiting. Out: frames, the newest one only; those nobody took in time are dropped
 * (but recorded, where a recording is made).
 *
 *	collector's thread          one mutex            the screen's thread
 *	look, snapshot, frame ---->  newest  ----------> collector_take
 *	release          <-------- given back <-------- the one taken before
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

#include "base/str_buf.h"
#include "model/conn_frame.h"
#include "recorder.h"
#include "sampling.h"

struct collector;

struct collector_options {
	struct sampling *sampling; /* borrowed; only the collector's thread uses it until the end */
	struct recorder *recorder; /* likewise; NULL: nothing is recorded */
	uint32_t privileges; /* what its thread keeps of them: enum privileges_reason, or-ed */
};

/* Takes the first look at once. Capabilities are those of the caller, but for what the options take
 * away; blocked signals are the caller's. Sets the sampling's rename.
 * -ENOMEM, -EAGAIN (no thread to be had), or the errno of eventfd. */
int collector_start(const struct collector_options *options, struct collector **ret_collector);

/* Ends the thread; with a recorder after a last look. The frame taken last is gone then. Returns
 * what it, or else the recording, has ended with. error tells it, but not again what collector_take
 * has returned. NULL is fine. The recorder is the caller's to close. */
int collector_stop(struct collector *collector, struct str_buf *error);

/* Readable when there is a frame to take, or an error. */
int collector_fd(const struct collector *collector);

/* 1: *ret_frame is newer than the one taken before, which is gone now; this one is borrowed until
 * the next call. 0: there is none. Else what the collector has ended with, told by error. error
 * is also filled, once, when something went wrong and the rest goes on: a recording has ended. */
int collector_take(struct collector *collector, const struct conn_frame **ret_frame,
		   struct str_buf *error);

/* The same for whoever holds the frame taken last: the next one stays where it is. 0: it goes
 * on. */
int collector_hear(struct collector *collector, struct str_buf *error);

/* Whether the recording has ended because of a failure. */
bool collector_record_failed(struct collector *collector);

/* Takes up to n of the changes of names heard of, oldest first; returns how many there were. */
size_t collector_take_renames(struct collector *collector, struct weir_owner *owners, size_t n);

/* From now on a look at each interval_ns, the first one that much later. */
void collector_set_interval(struct collector *collector, uint64_t interval_ns);
