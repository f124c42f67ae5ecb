/* SPDX-License-Identifier: MIT */
#pragma once

/* The ways datagrams are sent and received, as cases for traffic_udp_plan(). */

#include "traffic_udp.h"

/* Ends with an entry whose name is NULL. */
extern const struct traffic_udp_case udp_cases[];

/* Needs io_uring, so it stands apart. */
extern const struct traffic_udp_case udp_case_uring;
