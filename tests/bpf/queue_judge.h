/* SPDX-License-Identifier: MIT */
#pragma once

/* A netfilter queue: what leaves the network namespace over IPv4 waits until the caller has judged
 * it, and then goes on in the caller's context, whoever sent it. */

struct mnl_socket;

/* From now on everything waits, to the end of the network namespace. -EOPNOTSUPP: this kernel has
 * no such thing. */
int queue_judge_open(struct mnl_socket **ret_queue);

/* Waits, bounded, for the next datagram and lets it go on. */
int queue_judge_accept(struct mnl_socket *queue);

void queue_judge_close(struct mnl_socket *queue);
