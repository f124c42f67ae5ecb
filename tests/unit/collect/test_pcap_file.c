/* SPDX-License-Identifier: MIT */

/* Which packets a capture file gives: every kind and byte order, cut at every byte, damaged. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weir/capture.h>

#include "pcap_build.h"
#include "tap.h"

#define S UINT64_C(1000000000)

static void test_pcap_kinds(void)
{
	static const struct {
		const char *name;
		uint32_t magic;
		bool is_big;
		uint64_t fraction_ns;
	} cases[] = {
		{"microseconds, little", 0xa1b2c3d4, false, 999999000},
		{"microseconds, big", 0xa1b2c3d4, true, 999999000},
		{"nanoseconds, little", 0xa1b23c4d, false, 999999},
		{"nanoseconds, big", 0xa1b23c4d, true, 999999},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pcap_build build = {.is_big = cases[i].is_big};
		struct weir_capture *capture = NULL;
		struct weir_capture_stats stats;
		struct weir_packet_batch batch = {0};

		build_pcap(&build, cases[i].magic, WEIR_LINK_RAW);
		build_record(&build, 0xfffffffe, 999999, "abcdef", 6, 1500);
		build_record(&build, 7, 0, "", 0, 0);
		is_int(build_open(build.data, build.len, NULL, &capture, NULL), 0, "%s: opens",
		       cases[i].name);
		is_int(weir_capture_next(capture, 0, &batch), 1, "%s: packets", cases[i].name);
		is_int(batch.n, 2, "%s: two", cases[i].name);
		is_int(batch.packets[0].time_ns, 0xfffffffe * S + cases[i].fraction_ns, "%s: time",
		       cases[i].name);
		is_int(batch.packets[0].cap_len, 6, "%s: cap_len", cases[i].name);
		is_int(batch.packets[0].wire_len, 1500, "%s: wire_len", cases[i].name);
		is_int(batch.packets[0].link_type, WEIR_LINK_RAW, "%s: link type", cases[i].name);
		is_int(batch.packets[0].time_source, WEIR_TIME_FILE, "%s: whose time",
		       cases[i].name);
		ok(memcmp(batch.packets[0].data, "abcdef", 6) == 0, "%s: bytes", cases[i].name);
		is_int(batch.packets[1].time_ns, 7 * S, "%s: second time", cases[i].name);
		weir_capture_release(capture, &batch);
		is_int(weir_capture_next(capture, -1, &batch), -ENODATA, "%s: end", cases[i].name);
		weir_capture_stats(capture, &stats);
		is_int(stats.received, 2, "%s: received", cases[i].name);
		is_int(stats.bytes, 1500, "%s: bytes", cases[i].name);
		is_int(stats.cut, 1, "%s: cut", cases[i].name);
		is_int(stats.malformed, 0, "%s: nothing malformed", cases[i].name);
		weir_capture_close(capture);
		build_done(&build);
	}
}

/* Eight bytes more a record: interface, protocol, packet type, padding. */
static void test_modified(void)
{
	static const uint8_t types[] = {0, 1, 3, 4};
	static const uint8_t directions[] = {WEIR_PACKET_IN, WEIR_PACKET_IN, WEIR_PACKET_OTHER,
					     WEIR_PACKET_OUT};
	struct pcap_build build = {.is_big = true};
	struct weir_capture *capture = NULL;
	struct weir_packet_batch batch = {0};

	build_pcap(&build, 0xa1b2cd34, WEIR_LINK_ETHERNET);
	for (size_t i = 0; i < 4; i++) {
		build_record(&build, 1, 2, "", 0, 3);
		build.len -= 8;
		build_u32(&build, 3);
		build_u32(&build, 3);
		build_u32(&build, 9);
		build_u16(&build, 0x800);
		build_bytes(&build, (uint8_t[]){types[i], 0}, 2);
		build_bytes(&build, "xyz", 3);
	}
	is_int(build_open(build.data, build.len, NULL, &capture, NULL), 0, "modified: opens");
	is_int(weir_capture_next(capture, 0, &batch), 1, "modified: packets");
	is_int(batch.n, 4, "modified: all");
	for (size_t i = 0; i < batch.n; i++) {
		is_int(batch.packets[i].direction, directions[i], "modified: direction %zu", i);
		ok(memcmp(batch.packets[i].data, "xyz", 3) == 0, "modified: bytes %zu", i);
	}
	weir_capture_close(capture);
	build_done(&build);
}

