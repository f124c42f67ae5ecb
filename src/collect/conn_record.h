/* SPDX-License-Identifier: MIT */
#pragma once

/* A record of the BPF programs (bpf/records.h) becomes connection events. Pure. */

#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>

/*
 * Decodes one record and hands its events to fn: none, one, or two (a UDP record tells both
 * directions). kernel_tick_ns is the length of the kernel's tick, 1/HZ. Returns the number of
 * events; -EBADMSG: wrong length or an unknown kind.
 */
int conn_record_decode(const void *data, size_t len, uint64_t kernel_tick_ns, weir_conn_event_fn fn,
		       void *user);
