/* SPDX-License-Identifier: MIT */
#pragma once

/* uid to name, asked of the system's user database once for each uid. */

#include <stdint.h>

#define USERS_NAME_MAX 33 /* LOGIN_NAME_MAX is longer, useradd's limit is 32 */

struct users;

/* -ENOMEM. */
int users_new(struct users **ret_users);
struct users *users_free(struct users *users);

/*
 * The name of uid, or its digits when the database has none; "" for UINT32_MAX (not known).
 * Borrowed until the next call. At most 4,096 names are kept; beyond that all are forgotten and
 * asked for again.
 */
const char *users_name(struct users *users, uint32_t uid);
