/* SPDX-License-Identifier: MIT */
#pragma once

/* The ways a TCP connection moves bytes and comes to an end, as cases for traffic_tcp_run(). */

#include "traffic_tcp.h"

/* Ends with an entry whose name is NULL. */
extern const struct traffic_tcp_case tcp_endings[];

/* Needs io_uring, so it stands apart. */
extern const struct traffic_tcp_case tcp_ending_uring;
