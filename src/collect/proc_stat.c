/* SPDX-License-Identifier: MIT */
#include "collect/proc_stat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/small_file.h"

#define START_TIME_FIELD 22 /* proc(5), counted from 1; the name is field 2 */

uint64_t proc_stat_tick_ns(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return 1000000000ULL / (hz > 0 ? (uint64_t)hz : 100);
}

static ssize_t read_file(int proc_fd, uint32_t pid, const char *name, char *buf, size_t size)
{
	char path[32];
	ssize_t len;

	snprintf(path, sizeof(path), "%" PRIu32 "/%s", pid, name);
	len = small_file_read(proc_fd, path, buf, size);
	return len == -ESRCH ? -ENOENT : len;
}

int proc_stat_parse(const char *text, struct proc_stat *ret_stat)
{
	const char *name = strchr(text, '(');
	const char *name_end = strrchr(text, ')');
	struct proc_stat stat = {0};
	const char *at = name_end;
	char *end;
	unsigned long long ticks;
	size_t len;

	if (!name || !name_end || name_end <= name)
		return -EBADMSG;
	for (int field = 2; field < START_TIME_FIELD; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return -EBADMSG;
	}
	errno = 0;
	ticks = strtoull(at + 1, &end, 10);
	if (end == at + 1 || errno || ticks > UINT64_MAX / proc_stat_tick_ns())
		return -EBADMSG;
	len = (size_t)(name_end - name - 1);
	if (len >= sizeof(stat.comm))
		len = sizeof(stat.comm) - 1;
	memcpy(stat.comm, name + 1, len);
	stat.start_boot_ns = ticks * proc_stat_tick_ns();
	*ret_stat = stat;
	return 0;
}

int proc_stat_read(int proc_fd, uint32_t pid, struct proc_stat *ret_stat)
{
	char text[2048];
	ssize_t len = read_file(proc_fd, pid, "stat", text, sizeof(text));

	return len < 0 ? (int)len : proc_stat_parse(text, ret_stat);
}

int proc_stat_read_euid(int proc_fd, uint32_t pid, uint32_t *ret_uid)
{
	char text[8192]; /* the groups of a process can make it long */
	ssize_t len = read_file(proc_fd, pid, "status", text, sizeof(text));
	const char *line;
	unsigned long real_uid, effective_uid;

	if (len < 0)
		return (int)len;
	line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %lu %lu", &real_uid, &effective_uid) != 2)
		return -EBADMSG;
	*ret_uid = (uint32_t)effective_uid;
	return 0;
}
