/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A made-up host for the tests of the connections' screen: web01 on 2026-11-21 at 12:00:05 UTC,
 * with a connection of every kind a screen has to tell apart.
 */

#include <stddef.h>

#include "model/conn_frame.h"
#include "view/conn_view.h"

#define SAMPLES_SEC 1000000000ULL
#define SAMPLES_NOW_NS (400000 * SAMPLES_SEC)
#define SAMPLES_REALTIME_NS (1795262405ULL * SAMPLES_SEC)

/* What the rows are of, in the order of the screen. */
enum sample_row {
	SAMPLE_NGINX,     /* the heaviest; as fast as the network is */
	SAMPLE_POSTGRES,  /* the peer is slow */
	SAMPLE_RSYNC,     /* loses segments, far away */
	SAMPLE_V6,        /* both addresses as long as they can be, older than us */
	SAMPLE_NETNS,     /* in another network namespace */
	SAMPLE_CHRONYD,   /* UDP, next to nothing */
	SAMPLE_STATSD,    /* UDP, its receive buffer overflows, its peer is anyone */
	SAMPLE_GUESS,     /* half open; whose it is, is a guess */
	SAMPLE_SSHD,      /* idle, older than us */
	SAMPLE_NO_CAP,    /* of a process we must not look at */
	SAMPLE_KERNEL,    /* the kernel's own (NFS) */
	SAMPLE_UNCOUNTED, /* listed by a source that cannot count */
	SAMPLE_READER,    /* our application does not read; just met, no rates */
	SAMPLE_CLOSED,    /* over, its process too */
	SAMPLE_FAILED,    /* a connect() that failed */
	SAMPLE_AT_LEAST,  /* over, and the end escaped us */
	SAMPLE_LISTEN,
	SAMPLE_ROWS,
};

#define SAMPLE_LINES_MAX 64

/* A scene with everything in it; its members point into one another, so it stays where it is. */
struct samples {
	struct conn_row rows[SAMPLE_ROWS];
	const struct conn_row *at[SAMPLE_ROWS];
	struct conn_group groups[8];
	struct conn_line lines[SAMPLE_LINES_MAX];
	struct conn_names names;
	struct conn_text_options words;
	struct conn_query query;
	struct conn_frame frame;
	struct line_edit input;
	struct conn_scene scene;
};

/* All rows, sorted by rate, as they are by default. */
void samples_init(struct samples *samples);

/* Gives it a past of n ticks. NULL on -ENOMEM; the caller frees it. */
struct conn_history *samples_history(struct samples *samples, size_t n);

/* Lines by process, for the first rows: folded ones show their head alone. */
void samples_group(struct samples *samples, bool folded);
