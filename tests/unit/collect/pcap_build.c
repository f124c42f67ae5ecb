/* SPDX-License-Identifier: MIT */
#include "pcap_build.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void build_done(struct pcap_build *build)
{
	free(build->data);
	*build = (struct pcap_build){0};
}

void build_bytes(struct pcap_build *build, const void *data, size_t len)
{
	if (build->len + len >= build->cap) {
		build->cap = 2 * (build->len + len) + 1;
		build->data = realloc(build->data, build->cap);
		assert(build->data);
	}
	if (len)
		memcpy(build->data + build->len, data, len);
	build->len += len;
}

static void put(struct pcap_build *build, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (build->is_big ? len - 1 - i : i));

		build_bytes(build, &byte, 1);
	}
}

void build_u16(struct pcap_build *build, uint16_t value)
{
	put(build, value, 2);
}

void build_u32(struct pcap_build *build, uint32_t value)
{
	put(build, value, 4);
}

void build_pcap(struct pcap_build *build, uint32_t magic, uint32_t link_type)
{
	build_u32(build, magic);
	build_u16(build, 2);
	build_u16(build, 4);
	build_u32(build, 0);
	build_u32(build, 0);
	build_u32(build, 65535);
	build_u32(build, link_type);
}

void build_record(struct pcap_build *build, uint32_t s, uint32_t fraction, const void *data,
		  uint32_t cap_len, uint32_t wire_len)
{
	build_u32(build, s);
	build_u32(build, fraction);
	build_u32(build, cap_len);
	build_u32(build, wire_len);
	build_bytes(build, data, cap_len);
}

static void pad(struct pcap_build *build, size_t len)
{
	build_bytes(build, "\0\0\0", -len & 3);
}

size_t build_block(struct pcap_build *build, uint32_t type)
{
	size_t began = build->len;

	build_u32(build, type);
	build_u32(build, 0);
	return began;
}

void build_block_end(struct pcap_build *build, size_t began)
{
	uint32_t len = (uint32_t)(build->len - began + 4);

	build_u32(build, len);
	memcpy(build->data + began + 4, build->data + build->len - 4, 4);
}

void build_option(struct pcap_build *build, uint16_t code, const void *value, uint16_t len)
{
	build_u16(build, code);
	build_u16(build, len);
	build_bytes(build, value, len);
	pad(build, len);
}

void build_option_number(struct pcap_build *build, uint16_t code, uint64_t value, uint16_t len)
{
	build_u16(build, code);
	build_u16(build, len);
	put(build, value, len);
	pad(build, len);
}

void build_section(struct pcap_build *build)
{
	size_t began = build_block(build, 0x0a0d0d0a);

	build_u32(build, 0x1a2b3c4d);
	build_u16(build, 1);
	build_u16(build, 0);
	put(build, UINT64_MAX, 8);
	build_block_end(build, began);
}

void build_interface(struct pcap_build *build, uint16_t link_type, const char *name,
		     uint8_t resolution, int64_t offset_s)
{
	size_t began = build_block(build, 1);

	build_u16(build, link_type);
	build_u16(build, 0);
	build_u32(build, 0);
	if (name)
		build_option(build, 2, name, (uint16_t)strlen(name));
	if (resolution)
		build_option_number(build, 9, resolution, 1);
	if (offset_s)
		build_option_number(build, 14, (uint64_t)offset_s, 8);
	build_option(build, 0, "", 0);
	build_block_end(build, began);
}

void build_enhanced(struct pcap_build *build, uint32_t interface, uint64_t ticks, const void *data,
		    uint32_t cap_len, uint32_t wire_len)
{
	size_t began = build_block(build, 6);

	build_u32(build, interface);
	build_u32(build, (uint32_t)(ticks >> 32));
	build_u32(build, (uint32_t)ticks);
	build_u32(build, cap_len);
	build_u32(build, wire_len);
	build_bytes(build, data, cap_len);
	pad(build, cap_len);
	build_block_end(build, began);
}

static int open_fd(int fd, const char *filter, struct weir_capture **ret_capture,
		   const char **ret_error)
{
	char path[64];
	struct weir_file_options options = {sizeof(options), path, filter};
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = weir_capture_open_file(&options, ret_capture, ret_error);
	close(fd);
	return r;
}

int build_open(const void *data, size_t len, const char *filter, struct weir_capture **ret_capture,
	       const char **ret_error)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert(fd >= 0);
	if (write(fd, data, len) != (ssize_t)len)
		abort();
	return open_fd(fd, filter, ret_capture, ret_error);
}

int build_open_pipe(const void *data, size_t len, struct weir_capture **ret_capture)
{
	int fds[2];
	int r;

	/* the writer's end must stay open until the reader's is opened again by its name */
	if (pipe(fds) < 0 || write(fds[1], data, len) != (ssize_t)len)
		abort();
	r = dup(fds[0]);
	close(fds[1]);
	close(fds[0]);
	return open_fd(r, NULL, ret_capture, NULL);
}

int build_count(struct weir_capture *capture, uint64_t *ret_n)
{
	struct weir_packet_batch batch;
	int r;

	*ret_n = 0;
	while ((r = weir_capture_next(capture, -1, &batch)) == 1) {
		*ret_n += batch.n;
		weir_capture_release(capture, &batch);
	}
	return r;
}
