/* SPDX-License-Identifier: MIT */
#pragma once

/* What a process was started as, for eyes: "/usr/sbin/sshd -D", "[kworker/0:1]". */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Writes the command line of the process pid that started at start_boot_ns: arguments with blanks
 * between; where it has none (it wiped them out), the path of its file; where that cannot be had
 * either (a kernel thread, a zombie), its name in brackets, as ps(1) does. Cut to size - 1 bytes,
 * and ended with a NUL. The bytes are the process's own and must be escaped by the caller. Returns
 * the length. -ENOENT: the process is gone, pid may be another one now. -EINVAL: pid, start_boot_ns
 * or size is 0. -EPERM: /proc hides it from us (hidepid). Else as proc_stat_read(). proc_fd is a
 * descriptor of /proc.
 */
ssize_t proc_command_read(int proc_fd, uint32_t pid, uint64_t start_boot_ns, char *text,
			  size_t size);
