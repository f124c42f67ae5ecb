/* SPDX-License-Identifier: MIT */

/* Stands in for recordings in a build without libzstd and libxxhash: says so, and does nothing. */

#include <errno.h>

#include "export/recording.h"

bool recording_is_built_in(void)
{
	return false;
}

static int absent(struct str_buf *error)
{
	str_buf_puts(error, "this build can neither record nor replay: libzstd and libxxhash were "
			    "not there when it was made");
	return -EOPNOTSUPP;
}

int recording_create(const char *path, const struct recording_options *options,
		     struct recording_writer **ret_writer, struct str_buf *error)
{
	(void)path;
	(void)options;
	(void)ret_writer;
	return absent(error);
}

int recording_add(struct recording_writer *writer, const struct conn_frame *frame,
		  const struct conn_names *names, struct str_buf *error)
{
	(void)writer;
	(void)frame;
	(void)names;
	return absent(error);
}

uint64_t recording_bytes(const struct recording_writer *writer)
{
	(void)writer;
	return 0;
}

struct recording_writer *recording_finish(struct recording_writer *writer, int *ret_error)
{
	(void)writer;
	(void)ret_error;
	return NULL;
}

int recording_open(const char *path, struct recording_reader **ret_reader, struct str_buf *error)
{
	(void)path;
	(void)ret_reader;
	return absent(error);
}

int recording_open_fd(const char *path, int *ret_fd, struct str_buf *error)
{
	(void)path;
	(void)ret_fd;
	return absent(error);
}

int recording_open_reader(int fd, const char *path, struct recording_reader **ret_reader,
			  struct str_buf *error)
{
	(void)fd; /* there is none to be taken */
	(void)path;
	(void)ret_reader;
	return absent(error);
}

struct recording_reader *recording_close(struct recording_reader *reader)
{
	(void)reader;
	return NULL;
}

void recording_info(const struct recording_reader *reader, struct recording_info *ret_info)
{
	(void)reader;
	*ret_info = (struct recording_info){0};
}

const struct conn_names *recording_names(const struct recording_reader *reader)
{
	(void)reader;
	return NULL;
}

int recording_next(struct recording_reader *reader, const struct conn_frame **ret_frame,
		   struct str_buf *error)
{
	(void)reader;
	(void)ret_frame;
	return absent(error);
}

int recording_seek(struct recording_reader *reader, uint64_t realtime_ns)
{
	(void)reader;
	(void)realtime_ns;
	return -EOPNOTSUPP;
}

uint64_t recording_next_number(const struct recording_reader *reader)
{
	(void)reader;
	return 0;
}

void recording_go_to(struct recording_reader *reader, uint64_t number)
{
	(void)reader;
	(void)number;
}

uint64_t recording_realtime_ns(const struct recording_reader *reader, uint64_t number)
{
	(void)reader;
	(void)number;
	return 0;
}
