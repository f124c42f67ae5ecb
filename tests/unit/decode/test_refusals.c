/* SPDX-License-Identifier: MIT */

/* What is wrong is refused by name, what only looks like something is not taken for it, and padding
 * is never payload. */

#include <netinet/in.h>
#include <string.h>

#include "decode/layers.h"
#include "packet_build.h"
#include "tap.h"

#define A 0x0a000001
#define B 0x0a000002

static struct packet_build build;

static void begin_udp(uint16_t destination_port)
{
	packet_build_init(&build);
	packet_build_pattern(&build, 1, 10);
	packet_build_udp(&build, 1000, destination_port);
}

static void add_ipv4(uint8_t proto)
{
	packet_build_ipv4(&build, &(struct packet_build_ipv4){A, B, proto, 7, 0, 0});
}

static void add_ipv6(uint8_t next)
{
	packet_build_ipv6(&build, &(struct packet_build_ipv6){1, 2, next, 0, 0});
}

static enum layers_result decode(uint16_t link_type, struct layers *ret)
{
	struct weir_packet packet = packet_build_packet(&build, link_type);

	return layers_decode(&packet, ret);
}

static void refused(enum weir_malformed want, const char *what)
{
	struct layers layers;

	is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_MALFORMED, "%s: malformed", what);
	is_int(layers.malformed, want, "%s: at its layer", what);
}

struct damage {
	const char *name;
	size_t at;
	uint8_t byte;
	enum weir_malformed malformed;
};

static void test_ipv4(void)
{
	static const struct damage damages[] = {
		{"version 5", 0, 0x55, WEIR_MALFORMED_LINK},
		{"header of 16 bytes", 0, 0x44, WEIR_MALFORMED_IPV4},
		{"header beyond the length", 0, 0x4f, WEIR_MALFORMED_IPV4},
		{"length below the header", 3, 19, WEIR_MALFORMED_IPV4},
		{"length beyond the frame", 3, 39, WEIR_MALFORMED_IPV4},
		{"fragment of no whole 8 bytes", 6, 0x20, WEIR_MALFORMED_FRAGMENT},
		{"UDP length of 7", 25, 7, WEIR_MALFORMED_UDP},
		{"UDP length 0", 25, 0, WEIR_MALFORMED_UDP},
		{"UDP length beyond IP's", 25, 19, WEIR_MALFORMED_UDP},
		{"TCP with 18 bytes", 9, IPPROTO_TCP, WEIR_MALFORMED_TCP},
	};
	struct layers layers;

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		begin_udp(2000);
		add_ipv4(IPPROTO_UDP);
		packet_build_at(&build)[damages[i].at] = damages[i].byte;
		refused(damages[i].malformed, damages[i].name);
		packet_build_ethernet(&build, 0x0800);
		is_int(decode(WEIR_LINK_ETHERNET, &layers), LAYERS_MALFORMED, "%s: on Ethernet",
		       damages[i].name);
	}
}

static void test_ipv6(void)
{
	static const struct damage damages[] = {
		{"IPv6 length beyond the frame", 5, 19, WEIR_MALFORMED_IPV6},
		{"extension beyond the length", 41, 9, WEIR_MALFORMED_EXTENSION},
	};

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		begin_udp(2000);
		add_ipv6(i ? IPPROTO_HOPOPTS : IPPROTO_UDP);
		packet_build_at(&build)[damages[i].at] = damages[i].byte;
		refused(damages[i].malformed, damages[i].name);
	}
	begin_udp(2000);
	packet_build_extension(&build, IPPROTO_UDP, 0);
	for (int i = 0; i < 20; i++)
		packet_build_extension(&build, IPPROTO_DSTOPTS, 0);
	add_ipv6(IPPROTO_DSTOPTS);
	refused(WEIR_MALFORMED_DEPTH, "extensions without end");
}

