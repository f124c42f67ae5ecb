/* SPDX-License-Identifier: MIT */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

/* Everything public, at once. */

#include <weir/addr.h>
#include <weir/conn.h>
#include <weir/conn_source.h>
#include <weir/error.h>

#endif
