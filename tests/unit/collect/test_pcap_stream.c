/* SPDX-License-Identifier: MIT */

/* Capture files that come packed or through a pipe, batches that are held, and filters. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <weir/capture.h>
#ifdef WEIR_HAS_ZSTD
#include <zstd.h>
#endif

#include "pcap_build.h"
#include "tap.h"

#define MANY 20000
#define LONG_RECORD (3u << 20)

/* Packet i has a length and bytes that its number tells. */
static uint32_t length_of(uint32_t i)
{
	return i == MANY / 2 ? LONG_RECORD : 4 + i * 7919 % 1500;
}

static uint8_t byte_of(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

static void build_many(struct pcap_build *build)
{
	uint8_t *packet = malloc(LONG_RECORD);

	if (!packet)
		abort();
	build_pcap(build, 0xa1b23c4d, 1);
	for (uint32_t i = 0; i < MANY; i++) {
		memset(packet, byte_of(i), length_of(i));
		build_record(build, i, i, packet, length_of(i), length_of(i));
	}
	free(packet);
}

static bool is_packet(const struct weir_packet *packet, uint32_t i)
{
	return packet->cap_len == length_of(i) && packet->time_ns == i * UINT64_C(1000000001) &&
	       packet->data[0] == byte_of(i) && packet->data[packet->cap_len - 1] == byte_of(i);
}

/* Reads it all, always holding the last five batches, which must stay as they were. */
static void check_many(const char *name, struct weir_capture *capture)
{
	struct weir_packet_batch held[5] = {0};
	uint32_t first[5] = {0};
	uint32_t n = 0;
	size_t wrong = 0;
	size_t at = 0;
	int r;

	for (;; at = (at + 1) % 5) {
		for (size_t i = 0; i < held[at].n; i++)
			wrong += !is_packet(&held[at].packets[i], first[at] + (uint32_t)i);
		if (held[at].n)
			weir_capture_release(capture, &held[at]);
		held[at].n = 0;
		r = weir_capture_next(capture, -1, &held[at]);
		if (r != 1)
			break;
		first[at] = n;
		n += (uint32_t)held[at].n;
	}
	is_int(r, -ENODATA, "%s: to its end", name);
	is_int(n, MANY, "%s: all packets", name);
	is_int(wrong, 0, "%s: each as it was, also while later ones are read", name);
	weir_capture_close(capture);
}

/* One gzip member. */
static size_t deflate_into(uint8_t *out, size_t size, const uint8_t *data, size_t len)
{
	z_stream z = {0};

	if (deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)size;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return size - z.avail_out;
}

static void test_gzip(const struct pcap_build *build)
{
	size_t half = build->len / 2;
	size_t size = build->len + 65536;
	uint8_t *packed = malloc(size);
	struct weir_capture *capture = NULL;
	struct weir_capture_stats stats;
	uint64_t n = 0;
	size_t len;

	if (!packed)
		abort();
	len = deflate_into(packed, size, build->data, half);
	len += deflate_into(packed + len, size - len, build->data + half, build->len - half);
	is_int(build_open(packed, len, NULL, &capture, NULL), 0, "gzip: opens");
	ok(strstr(capture->ops->describe(capture), "pcap, gzip"), "gzip: says so");
	check_many("gzip, two members", capture);

	is_int(build_open(packed, len - 9, NULL, &capture, NULL), 0, "cut gzip: opens");
	is_int(build_count(capture, &n), -EBADMSG, "cut gzip: it is damage");
	is_int(n, MANY, "cut gzip: what is whole comes");
	weir_capture_stats(capture, &stats);
	is_int(stats.malformed, 1, "cut gzip: counted");
	weir_capture_close(capture);

	memset(packed + len / 2, 0xff, 64);
	is_int(build_open(packed, len, NULL, &capture, NULL), 0, "damaged gzip: opens");
	is_int(build_count(capture, &n), -EBADMSG, "damaged gzip: it is damage");
	ok(n > 0 && n < MANY, "damaged gzip: what is before it comes");
	weir_capture_close(capture);
	free(packed);
}

static void test_zstd(const struct pcap_build *build)
{
#ifdef WEIR_HAS_ZSTD
	size_t half = build->len / 2;
	size_t size = ZSTD_compressBound(half) + ZSTD_compressBound(build->len - half);
	uint8_t *packed = malloc(size);
	struct weir_capture *capture = NULL;
	uint64_t n = 0;
	size_t len;

	if (!packed)
		abort();
	len = ZSTD_compress(packed, size, build->data, half, 1);
	len += ZSTD_compress(packed + len, size - len, build->data + half, build->len - half, 1);
	is_int(build_open(packed, len, NULL, &capture, NULL), 0, "zstd: opens");
	check_many("zstd, two frames", capture);
	is_int(build_open(packed, len - 9, NULL, &capture, NULL), 0, "cut zstd: opens");
	is_int(build_count(capture, &n), -EBADMSG, "cut zstd: it is damage");
	weir_capture_close(capture);
	free(packed);
#else
	(void)build;
	tap_skip("zstd", "this build cannot read it");
#endif
}

/* Every batch held: no more are lent until one is given back. */
static void test_busy(const struct pcap_build *build)
{
	struct weir_packet_batch batches[64] = {0};
	struct weir_capture *capture = NULL;
	int n = 0;
	int r = 0;

	build_open(build->data, build->len, NULL, &capture, NULL);
	while (n < 64 && (r = weir_capture_next(capture, 0, &batches[n])) == 1)
		n++;
	is_int(r, -EBUSY, "as many are held as there are");
	weir_capture_release(capture, &batches[1]);
	is_int(weir_capture_next(capture, 0, &batches[1]), 1, "one given back is one more");
	ok(is_packet(&batches[1].packets[0], (uint32_t)n * 256), "and nothing is left out");
	weir_capture_close(capture);
}

/* A pipe that is still written to: what is whole comes at once; waits end in time and by wake(). */
static void test_pipe(void)
{
	struct pcap_build build = {0};
	struct weir_capture *capture = NULL;
	struct weir_packet_batch batch = {0};
	char path[64];
	struct weir_file_options options = {sizeof(options), path, NULL};
	int fds[2];
	size_t whole;

	build_pcap(&build, 0xa1b2c3d4, 1);
	build_record(&build, 1, 1, "one", 3, 3);
	whole = build.len;
	build_record(&build, 2, 2, "two", 3, 3);
	if (pipe(fds) < 0 || write(fds[1], build.data, whole + 5) != (ssize_t)whole + 5)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	is_int(weir_capture_open_file(&options, &capture, NULL), 0, "pipe: opens");
	is_int(weir_capture_next(capture, -1, &batch), 1, "pipe: what is whole comes");
	is_int(batch.n, 1, "pipe: one packet");
	weir_capture_release(capture, &batch);
	is_int(weir_capture_next(capture, 0, &batch), 0, "pipe: no more, without waiting");
	is_int(weir_capture_next(capture, 1, &batch), 0, "pipe: no more in time");
	capture->ops->wake(capture);
	is_int(weir_capture_next(capture, -1, &batch), 0, "pipe: woken");
	if (write(fds[1], build.data + whole + 5, build.len - whole - 5) < 0)
		abort();
	is_int(weir_capture_next(capture, -1, &batch), 1, "pipe: the rest came");
	ok(memcmp(batch.packets[0].data, "two", 3) == 0, "pipe: as it was written");
	weir_capture_release(capture, &batch);
	close(fds[1]);
	is_int(weir_capture_next(capture, -1, &batch), -ENODATA, "pipe: its end");
	weir_capture_close(capture);
	close(fds[0]);
	build_done(&build);
}

/* Three frames on Ethernet: IPv4 UDP, ARP, and the UDP one within a VLAN; then raw IPv4. */
static void build_frames(struct pcap_build *build)
{
	static const char udp[] = "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x7f\0\0\1\x7f\0\0\1"
				  "\0\x35\0\x35\0\x08\0\0";
	static const char macs[] = "\1\2\3\4\5\6\1\2\3\4\5\7";
	char frame[128];

	build_section(build);
	build_interface(build, WEIR_LINK_ETHERNET, NULL, 0, 0);
	memcpy(frame, macs, 12);
	memcpy(frame + 12, "\x08\0", 2);
	memcpy(frame + 14, udp, 28);
	build_enhanced(build, 0, 1, frame, 42, 42);
	memcpy(frame + 12, "\x08\x06", 2);
	build_enhanced(build, 0, 2, frame, 42, 42);
	memcpy(frame + 12, "\x81\0\0\x2a\x08\0", 6);
	memcpy(frame + 18, udp, 28);
	build_enhanced(build, 0, 3, frame, 46, 46);
	build_interface(build, WEIR_LINK_RAW, NULL, 0, 0);
	build_enhanced(build, 1, 4, udp, 28, 28);
}

static void test_filters(void)
{
	static const struct {
		const char *filter;
		uint64_t n;
	} cases[] = {
		{NULL, 4},      {"udp", 2},          {"arp", 1},
		{"vlan 42", 1}, {"vlan and udp", 1}, {"ether src 1:2:3:4:5:7", 3},
		{"port 54", 0}, {"less 28", 1},
	};
	struct pcap_build build = {0};
	struct weir_capture *capture = NULL;
	const char *error = NULL;
	uint64_t n = 0;

	build_frames(&build);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct weir_capture_stats stats;

		is_int(build_open(build.data, build.len, cases[i].filter, &capture, &error), 0,
		       "filter '%s': opens", cases[i].filter ? cases[i].filter : "");
		is_int(build_count(capture, &n), -ENODATA, "filter %zu: to the end", i);
		is_int(n, cases[i].n, "filter %zu: those that pass, of each link type", i);
		weir_capture_stats(capture, &stats);
		is_int(stats.received, cases[i].n, "filter %zu: only they are counted", i);
		weir_capture_close(capture);
	}
	capture = NULL;
	is_int(build_open(build.data, build.len, "no such filter", &capture, &error), -EINVAL,
	       "what is no filter is refused");
	ok(!capture && error, "with words");
	build_open(build.data, build.len, "arp", &capture, &error);
	is_int(capture->ops->set_filter(capture, "port", &error), -EINVAL, "also later");
	is_int(capture->ops->set_filter(capture, NULL, &error), 0, "a filter is taken off");
	build_count(capture, &n);
	is_int(n, 4, "and all come");
	weir_capture_close(capture);
	build_done(&build);
}

int main(void)
{
	struct pcap_build build = {0};
	struct weir_capture *capture = NULL;

	build_many(&build);
	is_int(build_open(build.data, build.len, NULL, &capture, NULL), 0, "plain: opens");
	check_many("plain", capture);
	test_gzip(&build);
	test_zstd(&build);
	test_busy(&build);
	build_done(&build);
	test_pipe();
	test_filters();
	return tap_done();
}
