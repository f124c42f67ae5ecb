/* SPDX-License-Identifier: MIT */

/*
 * Packets out of a capture file: weir_capture_open_file. A plain file is mapped and its packets are
 * pointed at where they are; what is packed or comes through a pipe goes through buffers. Which
 * records there are is known to pcap_records and pcapng_blocks; here they are put into batches.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/capture.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str_buf.h"
#include "base/text.h"
#include "collect/capture_filter.h"
#include "collect/file_buffers.h"
#include "collect/file_map.h"
#include "collect/file_stream.h"
#include "collect/packet_walk.h"
#include "collect/pcap_records.h"
#include "collect/pcapng_blocks.h"

#define BATCH_PACKETS 256
#define BATCHES 16 /* each holds one buffer at most; one more is being read into */
#define DESCRIBE_BYTES 512
#define HEAD_BYTES 4

_Static_assert(FILE_BUFFERS == BATCHES + 1, "a buffer a batch, and the one being read into");

struct batch {
	struct weir_packet packets[BATCH_PACKETS];
	struct file_buffer *buffer; /* NULL: they are in the map */
	bool is_lent;
};

struct pcap_file {
	struct weir_capture capture;
	int fd;
	bool is_stdin;
	bool is_pcapng;
	int wake_fd;
	atomic_bool is_woken;
	int ended;                  /* what next() says from here on; 0: there may be more */
	struct bytes in;            /* still to be read, in the map or in the current buffer */
	uint64_t came;              /* bytes that have come into in */
	struct file_map map;        /* or … */
	struct file_stream *stream; /* … this */
	struct file_buffers buffers;
	struct pcap_format pcap;
	struct weir_file_interface pcap_interface;
	struct pcapng pcapng;
	struct capture_filter *filter; /* NULL: none */
	uint32_t n_filtered;           /* interfaces that the filter is ready for */
	struct weir_capture_stats stats;
	char *path;
	char error[CAPTURE_FILTER_ERROR];
	char describe[DESCRIBE_BYTES];
	struct batch batches[BATCHES];
};

static struct pcap_file *file_of(struct weir_capture *capture)
{
	return (struct pcap_file *)capture;
}

static const struct pcap_file *const_file_of(const struct weir_capture *capture)
{
	return (const struct pcap_file *)capture;
}

static void file_free(struct pcap_file *file)
{
	pcapng_done(&file->pcapng);
	capture_filter_free(file->filter);
	file_buffers_done(&file->buffers);
	file_stream_free(file->stream);
	file_map_close(&file->map);
	if (file->wake_fd >= 0)
		close(file->wake_fd);
	if (file->fd >= 0 && !file->is_stdin)
		close(file->fd);
	free(file->path);
	free(file);
}

DEFINE_CLEANUP(file_free_p, struct pcap_file *, file_free)

/* "file 'a.pcap.gz': pcap, gzip", and where it is damaged if it is. */
static void describe(struct pcap_file *file)
{
	static const char *const packings[] = {
		[FILE_PLAIN] = "", [FILE_GZIP] = ", gzip", [FILE_ZSTD] = ", zstd"};
	struct str_buf name = {0};
	enum file_packing packing = file->stream ? file_stream_packing(file->stream) : FILE_PLAIN;
	int len;

	text_escape(&name, file->path, strlen(file->path));
	text_truncate(&name, 0, DESCRIBE_BYTES / 2);
	len = snprintf(file->describe, DESCRIBE_BYTES, "file '%.300s': %s%s",
		       name.data ? name.data : "", file->is_pcapng ? "pcapng" : "pcap",
		       packings[packing]);
	if (file->ended == -EBADMSG)
		snprintf(file->describe + len, (size_t)(DESCRIBE_BYTES - len),
			 ", damaged or cut at byte %llu",
			 (unsigned long long)(file->came - file->in.len));
	str_buf_done(&name);
}

static int end_damaged(struct pcap_file *file)
{
	file->ended = -EBADMSG;
	file->stats.malformed++;
	describe(file);
	return 0;
}

