/* SPDX-License-Identifier: MIT */
#include "collect/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>

static const struct {
	enum privilege privilege;
	unsigned int capability;
} known[] = {
	{PRIVILEGE_BPF, CAP_BPF},
	{PRIVILEGE_PERFMON, CAP_PERFMON},
	{PRIVILEGE_NET_ADMIN, CAP_NET_ADMIN},
	{PRIVILEGE_SYS_PTRACE, CAP_SYS_PTRACE},
	{PRIVILEGE_DAC_READ_SEARCH, CAP_DAC_READ_SEARCH},
	{PRIVILEGE_SYS_ADMIN, CAP_SYS_ADMIN},
};

/* In the order of the text. The pair for TCP comes first and is told as a pair. */
static const struct {
	uint32_t privileges;
	const char *text;
} reasons[] = {
	{PRIVILEGE_BPF | PRIVILEGE_PERFMON, "CAP_BPF and CAP_PERFMON for TCP"},
	{PRIVILEGE_BPF, "CAP_BPF for TCP"},
	{PRIVILEGE_PERFMON, "CAP_PERFMON for TCP"},
	{PRIVILEGE_NET_ADMIN, "CAP_NET_ADMIN for UDP accounting"},
	{PRIVILEGE_SYS_PTRACE, "CAP_SYS_PTRACE for other users' processes"},
	{PRIVILEGE_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH for control groups"},
	{PRIVILEGE_SYS_ADMIN, "CAP_SYS_ADMIN for other network namespaces"},
};

int privilege_effective(uint32_t *ret_effective)
{
	uint32_t effective = 0;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (capng_have_capability(CAPNG_EFFECTIVE, known[i].capability))
			effective |= (uint32_t)known[i].privilege;
	*ret_effective = effective;
	return 0;
}

uint32_t privilege_missing(uint32_t effective, uint32_t needed)
{
	if (effective & PRIVILEGE_SYS_ADMIN)
		effective |= PRIVILEGE_BPF | PRIVILEGE_PERFMON | PRIVILEGE_NET_ADMIN;
	return needed & ~effective;
}

size_t privilege_text(uint32_t missing, char *text, size_t size)
{
	size_t len = 0;

	if (!size)
		return 0;
	text[0] = '\0';
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		int n;

		if ((missing & reasons[i].privileges) != reasons[i].privileges)
			continue;
		missing &= ~reasons[i].privileges;
		n = snprintf(text + len, size - len, "%s%s", len ? ", " : "", reasons[i].text);
		if (n < 0 || (size_t)n >= size - len)
			return size - 1;
		len += (size_t)n;
	}
	return len;
}
