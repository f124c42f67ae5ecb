/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str_buf.h"
#include "base/text.h"
#include "collect/privilege.h"

#define SETCAP                                                                                     \
	"setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search,"             \
	"cap_sys_admin+ep"

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

/* CAP_PERFMON is not among them: only loading and attaching asks for it. Nor is CAP_NET_ADMIN to
 * detach from the control group: closing the link does. */
static const struct {
	unsigned int capability;
	uint32_t reasons; /* enum privileges_reason, or-ed */
} kept[] = {
	{CAP_BPF, PRIVILEGES_FOR_BPF},
	/* for DIAG_NETNS: a large buffer for the ends of sockets there */
	{CAP_NET_ADMIN, PRIVILEGES_FOR_DIAG_NETNS | PRIVILEGES_FOR_DESTROY},
	{CAP_SYS_ADMIN, PRIVILEGES_FOR_NETNS | PRIVILEGES_FOR_DIAG_NETNS | PRIVILEGES_FOR_DESTROY},
	/* for DESTROY: a namespace is found and opened by a process in it */
	{CAP_SYS_PTRACE, PRIVILEGES_FOR_NAMES | PRIVILEGES_FOR_DESTROY},
	{CAP_KILL, PRIVILEGES_FOR_SIGNALS},
	{CAP_DAC_READ_SEARCH, PRIVILEGES_FOR_NAMES},
	{CAP_CHOWN, PRIVILEGES_FOR_ROTATION},
	{CAP_DAC_OVERRIDE, PRIVILEGES_FOR_ROTATION},
	{CAP_FOWNER, PRIVILEGES_FOR_ROTATION},
};

#define N_KEPT (sizeof(kept) / sizeof(kept[0]))

static bool is_permitted(unsigned int capability)
{
	return capng_have_capability(CAPNG_PERMITTED, capability);
}

/* CAP_SYS_ADMIN stands in for CAP_BPF (linux/capability.h, bpf_capable()): where only that was
 * given, it is what the reason for CAP_BPF keeps. */
static bool is_kept(size_t i, uint32_t reasons)
{
	uint32_t own = kept[i].reasons;

	if (kept[i].capability == CAP_SYS_ADMIN && !is_permitted(CAP_BPF))
		own |= PRIVILEGES_FOR_BPF;
	return own & reasons && is_permitted(kept[i].capability);
}

bool privileges_are_lent(void)
{
	return getauxval(AT_SECURE) && getuid() != 0;
}

int privileges_drop(uint32_t reasons)
{
	bool keep[N_KEPT];

	if (privileges_are_lent())
		reasons &= ~(uint32_t)(PRIVILEGES_FOR_SIGNALS | PRIVILEGES_FOR_DESTROY);
	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (size_t i = 0; i < N_KEPT; i++)
		keep[i] = is_kept(i, reasons);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < N_KEPT; i++) {
		if (keep[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     kept[i].capability);
	}
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
