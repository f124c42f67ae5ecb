/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether a pid is still the process it was: pids are used again, a pid with its start is not. */

#include <stdint.h>

#include "collect/proc_stat.h"

/*
 * Reads the process pid that started at start_boot_ns, exact or cut to clock ticks. What was read
 * of /proc/PID before this call, and after the start was first seen, was of that process. proc_fd
 * is a descriptor of /proc. -ENOENT: it is gone, and pid may be another one now. -EINVAL: pid or
 * start_boot_ns is 0, which is no process to compare with. Else as proc_stat_read().
 */
int proc_same_read(int proc_fd, uint32_t pid, uint64_t start_boot_ns, struct proc_stat *ret_stat);
