/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One look at this host after the other: a pass of the source, a tick of the table, what the
 * interfaces say meanwhile. Out: a frame. One thread at a time, whichever it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/conn_source.h>

#include "accounts.h"
#include "base/str_buf.h"
#include "model/conn_frame.h"
#include "model/conn_table.h"
#include "options.h"

#define SAMPLING_HOST_MAX 256

/* A process has taken another name. Borrowed for the call. */
typedef void (*sampling_rename_fn)(void *user, const struct weir_owner *owner);

struct sampling {
	const struct options *options; /* borrowed */
	struct weir_conn_source *source;
	struct conn_table *table;
	struct accounts *accounts; /* NULL: nobody asks for a balance */
	sampling_rename_fn rename; /* the user's, to be set before the first look; may be NULL */
	void *rename_user;
	uint64_t interval_ns;         /* changed by sampling_set_interval() only */
	uint64_t longest_interval_ns; /* of those in force since the last look */
	int accounts_failed;          /* what has been told of the accounts; 0: nothing */
	char host[SAMPLING_HOST_MAX];
};

struct sampling_wishes {
	uint32_t netns;            /* inode of the only network namespace wanted; 0: all */
	uint64_t closed_linger_ns; /* as in struct conn_table_options */
	bool balance;              /* frames shall say what the interfaces say */
};

/* What there is to say is said to errors. -EPERM: not enough privilege. Zeroed or failed,
 * sampling_done() is fine. */
int sampling_open(struct sampling *sampling, const struct options *options,
		  const struct sampling_wishes *wishes, FILE *errors);
void sampling_done(struct sampling *sampling);

/* A descriptor that is readable when sampling_drain() has work; -1: none. */
int sampling_fd(const struct sampling *sampling);
/* Takes in what closed meanwhile. On failure error says what happened. */
int sampling_drain(struct sampling *sampling, struct str_buf *error);

/* From now on looks are that far apart. */
void sampling_set_interval(struct sampling *sampling, uint64_t interval_ns);

/* A whole look. The frame and its rows are borrowed until the next one, or as long as a snapshot
 * of the table holds them. flush as in conn_table_tick(). On failure error says what happened. Else
 * it may tell, once, what the frame lacks: the interfaces' counters, if they cannot be read. */
int sampling_look(struct sampling *sampling, bool flush, struct conn_frame *ret_frame,
		  struct str_buf *error);

/* What was lost is to be called "at least" so much (struct losses). */
bool sampling_finals_at_least(const struct sampling *sampling);
