/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A frame, from what is inside a block and from the frame before it. Nothing that is read is
 * believed: whatever the bytes are, the outcome is a frame or -EBADMSG.
 */

#include "base/bytes.h"
#include "export/recording_block.h"
#include "model/conn_frame.h"
#include "model/conn_row.h"

struct recording_decoder;

/* -ENOMEM. */
int recording_decoder_new(struct recording_decoder **ret_decoder);
/* NULL is fine. */
struct recording_decoder *recording_decoder_free(struct recording_decoder *decoder);

/* Makes the next frame. If the block is no key block, the one before it has been decoded.
 * -EBADMSG, -ENOMEM: the next one must then be a key block. */
int recording_decode(struct recording_decoder *decoder, const struct recording_block *block,
		     struct bytes raw);

/* The frame made last; borrowed until the next one is made. */
const struct conn_frame *recording_decoder_frame(const struct recording_decoder *decoder);
/* The names of its rows, and of copies of them. */
const struct conn_names *recording_decoder_names(const struct recording_decoder *decoder);
