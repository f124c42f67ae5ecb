/* SPDX-License-Identifier: MIT */

/* The words of weir/conn.h: states as the kernel and ss spell them, why an owner is unknown, and
 * what holds a connection back. */

#include <weir/conn.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

const char *weir_tcp_state_name(enum weir_tcp_state state)
{
	static const char *const names[] = {
		[WEIR_TCP_NONE] = "UDP",
		[WEIR_TCP_ESTABLISHED] = "ESTABLISHED",
		[WEIR_TCP_SYN_SENT] = "SYN_SENT",
		[WEIR_TCP_SYN_RECV] = "SYN_RECV",
		[WEIR_TCP_FIN_WAIT1] = "FIN_WAIT1",
		[WEIR_TCP_FIN_WAIT2] = "FIN_WAIT2",
		[WEIR_TCP_TIME_WAIT] = "TIME_WAIT",
		[WEIR_TCP_CLOSE] = "CLOSE",
		[WEIR_TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[WEIR_TCP_LAST_ACK] = "LAST_ACK",
		[WEIR_TCP_LISTEN] = "LISTEN",
		[WEIR_TCP_CLOSING] = "CLOSING",
		[WEIR_TCP_NEW_SYN_RECV] = "NEW_SYN_RECV",
	};

	/* A newer kernel may have states we have no word for. */
	return (unsigned)state < N_ELEMENTS(names) ? names[state] : "UNKNOWN";
}

const char *weir_unknown_name(enum weir_unknown unknown)
{
	static const char *const names[] = {
		[WEIR_UNKNOWN_NOT] = "",
		[WEIR_UNKNOWN_EXITED] = "exited",
		[WEIR_UNKNOWN_OTHER_NETNS] = "other-netns",
		[WEIR_UNKNOWN_NO_CAP] = "no-cap",
		[WEIR_UNKNOWN_KERNEL] = "kernel",
	};

	return (unsigned)unknown < N_ELEMENTS(names) ? names[unknown] : "";
}

const char *weir_limit_name(enum weir_limit limit)
{
	static const char *const names[WEIR_LIMITS] = {
		[WEIR_LIMIT_UNKNOWN] = "",
		[WEIR_LIMIT_NONE] = "-",
		[WEIR_LIMIT_APP] = "app",
		[WEIR_LIMIT_SNDBUF] = "sndbuf",
		[WEIR_LIMIT_RWND] = "rwnd",
		[WEIR_LIMIT_CWND] = "cwnd",
		[WEIR_LIMIT_LOSS] = "loss",
		[WEIR_LIMIT_PEER] = "peer-not-reading",
		[WEIR_LIMIT_READER] = "not-reading",
		[WEIR_LIMIT_RECEIVING] = "receiving",
	};

	return (unsigned)limit < N_ELEMENTS(names) ? names[limit] : "";
}
