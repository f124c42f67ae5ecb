/* SPDX-License-Identifier: MIT */

/* Packets kept come back, byte for byte, by our own reader; rotation and a killed writer too. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/capture.h>

#include "export/pcapng.h"
#include "tap.h"

#define TIME_NS UINT64_C(1700000000123456789)

struct folder {
	char path[64];
	char file[80];
	char old[84];
};

static void make_folder(struct folder *folder)
{
	strcpy(folder->path, "/tmp/weir-pcapng-XXXXXX");
	if (!mkdtemp(folder->path))
		abort();
	snprintf(folder->file, sizeof(folder->file), "%s/p.pcapng", folder->path);
	snprintf(folder->old, sizeof(folder->old), "%s.1", folder->file);
}

static void remove_folder(const struct folder *folder)
{
	unlink(folder->old);
	unlink(folder->file);
	rmdir(folder->path);
}

static struct pcapng_writer *open_writer(const struct folder *folder)
{
	struct pcapng_options options = {.path = folder->file, .program = "a test", .keep = 1};
	struct pcapng_source sources[] = {{7, WEIR_LINK_ETHERNET, 0, "eth0", "tcp port 80"},
					  {9, WEIR_LINK_RAW, 64, "tun0", NULL}};
	struct pcapng_writer *writer = NULL;
	struct str_buf error = {0};

	is_int(pcapng_open(&options, &error, &writer), 0, "opens");
	for (size_t i = 0; i < 2; i++)
		is_int(pcapng_add_source(writer, &sources[i]), 0, "a source");
	is_int(pcapng_add_source(writer, &sources[1]), -EEXIST, "not twice");
	str_buf_done(&error);
	return writer;
}

static struct weir_packet packet_of(uint32_t interface, const char *data)
{
	return (struct weir_packet){
		.data = (const uint8_t *)data,
		.cap_len = (uint32_t)strlen(data),
		.wire_len = (uint32_t)strlen(data) + 100,
		.time_ns = TIME_NS,
		.interface = interface,
		.link_type = interface == 7 ? WEIR_LINK_ETHERNET : WEIR_LINK_RAW,
	};
}

static struct weir_capture *open_file(const char *path)
{
	struct weir_file_options options = {.size = sizeof(options), .path = path};
	struct weir_capture *capture = NULL;

	is_int(weir_capture_open_file(&options, &capture, NULL), 0, "can be read");
	return capture;
}

static uint64_t count_file(const char *path)
{
	struct weir_capture *capture = open_file(path);
	struct weir_packet_batch batch;
	uint64_t n = 0;
	int r;

	while ((r = weir_capture_next(capture, -1, &batch)) == 1) {
		n += batch.n;
		weir_capture_release(capture, &batch);
	}
	is_int(r, -ENODATA, "whole to its end");
	weir_capture_close(capture);
	return n;
}

static void check_packet(const struct weir_packet *got, const char *data, size_t i)
{
	is_int(got->cap_len, strlen(data), "%zu: length", i);
	is_int(got->wire_len, strlen(data) + 100, "%zu: on the wire", i);
	ok(memcmp(got->data, data, got->cap_len) == 0, "%zu: bytes", i);
	is_int(got->time_ns, TIME_NS, "%zu: time", i);
	is_int(got->interface, i % 2, "%zu: interface", i);
	is_int(got->direction, i == WEIR_PACKET_OTHER ? WEIR_PACKET_IN : i, "%zu: direction", i);
}

static void test_round_trip(void)
{
	static const char *const data[] = {"", "x", "four", "abcdefabcdefghijk"};
	static const char *const comments[] = {NULL, "nginx[7]", "\x1b[31m\xff", ""};
	struct folder folder;
	struct pcapng_writer *writer;
	struct weir_capture *capture;
	struct weir_capture_stats stats;
	struct weir_packet_batch batch = {0};
	struct weir_packet packet;

	make_folder(&folder);
	writer = open_writer(&folder);
	for (size_t i = 0; i < 4; i++) {
		packet = packet_of(i % 2 ? 9 : 7, data[i]);
		packet.direction = (uint8_t)i;
		is_int(pcapng_add(writer, &packet, comments[i]), 0, "packet %zu", i);
	}
	packet = packet_of(7, data[3]);
	packet.vlan_tpid = 0x8100;
	packet.vlan_tci = 0x202a;
	is_int(pcapng_add(writer, &packet, NULL), 0, "a tagged packet");
	packet.interface = 8;
	is_int(pcapng_add(writer, &packet, NULL), -EINVAL, "of an interface nobody told");
	is_int(pcapng_add_statistics(writer, 7, 100, 42), 0, "statistics");
	is_int(pcapng_write(writer, NULL), 0, "is written");
	is_int(pcapng_close(writer), 0, "is closed");

	capture = open_file(folder.file);
	is_int(weir_capture_next(capture, -1, &batch), 1, "packets come");
	is_int(batch.n, 5, "all in one");
	for (size_t i = 0; i < 4 && i < batch.n; i++)
		check_packet(&batch.packets[i], data[i], i);
	is_int(batch.packets[4].cap_len, 21, "a tag is 4 bytes");
	is_int(batch.packets[4].wire_len, 121, "also on the wire");
	ok(memcmp(batch.packets[4].data, "abcdefabcdef\x81\0\x20\x2aghijk", 21) == 0,
	   "behind the addresses");
	is_int(weir_capture_next(capture, -1, &batch), -ENODATA, "no more");
	weir_capture_stats(capture, &stats);
	is_int(stats.dropped, 42, "drops");
	is_int(stats.malformed, 0, "nothing malformed");
	is_str(weir_capture_file_interface(capture, 0)->name, "eth0", "a name");
	weir_capture_close(capture);
	remove_folder(&folder);
}

static void test_rotation(void)
{
	struct folder folder;
	struct pcapng_writer *writer;
	struct weir_packet packet = packet_of(9, "packet");

	make_folder(&folder);
	writer = open_writer(&folder);
	for (int i = 0; i < 3; i++)
		pcapng_add(writer, &packet, NULL);
	is_int(pcapng_write(writer, NULL), 0, "before");
	is_int(pcapng_rotate(writer, false), 0, "not due");
	is_int(pcapng_rotate(writer, true), 1, "rotated");
	pcapng_add(writer, &packet, NULL);
	is_int(pcapng_write(writer, NULL), 0, "after");
	pcapng_close(writer);
	is_int(count_file(folder.old), 3, "the old one has what was before");
	is_int(count_file(folder.file), 1, "the new one stands for itself");
	remove_folder(&folder);
}

/* What was written is there and whole, what was only gathered is not. */
static void test_killed(void)
{
	struct folder folder;
	struct weir_packet packet = packet_of(7, "abcdefabcdefgh");
	int status = 0;
	pid_t pid;

	make_folder(&folder);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct pcapng_options options = {.path = folder.file};
		struct pcapng_source source = {.number = 7, .link_type = WEIR_LINK_ETHERNET};
		struct pcapng_writer *writer = NULL;
		struct str_buf error = {0};

		if (pcapng_open(&options, &error, &writer) < 0 ||
		    pcapng_add_source(writer, &source) < 0)
			_exit(1);
		for (int i = 0; i < 10; i++) {
			pcapng_add(writer, &packet, NULL);
			if (i < 9 && pcapng_write(writer, NULL) < 0)
				_exit(1);
		}
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "killed");
	is_int(count_file(folder.file), 9, "each write is there");
	remove_folder(&folder);
}

static void test_full_disk(void)
{
	struct pcapng_options options = {.path = "/dev/full"};
	struct pcapng_writer *writer = NULL;
	struct str_buf error = {0};

	is_int(pcapng_open(&options, &error, &writer), -ENOSPC, "no room for the header");
	ok(error.len && !writer, "which is said in words");
	str_buf_done(&error);
}

int main(void)
{
	test_round_trip();
	test_rotation();
	test_killed();
	test_full_disk();
	return tap_done();
}