/* A packet with options, a simple one, an obsolete one, and statistics of two moments. */
static size_t build_rarer_blocks(struct pcap_build *build, size_t *ends)
{
	size_t n = 0;
	size_t began;

	began = build_block(build, 6); /* with options */
	build_u32(build, 0);
	build_u32(build, 0);
	build_u32(build, 1);
	build_u32(build, 1);
	build_u32(build, 1);
	build_bytes(build, "o\0\0\0", 4);
	build_option(build, 1, "a comment", 9);
	build_option_number(build, 2, 2, 4);
	build_option(build, 0, "", 0);
	build_block_end(build, began);
	ends[n++] = build->len;
	began = build_block(build, 3);
	build_u32(build, 6);
	build_bytes(build, "simple\0\0", 8);
	build_block_end(build, began);
	ends[n++] = build->len;
	began = build_block(build, 2);
	build_u16(build, 1);
	build_u16(build, 5); /* dropped before it */
	build_u32(build, 0);
	build_u32(build, 9);
	build_u32(build, 4);
	build_u32(build, 4);
	build_bytes(build, "oldp", 4);
	build_block_end(build, began);
	ends[n++] = build->len;
	for (uint64_t dropped = 10; dropped <= 30; dropped += 20) {
		began = build_block(build, 5);
		build_u32(build, 0);
		build_u32(build, 0);
		build_u32(build, 0);
		build_option_number(build, 5, dropped, 8);
		build_option_number(build, 7, 1, 8);
		build_block_end(build, began);
		ends[n++] = build->len;
	}
	return n;
}

/* All kinds of blocks that matter: 7 packets, 4 interfaces. Returns how many ends of blocks. */
static size_t build_all_blocks(struct pcap_build *build, size_t ends[32])
{
	size_t n = 0;
	size_t began;

	for (int section = 0; section < 2; section++) {
		build->is_big = section == 1;
		build_section(build);
		ends[n++] = build->len;
		build_interface(build, WEIR_LINK_ETHERNET, "eth0", 0, 0);
		ends[n++] = build->len;
		build_enhanced(build, 0, 5000001, "abcde", 5, 60);
		ends[n++] = build->len;
		began = build_block(build, 0x4d3c2b1a); /* nobody knows it */
		build_bytes(build, "????", 4);
		build_block_end(build, began);
		ends[n++] = build->len;
	}
	build_interface(build, WEIR_LINK_RAW, NULL, 9, 100);
	ends[n++] = build->len;
	build_interface(build, WEIR_LINK_RAW, NULL, 0x80 | 10, 0);
	ends[n++] = build->len;
	build_enhanced(build, 1, 3 * S + 7, "v4", 2, 2);
	ends[n++] = build->len;
	build_enhanced(build, 2, 1024 + 512, "v6", 2, 2);
	ends[n++] = build->len;
	return n + build_rarer_blocks(build, ends + n);
}

/* All packets, one after another, of a file that is given in batches. */
static size_t take_all(struct weir_capture *capture, struct weir_packet *packets, size_t max,
		       int *ret_end)
{
	struct weir_packet_batch batch;
	size_t n = 0;

	while ((*ret_end = weir_capture_next(capture, -1, &batch)) == 1) {
		for (size_t i = 0; i < batch.n && n < max; i++)
			packets[n++] = batch.packets[i];
		weir_capture_release(capture, &batch); /* a map's bytes stay until it is closed */
	}
	return n;
}

