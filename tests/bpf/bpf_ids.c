/* SPDX-License-Identifier: MIT */
#include "bpf_ids.h"

#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tcptop_run.h"

#define POLL_STEP_MS 20

static const struct {
	const char *field; /* of /proc/PID/fdinfo/FD */
	enum bpf_cmd open_by_id;
} kinds[BPF_IDS_KINDS] = {
	[BPF_IDS_PROG] = {"\nprog_id:\t", BPF_PROG_GET_FD_BY_ID},
	[BPF_IDS_MAP] = {"\nmap_id:\t", BPF_MAP_GET_FD_BY_ID},
	[BPF_IDS_LINK] = {"\nlink_id:\t", BPF_LINK_GET_FD_BY_ID},
};

static int add_id(struct bpf_ids *ids, enum bpf_ids_kind kind, uint32_t id)
{
	if (ids->kinds[kind].n == BPF_IDS_MAX)
		return -ENOSPC;
	ids->kinds[kind].ids[ids->kinds[kind].n++] = id;
	return 0;
}

/* A link's entry names its program too; both are ours. */
static int add_descriptor(struct bpf_ids *ids, const char *info)
{
	int r = 0;

	for (enum bpf_ids_kind kind = 0; kind < BPF_IDS_KINDS && r == 0; kind++) {
		const char *field = strstr(info, kinds[kind].field);

		if (field)
			r = add_id(ids, kind,
				   (uint32_t)strtoul(field + strlen(kinds[kind].field), NULL, 10));
	}
	return r;
}

static void closedir_p(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int bpf_ids_of(pid_t pid, struct bpf_ids *ret_ids)
{
	char path[64 + NAME_MAX];
	struct bpf_ids ids = {0};
	struct dirent *entry;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	CLEANUP(closedir_p) DIR *dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		CLEANUP(free_p) char *info = tcptop_run_text(path);
		r = info ? add_descriptor(&ids, info) : -ENOMEM;
	}
	if (r == 0)
		*ret_ids = ids;
	return r;
}

int bpf_ids_living(const struct bpf_ids *ids, enum bpf_ids_kind kind)
{
	int living = 0;

	for (size_t i = 0; i < ids->kinds[kind].n; i++) {
		union bpf_attr attr;
		long fd;

		/* prog_id, map_id and link_id are one field of a union. */
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids->kinds[kind].ids[i];
		fd = syscall(SYS_bpf, kinds[kind].open_by_id, &attr, sizeof(attr));
		if (fd < 0 && errno != ENOENT)
			return -errno;
		living += fd >= 0;
		if (fd >= 0)
			close((int)fd);
	}
	return living;
}

int bpf_ids_await_gone(const struct bpf_ids *ids, int timeout_ms)
{
	for (int ms = 0; ms < timeout_ms; ms += POLL_STEP_MS) {
		int living = 0;

		for (enum bpf_ids_kind kind = 0; kind < BPF_IDS_KINDS; kind++) {
			int r = bpf_ids_living(ids, kind);

			if (r < 0)
				return r;
			living += r;
		}
		if (!living)
			return 0;
		poll(NULL, 0, POLL_STEP_MS);
	}
	return -ETIMEDOUT;
}
