/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Names of hosts and ports for --resolve. Asking DNS takes seconds when a server is away, so it is
 * done by threads: a name is there some ticks after it was first asked for, and whoever prints
 * never waits. The threads give up all capabilities first. All functions belong to one thread, the
 * one that prints.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/addr.h>

/* Longest name kept, with its NUL. Longer ones count as not found. */
#define RESOLVE_NAME_MAX 128

struct resolve;

struct resolve_options {
	size_t size;      /* sizeof(struct resolve_options) */
	size_t max_hosts; /* names kept at most; 0: 4096. The least recently shown goes first */

	/* Finds a host's name; called by several threads at once. 0, or -ENOENT for none. NULL:
	 * the system's resolver (getnameinfo). */
	int (*lookup)(void *user, const struct weir_addr *addr, char name[RESOLVE_NAME_MAX]);
	void *user; /* must outlive the last lookup, which may end after resolve_free */
};

/* -EINVAL (a size this build does not know), -ENOMEM, -EAGAIN (no thread to be had). */
int resolve_new(const struct resolve_options *options, struct resolve **ret_resolve);

/* Does not wait for questions still under way. */
struct resolve *resolve_free(struct resolve *resolve);

/* Takes in the answers that have come, and the time by which old ones are asked for anew. */
void resolve_collect(struct resolve *resolve, uint64_t now_ns);

/* Waits until no question is open, timeout_ms at most. True if none is. */
bool resolve_wait(struct resolve *resolve, unsigned timeout_ms);

/* The host's name, or NULL: not known, or not yet (it is asked for then). Borrowed until the next
 * resolve_collect. Names that hold anything but letters, digits, '.', '-' and '_' are not found. */
const char *resolve_host(struct resolve *resolve, const struct weir_addr *addr);

/* The service's name by /etc/services, or NULL. proto is enum weir_proto. Borrowed until the next
 * call. */
const char *resolve_service(struct resolve *resolve, uint16_t port, uint8_t proto);
