/* SPDX-License-Identifier: MIT */
#pragma once

/* One packet of every layer that is decoded, and what its flow is. */

#include "decode/layers.h"
#include "packet_build.h"

/* 10.0.0.1:1000 to 10.0.0.2:2000, or 2001:db8::1 and ::2; an outer one from .101 to .102. */
struct packet_case {
	const char *name;
	uint16_t link_type;
	void (*build)(struct packet_build *build);
	uint8_t proto;
	uint32_t payload_len;
	uint16_t vlan[2];
	uint8_t tunnels[4];
	uint32_t tunnel_id;
	enum layers_result result;
	bool no_ports;
};

extern const struct packet_case packet_cases[];
extern const size_t n_packet_cases;
