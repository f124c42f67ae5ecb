/* SPDX-License-Identifier: MIT */
#include "flow_frames.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/packet_build.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_MPLS 0x8847
#define GRE_KEY 0x2000

static void put_transport(struct packet_build *build, const struct frame *frame)
{
	packet_build_pattern(build, frame->first, frame->len);
	switch (frame->proto) {
	case 0:
	case IPPROTO_TCP:
		packet_build_tcp(build, &(struct packet_build_tcp){
						.source_port = frame->from_port,
						.destination_port = frame->to_port,
						.seq = frame->seq,
						.ack = frame->ack,
						.flags = frame->flags,
						.window = 0xffff,
					});
		break;
	case IPPROTO_UDP:
		packet_build_udp(build, frame->from_port, frame->to_port);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		packet_build_icmp(build, frame->icmp_type, 0, (uint32_t)frame->from_port << 16);
		break;
	case IPPROTO_SCTP:
		packet_build_sctp(build, frame->from_port, frame->to_port);
		break;
	default:
		break;
	}
}

/* Leaves of what IP carries the fragment's part. */
static uint16_t cut_fragment(struct packet_build *build, const struct frame *frame)
{
	uint8_t part[FRAME_MAX];

	if (!frame->fragment_id)
		return 0;
	memcpy(part, packet_build_at(build) + frame->fragment_at, frame->fragment_len);
	packet_build_init(build);
	packet_build_bytes(build, part, frame->fragment_len);
	return (uint16_t)((frame->more_fragments ? 0x2000 : 0) | frame->fragment_at / 8);
}

static void put_ip(struct packet_build *build, const struct frame *frame)
{
	uint8_t proto = frame->proto ? frame->proto : IPPROTO_TCP;

	if (frame->is_v6)
		packet_build_ipv6(build, &(struct packet_build_ipv6){
						 .source = (uint8_t)frame->from,
						 .destination = (uint8_t)frame->to,
						 .next = proto,
					 });
	else
		packet_build_ipv4(build, &(struct packet_build_ipv4){
						 .source = frame->from,
						 .destination = frame->to,
						 .proto = proto,
						 .id = frame->fragment_id,
						 .fragment = cut_fragment(build, frame),
					 });
}

/* Between two routers, in the frame's direction. */
static void put_outer(struct packet_build *build, const struct frame *frame, uint8_t proto,
		      uint16_t port)
{
	if (proto == IPPROTO_UDP)
		packet_build_udp(build, 40000, port);
	packet_build_ipv4(build, &(struct packet_build_ipv4){
					 .source = 0xc0000200 | (frame->from & 255),
					 .destination = 0xc0000200 | (frame->to & 255),
					 .proto = proto,
				 });
}

/* Returns the outermost ethertype. */
static uint16_t put_tunnel(struct packet_build *build, const struct frame *frame)
{
	uint16_t inner = frame->is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;

	switch (frame->tunnel) {
	case WEIR_TUNNEL_GRE:
		packet_build_gre(build, GRE_KEY, inner, frame->tunnel_id);
		put_outer(build, frame, IPPROTO_GRE, 0);
		return ETHERTYPE_IPV4;
	case WEIR_TUNNEL_IPIP:
		put_outer(build, frame, frame->is_v6 ? IPPROTO_IPV6 : IPPROTO_IPIP, 0);
		return ETHERTYPE_IPV4;
	case WEIR_TUNNEL_VXLAN:
		packet_build_ethernet(build, inner);
		packet_build_vxlan(build, frame->tunnel_id);
		put_outer(build, frame, IPPROTO_UDP, 4789);
		return ETHERTYPE_IPV4;
	case WEIR_TUNNEL_GENEVE:
		packet_build_geneve(build, frame->tunnel_id, inner, 0);
		put_outer(build, frame, IPPROTO_UDP, 6081);
		return ETHERTYPE_IPV4;
	case WEIR_TUNNEL_GTPU:
		packet_build_gtp(build, frame->tunnel_id, 0);
		put_outer(build, frame, IPPROTO_UDP, 2152);
		return ETHERTYPE_IPV4;
	case WEIR_TUNNEL_MPLS:
		packet_build_mpls(build, frame->tunnel_id, 1);
		return ETHERTYPE_MPLS;
	default:
		return inner;
	}
}