/* Nothing more will come: at the end of a record, or within one. */
static int end(struct pcap_file *file)
{
	if (file->in.len)
		return end_damaged(file);
	file->ended = -ENODATA;
	return 0;
}

/* Reads on, so that a record of need bytes may be whole. 0, also at the end (file->ended). */
static int read_more(struct pcap_file *file, size_t need, int timeout_ms)
{
	struct file_buffer *at;
	size_t room = 0;
	size_t len = 0;
	int r;

	if (!file->stream)
		return end(file);
	r = file_buffers_make_room(&file->buffers, &file->in, need, &room);
	if (r < 0)
		return r;
	at = file->buffers.current;
	r = file_stream_read(file->stream, at->data + at->len, room, timeout_ms, &len);
	if (r == -EBADMSG || r == -ENODATA)
		return end_damaged(file);
	if (r < 0)
		return r;
	if (!len)
		return end(file);
	file_buffers_filled(&file->buffers, &file->in, len);
	file->came += len;
	return 0;
}

static uint32_t n_interfaces(const struct pcap_file *file)
{
	return file->is_pcapng ? file->pcapng.n_interfaces : 1;
}

static uint16_t link_type_of(const struct pcap_file *file, uint32_t number)
{
	return file->is_pcapng ? file->pcapng.interfaces[number]->told.link_type
			       : file->pcap.link_type;
}

