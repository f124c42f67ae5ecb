/* SPDX-License-Identifier: MIT */
#include "collect/users.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collect/u64_map.h"

#define MAX_NAMES 4096

struct users {
	struct u64_map by_uid; /* uid → index of names */
	char (*names)[USERS_NAME_MAX];
	char overflow[USERS_NAME_MAX]; /* the answer when there is no room to keep it */
	uint32_t n_names;
	uint32_t cap;
};

DEFINE_CLEANUP(users_free_p, struct users *, users_free)

int users_new(struct users **ret_users)
{
	CLEANUP(users_free_p) struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return -ENOMEM;
	*ret_users = STEAL(users);
	return 0;
}

struct users *users_free(struct users *users)
{
	if (!users)
		return NULL;
	u64_map_done(&users->by_uid);
	free(users->names);
	free(users);
	return NULL;
}

static void ask(uint32_t uid, char name[USERS_NAME_MAX])
{
	char buf[16384]; /* sysconf(_SC_GETPW_R_SIZE_MAX) is 1,024 on glibc, as a first guess */
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwuid_r(uid, &entry, buf, sizeof(buf), &found) == 0 && found && found->pw_name[0])
		snprintf(name, USERS_NAME_MAX, "%s", found->pw_name);
	else
		snprintf(name, USERS_NAME_MAX, "%" PRIu32, uid);
}

/* A place to keep one more name, or NULL. */
static char *new_name(struct users *users)
{
	if (users->n_names == MAX_NAMES) {
		u64_map_clear(&users->by_uid);
		users->n_names = 0;
	}
	if (users->n_names == users->cap) {
		uint32_t cap = users->cap ? users->cap * 2 : 16;
		char(*names)[USERS_NAME_MAX] = realloc(users->names, cap * sizeof(*names));

		if (!names)
			return NULL;
		users->names = names;
		users->cap = cap;
	}
	return users->names[users->n_names];
}

const char *users_name(struct users *users, uint32_t uid)
{
	uint32_t at;
	char *name;

	if (uid == UINT32_MAX)
		return "";
	if (u64_map_get(&users->by_uid, uid, &at))
		return users->names[at];
	name = new_name(users);
	if (!name || u64_map_set(&users->by_uid, uid, users->n_names) < 0)
		name = users->overflow;
	else
		users->n_names++;
	ask(uid, name);
	return name;
}
