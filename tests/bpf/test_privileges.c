/* SPDX-License-Identifier: MIT */

/* What works with which capabilities, and without the kernel's type information: what is missing is
 * said, and what can still be had is had. The capabilities count, not the user id. */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tcptop_rows.h"
#include "tcptop_run.h"
#include "traffic_tcp.h"
#include "traffic_udp.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* --- capabilities --- */

static int set_capabilities(uint64_t caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(caps >> (32 * i));

		data[i] = (struct __user_cap_data_struct){
			.effective = half, .permitted = half, .inheritable = half};
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Runs before exec: root's user id gives nothing any more, only the ambient set survives. */
static int keep_capabilities(void *user)
{
	const uint64_t *caps = user;

	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED) < 0 ||
	    set_capabilities(*caps) < 0)
		return -1;
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (*caps & UINT64_C(1) << cap &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	}
	return 0;
}

static const struct {
	const char *name;
	uint64_t caps;
	const char *missing; /* what the refusal must name */
} refused[] = {
	{"no capability", 0, "CAP_BPF"},
	{"CAP_BPF alone", CAP(BPF), "CAP_PERFMON"},
	{"CAP_PERFMON alone", CAP(PERFMON), "CAP_BPF"},
	{"CAP_NET_ADMIN and CAP_NET_RAW", CAP(NET_ADMIN) | CAP(NET_RAW), "CAP_BPF"},
};

static bool errors_mention(const struct tcptop_run *run, const char *text)
{
	CLEANUP(free_p) char *errors = tcptop_run_text(run->err_path);

	return errors && strstr(errors, text);
}

static void test_refused(size_t i)
{
	const char *name = refused[i].name;
	uint64_t caps = refused[i].caps;
	struct tcptop_run_options options = {.in_child = keep_capabilities, .user = &caps};
	struct tcptop_run run;

	if (is_int(tcptop_run_spawn(&run, &options), 0, "%s: it starts", name)) {
		is_int(tcptop_run_await_header(&run), -ECHILD, "%s: and gives up", name);
		is_int(tcptop_run_stop(&run, SIGTERM), 0, "%s: it ends", name);
		ok(tcptop_run_exited(&run, 77), "%s: with exit status 77", name);
		ok(errors_mention(&run, refused[i].missing), "%s: names %s", name,
		   refused[i].missing);
		ok(errors_mention(&run, "sudo"), "%s: says sudo", name);
		ok(errors_mention(&run, "setcap"), "%s: says setcap", name);
	}
	tcptop_run_done(&run);
}

/* --- traffic to see --- */

static int client_once(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_send(peer, fd, 10007);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static int server_once(struct traffic_peer *peer, int fd)
{
	int r = traffic_tcp_receive_all(peer, fd);

	return r < 0 ? r : traffic_tcp_close(fd);
}

static const struct traffic_tcp_case tcp_once = {"once", client_once, server_once, true};

static int send_some(struct traffic_peer *peer, int fd)
{
	return traffic_udp_send(peer, fd, 10, 100);
}

static int receive_some(struct traffic_peer *peer, int fd)
{
	return traffic_udp_receive(peer, fd, 10, 100);
}

static const struct traffic_udp_case udp_once = {"once", send_some, receive_some, false};

/* Runs a connection and a datagram flow while tcptop runs, and reads its log. */
static bool make_traffic(struct tcptop_run *run, struct traffic_pair *tcp, struct traffic_pair *udp,
			 const char *name, struct tcptop_rows *ret_rows)
{
	struct traffic_plan udp_plan = traffic_udp_plan(&udp_once, TRAFFIC_V4, NULL);

	is_int(traffic_tcp_run(&tcp_once, TRAFFIC_V4, tcp), 0, "%s: a connection", name);
	is_int(traffic_run(&udp_plan, udp), 0, "%s: a datagram flow", name);
	is_int(tcptop_run_stop(run, SIGTERM), 0, "%s: it ends on SIGTERM", name);
	ok(tcptop_run_exited(run, 0), "%s: with exit status 0", name);
	return is_int(tcptop_rows_read(run->log_path, ret_rows), 0, "%s: the log reads back", name);
}

/* Without CAP_NET_ADMIN datagrams cannot be counted where they pass. Where calls can be counted
 * instead, one call a datagram is exact too; else a row says n/a, never a count of 0. */
static void check_udp_by_calls(const struct tcptop_rows *rows, const struct traffic_end *end,
			       const char *name)
{
	const struct tcptop_row *row = tcptop_rows_last(rows, end, TCPTOP_ROWS_ANY);

	if (row && row->counted)
		tcptop_rows_check_udp(rows, end, name);
	else
		ok(!row || !row->counted, "%s: UDP is not counted, and does not look so", name);
}

static void test_allowed(uint64_t caps, bool with_udp, const char *name)
{
	struct tcptop_run_options options = {.in_child = keep_capabilities, .user = &caps};
	struct traffic_pair *pairs = traffic_shared(2 * sizeof(*pairs));
	struct tcptop_rows rows = {.n = 0};
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, &options), 0, "%s: tcptop comes up", name) &&
	    make_traffic(&run, &pairs[0], &pairs[1], name, &rows)) {
		tcptop_rows_check_closed(&rows, &pairs[0].client, name);
		tcptop_rows_check_closed(&rows, &pairs[0].server, name);
		if (with_udp) {
			tcptop_rows_check_udp(&rows, &pairs[1].client, name);
			tcptop_rows_check_udp(&rows, &pairs[1].server, name);
		} else {
			check_udp_by_calls(&rows, &pairs[1].client, name);
			check_udp_by_calls(&rows, &pairs[1].server, name);
			ok(errors_mention(&run, "CAP_NET_ADMIN for UDP"), "%s: says so of UDP",
			   name);
		}
		tcptop_run_note_errors(&run);
		tcptop_rows_done(&rows);
	}
	tcptop_run_done(&run);
	traffic_shared_free(pairs, 2 * sizeof(*pairs));
}

