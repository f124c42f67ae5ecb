/* SPDX-License-Identifier: MIT */
#pragma once

/* An order of connections that is held while their numbers change: those known keep their places,
 * new ones come after them. */

#include <stdbool.h>
#include <stddef.h>

#include "model/conn_row.h"

struct screen_place;

struct screen_order {
	bool held;
	struct screen_place *places; /* sorted by identity */
	size_t n_places;
	size_t n_given; /* places were numbered up to here */
	struct screen_place *scratch;
	size_t max_scratch;
};

/* Holds the order these rows are in; one that is there twice has the first place. -ENOMEM: nothing
 * is held. */
int screen_order_hold(struct screen_order *order, const struct conn_row *const *rows, size_t n);
void screen_order_release(struct screen_order *order);

/* Puts rows into the order held, if one is; new ones in the order they are given. -ENOMEM: they
 * are as before. */
int screen_order_apply(struct screen_order *order, const struct conn_row **rows, size_t n);
