/* SPDX-License-Identifier: MIT */
#include "collect/bpf_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "bpf/records.h"
#include "collect/cgroup_path.h"
#include "collect/conn_source_bpf.h"
#include "conns.skel.h"

#define PROBE_RING_BYTES 4096
/* fs/kernfs: the root is node 1 of its tree. */
#define CGROUP_ROOT_INODE 1
/* The verifier's word for it, include/linux/errno.h; user space has no name for it. */
#define ENOTSUPP 524

/* A set of programs that is only of use together. */
struct part {
	unsigned int without; /* the option that leaves it out */
	const char *const *programs;
};

static const char *const tcp_programs[] = {
	"tcp_state",  "tcp_state_again", "tcp_destroy", "tcp_rows", "tcp_existing",
	"owner_walk", "task_renamed",    "udp_rows",    NULL,
};
static const char *const packet_programs[] = {"udp_egress", "udp_ingress", NULL};
static const char *const creator_programs[] = {"udp_created", NULL};
static const char *const drop_programs[] = {"udp_dropped", NULL};
static const char *const drop_fexit_programs[] = {"udp_dropped_fexit", NULL};
static const char *const tracepoint_programs[] = {"udp_sent", "udp_received", NULL};
static const char *const fexit_programs[] = {
	"udp4_sent_fexit", "udp6_sent_fexit", "udp4_received_fexit", "udp6_received_fexit", NULL,
};
static const char *const kprobe_programs[] = {
	"udp4_send_enter",    "udp6_send_enter",    "udp4_send_leave",
	"udp6_send_leave",    "udp4_receive_enter", "udp6_receive_enter",
	"udp4_receive_leave", "udp6_receive_leave", NULL,
};

static const struct part tcp_part = {0, tcp_programs};
static const struct part packets_part = {WITHOUT_UDP_PACKETS, packet_programs};
static const struct part creators_part = {0, creator_programs};
static const struct part drops_parts[] = {
	[UDP_DROPS_TRACEPOINT] = {0, drop_programs},
	[UDP_DROPS_FEXIT] = {0, drop_fexit_programs},
};
static const struct part calls_parts[] = {
	[UDP_CALLS_TRACEPOINT] = {WITHOUT_UDP_CALLS, tracepoint_programs},
	[UDP_CALLS_FEXIT] = {WITHOUT_UDP_FEXIT, fexit_programs},
	[UDP_CALLS_KPROBE] = {WITHOUT_UDP_KPROBE, kprobe_programs},
};

DEFINE_CLEANUP(conns_destroy_p, struct conns *, conns__destroy)

static void autoload(struct conns *skel, const struct part *part)
{
	for (const char *const *name = part->programs; *name; name++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(skel->obj, *name), true);
}

/* For what neither BTF nor a trial tells cheaply. A name that cannot be read is of a new kernel. */
static bool kernel_is_before(unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &is_major, &is_minor) != 2)
		return false;
	return is_major < major || (is_major == major && is_minor < minor);
}

/* plan: what is to be loaded, or of what some is tried. */
static int open_skeleton(const struct bpf_load_options *options, const struct bpf_loaded *plan,
			 uint32_t ring_bytes, struct conns **ret_skel)
{
	CLEANUP(conns_destroy_p) struct conns *skel = conns__open();
	struct bpf_program *program;
	int r;

	if (!skel)
		return -errno;
	bpf_object__for_each_program(program, skel->obj) bpf_program__set_autoload(program, false);
	r = bpf_map__set_max_entries(skel->maps.events, ring_bytes);
	if (r < 0)
		return r;
	skel->rodata->udp_idle_ns = options->udp_timeout_ns;
	skel->rodata->wakeup_bytes = ring_bytes / 4;
	skel->rodata->only_netns = options->netns;
	skel->rodata->recvmsg_has_noblock = kernel_is_before(5, 19);
	skel->rodata->tell_senders = plan->udp_senders;
	skel->rodata->count_calls = !plan->udp_packets;
	*ret_skel = STEAL(skel);
	return 0;
}

