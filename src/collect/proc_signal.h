/* SPDX-License-Identifier: MIT */
#pragma once

/* A signal to exactly the process that was meant, even if it ends meanwhile and its pid is used
 * again. */

#include <stdint.h>

/*
 * Sends the signal (0: only asks whether it could be sent) to the process pid that started at
 * start_boot_ns, exact or cut to clock ticks, as struct weir_owner has it. -ESRCH: it is gone, and
 * pid may be another one now. -EPERM: it is not ours to signal, and CAP_KILL is missing. -EINVAL:
 * no such signal, or pid or start_boot_ns is 0, so that nobody can tell who is meant. -EOPNOTSUPP:
 * the kernel has no pidfd. proc_fd is a descriptor of /proc.
 */
int proc_signal_send(int proc_fd, uint32_t pid, uint64_t start_boot_ns, int signal);