static void test_fragments(void)
{
	static const uint16_t places[] = {0x1fff, 0x1fff - 1};

	for (size_t i = 0; i < 2; i++) {
		packet_build_init(&build);
		packet_build_pattern(&build, 1, 24);
		packet_build_ipv4(&build, &(struct packet_build_ipv4){A, B, 17, 7, places[i], 0});
		refused(WEIR_MALFORMED_FRAGMENT, "beyond 65535 bytes");
	}
	packet_build_init(&build);
	packet_build_pattern(&build, 1, 8);
	packet_build_ipv4(&build, &(struct packet_build_ipv4){A, B, 17, 7, 0x1ffd, 0});
	refused(WEIR_MALFORMED_FRAGMENT, "beyond 65535 bytes with its header");
	packet_build_init(&build);
	packet_build_ipv4(&build, &(struct packet_build_ipv4){A, B, 17, 7, 4, 0});
	refused(WEIR_MALFORMED_FRAGMENT, "an empty fragment");
}

static void test_transport(void)
{
	packet_build_init(&build);
	packet_build_tcp(&build, &(struct packet_build_tcp){.source_port = 1});
	packet_build_at(&build)[12] = 0x40;
	add_ipv4(IPPROTO_TCP);
	refused(WEIR_MALFORMED_TCP, "a TCP header of 16 bytes");
	packet_build_at(&build)[32] = 0x60;
	refused(WEIR_MALFORMED_TCP, "TCP options beyond IP's length");
	packet_build_init(&build);
	packet_build_pattern(&build, 8, 7);
	add_ipv4(IPPROTO_ICMP);
	refused(WEIR_MALFORMED_ICMP, "ICMP of 7 bytes");
	packet_build_init(&build);
	packet_build_pattern(&build, 8, 11);
	add_ipv4(IPPROTO_SCTP);
	refused(WEIR_MALFORMED_SCTP, "SCTP of 11 bytes");
}

static void test_window_shift(void)
{
	static const struct {
		uint8_t options[8];
		uint8_t want;
	} cases[] = {
		{{3, 3, 9, 0}, 9},
		{{3, 3, 15, 0}, 14},
		{{1, 1, 1, 1, 1, 3, 3, 2}, 2},
		{{0, 3, 3, 9}, 0xff},
		{{3, 0, 0, 0}, 0xff},
		{{3, 1, 0, 0}, 0xff},
		{{8, 9, 0, 0}, 0xff},
		{{1, 1, 1, 1, 1, 1, 1, 3}, 0xff},
		{{1, 1, 1, 1, 1, 1, 3, 3}, 0xff},
		{{3, 4, 9, 9}, 0xff},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct layers layers;

		packet_build_init(&build);
		packet_build_tcp(&build, &(struct packet_build_tcp){.flags = TCP_SYN,
								    .options = cases[i].options,
								    .options_len = 8});
		add_ipv4(IPPROTO_TCP);
		is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "options %zu: a flow", i);
		is_int(layers.tcp.window_shift, cases[i].want, "options %zu: window scale", i);
	}
}

/* What looks like a tunnel's header, and is one bit off. */
static void test_look_alikes(void)
{
	static const struct {
		const char *name;
		uint16_t port;
		uint8_t header[10];
	} cases[] = {
		{"VXLAN without its flag", 4789, {0, 0, 0, 0, 1, 2, 3, 0}},
		{"VXLAN with a reserved bit", 4789, {8, 0, 1, 0, 1, 2, 3, 0}},
		{"VXLAN with a reserved byte", 4789, {8, 0, 0, 0, 1, 2, 3, 1}},
		{"GENEVE version 1", 6081, {0x40, 0, 0x65, 0x58}},
		{"GENEVE of an unknown protocol", 6081, {0, 0, 0x12, 0x34}},
		{"GENEVE with a reserved bit", 6081, {0, 1, 0x65, 0x58}},
		{"GENEVE with options beyond", 6081, {1, 0, 0x65, 0x58}},
		{"GTP echo", 2152, {0x32, 1, 0, 2}},
		{"GTP of another version", 2152, {0x50, 0xff, 0, 2, 0, 0, 0, 0, 0x45}},
		{"GTP longer than UDP", 2152, {0x30, 0xff, 0, 3, 0, 0, 0, 0, 0x45}},
		{"GTP with no IP", 2152, {0x30, 0xff, 0, 2, 0, 0, 0, 0, 0x55}},
		{"GTP with options beyond", 2152, {0x34, 0xff, 0, 2}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct layers layers;

		packet_build_init(&build);
		packet_build_bytes(&build, cases[i].header, sizeof(cases[i].header));
		packet_build_udp(&build, 1000, cases[i].port);
		add_ipv4(IPPROTO_UDP);
		is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "%s: a flow", cases[i].name);
		ok(layers.n_tunnels == 0 && layers.payload.len == 10 &&
			   layers.destination_port == cases[i].port,
		   "%s: of UDP", cases[i].name);
	}
}

