/* SPDX-License-Identifier: MIT */
#include "packets.h"

#include <netinet/in.h>

#define IN_A 0x0a000001
#define IN_B 0x0a000002
#define OUT_A 0x0a000065
#define OUT_B 0x0a000066
#define PAYLOAD 10

static void add_tcp(struct packet_build *build)
{
	static const uint8_t options[] = {2, 4, 5, 180, 1, 3, 3, 7};

	packet_build_pattern(build, 1, PAYLOAD);
	packet_build_tcp(build, &(struct packet_build_tcp){
					.source_port = 1000,
					.destination_port = 2000,
					.seq = 0x01020304,
					.ack = 0x05060708,
					.flags = TCP_SYN | TCP_ACK,
					.window = 0x1234,
					.options = options,
					.options_len = sizeof(options),
				});
}

static void add_udp(struct packet_build *build)
{
	packet_build_pattern(build, 1, PAYLOAD);
	packet_build_udp(build, 1000, 2000);
}

static void add_ipv4(struct packet_build *build, uint8_t proto)
{
	packet_build_ipv4(build, &(struct packet_build_ipv4){IN_A, IN_B, proto, 7, 0, 0});
}

static void add_outer(struct packet_build *build, uint8_t proto)
{
	packet_build_ipv4(build, &(struct packet_build_ipv4){OUT_A, OUT_B, proto, 8, 0x4000, 0});
}

static void add_ipv6(struct packet_build *build, uint8_t next)
{
	packet_build_ipv6(build, &(struct packet_build_ipv6){1, 2, next, 0, 0});
}

static void tcp4(struct packet_build *build)
{
	add_tcp(build);
	add_ipv4(build, IPPROTO_TCP);
}

static void udp4(struct packet_build *build)
{
	add_udp(build);
	add_ipv4(build, IPPROTO_UDP);
}

static void udp6(struct packet_build *build)
{
	add_udp(build);
	add_ipv6(build, IPPROTO_UDP);
}

static void eth_tcp4(struct packet_build *build)
{
	tcp4(build);
	packet_build_ethernet(build, 0x0800);
}

static void eth_udp4_padded(struct packet_build *build)
{
	udp4(build);
	packet_build_padding(build, 0xee, 8);
	packet_build_ethernet(build, 0x0800);
}

static void eth_ack(struct packet_build *build, uint16_t ethertype)
{
	packet_build_pattern(build, 1, PAYLOAD);
	packet_build_tcp(build,
			 &(struct packet_build_tcp){
				 .source_port = 1000,
				 .destination_port = 2000,
				 .seq = 0x01020304,
				 .ack = 0x05060708,
				 .flags = TCP_ACK,
				 .window = 0x1234,
				 .options = (const uint8_t[]){1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2},
				 .options_len = 12,
			 });
	if (ethertype == 0x0800)
		add_ipv4(build, IPPROTO_TCP);
	else
		add_ipv6(build, IPPROTO_TCP);
	packet_build_padding(build, 0xee, 2);
	packet_build_ethernet(build, ethertype);
}

static void eth_ack4(struct packet_build *build)
{
	eth_ack(build, 0x0800);
}

static void eth_ack6(struct packet_build *build)
{
	eth_ack(build, 0x86dd);
}

static void eth_udp6(struct packet_build *build)
{
	udp6(build);
	packet_build_ethernet(build, 0x86dd);
}

static void ipv4_options(struct packet_build *build)
{
	add_udp(build);
	packet_build_ipv4(build, &(struct packet_build_ipv4){IN_A, IN_B, IPPROTO_UDP, 7, 0, 10});
}

static void ipv6_extensions(struct packet_build *build)
{
	add_udp(build);
	packet_build_extension(build, IPPROTO_UDP, 1);
	packet_build_ah(build, IPPROTO_DSTOPTS);
	packet_build_fragment(build, IPPROTO_AH, 0, 99); /* atomic, RFC 6946 */
	packet_build_extension(build, IPPROTO_FRAGMENT, 2);
	packet_build_extension(build, IPPROTO_ROUTING, 0);
	add_ipv6(build, IPPROTO_HOPOPTS);
}

