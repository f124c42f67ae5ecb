/* SPDX-License-Identifier: MIT */

/* The words of weir/flow.h, as JSON and the command line have them. */

#include <weir/flow.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

const char *weir_flow_end_name(enum weir_flow_end end)
{
	static const char *const names[] = {
		[WEIR_END_NONE] = "",     [WEIR_END_FIN] = "fin",         [WEIR_END_RST] = "rst",
		[WEIR_END_IDLE] = "idle", [WEIR_END_EVICTED] = "evicted", [WEIR_END_EOF] = "eof",
	};

	return (unsigned int)end < N_ELEMENTS(names) ? names[end] : "";
}

const char *weir_tunnel_name(enum weir_tunnel tunnel)
{
	static const char *const names[] = {
		[WEIR_TUNNEL_NONE] = "",         [WEIR_TUNNEL_GRE] = "gre",
		[WEIR_TUNNEL_IPIP] = "ipip",     [WEIR_TUNNEL_VXLAN] = "vxlan",
		[WEIR_TUNNEL_GENEVE] = "geneve", [WEIR_TUNNEL_GTPU] = "gtpu",
		[WEIR_TUNNEL_PPPOE] = "pppoe",   [WEIR_TUNNEL_MPLS] = "mpls",
	};

	return (unsigned int)tunnel < N_ELEMENTS(names) ? names[tunnel] : "";
}

const char *weir_overlap_policy_name(enum weir_overlap_policy policy)
{
	static const char *const names[] = {
		[WEIR_OVERLAP_FIRST] = "first",     [WEIR_OVERLAP_LAST] = "last",
		[WEIR_OVERLAP_BSD] = "bsd",         [WEIR_OVERLAP_LINUX] = "linux",
		[WEIR_OVERLAP_WINDOWS] = "windows",
	};

	return (unsigned int)policy < N_ELEMENTS(names) ? names[policy] : NULL;
}

const char *weir_malformed_name(enum weir_malformed what)
{
	static const char *const names[WEIR_MALFORMEDS] = {
		[WEIR_MALFORMED_LINK] = "link",
		[WEIR_MALFORMED_VLAN] = "vlan",
		[WEIR_MALFORMED_MPLS] = "mpls",
		[WEIR_MALFORMED_PPPOE] = "pppoe",
		[WEIR_MALFORMED_IPV4] = "ipv4",
		[WEIR_MALFORMED_IPV6] = "ipv6",
		[WEIR_MALFORMED_EXTENSION] = "extension",
		[WEIR_MALFORMED_FRAGMENT] = "fragment",
		[WEIR_MALFORMED_TUNNEL] = "tunnel",
		[WEIR_MALFORMED_TCP] = "tcp",
		[WEIR_MALFORMED_UDP] = "udp",
		[WEIR_MALFORMED_ICMP] = "icmp",
		[WEIR_MALFORMED_SCTP] = "sctp",
		[WEIR_MALFORMED_DEPTH] = "depth",
	};

	return (unsigned int)what < N_ELEMENTS(names) ? names[what] : NULL;
}