static void test_pcapng(void)
{
	static const struct {
		const char *bytes;
		uint64_t time_ns;
		uint32_t wire_len;
		uint32_t interface;
		uint16_t link_type;
		uint8_t time_source;
		uint8_t direction;
	} want[] = {
		{"abcde", 5000001000, 60, 0, WEIR_LINK_ETHERNET, WEIR_TIME_FILE, 0},
		{"abcde", 5000001000, 60, 1, WEIR_LINK_ETHERNET, WEIR_TIME_FILE, 0},
		{"v4", 103 * S + 7, 2, 2, WEIR_LINK_RAW, WEIR_TIME_FILE, 0},
		{"v6", 1500000000, 2, 3, WEIR_LINK_RAW, WEIR_TIME_FILE, 0},
		{"o", 1000, 1, 1, WEIR_LINK_ETHERNET, WEIR_TIME_FILE, WEIR_PACKET_OUT},
		{"simple", 0, 6, 1, WEIR_LINK_ETHERNET, WEIR_TIME_NONE, 0},
		{"oldp", 100 * S + 9, 4, 2, WEIR_LINK_RAW, WEIR_TIME_FILE, 0},
	};
	struct pcap_build build = {0};
	struct weir_capture *capture = NULL;
	struct weir_capture_stats stats;
	struct weir_packet packets[16];
	size_t ends[32];
	size_t n;
	int end = 0;

	build_all_blocks(&build, ends);
	is_int(build_open(build.data, build.len, NULL, &capture, NULL), 0, "pcapng: opens");
	n = take_all(capture, packets, 16, &end);
	is_int(end, -ENODATA, "pcapng: to its end");
	is_int(n, sizeof(want) / sizeof(*want), "pcapng: all packets");
	for (size_t i = 0; i < n && i < sizeof(want) / sizeof(*want); i++) {
		is_int(packets[i].cap_len, strlen(want[i].bytes), "pcapng %zu: cap_len", i);
		ok(memcmp(packets[i].data, want[i].bytes, packets[i].cap_len) == 0,
		   "pcapng %zu: bytes", i);
		is_int(packets[i].time_ns, want[i].time_ns, "pcapng %zu: time", i);
		is_int(packets[i].wire_len, want[i].wire_len, "pcapng %zu: wire_len", i);
		is_int(packets[i].interface, want[i].interface, "pcapng %zu: interface", i);
		is_int(packets[i].link_type, want[i].link_type, "pcapng %zu: link type", i);
		is_int(packets[i].time_source, want[i].time_source, "pcapng %zu: whose time", i);
		is_int(packets[i].direction, want[i].direction, "pcapng %zu: direction", i);
	}
	weir_capture_stats(capture, &stats);
	is_int(stats.dropped, 36, "pcapng: drops are those told last, and those before a packet");
	is_int(stats.malformed, 0, "pcapng: nothing malformed");
	is_str(weir_capture_file_interface(capture, 1)->name, "eth0", "pcapng: a name");
	is_str(weir_capture_file_interface(capture, 3)->name, "", "pcapng: no name");
	ok(!weir_capture_file_interface(capture, 4), "pcapng: no more interfaces");
	weir_capture_close(capture);
	build_done(&build);
}

/* A file cut at every byte: what was whole before comes; only between records is it an end. */
static void test_cuts(const char *name, const struct pcap_build *build, const size_t *ends,
		      size_t n_ends, size_t first)
{
	size_t wrong = 0;
	uint64_t whole_before = 0;

	for (size_t len = first; len <= build->len; len++) {
		bool is_end = false;
		uint64_t n[2] = {0};

		for (size_t i = 0; i < n_ends; i++)
			is_end = is_end || ends[i] == len;
		for (int piped = 0; piped < 2; piped++) {
			struct weir_capture *capture = NULL;
			struct weir_capture_stats stats;
			int r = piped ? build_open_pipe(build->data, len, &capture)
				      : build_open(build->data, len, NULL, &capture, NULL);

			if (r < 0) {
				wrong++;
				continue;
			}
			wrong += build_count(capture, &n[piped]) != (is_end ? -ENODATA : -EBADMSG);
			weir_capture_stats(capture, &stats);
			wrong += stats.malformed != (is_end ? 0 : 1);
			weir_capture_close(capture);
		}
		wrong += n[0] != n[1] || n[0] < whole_before || n[0] > whole_before + 1;
		wrong += n[0] > whole_before && !is_end;
		whole_before = n[0];
	}
	is_int(wrong, 0, "%s, cut at each byte", name);
	ok(whole_before > 0, "%s, whole, has packets", name);
}

