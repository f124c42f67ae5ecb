/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which groups are folded. All are, or none is, except those told one by one: of these the last
 * 4096 are remembered, whether they are there or not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_index.h"

struct group_folds {
	uint64_t *exceptions; /* keys */
	uint32_t n;
	uint32_t oldest; /* when there is no more room */
	struct hash_index index;
	bool folded; /* all but the exceptions */
};

void group_folds_done(struct group_folds *folds);

bool group_folds_has(const struct group_folds *folds, uint64_t key);

/* What cannot be remembered for want of memory stays as it is. */
void group_folds_set(struct group_folds *folds, uint64_t key, bool folded);
void group_folds_set_all(struct group_folds *folds, bool folded);
