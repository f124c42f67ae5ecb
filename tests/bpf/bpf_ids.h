/* SPDX-License-Identifier: MIT */
#pragma once

/* Which BPF objects a process holds, and whether they still exist. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum bpf_ids_kind {
	BPF_IDS_PROG,
	BPF_IDS_MAP,
	BPF_IDS_LINK,
	BPF_IDS_KINDS,
};

#define BPF_IDS_MAX 128

struct bpf_ids {
	struct {
		uint32_t ids[BPF_IDS_MAX];
		size_t n;
	} kinds[BPF_IDS_KINDS];
};

/* Collects what the process holds by its descriptors. -ENOSPC: more than BPF_IDS_MAX of a kind. */
int bpf_ids_of(pid_t pid, struct bpf_ids *ret_ids);

/* How many of a kind exist in the kernel at this moment. A negative errno: cannot be asked. */
int bpf_ids_living(const struct bpf_ids *ids, enum bpf_ids_kind kind);

/* Waits, bounded, until none of them exists: the kernel frees them some time after the last
 * descriptor is closed. -ETIMEDOUT: some stay. */
int bpf_ids_await_gone(const struct bpf_ids *ids, int timeout_ms);
