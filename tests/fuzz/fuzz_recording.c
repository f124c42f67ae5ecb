/* SPDX-License-Identifier: MIT */

/*
 * Any bytes where a recording is expected: taken or refused, never read past their end, and what is
 * taken is sane. The first byte says what the rest is:
 *
 *	0: a file, with its checksums
 *	1: what is inside blocks, past the checksums: u8 key, u16 length, and as many bytes, again
 *	   and again. What is read is written and read once more, and has to be the same.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/recording.h"
#include "export/recording_decode.h"
#include "export/recording_encode.h"

/* A file of this size has fewer frames. */
#define STEPS_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const struct conn_row *row, const struct conn_names *names)
{
	char scratch[16];
	size_t sum = strlen(conn_row_process(row, names)) +
		     strlen(conn_row_user(row, names, scratch)) +
		     strlen(conn_row_cgroup(row, names)) + strlen(conn_row_container(row, names)) +
		     strlen(conn_row_netns(row, names, scratch)) +
		     strlen(conn_row_workspace(row, names));

	if (!sum || row->limit >= WEIR_LIMITS || row->owner.comm[WEIR_COMM_MAX - 1] ||
	    row->owner.evidence > WEIR_EVIDENCE_CONNECT || row->owner.unknown > WEIR_UNKNOWN_KERNEL)
		abort();
}

static void check_frame(const struct conn_frame *frame, const struct conn_names *names)
{
	for (size_t i = 0; i < frame->tick.n_active; i++)
		check_row(frame->tick.active[i], names);
	for (size_t i = 0; i < frame->tick.n_closed; i++)
		check_row(frame->tick.closed[i], names);
	if (strlen(frame->host) > UINT16_MAX || frame->balance.link[WEIR_LINK_NAME_MAX - 1])
		abort();
}

static void read_file(const uint8_t *data, size_t size)
{
	struct recording_reader *reader = NULL;
	const struct conn_frame *frame = NULL;
	struct str_buf error = {0};
	char path[64];
	int fd = memfd_create("recording", MFD_CLOEXEC);
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		close(fd);
		return;
	}
	r = recording_open(path, &reader, &error);
	for (int steps = 0; r >= 0 && (r = recording_next(reader, &frame, &error)); steps++) {
		if (steps > STEPS_MAX)
			abort();
		if (r == 1)
			check_frame(frame, recording_names(reader));
		r = 1;
	}
	if (reader && recording_seek(reader, 1) == 0)
		(void)recording_next(reader, &frame, &error);
	recording_close(reader);
	str_buf_done(&error);
	close(fd);
}

struct again {
	struct recording_decoder *first;
	struct recording_encoder *encoder;
	struct recording_decoder *second;
	bool is_begun;
};

/* What is left to compare once the rest was: rows are read into zeroed memory, so all bytes. */
static void check_same(const struct again *a)
{
	const struct conn_frame *x = recording_decoder_frame(a->first);
	const struct conn_frame *y = recording_decoder_frame(a->second);
	const struct conn_names *x_names = recording_decoder_names(a->first);
	const struct conn_names *y_names = recording_decoder_names(a->second);

	if (x->tick.n_active != y->tick.n_active || x->tick.n_closed != y->tick.n_closed ||
	    memcmp(&x->balance, &y->balance, sizeof(x->balance)) != 0 ||
	    strcmp(x->host, y->host) != 0 || strcmp(x->source, y->source) != 0)
		abort();
	for (size_t i = 0; i < x->tick.n_active + x->tick.n_closed; i++) {
		const struct conn_row *row = x->tick.active[i];

		if (memcmp(row, y->tick.active[i], sizeof(*row)) != 0 ||
		    strcmp(conn_row_process(row, x_names), conn_row_process(row, y_names)) != 0 ||
		    strcmp(conn_row_cgroup(row, x_names), conn_row_cgroup(row, y_names)) != 0)
			abort();
	}
}

static void write_again(struct again *a, const struct recording_block *block)
{
	const struct conn_frame *frame = recording_decoder_frame(a->first);
	struct recording_block again = *block;
	struct str_buf raw = {0};

	again.is_key = !a->is_begun || block->realtime_ns % 5 == 0;
	if (recording_encode(a->encoder, frame, recording_decoder_names(a->first), again.is_key,
			     &raw) != 0 ||
	    recording_decode(a->second, &again,
			     (struct bytes){(const uint8_t *)raw.data, raw.len}) != 0)
		abort();
	check_same(a);
	a->is_begun = true;
	str_buf_done(&raw);
}

static void read_payloads(struct again *a, struct bytes in)
{
	struct recording_block block = {.realtime_ns = 1};
	bool is_sound = false; /* a delta stands on what was decoded before */

	while (in.len > 3) {
		const uint8_t *head = bytes_take(&in, 3);
		struct bytes raw = in;

		bytes_limit(&raw, (size_t)head[1] | (size_t)head[2] << 8);
		(void)bytes_take(&in, raw.len);
		block.is_key = head[0] & 1;
		block.realtime_ns++;
		block.monotonic_ns += head[0] >> 1;
		if (!block.is_key && !is_sound)
			continue;
		is_sound = recording_decode(a->first, &block, raw) == 0;
		if (!is_sound)
			continue;
		check_frame(recording_decoder_frame(a->first), recording_decoder_names(a->first));
		write_again(a, &block);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct again a = {0};

	if (size && data[0] == 0)
		read_file(data + 1, size - 1);
	if (!size || data[0] != 1)
		return 0;
	if (recording_decoder_new(&a.first) == 0 && recording_encoder_new(&a.encoder) == 0 &&
	    recording_decoder_new(&a.second) == 0)
		read_payloads(&a, (struct bytes){data + 1, size - 1});
	recording_decoder_free(a.first);
	recording_encoder_free(a.encoder);
	recording_decoder_free(a.second);
	return 0;
}
