/* SPDX-License-Identifier: MIT */
#pragma once

/* Pairs of virtual interfaces in the caller's network namespace, which is to be the test's own. */

/* Makes a pair, both down. -EOPNOTSUPP: this kernel has no veth. */
int veth_make(const char *name, const char *peer);

/* Removes an interface and its peer. */
int veth_remove(const char *name);

int veth_up(const char *name);

/* Gives it an IPv4 address, in dotted form, as its only one. */
int veth_set_address(const char *name, const char *address);

/* New interfaces of this namespace will have no IPv6, and so say nothing of their own accord. */
void veth_without_ipv6(void);