static void test_gre_others(void)
{
	static const struct {
		uint16_t flags, ethertype;
	} cases[] = {
		{0x4000, 0x0800}, {0x0800, 0x0800}, {0x0002, 0x0800},
		{0x2081, 0x880b}, {0x0000, 0x0000}, {0x0000, 0x88be},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct layers layers;

		begin_udp(2000);
		packet_build_gre(&build, cases[i].flags, cases[i].ethertype, 0);
		add_ipv4(IPPROTO_GRE);
		is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "GRE %zu: a flow", i);
		ok(layers.n_tunnels == 0 && layers.proto == IPPROTO_GRE, "GRE %zu: of its own", i);
	}
}

static void test_padding(void)
{
	struct layers layers;

	packet_build_init(&build);
	packet_build_tcp(&build, &(struct packet_build_tcp){.flags = TCP_ACK});
	add_ipv4(IPPROTO_TCP);
	packet_build_padding(&build, 0xee, 6);
	decode(WEIR_LINK_RAW, &layers);
	is_int(layers.payload_len, 0, "padding behind an empty segment");
	packet_build_init(&build);
	add_ipv6(59); /* no next header */
	packet_build_padding(&build, 0xee, 6);
	is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "IPv6 with nothing in it");
	is_int(layers.payload_len, 0, "padding behind it");
	begin_udp(2000);
	packet_build_padding(&build, 0xee, 6);
	add_ipv4(IPPROTO_UDP);
	decode(WEIR_LINK_RAW, &layers);
	is_int(layers.payload_len, 10, "what IP has beyond UDP's length");
	packet_build_init(&build);
	packet_build_pattern(&build, 0, 16);
	add_ipv4(50);
	memset(packet_build_at(&build) + 2, 0, 2);
	refused(WEIR_MALFORMED_IPV4, "IPv4 length 0 of what no card cuts");
}

/* Longer than 16 bits can say: as Linux shows it where segmentation is left to the card. */
static void test_big(void)
{
	struct layers layers;

	for (int version = 4; version <= 6; version += 2) {
		packet_build_init(&build);
		packet_build_pattern(&build, 1, 100000);
		packet_build_tcp(&build, &(struct packet_build_tcp){.flags = TCP_ACK});
		if (version == 4)
			add_ipv4(IPPROTO_TCP);
		else
			add_ipv6(IPPROTO_TCP);
		is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "IPv%d, big TCP", version);
		is_int(layers.payload_len, 100000, "IPv%d, big TCP: all of it", version);
	}
	packet_build_init(&build);
	packet_build_pattern(&build, 1, 100000);
	packet_build_udp(&build, 1, 2);
	packet_build_extension(&build, IPPROTO_UDP, 0);
	add_ipv6(IPPROTO_HOPOPTS);
	is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "a jumbogram");
	is_int(layers.payload_len, 100000, "a jumbogram: all of it");
}

static void test_icmp(void)
{
	struct layers layers, quoted;

	packet_build_init(&build);
	packet_build_pattern(&build, 0, 8);
	packet_build_icmp(&build, 8, 0, 0x12340001);
	add_ipv4(IPPROTO_ICMP);
	is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "an echo");
	ok(layers.source_port == 0x1234 && layers.destination_port == 0x1234, "its identifier");
	ok(!layers.is_icmp_error, "is no error");

	packet_build_init(&build);
	packet_build_pattern(&build, 0, 64);
	packet_build_tcp(&build,
			 &(struct packet_build_tcp){.source_port = 5, .destination_port = 6});
	add_ipv4(IPPROTO_TCP);
	packet_build_icmp(&build, 3, 1, 0);
	packet_build_ipv4(&build, &(struct packet_build_ipv4){B, A, IPPROTO_ICMP, 7, 0, 0});
	packet_build_vlan(&build, 42, 0x0800);
	packet_build_ethernet(&build, 0x8100);
	for (uint32_t cut = 0; cut <= 64 + 12; cut += 64 + 12) {
		struct weir_packet packet = packet_build_packet(&build, WEIR_LINK_ETHERNET);

		packet.cap_len -= cut;
		is_int(layers_decode(&packet, &layers), LAYERS_FLOW, "an error");
		ok(layers.is_icmp_error && layers.proto == IPPROTO_ICMP, "is one, of ICMP");
		is_int(layers_decode_quoted(&layers, &quoted), LAYERS_FLOW, "quotes a flow");
		ok(quoted.proto == IPPROTO_TCP && quoted.source_port == 5 &&
			   quoted.destination_port == 6 && quoted.source.bytes[15] == 1,
		   "that it is about");
		ok(quoted.n_vlans == 1 && quoted.vlan[0] == 42, "with its tag");
	}
}

