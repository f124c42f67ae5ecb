/* SPDX-License-Identifier: MIT */
#include "collect/owner_walks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "bpf/records.h"
#include "conns.skel.h"

#define COST_SHARE 50
#define FIRST_WAIT_NS 1000000000ull
#define MAX_WAIT_NS 30000000000ull

int bpf_iter_run(struct bpf_link *link)
{
	CLEANUP(close_fd_p) int fd = bpf_iter_create(bpf_link__fd(link));
	char unused[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	do { /* EAGAIN: a million objects passed, there are more */
		n = read(fd, unused, sizeof(unused));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? -errno : 0;
}

uint64_t bpf_skipped_runs(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);

	/* where the kernel does not count them (before 5.12) there are 0 */
	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) < 0)
		return 0;
	return info.recursion_misses;
}

uint64_t owner_walks_skipped(struct conns *skel)
{
	uint64_t first = bpf_skipped_runs(skel->progs.tcp_state);
	uint64_t second = bpf_skipped_runs(skel->progs.tcp_state_again);

	return first < second ? first : second;
}

static bool is_due(const struct owner_walks *walks, uint64_t guesses, uint64_t skipped,
		   uint64_t now_ns)
{
	if (walks->n_walks == 0)
		return true;
	if (now_ns < walks->affordable_ns)
		return false;
	return guesses != walks->guesses || skipped != walks->skipped ||
	       (walks->ownerless > 0 && now_ns >= walks->patient_ns);
}

int owner_walks_run(struct owner_walks *walks, struct conns *skel, uint64_t now_ns)
{
	uint64_t guesses = skel->bss->stats.guesses;
	uint64_t skipped = owner_walks_skipped(skel);
	uint64_t end_ns;
	int r;

	if (!is_due(walks, guesses, skipped, now_ns))
		return 0;
	walks->skipped = skipped;
	walks->guesses = guesses;
	skel->bss->walk_number = (uint32_t)++walks->n_walks;
	skel->bss->walker = (uint32_t)gettid();
	r = bpf_iter_run(skel->links.owner_walk);
	skel->bss->walker = 0;
	if (r < 0)
		return r;
	end_ns = clock_monotonic_ns();
	walks->affordable_ns = end_ns + (end_ns - now_ns) * COST_SHARE;
	return 0;
}

void owner_walks_note(struct owner_walks *walks, uint64_t ownerless, uint64_t now_ns)
{
	bool in_vain = ownerless > 0 && ownerless >= walks->ownerless;

	walks->ownerless = ownerless;
	if (walks->noted_walks == walks->n_walks)
		return;
	walks->noted_walks = walks->n_walks;
	if (!in_vain)
		walks->wait_ns = 0;
	else if (walks->wait_ns == 0)
		walks->wait_ns = FIRST_WAIT_NS;
	else if (walks->wait_ns < MAX_WAIT_NS)
		walks->wait_ns *= 2;
	walks->patient_ns = now_ns + walks->wait_ns;
}
