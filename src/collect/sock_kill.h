/* SPDX-License-Identifier: MIT */
#pragma once

/* The end of one socket by the administrator's will: as `ss --kill`, but this socket and no other.
 */

#include <weir/conn.h>

/*
 * Destroys the socket that id names by its cookie, in the network namespace it names (0: the
 * thread's own). TCP: the peer gets a reset, the application ECONNABORTED. UDP: the application
 * gets ECONNABORTED, the socket is disconnected. id->generation is not looked at.
 *
 * -ESRCH: it is gone, or its namespace is; also a UDP socket of a SO_REUSEPORT group that no
 * look-up by address leads to. -EPERM: no CAP_NET_ADMIN over its namespace, or no CAP_SYS_ADMIN to
 * enter it, or its namespace may be one of those that /proc hides from us. -EOPNOTSUPP: the kernel
 * has no CONFIG_INET_DIAG_DESTROY, or no tcp_diag (udp_diag). -EINVAL: neither TCP nor UDP, or its
 * cookie is not known. -ENOMEM, or an errno of the socket.
 */
int sock_kill(const struct weir_conn_id *id);