struct weir_packet frame_build(const struct frame *frame, uint8_t *bytes)
{
	static struct packet_build build;
	struct weir_packet packet;
	uint16_t ethertype;

	packet_build_init(&build);
	put_transport(&build, frame);
	put_ip(&build, frame);
	ethertype = put_tunnel(&build, frame);
	for (int i = 1; i >= 0; i--) {
		if (frame->vlans[i]) {
			packet_build_vlan(&build, frame->vlans[i], ethertype);
			ethertype = ETHERTYPE_VLAN;
		}
	}
	packet_build_ethernet(&build, ethertype);
	packet = packet_build_packet(&build, WEIR_LINK_ETHERNET);
	memcpy(bytes, packet.data, packet.cap_len);
	packet.data = bytes;
	packet.time_ns = frame->time_ns;
	packet.time_source = WEIR_TIME_FILE;
	return packet;
}

static void say(struct heard *heard, const char *text)
{
	int n;

	if (heard->is_quiet)
		return;
	n = snprintf(heard->text + heard->len, sizeof(heard->text) - heard->len, "%s%s",
		     heard->len ? " " : "", text);
	if (n > 0 && heard->len + (size_t)n < sizeof(heard->text))
		heard->len += (size_t)n;
}

static void say_id(struct heard *heard, char sign, uint64_t id)
{
	char text[32];

	if (heard->is_quiet)
		return;
	snprintf(text, sizeof(text), "%c%llu", sign, (unsigned long long)id);
	say(heard, text);
}

static void hear_new(void *user, const struct weir_flow *flow)
{
	struct heard *heard = user;

	heard->n_new++;
	say_id(heard, '+', flow->id);
}

static bool hear_data(void *user, const struct weir_flow *flow, enum weir_side side,
		      uint64_t offset, const uint8_t *data, size_t len)
{
	struct heard *heard = user;

	(void)flow;
	(void)side;
	(void)offset;
	(void)data;
	heard->told_bytes += len;
	return true;
}

static void hear_over(void *user, const struct weir_flow *flow)
{
	struct heard *heard = user;

	heard->n_over++;
	say_id(heard, '-', flow->id);
}

static void hear_end(void *user, const struct weir_flow *flow)
{
	struct heard *heard = user;
	char text[96];

	heard->n_end++;
	heard->ends[flow->end]++;
	heard->last = *flow;
	for (int side = 0; side < 2; side++) {
		heard->packets += flow->packets[side];
		heard->bytes += flow->bytes[side];
		heard->payload += flow->payload[side];
		heard->stream_bytes += flow->stream_bytes[side];
		heard->gap_bytes += flow->gap_bytes[side];
	}
	if (heard->is_quiet)
		return;
	snprintf(text, sizeof(text), "%llu:%s:%llu+%llu%s%s%s", (unsigned long long)flow->id,
		 weir_flow_end_name((enum weir_flow_end)flow->end),
		 (unsigned long long)flow->packets[0], (unsigned long long)flow->packets[1],
		 flow->flags & WEIR_FLOW_MIDSTREAM ? "m" : "",
		 flow->flags & WEIR_FLOW_REUSED ? "r" : "",
		 flow->flags & WEIR_FLOW_HALF_OPEN ? "h" : "");
	say(heard, text);
}

struct weir_tracker_sink heard_sink(struct heard *heard)
{
	return (struct weir_tracker_sink){
		.user = heard,
		.flow_new = hear_new,
		.stream_data = hear_data,
		.stream_end = hear_over,
		.flow_end = hear_end,
	};
}

void frames_push(struct weir_tracker *tracker, const struct frame *frames, size_t n)
{
	uint8_t bytes[FRAME_MAX];

	for (size_t i = 0; i < n; i++) {
		struct weir_packet packet = frame_build(&frames[i], bytes);

		weir_tracker_push(tracker, &packet, 1);
	}
}

void frames_push_batch(struct weir_tracker *tracker, const struct frame *frames, size_t n)
{
	static uint8_t bytes[64][FRAME_MAX];
	struct weir_packet packets[64];

	for (size_t i = 0; i < n && i < 64; i++)
		packets[i] = frame_build(&frames[i], bytes[i]);
	weir_tracker_push(tracker, packets, n < 64 ? n : 64);
}