/* Interfaces that the filter says nothing about give no packets; that is no error. */
static int ready_filter(struct pcap_file *file)
{
	for (; file->filter && file->n_filtered < n_interfaces(file); file->n_filtered++) {
		int r = capture_filter_add(file->filter, link_type_of(file, file->n_filtered),
					   file->error);

		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

/* Keeps those that pass, and counts them. */
static size_t filter_packets(struct pcap_file *file, struct weir_packet *packets, size_t n)
{
	struct weir_capture_stats *stats = &file->stats;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (file->filter && !capture_filter_pass(file->filter, &packets[i]))
			continue;
		stats->bytes += packets[i].wire_len;
		stats->cut += packets[i].cap_len < packets[i].wire_len;
		if (kept != i)
			packets[kept] = packets[i];
		kept++;
	}
	stats->received += kept;
	return kept;
}

/* Takes the records that are there: packets kept, or a negative errno. */
static ssize_t walk_some(struct pcap_file *file, struct batch *batch, size_t *ret_need)
{
	struct packet_walk walk = {.in = file->in, .packets = batch->packets, .max = BATCH_PACKETS};
	size_t n;
	int r;

	if (file->map.data) {
		r = file_map_reach(&file->map, (size_t)(file->in.data - file->map.data));
		if (r < 0)
			return r;
	}
	r = ready_filter(file);
	if (r < 0)
		return r;
	r = file->is_pcapng ? pcapng_walk(&file->pcapng, &walk) : pcap_walk(&file->pcap, &walk);
	file->in = walk.in;
	file->stats.malformed += walk.malformed;
	n = filter_packets(file, batch->packets, walk.n);
	if (r == -EBADMSG)
		r = end_damaged(file);
	if (r < 0 && !n)
		return r;
	*ret_need = walk.need > walk.in.len ? walk.need : 0;
	return (ssize_t)n;
}

static struct batch *find_batch(struct pcap_file *file)
{
	for (size_t i = 0; i < BATCHES; i++) {
		if (!file->batches[i].is_lent)
			return &file->batches[i];
	}
	return NULL;
}

static int lend(struct pcap_file *file, struct batch *batch, size_t n,
		struct weir_packet_batch *ret_batch)
{
	batch->is_lent = true;
	batch->buffer = file->stream ? file_buffers_hold(&file->buffers) : NULL;
	*ret_batch = (struct weir_packet_batch){
		.packets = batch->packets, .n = n, .token = (uint64_t)(batch - file->batches)};
	return 1;
}

static void forget_wake(struct pcap_file *file)
{
	uint64_t count;

	atomic_store(&file->is_woken, false);
	(void)!read(file->wake_fd, &count, sizeof(count));
}

static bool was_woken(struct pcap_file *file)
{
	if (!atomic_load(&file->is_woken))
		return false;
	forget_wake(file);
	return true;
}

static int time_left_ms(uint64_t began_ns, int timeout_ms)
{
	uint64_t gone_ms;

	if (timeout_ms <= 0)
		return timeout_ms;
	gone_ms = (clock_monotonic_ns() - began_ns) / 1000000;
	return gone_ms < (uint64_t)timeout_ms ? timeout_ms - (int)gone_ms : 0;
}

static int file_next(struct weir_capture *capture, int timeout_ms,
		     struct weir_packet_batch *ret_batch)
{
	struct pcap_file *file = file_of(capture);
	struct batch *batch = find_batch(file);
	uint64_t began_ns = file->stream && timeout_ms > 0 ? clock_monotonic_ns() : 0;

	if (!batch)
		return -EBUSY;
	for (;;) {
		size_t need = 0;
		ssize_t n;
		int r;

		if (was_woken(file))
			return 0;
		if (file->ended)
			return file->ended;
		n = walk_some(file, batch, &need);
		if (n < 0)
			return (int)n;
		if (n > 0)
			return lend(file, batch, (size_t)n, ret_batch);
		if (!need)
			continue;
		r = read_more(file, need, time_left_ms(began_ns, timeout_ms));
		if (r == -EAGAIN || r == -EINTR) {
			forget_wake(file);
			return 0;
		}
		if (r < 0)
			return r;
	}
}

static void file_release(struct weir_capture *capture, const struct weir_packet_batch *given)
{
	struct pcap_file *file = file_of(capture);
	struct batch *batch;

	if (given->token >= BATCHES)
		return;
	batch = &file->batches[given->token];
	if (batch->is_lent && batch->buffer)
		file_buffers_release(&file->buffers, batch->buffer);
	batch->is_lent = false;
}

static int file_fd(const struct weir_capture *capture)
{
	(void)capture;
	return -1;
}

static void file_wake(struct weir_capture *capture)
{
	struct pcap_file *file = file_of(capture);
	const uint64_t one = 1;
	const int saved = errno;

	atomic_store(&file->is_woken, true);
	(void)!write(file->wake_fd, &one, sizeof(one));
	errno = saved;
}

/* Known interfaces must not all be strange to it; of none known it is enough to be a filter. */
static int file_set_filter(struct weir_capture *capture, const char *text, const char **ret_error)
{
	struct pcap_file *file = file_of(capture);
	struct capture_filter *filter = NULL;
	uint32_t n_strange = 0;
	int r = 0;

	if (text)
		r = capture_filter_new(text, &filter, file->error);
	for (uint32_t i = 0; r == 0 && filter && i < n_interfaces(file); i++) {
		r = capture_filter_add(filter, link_type_of(file, i), file->error);
		n_strange += r == -EINVAL;
		if (r == -EINVAL && n_strange < n_interfaces(file))
			r = 0;
		if (r == -ENOBUFS)
			r = 0;
	}
	if (r < 0) {
		capture_filter_free(filter);
		if (r == -EINVAL && ret_error)
			*ret_error = file->error;
		return r;
	}
	capture_filter_free(file->filter);
	file->filter = filter;
	file->n_filtered = filter ? n_interfaces(file) : 0;
	return 0;
}

static void file_stats(struct weir_capture *capture, struct weir_capture_stats *ret_stats)
{
	const struct pcap_file *file = file_of(capture);

	*ret_stats = file->stats;
	ret_stats->dropped = file->pcapng.dropped;
}

static const char *file_describe(const struct weir_capture *capture)
{
	return const_file_of(capture)->describe;
}

static void file_close(struct weir_capture *capture)
{
	file_free(file_of(capture));
}

static const struct weir_capture_ops file_ops = {
	.name = "file",
	.next = file_next,
	.release = file_release,
	.fd = file_fd,
	.wake = file_wake,
	.set_filter = file_set_filter,
	.stats = file_stats,
	.describe = file_describe,
	.close = file_close,
};

const struct weir_file_interface *weir_capture_file_interface(const struct weir_capture *capture,
							      uint32_t number)
{
	const struct pcap_file *file = const_file_of(capture);

	if (capture->ops != &file_ops || number >= n_interfaces(file))
		return NULL;
	return file->is_pcapng ? &file->pcapng.interfaces[number]->told : &file->pcap_interface;
}

/* What a file that is no capture seems to be. */
static const char *what_it_is(struct bytes in)
{
	static const struct {
		const char *start;
		uint8_t len;
		const char *is;
	} known[] = {
		{"BZh", 3, "it is packed by bzip2, which is not read here"},
		{"\xfd"
		 "7zXZ",
		 5, "it is packed by xz, which is not read here"},
		{"\x04\x22\x4d\x18", 4, "it is packed by lz4, which is not read here"},
		{"PK\x03\x04", 4, "it is a zip archive"},
		{"snoop", 5, "it is a snoop file, which is not read here"},
	};

	if (!in.len)
		return "it is empty";
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (in.len >= known[i].len && memcmp(in.data, known[i].start, known[i].len) == 0)
			return known[i].is;
	}
	return "it is neither pcap nor pcapng";
}

