/* SPDX-License-Identifier: MIT */
#pragma once

/* What this process is allowed to ask the kernel: effective capabilities, whatever the uid. */

#include <stddef.h>
#include <stdint.h>

enum privilege {
	PRIVILEGE_BPF = 1 << 0,
	PRIVILEGE_PERFMON = 1 << 1,
	PRIVILEGE_NET_ADMIN = 1 << 2,
	PRIVILEGE_SYS_PTRACE = 1 << 3,
	PRIVILEGE_SYS_ADMIN = 1 << 4,
	PRIVILEGE_DAC_READ_SEARCH = 1 << 5,
};

/*
 * The effective ones, or-ed into *ret_effective. CAP_SYS_ADMIN alone lets BPF programs of every
 * kind load, so with it BPF, PERFMON and NET_ADMIN need not be there: see privilege_missing().
 * -EPERM: the capabilities cannot be read.
 */
int privilege_effective(uint32_t *ret_effective);

/* Those of needed that effective lacks, with what CAP_SYS_ADMIN implies for BPF counted in. */
uint32_t privilege_missing(uint32_t effective, uint32_t needed);

/* "CAP_BPF and CAP_PERFMON for TCP, CAP_NET_ADMIN for UDP accounting, …" for what is missing; ""
 * for nothing. Returns the length; the text is cut, but always terminated, if it does not fit. */
size_t privilege_text(uint32_t missing, char *text, size_t size);