static void ipv6_fragment(struct packet_build *build)
{
	packet_build_pattern(build, 1, 16);
	packet_build_fragment(build, IPPROTO_UDP, 8 | 1, 99);
	add_ipv6(build, IPPROTO_FRAGMENT);
}

static void ipv4_fragment(struct packet_build *build)
{
	packet_build_pattern(build, 1, 13);
	packet_build_ipv4(build, &(struct packet_build_ipv4){IN_A, IN_B, IPPROTO_UDP, 7, 3, 0});
}

static void sctp(struct packet_build *build)
{
	packet_build_pattern(build, 1, PAYLOAD);
	packet_build_sctp(build, 1000, 2000);
	add_ipv4(build, IPPROTO_SCTP);
}

static void udp_lite(struct packet_build *build)
{
	packet_build_pattern(build, 1, PAYLOAD);
	packet_build_udp(build, 1000, 2000);
	packet_build_at(build)[5] = 8; /* the header is covered only */
	add_ipv4(build, 136);
}

static void unknown_proto(struct packet_build *build)
{
	packet_build_pattern(build, 1, PAYLOAD);
	add_ipv4(build, 50);
}

static void vlan(struct packet_build *build)
{
	udp4(build);
	packet_build_vlan(build, 0xe02a, 0x0800);
	packet_build_ethernet(build, 0x8100);
}

static void vlan_priority(struct packet_build *build)
{
	udp4(build);
	packet_build_vlan(build, 0xe000, 0x0800);
	packet_build_ethernet(build, 0x8100);
}

static void qinq(struct packet_build *build)
{
	udp6(build);
	packet_build_vlan(build, 43, 0x86dd);
	packet_build_vlan(build, 42, 0x8100);
	packet_build_ethernet(build, 0x88a8);
}

static void vlan_three(struct packet_build *build)
{
	udp4(build);
	packet_build_vlan(build, 44, 0x0800);
	packet_build_vlan(build, 43, 0x8100);
	packet_build_vlan(build, 42, 0x8100);
	packet_build_ethernet(build, 0x9100);
}

static void snap(struct packet_build *build)
{
	udp4(build);
	packet_build_llc(build, 0x0800);
	packet_build_padding(build, 0, 6);
}

static void mpls(struct packet_build *build)
{
	udp4(build);
	packet_build_mpls(build, 300, 1);
	packet_build_mpls(build, 200, 0);
	packet_build_mpls(build, 100, 0);
	packet_build_ethernet(build, 0x8847);
}

static void mpls_pseudowire(struct packet_build *build)
{
	static const uint8_t control[4] = {0};

	eth_udp6(build);
	packet_build_bytes(build, control, sizeof(control));
	packet_build_mpls(build, 17, 1);
	packet_build_ethernet(build, 0x8847);
}

static void pppoe(struct packet_build *build)
{
	udp4(build);
	packet_build_ppp(build, 0x0021);
	packet_build_pppoe(build, 77);
	packet_build_padding(build, 0xee, 6);
	packet_build_ethernet(build, 0x8864);
}

static void pppoe_long(struct packet_build *build)
{
	static const uint8_t protocol[2] = {0x00, 0x57};

	udp6(build);
	packet_build_bytes(build, protocol, sizeof(protocol));
	packet_build_pppoe(build, 78);
	packet_build_ethernet(build, 0x8864);
}

static void ppp_hdlc(struct packet_build *build)
{
	static const uint8_t header[4] = {0xff, 0x03, 0x00, 0x21};

	udp4(build);
	packet_build_bytes(build, header, sizeof(header));
}

static void sll(struct packet_build *build)
{
	udp4(build);
	packet_build_sll(build, 0x0800);
}

static void sll_llc(struct packet_build *build)
{
	static const uint8_t llc[8] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};

	udp4(build);
	packet_build_bytes(build, llc, sizeof(llc));
	packet_build_sll(build, 4);
}

static void sll2(struct packet_build *build)
{
	udp6(build);
	packet_build_sll2(build, 0x86dd);
}

static void null_little(struct packet_build *build)
{
	static const uint8_t family[4] = {2, 0, 0, 0};

	udp4(build);
	packet_build_bytes(build, family, sizeof(family));
}

