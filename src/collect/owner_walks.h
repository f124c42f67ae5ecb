/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When is it worth walking all open files for owners? At the start, and while sockets have none;
 * never so often that the walks cost more than a fiftieth of a core.
 */

#include <stdbool.h>
#include <stdint.h>

struct bpf_link;
struct bpf_program;
struct conns;

struct owner_walks {
	uint64_t n_walks;
	uint64_t next_ns;       /* not before */
	uint64_t wait_ns;       /* grows while walks find nothing new */
	uint64_t ownerless;     /* rows without an owner after the last pass */
	uint64_t passive_opens; /* as of the last pass … */
	uint64_t walked_opens;  /* … and as of the last walk */
	uint64_t walked_ownerless;
	uint64_t skipped; /* runs of tcp_state the kernel has skipped, as of the last walk */
};

/* Walks if it is time. 0 or a negative errno. */
int owner_walks_run(struct owner_walks *walks, struct conns *skel, uint64_t now_ns);

/* Tells what the pass after it found. */
void owner_walks_note(struct owner_walks *walks, uint64_t ownerless, uint64_t passive_opens);

/* How often both programs that tell changes of state may have been skipped at once: then sockets
 * may have begun untold, and a walk finds them. */
uint64_t owner_walks_skipped(struct conns *skel);

/* How often the kernel did not run a program because it was running already on that CPU. */
uint64_t bpf_skipped_runs(const struct bpf_program *program);

/* Runs an iterator through once; what it yields it leaves in maps. 0 or a negative errno. */
int bpf_iter_run(struct bpf_link *link);