/* libbpf attaches by section, but a cgroup program and an iterator need to be told to what. */
static struct bpf_link *attach_program(struct conns *skel, struct bpf_program *program,
				       int cgroup_fd)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	union bpf_iter_link_info info = {0};

	if (program == skel->progs.udp_egress || program == skel->progs.udp_ingress ||
	    program == skel->progs.udp_created)
		return bpf_program__attach_cgroup(program, cgroup_fd);
	if (program == skel->progs.tcp_rows)
		info.map.map_fd = (uint32_t)bpf_map__fd(skel->maps.tcp_sockets);
	else if (program == skel->progs.udp_rows)
		info.map.map_fd = (uint32_t)bpf_map__fd(skel->maps.udp_flows);
	else
		return bpf_program__attach(program);
	opts.link_info = &info;
	opts.link_info_len = sizeof(info);
	return bpf_program__attach_iter(program, &opts);
}

/* The links end up in the skeleton, which destroys them. */
static int attach_all(struct conns *skel, int cgroup_fd)
{
	for (int i = 0; i < skel->skeleton->prog_cnt; i++) {
		struct bpf_prog_skeleton *slot = &skel->skeleton->progs[i];

		if (!bpf_program__autoload(*slot->prog))
			continue;
		*slot->link = attach_program(skel, *slot->prog, cgroup_fd);
		if (!*slot->link)
			return -errno;
	}
	return 0;
}

/* Asks the kernel by doing it: loads and attaches one part alone. */
static int probe(const struct bpf_load_options *options, const struct bpf_loaded *plan,
		 const struct part *part, int cgroup_fd)
{
	CLEANUP(conns_destroy_p) struct conns *skel = NULL;
	int r = open_skeleton(options, plan, PROBE_RING_BYTES, &skel);

	if (r < 0)
		return r;
	autoload(skel, part);
	r = conns__load(skel);
	return r < 0 ? r : attach_all(skel, cgroup_fd);
}

static int load_parts(const struct bpf_load_options *options, struct bpf_loaded *loaded,
		      int cgroup_fd)
{
	CLEANUP(conns_destroy_p) struct conns *skel = NULL;
	int r = open_skeleton(options, loaded, options->ring_bytes, &skel);

	if (r < 0)
		return r;
	autoload(skel, &tcp_part);
	if (loaded->udp_packets)
		autoload(skel, &packets_part);
	if (loaded->udp_creators)
		autoload(skel, &creators_part);
	if (loaded->udp_drops != UDP_DROPS_NONE)
		autoload(skel, &drops_parts[loaded->udp_drops]);
	if (loaded->udp_calls != UDP_CALLS_NONE)
		autoload(skel, &calls_parts[loaded->udp_calls]);
	if (loaded->udp_calls != UDP_CALLS_KPROBE)
		bpf_map__set_autocreate(skel->maps.running_calls, false);
	r = conns__load(skel);
	if (r < 0)
		return r;
	r = attach_all(skel, cgroup_fd);
	if (r < 0)
		return r;
	loaded->skel = STEAL(skel);
	return 0;
}

static bool wanted(const struct bpf_load_options *options, const struct part *part)
{
	return !(options->without & part->without);
}

/* Before 6.5 the tracepoint is silent on IPv6. */
static enum udp_drops best_drops(void)
{
	return kernel_is_before(6, 5) ? UDP_DROPS_FEXIT : UDP_DROPS_TRACEPOINT;
}

static enum udp_drops probe_drops(const struct bpf_load_options *options,
				  const struct bpf_loaded *plan, int cgroup_fd)
{
	for (int i = best_drops(); i > UDP_DROPS_NONE; i--)
		if (probe(options, plan, &drops_parts[i], cgroup_fd) >= 0)
			return (enum udp_drops)i;
	return UDP_DROPS_NONE;
}

