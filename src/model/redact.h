/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What an export must not tell: `--redact remote=hash,user,cmd`. What is left out, and where, is
 * decided in conn_text.c, once for every format.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/addr.h>

#include "base/str_buf.h"

/* Stands where a text was taken away. */
#define REDACTED "redacted"

struct redact {
	bool remote_hash; /* remote addresses become a keyed hash */
	bool user;        /* no user, no uid, no cgroup or container (their names hold the user) */
	bool cmd;         /* no process name, no cgroup or container (they are named after it) */
	/* Fill it with random bytes before use: the same key gives the same hashes. */
	uint8_t key[16];
};

/*
 * Parses a comma list of "remote=hash", "user" and "cmd". -EINVAL for any other word, which is
 * then named in error; *ret_redact is untouched. The key is left zero: the caller sets it.
 */
int redact_parse(const char *text, struct redact *ret_redact, struct str_buf *error);

/* Appends "h-" and 16 hex digits that depend on the address and the key. */
void redact_addr(const struct redact *redact, struct str_buf *buf, const struct weir_addr *addr);
