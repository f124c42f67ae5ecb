/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "export/recording.h"

/* So that there is always at least a file's worth to look back on. */
#define KEEP_DEFAULT 1

struct recorder {
	struct recording_writer *writer;
	struct names names; /* its own, because it may work in another thread than the screen */
	const char *path;   /* borrowed from the options */
};

static void add_path(struct str_buf *error, const char *path)
{
	text_escape(error, path, strlen(path));
	str_buf_puts(error, ": ");
}

static int open_file(struct recorder *recorder, const struct options *options, const char *host,
		     struct str_buf *error)
{
	const struct recording_options recording = {
		.size = sizeof(recording),
		.host = host,
		.program = "tcptop " WEIR_VERSION,
		.max_bytes = options->log_rotation.size_bytes,
		.max_ns = options->rotate_ns,
		.keep = options->log_rotation.keep ? options->log_rotation.keep : KEEP_DEFAULT,
	};

	return recording_create(recorder->path, &recording, &recorder->writer, error);
}

int recorder_open(const struct options *options, const char *host, struct recorder **ret_recorder,
		  struct str_buf *error)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int r;

	if (!recorder)
		return -ENOMEM;
	recorder->path = options->record_path;
	r = names_init(&recorder->names);
	if (r < 0) {
		free(recorder);
		return r;
	}
	r = open_file(recorder, options, host, error);
	if (r < 0) {
		names_done(&recorder->names);
		free(recorder);
		return r;
	}
	*ret_recorder = recorder;
	return 0;
}

void recorder_rename(struct recorder *recorder, const struct weir_owner *owner)
{
	names_rename(&recorder->names, owner);
}

int recorder_add(struct recorder *recorder, const struct conn_frame *frame, struct str_buf *error)
{
	int r;

	recorder->names.now_ns = frame->tick.now_ns;
	r = recording_add(recorder->writer, frame, &recorder->names.conn, error);
	if (r < 0 && error->len == 0) {
		add_path(error, recorder->path);
		str_buf_puts(error, strerror(-r));
	}
	return r;
}

int recorder_close(struct recorder *recorder, struct str_buf *error)
{
	int r = 0;

	if (!recorder)
		return 0;
	recording_finish(recorder->writer, &r);
	if (r < 0) {
		add_path(error, recorder->path);
		str_buf_printf(error, "%s (on closing it)", strerror(-r));
	}
	names_done(&recorder->names);
	free(recorder);
	return r;
}
