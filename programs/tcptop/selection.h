/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which connections the command line wants by --port, --pid, --process, -i, --tcp, --udp and
 * --netns, all of which must hold. (--filter is the query's own.)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/addr.h>

#include "base/str_buf.h"
#include "model/conn_row.h"
#include "options.h"

struct selection {
	const struct options *options;  /* borrowed */
	const struct conn_names *names; /* borrowed; may be NULL */
	uint32_t netns;                 /* inode; 0: any */
	struct weir_addr *addrs;        /* of options->interface */
	size_t n_addrs;
};

/* Looks up the interface and the network namespace. On failure error says in words which one is
 * not there: -ENODEV, -ENOENT, and what their look-ups say. */
int selection_init(struct selection *selection, const struct options *options,
		   struct str_buf *error);
void selection_done(struct selection *selection);

/* Looks the interface's addresses up anew, because they come and go. An interface that is away for
 * now has none, which is no error. */
int selection_refresh(struct selection *selection);

/* Whether that is done inside another network namespace. */
bool selection_enters_netns(const struct selection *selection);

/* Whether it takes every row. */
bool selection_is_all(const struct selection *selection);

bool selection_match(const struct selection *selection, const struct conn_row *row);
