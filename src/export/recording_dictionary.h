/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What many rows have in common, kept once and then spoken of by number: texts, and owners with
 * what they are called. The writer finds by content, the reader by number; it is the same numbers.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/hash_index.h"
#include "base/str_buf.h"
#include "export/recording_layout.h"

#define RECORDING_TEXT_MAX 65535       /* bytes of one text */
#define RECORDING_TEXTS_MAX (1U << 30) /* bytes of all, with a NUL each */
#define RECORDING_WHOS_MAX (12U << 20) /* more than there may be rows */

struct recording_dictionary {
	struct str_buf bytes; /* the texts, each with its NUL */
	uint32_t *texts;      /* where each begins; number 0 is "" */
	uint32_t n_texts;
	uint32_t max_texts;
	struct recording_who *whos;
	uint32_t n_whos;
	uint32_t max_whos;
	struct hash_index text_index;
	struct hash_index who_index;
	uint8_t key[16]; /* of the hashes */
};

/* Zeroed, it is to be cleared before its first use. */
void recording_dictionary_done(struct recording_dictionary *d);

/* Forgets all but text 0. -ENOMEM. */
int recording_dictionary_clear(struct recording_dictionary *d);

/* Adds a text under the next number; at most RECORDING_TEXT_MAX bytes. -ENOMEM, -EFBIG (past
 * RECORDING_TEXTS_MAX). */
int recording_dictionary_add_text(struct recording_dictionary *d, const char *text, size_t len);

/* The number of a text, which is added if it is not there; a longer one is cut. Errors as above. */
int recording_dictionary_text(struct recording_dictionary *d, const char *text,
			      uint32_t *ret_number);

const char *recording_dictionary_text_at(const struct recording_dictionary *d, uint32_t number);

/* Adds an owner under the next number. -ENOMEM, -EFBIG (past RECORDING_WHOS_MAX). */
int recording_dictionary_add_who(struct recording_dictionary *d, const struct recording_who *who);

/* The number of a row's owner; HASH_INDEX_NONE: it is not there. */
uint32_t recording_dictionary_find(const struct recording_dictionary *d,
				   const struct conn_row *row);

/* Whose a row is, without names. */
struct recording_who recording_who_of(const struct conn_row *row);
bool recording_who_is_of(const struct recording_who *who, const struct conn_row *row);
