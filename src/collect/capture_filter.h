/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A filter expression (pcap-filter(7)) as BPF programs, one for each link type that comes up: a
 * file may have several. Run in user space, over the bytes as they are in the file.
 */

#include <stdbool.h>
#include <stdint.h>

#include <weir/packet.h>

#define CAPTURE_FILTER_ERROR 256

struct capture_filter;

/* -EINVAL: no filter, as error says; -ENOMEM. Names of hosts in it are looked up. */
int capture_filter_new(const char *expression, struct capture_filter **ret_filter,
		       char error[CAPTURE_FILTER_ERROR]);
struct capture_filter *capture_filter_free(struct capture_filter *filter);

/* Makes the filter ready for a link type. -EINVAL: it says nothing about that type (error), and no
 * packet of it passes; -ENOBUFS: so many link types are not kept; -ENOMEM. */
int capture_filter_add(struct capture_filter *filter, uint16_t link_type,
		       char error[CAPTURE_FILTER_ERROR]);

/* Whether the packet passes. Of a link type that was not added, none does. */
bool capture_filter_pass(const struct capture_filter *filter, const struct weir_packet *packet);