static void null_darwin(struct packet_build *build)
{
	static const uint8_t family[4] = {0, 0, 0, 30};

	udp6(build);
	packet_build_bytes(build, family, sizeof(family));
}

static void gre(struct packet_build *build)
{
	udp4(build);
	packet_build_gre(build, 0, 0x0800, 0);
	add_outer(build, IPPROTO_GRE);
}

static void gre_all(struct packet_build *build)
{
	eth_udp6(build);
	packet_build_gre(build, 0xb000, 0x6558, 0x01020304);
	add_outer(build, IPPROTO_GRE);
}

static void gre_pptp(struct packet_build *build)
{
	ppp_hdlc(build);
	packet_build_gre(build, 0x3081, 0x880b, 5);
	add_outer(build, IPPROTO_GRE);
}

static void ipip(struct packet_build *build)
{
	udp4(build);
	add_outer(build, IPPROTO_IPIP);
}

static void ipip_mixed(struct packet_build *build)
{
	udp4(build);
	packet_build_extension(build, IPPROTO_IPIP, 0);
	packet_build_ipv6(build, &(struct packet_build_ipv6){8, 9, IPPROTO_DSTOPTS, 0, 0});
	add_outer(build, IPPROTO_IPV6);
}

static void vxlan(struct packet_build *build)
{
	eth_udp4_padded(build);
	packet_build_vxlan(build, 0x123456);
	packet_build_udp(build, 55555, 4789);
	add_outer(build, IPPROTO_UDP);
}

static void geneve(struct packet_build *build)
{
	eth_tcp4(build);
	packet_build_geneve(build, 0x123456, 0x6558, 3);
	packet_build_udp(build, 55555, 6081);
	add_outer(build, IPPROTO_UDP);
}

static void geneve_ip(struct packet_build *build)
{
	udp6(build);
	packet_build_geneve(build, 9, 0x86dd, 0);
	packet_build_udp(build, 55555, 6081);
	add_outer(build, IPPROTO_UDP);
}

static void gtp(struct packet_build *build)
{
	tcp4(build);
	packet_build_gtp(build, 0xdeadbeef, 0);
	packet_build_udp(build, 2152, 2152);
	add_outer(build, IPPROTO_UDP);
}

static void gtp_extended(struct packet_build *build)
{
	udp6(build);
	packet_build_gtp(build, 0xdeadbeef, 1);
	packet_build_udp(build, 2152, 2152);
	add_outer(build, IPPROTO_UDP);
}

static void tunnels_nested(struct packet_build *build)
{
	vxlan(build);
	packet_build_gre(build, 0, 0x0800, 0);
	packet_build_ipv4(build, &(struct packet_build_ipv4){1, 2, IPPROTO_GRE, 8, 0, 0});
	packet_build_ipv4(build, &(struct packet_build_ipv4){3, 4, IPPROTO_IPIP, 8, 0, 0});
	packet_build_mpls(build, 5, 1);
	packet_build_vlan(build, 42, 0x8847);
	packet_build_ethernet(build, 0x8100);
}

static void arp(struct packet_build *build)
{
	packet_build_pattern(build, 0, 28);
	packet_build_ethernet(build, 0x0806);
}

#define RAW WEIR_LINK_RAW
#define ETHER WEIR_LINK_ETHERNET
#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

