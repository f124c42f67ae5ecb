/* SPDX-License-Identifier: MIT */
#pragma once

/* How many packets this host has passed on between its interfaces, as IP counts them. */

#include <stdint.h>

/*
 * IPv4 and IPv6 together, ever, of this process's network namespace (RFC 4293,
 * ipSystemStatsOutForwDatagrams). What is bridged, or takes a short cut past IP (flow tables, XDP),
 * is not among them. proc_root NULL: "/proc". -EBADMSG: not the files they should be; else the
 * errors of small_file_read().
 */
int ip_forwarded_read(const char *proc_root, uint64_t *ret_packets);
