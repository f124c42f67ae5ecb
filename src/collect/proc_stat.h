/* SPDX-License-Identifier: MIT */
#pragma once

/* The few facts of /proc/PID that tell which process a pid is. */

#include <stdint.h>

#include <weir/conn.h>

struct proc_stat {
	uint64_t start_boot_ns; /* cut to clock ticks, as /proc has it */
	char comm[WEIR_COMM_MAX];
};

/* The length of a clock tick, which is how exact start_boot_ns is. */
uint64_t proc_stat_tick_ns(void);

/* Reads the text of /proc/PID/stat (proc(5)). The name in it may hold any byte, parentheses and
 * newlines included. -EBADMSG. */
int proc_stat_parse(const char *text, struct proc_stat *ret_stat);

/* proc_fd is a descriptor of /proc. -ENOENT: the process is gone. -EBADMSG, or open's errno. */
int proc_stat_read(int proc_fd, uint32_t pid, struct proc_stat *ret_stat);

/* The effective uid. Errors as proc_stat_read(). */
int proc_stat_read_euid(int proc_fd, uint32_t pid, uint32_t *ret_uid);