const struct packet_case packet_cases[] = {
	{"tcp4", ETHER, eth_tcp4, TCP, .payload_len = PAYLOAD},
	{"ack4", ETHER, eth_ack4, TCP, .payload_len = PAYLOAD},
	{"ack6", ETHER, eth_ack6, TCP, .payload_len = PAYLOAD},
	{"udp4_padded", ETHER, eth_udp4_padded, UDP, .payload_len = PAYLOAD},
	{"udp6", ETHER, eth_udp6, UDP, .payload_len = PAYLOAD},
	{"raw", RAW, tcp4, TCP, .payload_len = PAYLOAD},
	{"ipv4", WEIR_LINK_IPV4, tcp4, TCP, .payload_len = PAYLOAD},
	{"ipv6", WEIR_LINK_IPV6, udp6, UDP, .payload_len = PAYLOAD},
	{"ipv4_options", RAW, ipv4_options, UDP, .payload_len = PAYLOAD},
	{"ipv6_extensions", RAW, ipv6_extensions, UDP, .payload_len = PAYLOAD},
	{"ipv4_fragment", RAW, ipv4_fragment, UDP, .payload_len = 13, .result = LAYERS_FRAGMENT},
	{"ipv6_fragment", RAW, ipv6_fragment, UDP, .payload_len = 16, .result = LAYERS_FRAGMENT},
	{"sctp", RAW, sctp, IPPROTO_SCTP, .payload_len = PAYLOAD},
	{"udp_lite", RAW, udp_lite, 136, .payload_len = PAYLOAD},
	{"unknown_proto", RAW, unknown_proto, 50, .payload_len = PAYLOAD, .no_ports = true},
	{"vlan", ETHER, vlan, UDP, .payload_len = PAYLOAD, {42}},
	{"vlan_priority", ETHER, vlan_priority, UDP, .payload_len = PAYLOAD},
	{"qinq", ETHER, qinq, UDP, .payload_len = PAYLOAD, {42, 43}},
	{"vlan_three", ETHER, vlan_three, UDP, .payload_len = PAYLOAD, {42, 43}},
	{"snap", ETHER, snap, UDP, .payload_len = PAYLOAD},
	{"mpls", ETHER, mpls, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_MPLS}, 300},
	{"mpls_pseudowire",
	 ETHER,
	 mpls_pseudowire,
	 UDP,
	 .payload_len = PAYLOAD,
	 {0},
	 {WEIR_TUNNEL_MPLS},
	 17},
	{"pppoe", ETHER, pppoe, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_PPPOE}, 77},
	{"pppoe_long",
	 ETHER,
	 pppoe_long,
	 UDP,
	 .payload_len = PAYLOAD,
	 {0},
	 {WEIR_TUNNEL_PPPOE},
	 78},
	{"ppp_hdlc", WEIR_LINK_PPP, ppp_hdlc, UDP, .payload_len = PAYLOAD},
	{"sll", WEIR_LINK_LINUX_SLL, sll, UDP, .payload_len = PAYLOAD},
	{"sll_llc", WEIR_LINK_LINUX_SLL, sll_llc, UDP, .payload_len = PAYLOAD},
	{"sll2", WEIR_LINK_LINUX_SLL2, sll2, UDP, .payload_len = PAYLOAD},
	{"null_little", WEIR_LINK_NULL, null_little, UDP, .payload_len = PAYLOAD},
	{"null_darwin", WEIR_LINK_LOOP, null_darwin, UDP, .payload_len = PAYLOAD},
	{"gre", RAW, gre, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GRE}},
	{"gre_all", RAW, gre_all, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GRE}, 0x01020304},
	{"gre_pptp", RAW, gre_pptp, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GRE}, 5},
	{"ipip", RAW, ipip, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_IPIP}},
	{"ipip_mixed",
	 RAW,
	 ipip_mixed,
	 UDP,
	 .payload_len = PAYLOAD,
	 {0},
	 {WEIR_TUNNEL_IPIP, WEIR_TUNNEL_IPIP}},
	{"vxlan", RAW, vxlan, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_VXLAN}, 0x123456},
	{"geneve", RAW, geneve, TCP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GENEVE}, 0x123456},
	{"geneve_ip", RAW, geneve_ip, UDP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GENEVE}, 9},
	{"gtp", RAW, gtp, TCP, .payload_len = PAYLOAD, {0}, {WEIR_TUNNEL_GTPU}, 0xdeadbeef},
	{"gtp_extended",
	 RAW,
	 gtp_extended,
	 UDP,
	 .payload_len = PAYLOAD,
	 {0},
	 {WEIR_TUNNEL_GTPU},
	 0xdeadbeef},
	{"tunnels_nested",
	 ETHER,
	 tunnels_nested,
	 UDP,
	 .payload_len = PAYLOAD,
	 {42},
	 {WEIR_TUNNEL_MPLS, WEIR_TUNNEL_IPIP, WEIR_TUNNEL_GRE, WEIR_TUNNEL_VXLAN},
	 0x123456},
	{"arp", ETHER, arp, 0, .payload_len = 28, .result = LAYERS_NOT_IP},
};

const size_t n_packet_cases = sizeof(packet_cases) / sizeof(*packet_cases);
