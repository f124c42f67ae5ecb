/* SPDX-License-Identifier: MIT */
#pragma once

/* The kernel's own counters of the interfaces, beside those of the sockets: what fills the balance
 * of a frame. */

#include "model/conn_frame.h"

struct accounts;

/* interface: the one to look at; NULL: the busiest. -ENOMEM, or the errno of netlink. */
int accounts_new(const char *interface, struct accounts **ret_accounts);
struct accounts *accounts_free(struct accounts *accounts);

/* Reads them now, and closes the books on the frame's rows into its balance. What cannot be read
 * is not in the balance: without an interface its link is "". 0, or why they
 * are not whole: the errno of netlink; -ENOBUFS: there are more interfaces or addresses than are
 * told apart. */
int accounts_close(struct accounts *accounts, struct conn_frame *frame);
