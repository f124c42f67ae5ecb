/* SPDX-License-Identifier: MIT */
#pragma once

/* When two events are about the same connection, as weir/conn.h says it: hashing and comparing. */

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

/* Whether the identity is one life of one socket, which never comes again. */
bool conn_id_is_life(const struct weir_conn_id *id);

/* 64 bits that stand for an identity under this key (base/hash_index.h: hash_key). */
uint64_t conn_id_hash(const uint8_t key[16], const struct weir_conn_id *id);

bool conn_id_equal(const struct weir_conn_id *a, const struct weir_conn_id *b);
