/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str_buf.h"
#include "base/text.h"
#include "collect/privilege.h"

#define SETCAP "setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_sys_admin+ep"

/* The path to give to setcap: file capabilities belong to the file, not to a link to it. */
static void add_own_path(struct str_buf *buf)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n <= 0)
		str_buf_puts(buf, "tcptop");
	else
		text_escape(buf, path, (size_t)n);
}

void privileges_refuse(FILE *errors, uint32_t missing)
{
	CLEANUP(str_buf_done) struct str_buf line = {0};
	char text[256];

	privilege_text(missing, text, sizeof(text));
	str_buf_printf(&line, "tcptop: not enough privilege: missing %s; ", text);
	str_buf_puts(&line, "run it with sudo, or allow it to everyone by: sudo " SETCAP " ");
	add_own_path(&line);
	str_buf_puts(&line, "; --backend diag needs no privilege and knows less\n");
	fputs(line.error ? "tcptop: not enough privilege\n" : line.data, errors);
}

static const struct {
	unsigned int capability;
	bool for_files; /* only to rotate a log in a directory of another user */
} kept[] = {
	{CAP_BPF, false},             /* reading maps and starting iterators each tick */
	{CAP_PERFMON, false},         /* the same, of tracing programs */
	{CAP_NET_ADMIN, false},       /* diag: exact fields; bpf: detaching from the cgroup */
	{CAP_SYS_PTRACE, false},      /* names and descriptors of other users' processes */
	{CAP_DAC_READ_SEARCH, false}, /* the same, and control groups by their id */
	{CAP_SYS_ADMIN, false},       /* entering network namespaces that appear later */
	{CAP_SYS_RESOURCE, false},    /* locked memory of BPF maps */
	{CAP_DAC_OVERRIDE, true},
	{CAP_FOWNER, true},
};

int privileges_drop(bool keep_files)
{
	size_t n = sizeof(kept) / sizeof(kept[0]);
	bool have[sizeof(kept) / sizeof(kept[0])];

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (size_t i = 0; i < n; i++)
		have[i] = capng_have_capability(CAPNG_PERMITTED, kept[i].capability);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < n; i++) {
		if (have[i] && (keep_files || !kept[i].for_files))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     kept[i].capability);
	}
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