static void test_icmp_fragments(void)
{
	static const struct {
		uint16_t fragment;
		enum layers_result want;
	} cases[] = {{0x2000, LAYERS_FLOW}, {0x2001, LAYERS_FRAGMENT}, {0x0001, LAYERS_FRAGMENT}};
	struct layers layers, quoted;

	for (size_t i = 0; i < 3; i++) {
		begin_udp(2000);
		packet_build_ipv4(&build,
				  &(struct packet_build_ipv4){A, B, 17, 7, cases[i].fragment, 0});
		packet_build_icmp(&build, 11, 0, 0);
		packet_build_ipv4(&build, &(struct packet_build_ipv4){B, A, 1, 7, 0, 0});
		is_int(decode(WEIR_LINK_RAW, &layers), LAYERS_FLOW, "an error of a fragment");
		is_int(layers_decode_quoted(&layers, &quoted), cases[i].want, "quoted %zu", i);
	}
}

static void test_links(void)
{
	static const struct {
		const char *name;
		uint16_t link_type;
		uint8_t bytes[20];
		enum layers_result want;
	} cases[] = {
		{"an unknown link type", 147, {0x45}, LAYERS_NOT_IP},
		{"loopback of another family", WEIR_LINK_NULL, {7, 0, 0, 0}, LAYERS_NOT_IP},
		{"LLC of the spanning tree",
		 WEIR_LINK_ETHERNET,
		 {[13] = 6, [14] = 0x42, 0x42, 3},
		 LAYERS_NOT_IP},
		{"PPP control", WEIR_LINK_PPP, {0xc0, 0x21}, LAYERS_NOT_IP},
		{"PPP with another address", WEIR_LINK_PPP, {0xff, 4, 0x21}, LAYERS_NOT_IP},
		{"cooked ARP", WEIR_LINK_LINUX_SLL, {[14] = 8, 6}, LAYERS_NOT_IP},
		{"cooked something of the kernel", WEIR_LINK_LINUX_SLL2, {0, 12}, LAYERS_NOT_IP},
		{"PPPoE of another version",
		 WEIR_LINK_ETHERNET,
		 {[12] = 0x88, 0x64, 0x21},
		 LAYERS_MALFORMED},
		{"PPPoE longer than its frame",
		 WEIR_LINK_ETHERNET,
		 {[12] = 0x88, 0x64, 0x11, [19] = 1},
		 LAYERS_MALFORMED},
		{"MPLS with no end", WEIR_LINK_ETHERNET, {[12] = 0x88, 0x47}, LAYERS_MALFORMED},
	};
	struct layers layers;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		packet_build_init(&build);
		packet_build_bytes(&build, cases[i].bytes, sizeof(cases[i].bytes));
		is_int(decode(cases[i].link_type, &layers), cases[i].want, "%s", cases[i].name);
	}
}

static void test_depth(void)
{
	struct layers layers;

	begin_udp(2000);
	add_ipv4(IPPROTO_UDP);
	for (int i = 0; i < 40; i++)
		add_ipv4(IPPROTO_IPIP);
	refused(WEIR_MALFORMED_DEPTH, "IP in IP without end");
	packet_build_init(&build);
	for (int i = 0; i < 4000; i++)
		packet_build_vlan(&build, 1, 0x8100);
	packet_build_ethernet(&build, 0x8100);
	is_int(decode(WEIR_LINK_ETHERNET, &layers), LAYERS_MALFORMED, "tags without end");
}

int main(void)
{
	test_ipv4();
	test_ipv6();
	test_fragments();
	test_transport();
	test_window_shift();
	test_look_alikes();
	test_gre_others();
	test_padding();
	test_big();
	test_icmp();
	test_icmp_fragments();
	test_links();
	test_depth();
	return tap_done();
}
