/* SPDX-License-Identifier: MIT */
#include "collect/proc_same.h"

#include <errno.h>

/* The kernel tells the start in whole ticks, rounded down (fs/proc/array.c, nsec_to_clock_t()). */
static uint64_t in_ticks(uint64_t ns)
{
	return ns / proc_stat_tick_ns();
}

int proc_same_read(int proc_fd, uint32_t pid, uint64_t start_boot_ns, struct proc_stat *ret_stat)
{
	struct proc_stat stat;
	int r;

	if (!pid || !start_boot_ns)
		return -EINVAL;
	r = proc_stat_read(proc_fd, pid, &stat);
	if (r < 0)
		return r;
	if (in_ticks(stat.start_boot_ns) != in_ticks(start_boot_ns))
		return -ENOENT;
	*ret_stat = stat;
	return 0;
}