/* --- no type information --- */

/* Runs before exec: in a mount namespace of its own, an empty file hides the kernel's BTF. */
static int hide_btf(void *user)
{
	const char *empty = user;

	return unshare(CLONE_NEWNS) < 0 ||
			       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			       mount(empty, BTF_PATH, NULL, MS_BIND, NULL) < 0
		       ? -1
		       : 0;
}

/* sock_diag is a module on some kernels; without it there is nothing to fall back to. */
static bool sock_diag_is_there(void)
{
	static const char *const args[] = {"--backend", "diag", "--once", "--csv", NULL};
	struct tcptop_run_options options = {.args = args, .bare = true};
	struct tcptop_run run;
	bool there = tcptop_run_spawn(&run, &options) == 0 && tcptop_run_stop(&run, 0) == 0 &&
		     tcptop_run_exited(&run, 0);

	tcptop_run_done(&run);
	return there;
}

static void run_without_btf(const struct tcptop_run_options *options)
{
	struct traffic_pair *pairs = traffic_shared(2 * sizeof(*pairs));
	struct tcptop_rows rows = {.n = 0};
	struct tcptop_run run;

	if (is_int(tcptop_run_start(&run, options), 0, "no BTF: tcptop comes up") &&
	    make_traffic(&run, &pairs[0], &pairs[1], "no BTF", &rows)) {
		ok(errors_mention(&run, "BTF"), "no BTF: names what is missing");
		ok(errors_mention(&run, "diag"), "no BTF: names what is used instead");
		is_int(tcptop_rows_count(&rows, &pairs[0].client, TCPTOP_ROWS_CLOSED), 1,
		       "no BTF: the connection is in the log");
		tcptop_run_note_errors(&run);
		tcptop_rows_done(&rows);
	}
	tcptop_run_done(&run);
	traffic_shared_free(pairs, 2 * sizeof(*pairs));
}

static void test_without_btf(void)
{
	char empty[] = "/tmp/weir-empty-XXXXXX";
	struct tcptop_run_options options = {.in_child = hide_btf, .user = empty};
	CLEANUP(close_fd_p) int fd = -1;

	if (access(BTF_PATH, F_OK) < 0) {
		tap_skip("no BTF", "this kernel has none to hide");
		return;
	}
	if (!sock_diag_is_there()) {
		tap_skip("no BTF", "this kernel has no sock_diag");
		return;
	}
	fd = mkostemp(empty, O_CLOEXEC);
	if (ok(fd >= 0, "no BTF: an empty file to hide it under")) {
		run_without_btf(&options);
		unlink(empty);
	}
}

int main(void)
{
	tcptop_run_require_root();
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		test_refused(i);
	test_allowed(CAP(BPF) | CAP(PERFMON), false, "CAP_BPF and CAP_PERFMON");
	test_allowed(CAP(BPF) | CAP(PERFMON) | CAP(NET_ADMIN), true, "and CAP_NET_ADMIN");
	test_without_btf();
	return tap_done();
}
