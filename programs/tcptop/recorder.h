/* SPDX-License-Identifier: MIT */
#pragma once

/* Every frame into a file (--record), with its names as they are then. */

#include "base/str_buf.h"
#include "model/conn_frame.h"
#include "names.h"
#include "options.h"

struct recorder;

/* Makes the file. On failure error says why. -EOPNOTSUPP: this build cannot. */
int recorder_open(const struct options *options, const char *host, struct recorder **ret_recorder,
		  struct str_buf *error);

/* A process has taken another name. */
void recorder_rename(struct recorder *recorder, const struct weir_owner *owner);

/* On failure error says what happened; all frames before are kept. */
int recorder_add(struct recorder *recorder, const struct conn_frame *frame, struct str_buf *error);

/* Frees it, NULL too. What close(2) said, told by error. */
int recorder_close(struct recorder *recorder, struct str_buf *error);