static void test_all_cuts(void)
{
	struct pcap_build pcap = {0};
	struct pcap_build pcapng = {0};
	size_t ends[32];
	size_t n;

	build_pcap(&pcap, 0xa1b2c3d4, 1);
	ends[0] = pcap.len;
	for (n = 1; n < 4; n++) {
		build_record(&pcap, 1, 2, "packet", 6, 6);
		ends[n] = pcap.len;
	}
	test_cuts("pcap", &pcap, ends, n, ends[0]);
	n = build_all_blocks(&pcapng, ends);
	test_cuts("pcapng", &pcapng, ends, n, 4);
	build_done(&pcap);
	build_done(&pcapng);
}

static void test_no_captures(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *error;
	} cases[] = {
		{"", 0, "it is empty"},
		{"x", 1, "it is neither pcap nor pcapng"},
		{"hello, world", 12, "it is neither pcap nor pcapng"},
		{"BZh91AY", 7, "it is packed by bzip2, which is not read here"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0", 8, "it is a pcap file, cut within its header"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct weir_capture *capture = NULL;
		const char *error = NULL;

		is_int(build_open(cases[i].bytes, cases[i].len, NULL, &capture, &error), -EBADMSG,
		       "no capture %zu", i);
		is_str(error, cases[i].error, "no capture %zu: what it is", i);
		ok(!capture, "no capture %zu: nothing is returned", i);
	}
}

/* Records that cannot be end the file; blocks that contradict themselves are passed over. */
static void test_damage(void)
{
	struct pcap_build build = {0};
	struct weir_capture *capture = NULL;
	struct weir_capture_stats stats;
	uint64_t n = 0;

	build_pcap(&build, 0xa1b2c3d4, 1);
	build_record(&build, 1, 2, "packet", 6, 6);
	build_u32(&build, 1);
	build_u32(&build, 1);
	build_u32(&build, 0x10000001);
	build_u32(&build, 1);
	build_open(build.data, build.len, NULL, &capture, NULL);
	is_int(build_count(capture, &n), -EBADMSG, "an absurd length is damage");
	is_int(n, 1, "what came before it came");
	is_int(weir_capture_next(capture, 0, &(struct weir_packet_batch){0}), -EBADMSG, "for good");
	weir_capture_close(capture);
	build_done(&build);

	build_section(&build);
	build_interface(&build, 1, NULL, 0, 0);
	build_enhanced(&build, 1, 0, "nobody's", 8, 8);
	build_enhanced(&build, 0, 0, "longer", 6, 6);
	build.data[build.len - 20] = 200; /* cap_len: beyond its block */
	build_enhanced(&build, 0, 0, "fine", 4, 4);
	n = build.len;
	build_enhanced(&build, 0, 0, "torn", 4, 4);
	build.data[n + 4] += 4; /* the two lengths disagree */
	build_bytes(&build, "\0\0\0\0", 4);
	build_open(build.data, build.len, NULL, &capture, NULL);
	is_int(build_count(capture, &n), -EBADMSG, "lengths that disagree are damage");
	is_int(n, 1, "bad blocks before it are passed over");
	weir_capture_stats(capture, &stats);
	is_int(stats.malformed, 3, "and counted");
	weir_capture_close(capture);
	build_done(&build);
}

int main(void)
{
	test_pcap_kinds();
	test_modified();
	test_pcapng();
	test_all_cuts();
	test_no_captures();
	test_damage();
	return tap_done();
}