static enum udp_calls probe_calls(const struct bpf_load_options *options,
				  const struct bpf_loaded *plan, int cgroup_fd)
{
	for (int i = UDP_CALLS_TRACEPOINT; i <= UDP_CALLS_KPROBE; i++)
		if (wanted(options, &calls_parts[i]) &&
		    probe(options, plan, &calls_parts[i], cgroup_fd) >= 0)
			return (enum udp_calls)i;
	return UDP_CALLS_NONE;
}

/* Takes out of the plan what this kernel refuses, and puts in what is to replace it. */
static void probe_udp(const struct bpf_load_options *options, struct bpf_loaded *plan,
		      int cgroup_fd)
{
	if (plan->udp_senders)
		plan->udp_senders = probe(options, plan, &packets_part, cgroup_fd) >= 0;
	if (plan->udp_packets && !plan->udp_senders) {
		plan->udp_packets_error = probe(options, plan, &packets_part, cgroup_fd);
		plan->udp_packets = plan->udp_packets_error >= 0;
	}
	plan->udp_creators =
		plan->udp_senders && probe(options, plan, &creators_part, cgroup_fd) >= 0;
	plan->udp_drops = probe_drops(options, plan, cgroup_fd);
	if (!plan->udp_senders)
		plan->udp_calls = probe_calls(options, plan, cgroup_fd);
}

/* What a caller can act on: no privilege, or not this kernel. Anything else (descriptors, memory)
 * is no reason to think less of the kernel. */
static int core_error(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return -EPERM;
	case -EINVAL:
	case -ENOENT:
	case -ESRCH:
	case -ENOTSUP:
	case -ENOTSUPP:
		return -EOPNOTSUPP;
	default:
		return error;
	}
}

/* The root of the tree, not that of a container: a program there sees everybody. */
static int open_root_cgroup(int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = -1;
	char path[PATH_MAX];
	struct stat st;
	int r = cgroup2_open(NULL, &fd, path);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != CGROUP_ROOT_INODE)
		return -EOPNOTSUPP;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* The best there is, as if this kernel had it all. */
static void plan_best(const struct bpf_load_options *options, int cgroup_error,
		      struct bpf_loaded *plan)
{
	plan->udp_packets_error = wanted(options, &packets_part) ? cgroup_error : -EOPNOTSUPP;
	plan->udp_packets = plan->udp_packets_error >= 0;
	plan->udp_senders = plan->udp_packets && !(options->without & WITHOUT_UDP_SENDERS);
	plan->udp_creators = plan->udp_senders;
	plan->udp_drops = best_drops();
	plan->udp_calls = UDP_CALLS_NONE;
	if (!plan->udp_senders && wanted(options, &calls_parts[UDP_CALLS_TRACEPOINT]))
		plan->udp_calls = UDP_CALLS_TRACEPOINT;
}

int bpf_load(const struct bpf_load_options *options, struct bpf_loaded *ret_loaded)
{
	CLEANUP(close_fd_p) int cgroup_fd = -1;
	struct bpf_loaded loaded = {0};
	int r;

	libbpf_set_print(NULL);
	plan_best(options, open_root_cgroup(&cgroup_fd), &loaded);
	/* the best first and whole; only if that fails is it worth asking what is missing */
	r = loaded.udp_senders || loaded.udp_calls != UDP_CALLS_NONE
		    ? load_parts(options, &loaded, cgroup_fd)
		    : -EOPNOTSUPP;
	if (r < 0) {
		r = probe(options, &loaded, &tcp_part, cgroup_fd);
		if (r < 0)
			return core_error(r);
		probe_udp(options, &loaded, cgroup_fd);
		r = load_parts(options, &loaded, cgroup_fd);
		if (r < 0)
			return core_error(r);
	}
	*ret_loaded = loaded;
	return 0;
}

void bpf_loaded_done(struct bpf_loaded *loaded)
{
	conns__destroy(loaded->skel);
	loaded->skel = NULL;
}