/* Until n bytes are there, or the end. */
static int read_up_to(struct pcap_file *file, size_t n)
{
	while (file->in.len < n && !file->ended) {
		int r = read_more(file, n, -1);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_head(struct pcap_file *file, const char **ret_error)
{
	int r = read_up_to(file, HEAD_BYTES);

	if (r < 0)
		return r;
	if (pcapng_is(file->in)) {
		file->is_pcapng = true;
		return 0;
	}
	if (!pcap_is(file->in)) {
		*ret_error = what_it_is(file->in);
		return -EBADMSG;
	}
	r = read_up_to(file, PCAP_HEADER_BYTES);
	if (r < 0)
		return r;
	if (pcap_read_header(&file->in, &file->pcap) < 0) {
		*ret_error = "it is a pcap file, cut within its header";
		return -EBADMSG;
	}
	file->pcap_interface = (struct weir_file_interface){
		.link_type = file->pcap.link_type, .snap_len = file->pcap.snap_len, .name = ""};
	return 0;
}

/* A plain file that is read from its start is mapped; all else is streamed. */
static int open_input(struct pcap_file *file)
{
	uint8_t head[HEAD_BYTES];
	struct stat st;
	int r;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && lseek(file->fd, 0, SEEK_CUR) == 0 &&
	    pread(file->fd, head, HEAD_BYTES, 0) == HEAD_BYTES &&
	    file_packing_of((struct bytes){head, HEAD_BYTES}) == FILE_PLAIN) {
		r = file_map_open(file->fd, (size_t)st.st_size, &file->map);
		if (r < 0)
			return r;
		file->in = (struct bytes){file->map.data, file->map.len};
		file->came = file->map.len;
		return 0;
	}
	return file_stream_open(file->fd, file->wake_fd, &file->stream);
}

static int new_file(const char *path, struct pcap_file **ret_file)
{
	CLEANUP(file_free_p) struct pcap_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->capture.ops = &file_ops;
	file->fd = -1;
	file->is_stdin = strcmp(path, "-") == 0;
	file->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (file->wake_fd < 0)
		return -errno;
	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	file->fd = file->is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0)
		return -errno;
	*ret_file = STEAL(file);
	return 0;
}

int weir_capture_open_file(const struct weir_file_options *options,
			   struct weir_capture **ret_capture, const char **ret_error)
{
	CLEANUP(file_free_p) struct pcap_file *file = NULL;
	const char *error = NULL;
	int r = new_file(options->path, &file);

	if (!file)
		return r;
	r = open_input(file);
	if (r == 0)
		r = read_head(file, &error);
	if (r == 0 && options->filter) {
		r = file_set_filter(&file->capture, options->filter, NULL);
		if (r == -EINVAL)
			error = "the filter is not valid, or not for this link type";
	}
	if (r < 0) {
		if (error && ret_error)
			*ret_error = error;
		return r;
	}
	describe(file);
	*ret_capture = &STEAL(file)->capture;
	return 0;
}
