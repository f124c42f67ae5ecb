/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is inside a block, from a frame: only what is otherwise than in the frame before, or, for a
 * key block, all of it. docs/recording.md has the layout.
 */

#include <stdbool.h>

#include "base/str_buf.h"
#include "model/conn_frame.h"
#include "model/conn_row.h"

struct recording_encoder;

/* -ENOMEM. */
int recording_encoder_new(struct recording_encoder **ret_encoder);
/* NULL is fine. */
struct recording_encoder *recording_encoder_free(struct recording_encoder *encoder);

/* What is remembered has become so much that the next block should be a key block. */
bool recording_encoder_is_full(const struct recording_encoder *encoder);

/*
 * Replaces what is in *raw. The names of rows with the same owner, control group and network
 * namespace are asked for once. -ENOMEM, -EFBIG (more than RECORDING_ROWS_MAX rows, or too much
 * text): the next frame must then be a key.
 */
int recording_encode(struct recording_encoder *encoder, const struct conn_frame *frame,
		     const struct conn_names *names, bool is_key, struct str_buf *raw);
