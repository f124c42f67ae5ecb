/* SPDX-License-Identifier: MIT */
#include "collect/sockstat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/small_file.h"

static int read_in_use(const char *proc_root, const char *file, const char *label,
		       uint64_t *ret_sockets)
{
	char path[PATH_MAX], text[1024];
	const char *line;
	ssize_t len;

	if (snprintf(path, sizeof(path), "%s/net/%s", proc_root, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	len = small_file_read(AT_FDCWD, path, text, sizeof(text));
	if (len < 0)
		return (int)len;
	line = strstr(text, label);
	if (!line || sscanf(line + strlen(label), " inuse %" SCNu64, ret_sockets) != 1)
		return -EBADMSG;
	return 0;
}

int sockstat_tcp_in_use(const char *proc_root, uint64_t *ret_sockets)
{
	uint64_t v4 = 0, v6 = 0;
	int r;

	if (!proc_root)
		proc_root = "/proc";
	r = read_in_use(proc_root, "sockstat", "TCP:", &v4);
	if (r < 0)
		return r;
	r = read_in_use(proc_root, "sockstat6", "TCP6:", &v6);
	if (r < 0 && r != -ENOENT) /* a kernel without IPv6 has none */
		return r;
	*ret_sockets = v4 + v6;
	return 0;
}
