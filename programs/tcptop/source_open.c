/* SPDX-License-Identifier: MIT */
#include "source_open.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "collect/conn_source_bpf.h"
#include "collect/conn_source_diag.h"
#include "collect/privilege.h"
#include "collect/sockstat.h"
#include "privileges.h"

/* What BPF cannot begin without, and what it also has use for. */
#define NEEDED (PRIVILEGE_BPF | PRIVILEGE_PERFMON)
#define USEFUL (NEEDED | PRIVILEGE_NET_ADMIN | PRIVILEGE_SYS_PTRACE | PRIVILEGE_DAC_READ_SEARCH)

/* Up to here asking by sock_diag takes less time than loading the BPF programs does. */
#define QUICK_LOOK_SOCKETS 16384

/* netns: the only one wanted; 0: all that were asked for, or else as many as we may enter. */
static int try_diag(const struct options *options, uint32_t netns, uint32_t effective,
		    struct weir_conn_source **ret_source)
{
	const struct conn_source_diag_options diag = {
		.size = sizeof(diag),
		.max_conns = (uint32_t)options->max_conns,
		.all_netns = options->netns || (effective & PRIVILEGE_SYS_ADMIN),
		.netns = netns,
	};

	return conn_source_diag_open(&diag, ret_source);
}

static int open_diag(const struct options *options, uint32_t netns, uint32_t effective,
		     FILE *errors, struct weir_conn_source **ret_source)
{
	int r = try_diag(options, netns, effective, ret_source);

	if (r == -EPERM)
		fputs("tcptop: not enough privilege: missing CAP_SYS_ADMIN for other network "
		      "namespaces; run it with sudo, or with --netns self\n",
		      errors);
	else if (r == -EOPNOTSUPP)
		fputs("tcptop: diag is not possible here: the kernel lacks tcp_diag; load it by: "
		      "sudo modprobe tcp_diag\n",
		      errors);
	else if (r < 0)
		fprintf(errors, "tcptop: diag: %s\n", strerror(-r));
	return r;
}

/* A single look at a host that is not large. Programs loaded for it would see no datagram and no
 * close before they are unloaded again. */
static bool is_quick_look(const struct options *options)
{
	uint64_t sockets;

	return options->once && options->backend == OPTIONS_BACKEND_AUTO &&
	       sockstat_tcp_in_use(NULL, &sockets) >= 0 && sockets <= QUICK_LOOK_SOCKETS;
}

static int open_bpf(const struct options *options, uint32_t netns,
		    struct weir_conn_source **ret_source)
{
	const struct conn_source_bpf_options bpf = {
		.size = sizeof(bpf),
		.udp_timeout_ns = options->udp_timeout_ns,
		.netns = netns,
	};

	return conn_source_bpf_open(&bpf, ret_source);
}

static void warn_of_less(const struct options *options, uint32_t effective, FILE *errors)
{
	bool self_only = options->netns && strcmp(options->netns, "self") == 0;
	uint32_t missing =
		privilege_missing(effective, USEFUL | (self_only ? 0 : PRIVILEGE_SYS_ADMIN));
	char text[256];

	if (!missing)
		return;
	privilege_text(missing, text, sizeof(text));
	fprintf(errors, "tcptop: going on without %s\n", text);
}

static const char *why_not_bpf(int r)
{
	return r == -EOPNOTSUPP || r == -ENOENT
		       ? "the kernel is older than 5.12, or has no BTF in /sys/kernel/btf/vmlinux"
		       : strerror(-r);
}

static int check_allowed(const struct options *options, uint32_t *ret_effective, FILE *errors)
{
	int r = privilege_effective(ret_effective);

	if (r < 0) {
		fprintf(errors, "tcptop: capabilities: %s\n", strerror(-r));
		return r;
	}
	if (options->backend == OPTIONS_BACKEND_DIAG || !privilege_missing(*ret_effective, NEEDED))
		return 0;
	privileges_refuse(errors, privilege_missing(*ret_effective, USEFUL));
	return -EPERM;
}

int source_allowed(const struct options *options, FILE *errors)
{
	uint32_t effective;

	return check_allowed(options, &effective, errors);
}

int source_open(const struct options *options, uint32_t netns, FILE *errors,
		struct weir_conn_source **ret_source)
{
	uint32_t effective;
	int r = check_allowed(options, &effective, errors);

	if (r < 0)
		return r;
	if (options->backend == OPTIONS_BACKEND_DIAG)
		return open_diag(options, netns, effective, errors, ret_source);
	if (is_quick_look(options) && try_diag(options, netns, effective, ret_source) >= 0)
		return 0;
	r = open_bpf(options, netns, ret_source);
	if (r >= 0) {
		warn_of_less(options, effective, errors);
		return 0;
	}
	if (options->backend == OPTIONS_BACKEND_BPF || (r != -EOPNOTSUPP && r != -ENOENT)) {
		fprintf(errors, "tcptop: bpf: %s; --backend diag may work\n", why_not_bpf(r));
		return r;
	}
	fprintf(errors, "tcptop: bpf is not possible here (%s), using diag\n", why_not_bpf(r));
	return open_diag(options, netns, effective, errors, ret_source);
}
