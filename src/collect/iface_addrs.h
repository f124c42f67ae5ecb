/* SPDX-License-Identifier: MIT */
#pragma once

/* The addresses that are local to one interface of this network namespace. */

#include <stddef.h>

#include <weir/addr.h>

/*
 * Every address of the interface called name, v4 and v6, aliases ("eth0:1") included. The caller
 * frees *ret_addrs. -ENODEV: there is no such interface. -ENOENT: it has no address. -ENOMEM, or
 * the errno of the rtnetlink dump.
 */
int iface_addrs_get(const char *name, struct weir_addr **ret_addrs, size_t *ret_n);
